// The person's own page: password, access tokens, open sign-ins, signing out everywhere.
import { enterAs, expect, expectSentence, test, visit } from "./support/browser";
import type { Person } from "./support/client";
import { administrator } from "./support/server";

/** A form for a token that is right. */
const tokenFor = (person: Person, name: string) => ({
  "draft[name]": name,
  "draft[lifetime]": "30",
  "draft[password]": person.password,
});

test("a person changes their password and their other sign-ins end", async ({ page, client }) => {
  const person = await (await client(administrator)).addPerson("Hanna", "user");
  const other = await client(person);
  await enterAs(page, await client(person));
  await visit(page, "/account");
  await expect(page.getByRole("row")).toHaveCount(4);

  await page.getByLabel("Present password").fill(person.password);
  await page.getByLabel("New password", { exact: true }).fill("another long sentence");
  await page.getByLabel("New password again").fill("another long sentence");
  await page.getByRole("button", { name: "Change password" }).click();

  await expect(page.getByRole("status")).toContainText("Your password was changed.");
  await expect(page.getByRole("row")).toHaveCount(2);
  await expect(other.send("sign-ins")).rejects.toThrow(/refused/);
  await client({ email: person.email, password: "another long sentence" });
});

test("a wrong present password and two different new ones get their sentences", async ({ page, client }) => {
  const person = await (await client(administrator)).addPerson("Igor", "user");
  await enterAs(page, await client(person));
  await visit(page, "/account");

  await page.getByLabel("Present password").fill(person.password);
  await page.getByLabel("New password", { exact: true }).fill("another long sentence");
  await page.getByLabel("New password again").fill("yet another sentence");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("New password again")).toHaveAttribute("aria-invalid", "true");

  await page.getByLabel("Present password").fill("not the right one");
  await page.getByLabel("New password", { exact: true }).fill("another long sentence");
  await page.getByLabel("New password again").fill("another long sentence");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("Present password")).toHaveAttribute("aria-invalid", "true");
  await client(person);
});

test("signing out everywhere ends every sign-in", async ({ page, client }) => {
  const person = await (await client(administrator)).addPerson("Jana", "user");
  const other = await client(person);
  await enterAs(page, await client(person));
  await visit(page, "/account");

  await page.getByRole("button", { name: "Sign out everywhere" }).click();

  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(other.send("sign-ins")).rejects.toThrow(/refused/);
});

test("secrets do not stay in their fields, whatever the answer", async ({ page, client }) => {
  const person = await (await client(administrator)).addPerson("Jonas", "user");
  await enterAs(page, await client(person));
  await visit(page, "/account");
  const fields = ["Present password", "New password", "New password again"];
  for (const [present, answer] of [
    ["not the present one", page.getByRole("alert")],
    [person.password, page.getByRole("status")],
  ] as const) {
    await page.getByLabel("Present password").fill(present);
    await page.getByLabel("New password", { exact: true }).fill("another long sentence");
    await page.getByLabel("New password again").fill("another long sentence");
    await page.getByRole("button", { name: "Change password" }).click();

    await expect(answer).toBeVisible();
    for (const field of fields) await expect(page.getByLabel(field, { exact: true })).toHaveValue("");
  }
});

test("an access token is shown once, listed, and revoked", async ({ page, client }) => {
  const person = await (await client(administrator)).addPerson("Kira", "user");
  await enterAs(page, await client(person));
  await visit(page, "/account");

  await page.getByRole("link", { name: "New token" }).click();
  await page.getByLabel("Name").fill("nightly export");
  await page.getByLabel("Expires").selectOption("After 365 days");
  await page.getByLabel("Your password").fill(person.password);
  await page.getByRole("button", { name: "Create token" }).click();
  const token = await page.getByRole("textbox", { name: "Access token" }).inputValue();
  expect(token).toMatch(/^ptn_[\w-]{43}$/);
  await page.getByRole("link", { name: "Done" }).click();

  const row = page.getByRole("row", { name: "nightly export" });
  await expect(row).toContainText("All records I may launch");
  await expect(row).toContainText("Never");
  expect(await page.content()).not.toContain(token);

  await row.getByRole("button", { name: "Revoke nightly export" }).click();
  await expect(page.getByRole("status")).toContainText("The token was revoked");
  await expect(row).toHaveCount(0);
});

