// Service accounts: added, shared with, given tokens by an administrator, and never taken for a person.
import { unique } from "./support/client";
import { enterAs, expect, expectSentence, selectContaining, test, visit } from "./support/browser";
import { administrator } from "./support/server";

test.beforeEach(async ({ page, client }) => enterAs(page, await client(administrator)));

test("a service account is added, shared with, and given a token that is shown once", async ({ page, client }) => {
  const admin = await client(administrator);
  const [name, title] = [unique("nightly-export"), unique("books")];
  const record = (await admin.send("create-database", { "draft[title]": title, "draft[host]": "db.example.org" })).id;

  await visit(page, "/people");
  await page.getByRole("link", { name: "Add service account" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("heading", { name: `${name} (service account)` })).toBeVisible();
  await expect(page.getByRole("status")).toContainText("give it an access token");
  await expect(page.getByRole("button", { name: "Reset password" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Change role" })).toHaveCount(0);
  const account = page.url();

  await visit(page, `/vault/${record}/sharing`);
  await selectContaining(page.getByLabel("Person"), name);
  await page.getByLabel("Launch").check();
  await page.getByLabel("Edit").check();
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await expectSentence(
    page.getByLabel("Person"),
    "A service account can be given launch and no more: leave out edit and reveal.",
  );
  await page.getByLabel("Edit").uncheck();
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await expect(page.getByRole("row", { name: `${name} (service account)` })).toContainText("view, launch");

  await visit(page, new URL(account).pathname);
  await page.getByRole("link", { name: "New token" }).click();
  await page.getByLabel("Name").fill("the job at night");
  await page.getByLabel("Opens").selectOption(title);
  await page.getByLabel("Your password").fill(administrator.password);
  await page.getByRole("button", { name: "Create token" }).click();
  const token = await page.getByRole("textbox", { name: "Access token" }).inputValue();
  expect(token).toMatch(/^ptn_[\w-]{43}$/);
  await page.getByRole("link", { name: "Done" }).click();
  const row = page.getByRole("row", { name: "the job at night" });
  await expect(row).toContainText(title);
  expect(await page.content()).not.toContain(token);

  await row.getByRole("button", { name: "Revoke the job at night" }).click();
  await expect(page.getByRole("status")).toContainText("The token was revoked");
  await expect(row).toHaveCount(0);
});

test("among people it says what it is", async ({ page, client }) => {
  const admin = await client(administrator);
  const name = unique("grafana");
  await admin.send("add-service-account", { "draft[name]": name });

  await visit(page, "/people");

  await expect(page.getByRole("row", { name })).toContainText("Service account");
  await visit(page, `/audit?event=service_account_added&text=${name}`);
  await expect(page.getByRole("row").filter({ hasText: "Service account added" })).toContainText(administrator.email);
});

test("a name is told to be wrong or taken beside its field", async ({ page, client }) => {
  const name = unique("etl");
  await (await client(administrator)).send("add-service-account", { "draft[name]": name });
  await visit(page, "/people/service-accounts/new");

  await page.getByLabel("Name").fill("ada@example.org");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expectSentence(
    page.getByLabel("Name"),
    "Use letters from a to z, digits, and - . _ between them, such as nightly-export.",
  );
  await expect(page.getByLabel("Name")).toHaveValue("ada@example.org");

  await page.getByLabel("Name").fill(name.toUpperCase());
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expectSentence(page.getByLabel("Name"), "There is a service account of this name already.");
});

test("switched off it gets no token, switched on it does again", async ({ page, client }) => {
  const admin = await client(administrator);
  const name = unique("reports");
  const added = await admin.send("add-service-account", { "draft[name]": name });
  await visit(page, `/people/${added.id.split("?")[0]}`);

  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByRole("status")).toContainText("its access tokens are revoked");
  await expect(page.getByRole("link", { name: "New token" })).toHaveCount(0);
  await page.getByRole("button", { name: "Switch on" }).click();

  await expect(page.getByRole("status")).toContainText("Switched on");
  await expect(page.getByRole("link", { name: "New token" })).toBeVisible();
});

test("nobody signs in by its name", async ({ page, client }) => {
  const name = unique("loader");
  await (await client(administrator)).send("add-service-account", { "draft[name]": name });

  await expect(client({ email: name, password: administrator.password })).rejects.toThrow(/Email or password is wrong/);
  await page.context().clearCookies();
  await visit(page, "/people");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
