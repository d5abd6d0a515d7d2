// The vault by its forms: records, PAM settings, shares, search, and what is done to a record as a whole.
import { type Locator, type Page } from "@playwright/test";
import { type Client, unique } from "./support/client";
import { choose, enterAs, expect, expectSentence, selectContaining, test, visit } from "./support/browser";
import { freePort } from "./support/process";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";

let admin: Client;

test.beforeEach(async ({ page, client }) => {
  admin = await client(administrator);
  await enterAs(page, admin);
});

test("a database is described, set up, shared and tested by forms", async ({ page }) => {
  test.slow();
  const shop = database();
  const person = await admin.addPerson("Mona", "user");
  const name = unique("orders");
  await visit(page, "/vault");

  await startNew(page, "Folder");
  await page.getByLabel("Name").fill(`Folder ${name}`);
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: `Folder ${name}`, level: 1 })).toBeVisible();

  await startNew(page, "PAM Configuration");
  await page.getByLabel("Title").fill(`Local ${name}`);
  await page.getByLabel("Idle timeout").fill("20 min");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: `Local ${name}`, level: 1 })).toBeVisible();

  for (const login of ["app_ro", "postern_admin"] as const) {
    await startNew(page, "PAM User");
    await form(page).getByLabel("Title").fill(`${login} ${name}`);
    await form(page).getByLabel("Folder").selectOption(`Folder ${name}`);
    await form(page).getByLabel("Login").fill(login);
    await form(page).getByLabel("Password", { exact: true }).fill(shop.passwords[login]);
    await form(page).getByLabel("Connect database").fill(shop.name);
    await page.getByRole("button", { name: "Create" }).click();
    await expect(page.getByRole("heading", { name: `${login} ${name}`, level: 1 })).toBeVisible();
    expect(await page.content()).not.toContain(shop.passwords[login]);
  }

  await startNew(page, "PAM Database");
  await form(page).getByLabel("Title").fill(name);
  await form(page).getByLabel("Folder").selectOption(`Folder ${name}`);
  await form(page).getByLabel("Hostname or IP").fill(shop.host);
  await form(page).getByLabel("Port").fill(String(shop.port));
  await form(page).getByLabel("Trusted CA certificate").fill(shop.ca);
  await form(page).getByLabel("Default database").fill(shop.name);
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  await expect(page.getByText("Postern demo CA")).toBeVisible();
  const record = new URL(page.url()).pathname;

  await page.getByRole("link", { name: "Sharing" }).click();
  await page.getByLabel("Person").selectOption(person.id);
  await page.getByLabel("Launch", { exact: true }).check();
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await expect(page.getByRole("row", { name: "Mona" })).toContainText("view, launch");

  await visit(page, record);
  await page.getByRole("link", { name: "Set Up" }).click();
  await expect(page.getByRole("button", { name: "Connection" })).toBeDisabled();
  await selectContaining(page.getByLabel("PAM configuration"), `Local ${name}`);
  await selectContaining(page.getByLabel("Administrative credential"), `postern_admin ${name}`);
  await page.getByRole("button", { name: "Save and continue" }).click();

  await expect(page.getByLabel("Launch credential")).toBeVisible();
  await selectContaining(page.getByLabel("Launch credential"), `app_ro ${name}`);
  await choose(page, "Enable connection", "On");
  await choose(page, "Can export CSV", "Off");
  await expect(page.getByText(`in force: 20 min · from Local ${name}`)).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(record);
  await expect(page.getByText("everyone with a launch share")).toBeVisible();

  for (const [credential, login] of [["administrative", "postern_admin"], ["launch", "app_ro"]]) {
    await page.getByRole("button", { name: `Test ${credential} credential` }).click();
    await expect(page.getByText(`Connected as ${login}.`)).toBeVisible();
    await expect(page.getByText("scram-sha-256-plus")).toBeVisible();
    await expect(page.getByRole("listitem").filter({ hasText: "SELECT version()" })).toContainText("PostgreSQL");
  }
  await visit(page, "/vault");
  await expect(page.getByRole("row", { name })).toHaveCount(4);
  await expect(page.getByRole("row", { name: `PAM Database ${name}` })).toContainText("Verified");
});

