// Signing in: by form, back to the wanted page, refused in words.
import { unique } from "./support/client";
import { expect, expectSentence, test, visit } from "./support/browser";
import { administrator } from "./support/server";

test("a person signs in and out", async ({ page }) => {
  await visit(page, "/sign-in");
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - main:
      - heading "Sign in" [level=1]
      - text: Email
      - textbox "Email"
      - text: Password
      - textbox "Password"
      - button "Sign in"
  `);
  await page.getByLabel("Email").fill(administrator.email);
  await page.getByLabel("Password").fill(administrator.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/vault");
  await expect(page.getByRole("navigation", { name: "Main" })).toContainText("Administrator");

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Administrator" }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();

  await expect(page).toHaveURL(/\/sign-in/);
  await page.goto("/vault");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("who is signed out comes to the wanted page after signing in", async ({ page }) => {
  await visit(page, "/people?from=a+link");
  await expect(page).toHaveURL(/\/sign-in\?next=/);

  await page.getByLabel("Email").fill(administrator.email);
  await page.getByLabel("Password").fill(administrator.password);
  await page.getByRole("button", { name: "Sign in" }).click();

  await expect(page).toHaveURL("/people?from=a+link");
  await expect(page.getByRole("heading", { name: "People", level: 1 })).toBeVisible();
});

test("empty fields get their sentences", async ({ page }) => {
  await visit(page, "/sign-in");

  await page.getByRole("button", { name: "Sign in" }).click();

  await expectSentence(page.getByLabel("Email"), "Enter your email address.");
  await expectSentence(page.getByLabel("Password"), "Enter your password.");
});

test("a wrong password is refused without a word about the address", async ({ page }) => {
  const stranger = `${unique("stranger")}@postern.example`;
  await visit(page, "/sign-in");

  await page.getByLabel("Email").fill(stranger);
  await page.getByLabel("Password").fill("not the right one");
  await page.getByRole("button", { name: "Sign in" }).click();

  await expect(page.getByRole("alert")).toContainText(/password/i);
  await expect(page.getByLabel("Email")).toHaveValue(stranger);
});

test("a page that is not there says so", async ({ page }) => {
  const response = await page.goto("/no-such-page");

  expect(response?.status()).toBe(404);
});
