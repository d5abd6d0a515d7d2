// Device login: a person enters the code of a command line, sees who asks, approves it with their password or denies it.
import { enterAs, expect, expectSentence, test, visit } from "./support/browser";
import { beginLogin, pollLogin } from "./support/device";
import { administrator } from "./support/server";

test("a person approves a command line by code and password", async ({ page, client, baseURL }) => {
  const person = await (await client(administrator)).addPerson("Paula", "user");
  const login = await beginLogin(baseURL!);
  await enterAs(page, await client(person));
  await visit(page, login.page);
  await expect(page.getByRole("dialog")).toMatchAriaSnapshot(`
    - dialog "Sign in a command line":
      - heading "Sign in a command line" [level=1]
      - link "Close"
      - text: Code
      - paragraph: As the terminal shows it, after postern login.
      - textbox "Code"
      - link "Cancel"
      - button "Continue"
  `);

  await page.getByLabel("Code").fill(login.userCode.toLowerCase().replace("-", " "));
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("dialog")).toContainText("Approve only what you have started yourself a moment ago.");
  for (const [term, said] of [["Machine", login.machine], ["User there", login.user], ["Address", "127.0.0.1"]]) {
    await expect(page.locator("dt", { hasText: term }).locator("+ dd")).toHaveText(said);
  }
  await page.getByLabel("Expires").selectOption("After 90 days");
  await page.getByLabel("Your password").fill(person.password);
  await page.keyboard.press("Enter");

  await expect(page.getByRole("status")).toContainText(`Approved. Go back to the terminal on ${login.machine}`);
  const { state, access_token, email } = await pollLogin(baseURL!, login);
  expect({ state, email }).toEqual({ state: "approved", email: person.email });
  expect(await page.content()).not.toContain(access_token);
  await page.getByRole("link", { name: "Access tokens" }).click();
  const row = page.getByRole("row", { name: `postern on ${login.machine}` });
  await expect(row).toContainText("The command line, as me");
});

test("a link fills the code in and leaves the decision to the person, who says no", async ({ page, client, baseURL }) => {
  const person = await (await client(administrator)).addPerson("Quentin", "auditor");
  const login = await beginLogin(baseURL!);
  await visit(page, login.pageWithCode);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByLabel("Code")).toHaveValue(login.userCode);
  await expect(page.getByRole("dialog")).not.toContainText(login.machine);

  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "Deny" }).click();

  await expect(page.getByRole("status")).toContainText("Denied.");
  expect(await pollLogin(baseURL!, login)).toEqual({ state: "access_denied" });
});

test("what is wrong stands beside its field, and who asks stays in sight", async ({ page, client, baseURL }) => {
  const person = await (await client(administrator)).addPerson("Rosa", "user");
  const login = await beginLogin(baseURL!);
  await enterAs(page, await client(person));
  await visit(page, "/device");

  await page.getByLabel("Code").fill("hello");
  await page.getByRole("button", { name: "Continue" }).click();
  await expectSentence(page.getByLabel("Code"), "Enter the code the terminal shows: eight letters, such as BCDF-GHJK.");
  await page.getByLabel("Code").fill("BCDF-GHJK");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByLabel("Code")).toHaveAccessibleDescription(/No command line waits with this code/);

  await page.getByLabel("Code").fill(login.userCode);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Your password").fill("not the right one");
  await page.getByRole("button", { name: "Approve" }).click();
  await expectSentence(page.getByLabel("Your password"), "This is not your password.");
  await expect(page.getByLabel("Your password")).toHaveValue("");
  await expect(page.getByRole("dialog")).toContainText(login.machine);

  await page.getByLabel("Your password").fill(person.password);
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("status")).toContainText("Approved.");
  expect((await pollLogin(baseURL!, login)).email).toBe(person.email);
});

test("a login that somebody else has decided is told", async ({ page, client, baseURL }) => {
  const admin = await client(administrator);
  const person = await admin.addPerson("Stefan", "user");
  const login = await beginLogin(baseURL!);
  await enterAs(page, await client(person));
  await visit(page, login.pageWithCode);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("button", { name: "Approve" })).toBeVisible();
  await admin.send("deny-login", { code: login.userCode });

  await page.getByLabel("Your password").fill(person.password);
  await page.getByRole("button", { name: "Approve" }).click();

  await expect(page.getByRole("alert")).toContainText("No command line waits with this code");
  expect(await pollLogin(baseURL!, login)).toEqual({ state: "access_denied" });
});