test("wrong values get their sentences and what was typed stays", async ({ page }) => {
  await visit(page, "/vault/new/database");
  await page.getByLabel("Hostname or IP").fill("db.example.org:5433");
  await page.getByLabel("Port").fill("none");
  await page.getByLabel("Trusted CA certificate").fill("MIIB");
  await page.getByLabel("Default database").fill("template0");
  await page.getByRole("button", { name: "Create" }).click();

  await expectSentence(page.getByLabel("Title"), "Enter a title.");
  await expectSentence(page.getByLabel("Hostname or IP"), "Host must not contain a port. Use the Port field.");
  await expectSentence(
    page.getByLabel("Port"),
    "Port must be a whole number from 1 to 65535; PostgreSQL's own is 5432.",
  );
  await expectSentence(
    page.getByLabel("Trusted CA certificate"),
    "The trusted CA must be PEM text that begins with -----BEGIN CERTIFICATE-----.",
  );
  await expectSentence(
    page.getByLabel("Default database"),
    "PostgreSQL accepts no connections to template0. Choose another database.",
  );
  await expect(page.getByLabel("Hostname or IP")).toHaveValue("db.example.org:5433");
  await expect(page.getByLabel("Trusted CA certificate")).toHaveValue("MIIB");

  await visit(page, "/vault/new/user");
  await page.getByLabel("Private PEM key").fill("-----BEGIN ENCRYPTED PRIVATE KEY-----");
  await page.getByRole("button", { name: "Create" }).click();
  await expectSentence(page.getByLabel("Login"), "Enter the name of the PostgreSQL role.");
  await expectSentence(
    page.getByLabel("Private PEM key"),
    "The private key is protected with a passphrase. Paste the key without one.",
  );

  await visit(page, "/vault/new/configuration");
  await page.getByLabel("Title").fill("Limits");
  await page.getByLabel("Statement timeout").fill("soon");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByLabel("Statement timeout")).toHaveAttribute("aria-invalid", "true");

  await visit(page, "/folders/new");
  await page.getByRole("button", { name: "Create" }).click();
  await expectSentence(page.getByLabel("Name"), "Enter a name.");
});

test("a pasted connection string fills the fields and its password is not kept", async ({ page }) => {
  const title = unique("pasted");
  await visit(page, "/vault/new/database");

  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Hostname or IP").fill("postgresql://app:s3cret-pasted@db.example.org:5433/orders");
  await page.getByRole("button", { name: "Create" }).click();

  await expect(page.getByText("db.example.org:5433").first()).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "were not kept" })).toBeVisible();
  expect(await page.content()).not.toContain("s3cret-pasted");
});

test("PAM settings refuse what cannot be", async ({ page }) => {
  const shop = await addShop(admin, database(), { launchers: [] });
  await visit(page, `/vault/${shop.id}/settings?tab=general`);

  await page.getByLabel("PAM configuration").selectOption("");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expectSentence(page.getByLabel("PAM configuration"), "Select a PAM configuration.");

  await visit(page, `/vault/${shop.id}/settings?tab=connection`);
  await page.getByLabel("Connection port").fill("70000");
  await page.getByLabel("Idle timeout").fill("a while");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByLabel("Connection port")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Idle timeout")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("navigation", { name: "PAM settings" })).toContainText("2");
});

test("a tunnel is set up, and its command stands beside the record while tunnels are allowed", async ({ page, client }) => {
  const person = await admin.addPerson("Tove", "user");
  const tove = await client(person);
  const shop = await addShop(admin, database(), { launchers: [person.id] });
  const command = page.getByLabel("Command");
  await visit(page, `/vault/${shop.id}/settings?tab=tunnel`);
  await page.getByLabel("Remote port").fill("70000");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expectSentence(page.getByLabel("Remote port"), "Remote port must be a whole number from 1 to 65535.");

  await page.getByLabel("Remote port").fill("");
  await page.getByLabel("Reuse port").check();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page).toHaveURL(`/vault/${shop.id}`);
  await visit(page, `/vault/${shop.id}/settings?tab=tunnel`);
  await expect(page.getByLabel("Reuse port")).toBeChecked();
  await expect(page.getByLabel("Inject credentials")).toBeChecked();

  await enterAs(page, tove);
  await visit(page, `/vault/${shop.id}`);
  await expect(command).toHaveValue(new RegExp(`^postern tunnel ${shop.id} --url http`));
  await enterAs(page, admin);
  await visit(page, `/vault/${shop.id}/settings?tab=tunnel`);
  await choose(page, "Enable tunneling", "Off");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page).toHaveURL(`/vault/${shop.id}`);
  await enterAs(page, tove);
  await visit(page, `/vault/${shop.id}`);
  await expect(page.getByRole("link", { name: "Launch" })).toBeVisible();
  await expect(command).toHaveCount(0);
});

