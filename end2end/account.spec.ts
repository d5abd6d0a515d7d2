// The person's own page: password, open sign-ins, signing out everywhere.
import { enterAs, expect, test, visit } from "./support/browser";
import { administrator } from "./support/server";

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
