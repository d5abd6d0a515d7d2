// People: added by a one-time link, given another role, switched off and on, reset.
import { type Page } from "@playwright/test";
import { unique } from "./support/client";
import { choose, enterAs, expect, expectSentence, test, visit } from "./support/browser";
import { administrator } from "./support/server";

const PASSWORD = "a sentence nobody else knows";

test.beforeEach(async ({ page, client }) => enterAs(page, await client(administrator)));

test("an invited person chooses a password behind the link and is signed in", async ({ page, browser, baseURL }) => {
  const email = `${unique("dora")}@postern.example`;
  await visit(page, "/people");
  await page.getByRole("link", { name: "Add person" }).click();
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Name").fill("Dora Dietz");
  await choose(page, "Role", "Auditor");
  await page.getByRole("button", { name: "Create link" }).click();
  const link = await page.getByLabel("One-time link").inputValue();
  await page.getByRole("link", { name: "Done" }).click();
  await expect(page.getByRole("row", { name: email })).toContainText("Invited");

  const guest = await browser.newPage({ baseURL, javaScriptEnabled: test.info().project.use.javaScriptEnabled });
  await choosePassword(guest, link, PASSWORD);
  await expect(guest).toHaveURL("/vault");
  await expect(guest.getByRole("navigation", { name: "Main" })).toContainText("Dora Dietz");
  await guest.goto(link);
  await expect(guest.getByRole("alert")).toBeVisible();
  await guest.close();

  await visit(page, "/people");
  await expect(page.getByRole("row", { name: email })).toContainText("Active");
});

test("wrong values get their sentences", async ({ page }) => {
  await visit(page, "/people/invite");

  await page.getByLabel("Email").fill("not an address");
  await page.getByRole("button", { name: "Create link" }).click();

  await expect(page.getByLabel("Email")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Email")).toHaveValue("not an address");
  await expectSentence(page.getByLabel("Name"), "Enter a name.");
});

test("an address is added once", async ({ page }) => {
  await visit(page, "/people/invite");

  await page.getByLabel("Email").fill(administrator.email);
  await page.getByLabel("Name").fill("Ada again");
  await page.getByRole("button", { name: "Create link" }).click();

  await expect(page.getByText(/already/)).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("Ada again");
});

test("a person who is switched off is out at once, and in again when switched on", async ({ page, client, browser, baseURL }) => {
  const person = await (await client(administrator)).addPerson("Emil", "user");
  const theirs = await browser.newPage({ baseURL, javaScriptEnabled: false });
  await enterAs(theirs, await client(person));
  await theirs.goto("/vault");
  await expect(theirs.getByRole("heading", { name: "Vault" })).toBeVisible();

  await visit(page, `/people/${person.id}`);
  await page.getByRole("button", { name: "Switch off" }).click();
  await expect(page.getByRole("status")).toContainText("Switched off");
  await theirs.goto("/vault");
  await expect(theirs.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await theirs.close();

  await page.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("status")).toContainText("Switched on");
  await client(person);
});

test("a reset link replaces the password", async ({ page, client, browser, baseURL }) => {
  const person = await (await client(administrator)).addPerson("Frida", "user");
  await visit(page, `/people/${person.id}`);

  await page.getByRole("button", { name: "Reset password" }).click();
  const link = await page.getByLabel("One-time link").inputValue();
  const theirs = await browser.newPage({ baseURL, javaScriptEnabled: test.info().project.use.javaScriptEnabled });
  await choosePassword(theirs, link, PASSWORD);

  await expect(theirs).toHaveURL("/vault");
  await theirs.close();
  await client({ email: person.email, password: PASSWORD });
  await expect(client(person)).rejects.toThrow(/refused/);
});

test("a role is changed", async ({ page, client }) => {
  const person = await (await client(administrator)).addPerson("Gustav", "user");
  await visit(page, `/people/${person.id}`);

  await choose(page, "Role", "Auditor");
  await page.getByRole("button", { name: "Change role" }).click();

  await expect(page.getByRole("status")).toContainText("The role was changed.");
  await (await client(person)).send("audit");
});

async function choosePassword(page: Page, link: string, password: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel("New password", { exact: true }).fill("short");
  await page.getByLabel("New password again").fill("short");
  await page.getByRole("button", { name: "Save and sign in" }).click();
  await expect(page.getByLabel("New password", { exact: true })).toHaveAttribute("aria-invalid", "true");

  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByLabel("New password again").fill(password);
  await page.getByRole("button", { name: "Save and sign in" }).click();
}