test("a test says what failed and what to do", async ({ page }) => {
  const shop = await addShop(admin, database(), { launchers: [], password: "not the password" });
  await visit(page, `/vault/${shop.id}`);
  await page.getByRole("button", { name: "Test launch credential" }).click();

  await expect(page.getByText("Could not connect as app_ro.")).toBeVisible();
  const stages = page.getByRole("listitem");
  await expect(stages.filter({ hasText: "Secure the connection" })).toContainText("passed");
  await expect(stages.filter({ hasText: "Sign in" })).toContainText("failed");
  await expect(stages.filter({ hasText: "Sign in" })).toContainText(/password/i);

  await visit(page, `/vault/${shop.id}/edit`);
  await page.getByLabel("Port").fill(String(await freePort()));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Test administrative credential" }).click();
  await expect(page.getByText("Could not connect as postern_admin.")).toBeVisible();
  await expect(stages.filter({ hasText: "Reach the port" })).toContainText("failed");
});

test("records are found by title, login and host, and by folder and kind", async ({ page }) => {
  const shop = await addShop(admin, database(), { launchers: [] });
  await visit(page, "/vault");

  await page.getByRole("searchbox").fill(shop.title);
  await page.getByRole("searchbox").press("Enter");
  await expect(page).toHaveURL(new RegExp(`q=${shop.title}`));
  await expect(page.getByRole("table").getByRole("row")).toHaveCount(4);

  await page.getByLabel("Kind").selectOption("PAM Database");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("table").getByRole("row")).toHaveCount(2);
  await page.getByRole("link", { name: shop.title }).click();
  await expect(page.getByRole("heading", { name: shop.title, level: 1 })).toBeVisible();

  await visit(page, `/vault?folder=${shop.folder}`);
  await expect(page.getByRole("table").getByRole("row")).toHaveCount(4);
  await visit(page, `/vault?q=${unique("nothing")}`);
  await page.getByRole("link", { name: "Show every record" }).click();
  await expect(page).toHaveURL("/vault");
});

test("a record is duplicated, moved and deleted, but not while others use it", async ({ page }) => {
  const shop = await addShop(admin, database(), { launchers: [] });
  await visit(page, `/vault/${shop.reading}`);
  await page.getByText("Delete", { exact: true }).click();
  await expect(page.getByText(/link to this one/)).toBeVisible();
  await expect(page.getByRole("link", { name: shop.title, exact: true }).last()).toBeVisible();

  await visit(page, `/vault/${shop.id}`);
  await page.getByText("Duplicate", { exact: true }).first().click();
  await page.getByRole("button", { name: "Duplicate" }).click();
  await expect(page.getByRole("heading", { name: `Copy of ${shop.title}`, level: 1 })).toBeVisible();

  await page.getByText("Move", { exact: true }).first().click();
  await page.getByLabel("Folder", { exact: true }).last().selectOption("No folder");
  await page.getByRole("button", { name: "Move" }).click();
  await page.getByRole("link", { name: "History" }).click();
  await expect(detail(page).getByRole("row").nth(1)).toContainText("folder");

  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByText("Delete", { exact: true }).click();
  await page.getByRole("button", { name: "Delete this record" }).click();
  await expect(page).toHaveURL("/vault");
  await expect(page.getByText(`Copy of ${shop.title}`)).toHaveCount(0);
});

test("a move that cannot be is refused with a sentence", async ({ page }) => {
  const shop = await addShop(admin, database(), { launchers: [] });
  const gone = (await admin.send("create-folder", { "draft[name]": unique("Gone") })).id;
  await visit(page, `/vault/${shop.id}`);
  await page.getByText("Move", { exact: true }).first().click();
  const folder = page.getByRole("complementary", { name: "Record" }).getByLabel("Folder", { exact: true });
  await folder.selectOption(gone);
  await admin.send("delete-folder", { id: gone });

  await page.getByRole("button", { name: "Move" }).click();

  await expectSentence(folder, "This folder is gone. Choose another one.");
  await expect(page.getByRole("alert").filter({ visible: true })).toBeVisible();
  await folder.selectOption("No folder");
  await page.getByRole("button", { name: "Move" }).click();
  await page.getByRole("link", { name: "History" }).click();
  await expect(detail(page).getByRole("row").nth(1)).toContainText("folder");
});

