// What who launches brings along: a personal credential, and the host of a connection template.
import { type Client, unique } from "./support/client";
import { enterAs, expect, expectSentence, test, visit } from "./support/browser";
import { look } from "./support/look";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

let admin: Client;

test.beforeEach(async ({ client }) => {
  admin = await client(administrator);
});

test("a person keeps a credential of their own and launches with it", async ({ page, client }) => {
  const user = await admin.addPerson("Mona", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id], connection: { allow_supply_user: "true" } });
  await enterAs(page, await client(user));
  await visit(page, "/vault");

  await page.getByRole("link", { name: "New personal credential" }).click();
  const dialog = page.getByRole("dialog", { name: "New personal credential" });
  const title = unique("Mine");
  await dialog.getByLabel("Title").fill(title);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expectSentence(dialog.getByLabel("Login"), "Enter the name of the PostgreSQL role.");
  await look(page, "new-personal-credential");
  await dialog.getByLabel("Login").fill("app_rw");
  await dialog.getByLabel("Password", { exact: true }).fill(database().passwords.app_rw);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.getByText("Delete", { exact: true })).toBeVisible();
  await expect(page.getByText("Duplicate", { exact: true })).toHaveCount(0);

  await visit(page, "/vault");
  await expect(page.getByRole("row", { name: title })).toContainText("Personal");
  const all = (await admin.send("records")).value.records as { title: string }[];
  expect(all.map((record) => record.title)).not.toContain(title);

  await visit(page, `/vault/${shop.id}/terminal`);
  const accounts = page.getByRole("navigation", { name: "Accounts" });
  await expect(accounts.getByRole("link")).toHaveCount(2);
  await expect(accounts.getByRole("link", { name: title })).toContainText("personal");
  await accounts.getByRole("link", { name: title }).click();
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT current_user;");
  await terminal.shows("app_rw");
});

test("a template is made by forms and asks for its host", async ({ page, client }) => {
  const user = await admin.addPerson("Mona", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  await enterAs(page, admin);
  await visit(page, `/vault/${shop.id}/edit`);
  await page.getByLabel("Hostname or IP").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("given at each launch: a connection template")).toBeVisible();
  await visit(page, `/vault/${shop.id}/settings?tab=connection`);
  await page.getByLabel("Allow supply host").check();
  await page.getByRole("button", { name: "Save" }).click();
  await expectSentence(
    page.getByLabel("Hosts people may supply"),
    "Enter the hosts people may supply, for example 10.0.0.0/24 or *.internal: credentials are sent there.",
  );
  await page.getByLabel("Hosts people may supply").fill("127.0.0.0/8\n::1");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(new RegExp(`/vault/${shop.id}$`));

  await enterAs(page, await client(user));
  await visit(page, `/vault/${shop.id}/terminal`);
  const launch = page.getByRole("button", { name: "Launch" });
  await launch.click();
  await expectSentence(page.getByLabel("Host", { exact: true }), "Host is required for this template.");
  await look(page, "template");
  const { host, port } = database();
  await page.getByLabel("Host", { exact: true }).fill(`${host}:${port}`);
  await launch.click();
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await expect(page.locator("div.terminal").first()).toContainText(host);
});