test("a token for the command line is not for one record, and all an auditor may have", async ({ page, client }) => {
  const admin = await client(administrator);
  const [user, auditor] = [await admin.addPerson("Tina", "user"), await admin.addPerson("Uwe", "auditor")];
  await enterAs(page, await client(user));
  await visit(page, "/account/tokens/new");
  await expect(page.getByLabel("Opens")).toBeVisible();
  await page.getByLabel("For", { exact: true }).selectOption("The command line");
  await expect(page.getByLabel("Opens")).toBeHidden();

  await enterAs(page, await client(auditor));
  await visit(page, "/account/tokens/new");
  await expect(page.getByLabel("For", { exact: true }).getByRole("option")).toHaveText(["The command line"]);
  await expect(page.getByLabel("Opens")).toBeHidden();
  await page.getByLabel("Name").fill("nightly report");
  await page.getByLabel("Your password").fill(auditor.password);
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByRole("dialog")).toContainText("POSTERN_TOKEN");
  await page.getByRole("link", { name: "Done" }).click();
  await expect(page.getByRole("row", { name: "nightly report" })).toContainText("The command line, as me");
});

test("what is wrong with a token stands beside its field, and what was right stays", async ({ page, client }) => {
  const person = await (await client(administrator)).addPerson("Lars", "user");
  await enterAs(page, await client(person));
  await visit(page, "/account/tokens/new");
  await expect(page.getByLabel("Last day")).toBeHidden();

  await page.getByLabel("Expires").selectOption("At the end of a day");
  await page.getByLabel("Last day").fill("2020-02-29");
  await page.getByLabel("Your password").fill(person.password);
  await page.getByRole("button", { name: "Create token" }).click();
  await expectSentence(page.getByLabel("Name"), "Enter a name.");

  await page.getByLabel("Name").fill("pgAdmin");
  await page.getByLabel("Your password").fill(person.password);
  await page.getByRole("button", { name: "Create token" }).click();
  await expectSentence(page.getByLabel("Last day"), "This day is over. Choose a later one.");
  await expect(page.getByLabel("Name")).toHaveValue("pgAdmin");

  await page.getByLabel("Expires").selectOption("After 30 days");
  await page.getByLabel("Your password").fill("not the right one");
  await page.getByRole("button", { name: "Create token" }).click();
  await expectSentence(page.getByLabel("Your password"), "This is not your password.");
  await expect(page.getByLabel("Your password")).toHaveValue("");
});

test("nobody revokes a token of another person but an administrator", async ({ page, client }) => {
  const admin = await client(administrator);
  const [owner, other] = [await admin.addPerson("Mona", "user"), await admin.addPerson("Nils", "user")];
  const mona = await client(owner);
  await mona.send("create-token", tokenFor(owner, "pgAdmin"));
  const [{ id }] = (await mona.send("access-tokens")).value;

  await expect((await client(other)).send("revoke-token", { id })).rejects.toThrow(/There is no such token/);
  await expect((await client(other)).send("revoke-token-of", { person: owner.id, id })).rejects.toThrow(/refused/);
  expect((await mona.send("access-tokens")).value).toHaveLength(1);

  await enterAs(page, admin);
  await visit(page, `/people/${owner.id}`);
  await page.getByRole("button", { name: "Revoke pgAdmin" }).click();
  await expect(page.getByRole("status")).toContainText("The token was revoked");
  expect((await mona.send("access-tokens")).value).toEqual([]);
});

test("signing out everywhere revokes the tokens", async ({ page, client }) => {
  const person = await (await client(administrator)).addPerson("Olaf", "user");
  await (await client(person)).send("create-token", tokenFor(person, "psql"));
  await enterAs(page, await client(person));
  await visit(page, "/account");
  await expect(page.getByRole("row", { name: "psql" })).toBeVisible();

  await page.getByRole("button", { name: "Sign out everywhere" }).click();

  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect((await (await client(person)).send("access-tokens")).value).toEqual([]);
});