test("an account is added by hand, for chosen persons", async ({ page }) => {
  const person = await admin.addPerson("Petra", "user");
  const shop = await addShop(admin, database(), { launchers: [person.id] });
  const title = unique("second");
  await admin.send("create-user", { "draft[title]": title, "draft[login]": "app_rw", "draft[password]": "another" });
  await visit(page, `/vault/${shop.id}/settings?tab=general`);
  const accounts = page.locator(".account");
  await expect(accounts).toHaveCount(2);

  await selectContaining(page.getByLabel("Add an account"), title);
  await choose(accounts.last(), "May launch with", "Chosen persons");
  await accounts.last().getByLabel("Petra").check();
  await page.getByRole("button", { name: "Save and stay" }).click();

  await expect(accounts).toHaveCount(3);
  await expect(accounts.nth(1).getByLabel("Petra")).toBeChecked();
  await expect(page.getByLabel("Add an account")).toHaveValue("");
  await visit(page, `/vault/${shop.id}`);
  await expect(page.getByRole("listitem").filter({ hasText: title })).toContainText("Petra");

  await visit(page, `/vault/${shop.id}/settings?tab=general`);
  await page.getByLabel("Account 2").selectOption("None");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("listitem").filter({ hasText: title })).toHaveCount(0);
});

test("the history names every changed field and no secret", async ({ page }) => {
  const shop = await addShop(admin, database(), { launchers: [] });
  await visit(page, `/vault/${shop.reading}/edit`);
  await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");
  await page.getByLabel("Password", { exact: true }).fill("a new secret");
  await page.getByLabel("Description").fill("Reads the catalogue.");
  await page.getByRole("button", { name: "Save" }).click();

  await page.getByRole("link", { name: "History" }).click();

  await expect(detail(page).getByRole("row").nth(1)).toContainText("Reads the catalogue.");
  await expect(detail(page).getByRole("row").nth(1)).toContainText("password");
  expect(await page.content()).not.toContain("a new secret");
});

test("a share opens a record to a person and is taken away again", async ({ page, client }) => {
  const shop = await addShop(admin, database(), { launchers: [] });
  const person = await admin.addPerson("Nora", "user");
  const nora = await client(person);
  expect((await nora.get(`/vault/${shop.id}`)).status).toBe(404);

  await visit(page, `/vault/${shop.id}/sharing`);
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await expectSentence(page.getByLabel("Person"), "Choose the person to share with.");
  await page.getByLabel("Person").selectOption(person.id);
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await expect(page.getByRole("row", { name: "Nora" })).toContainText("view");
  expect((await nora.get(`/vault/${shop.id}`)).status).toBe(200);

  await page.getByRole("button", { name: "Remove the share of Nora" }).click();
  await expect(page.getByRole("row", { name: "Nora" })).toHaveCount(0);
  expect((await nora.get(`/vault/${shop.id}`)).status).toBe(404);
});

test("a secret is revealed to who may, after their own password", async ({ page }) => {
  const shop = await addShop(admin, database(), { launchers: [], password: "revealed-secret" });
  const me = (await admin.send("people")).value.find(({ handle }: { handle: string }) => handle === administrator.email);
  await admin.send("share-record", { id: shop.reading, "draft[person]": me.id, "draft[reveal]": "true" });
  await visit(page, `/vault/${shop.reading}`);
  await page.getByRole("link", { name: "Reveal" }).click();

  await page.getByLabel("Your password").fill("not the right one");
  await page.getByRole("button", { name: "Reveal" }).click();
  await expect(page.getByLabel("Your password")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Your password").fill(administrator.password);
  await page.getByRole("button", { name: "Reveal" }).click();

  await expect(page.getByLabel("Password", { exact: true })).toHaveValue("revealed-secret");
});

test("terminal and player ask for a script where there is none", async ({ page, client }) => {
  test.skip(test.info().project.name === "hydrated", "there is one");
  const person = await admin.addPerson("Olga", "user");
  const shop = await addShop(admin, database(), { launchers: [person.id] });
  await enterAs(page, await client(person));

  await page.goto(`/vault/${shop.id}/terminal`);

  await expect(page.locator("noscript")).toBeVisible();
  expect(await page.locator("noscript").innerHTML()).toContain("The terminal needs JavaScript.");
});

/** The form of a record, a dialog with or without a script. */
function form(page: Page): Locator {
  return page.getByRole("dialog");
}

/** The record beside the list. */
function detail(page: Page): Locator {
  return page.getByRole("complementary", { name: "Record" });
}

async function startNew(page: Page, kind: string): Promise<void> {
  await visit(page, "/vault");
  await page.getByRole("link", { name: "Create new" }).click();
  await page.getByRole("navigation", { name: "Kinds of records" }).getByRole("link", { name: kind }).click();
}
