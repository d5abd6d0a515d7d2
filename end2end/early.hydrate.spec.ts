// What is typed before the page has come alive is neither lost nor ignored.
import type { Page } from "@playwright/test";
import { alive, enterAs, expect, test } from "./support/browser";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";

test("what is typed into the search before the script has come is searched for", async ({ page, client }) => {
  const admin = await client(administrator);
  const shop = await addShop(admin, database(), { launchers: [] });
  await enterAs(page, admin);
  const arrive = await holdScript(page);
  await page.goto("/vault");
  await page.getByRole("searchbox").fill(shop.title);
  await page.getByLabel("Kind").selectOption("PAM Database");

  arrive();
  await alive(page);

  await expect(page.getByRole("searchbox")).toHaveValue(shop.title);
  await expect(page.getByLabel("Kind")).toHaveValue("database");
  await page.getByRole("searchbox").press("Enter");
  await expect(page).toHaveURL(new RegExp(`q=${shop.title}&folder=&kind=database`));
  await expect(page.getByRole("table").getByRole("row")).toHaveCount(2);
  await page.getByRole("link", { name: "Clear" }).click();
  await expect(page.getByRole("searchbox")).toHaveValue("");
});

test("a filter of the audit log that was filled in early filters, and is emptied by Clear", async ({ page, client }) => {
  await enterAs(page, await client(administrator));
  const arrive = await holdScript(page);
  await page.goto("/audit");
  await page.getByLabel("Text").fill("nothing says this");
  await page.getByLabel("Result").selectOption("denied");

  arrive();
  await alive(page);

  await expect(page.getByLabel("Text")).toHaveValue("nothing says this");
  await expect(page.getByLabel("Result")).toHaveValue("denied");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page.getByRole("heading", { name: "No events" })).toBeVisible();
  await page.getByRole("link", { name: "Clear", exact: true }).click();
  await expect(page).toHaveURL("/audit");
  await expect(page.getByLabel("Text")).toHaveValue("");
  await expect(page.getByLabel("Result")).toHaveValue("");
});

test("a form that was filled in early is sent as it was", async ({ page, client }) => {
  await enterAs(page, await client(administrator));
  const arrive = await holdScript(page);
  await page.goto("/folders/new");
  await page.getByLabel("Name").fill("Filled in early");

  arrive();
  await alive(page);

  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: "Filled in early", level: 1 })).toBeVisible();
});

test("a slash leads to the search, except where somebody types", async ({ page, client }) => {
  await enterAs(page, await client(administrator));
  await page.goto("/vault");
  await alive(page);

  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("a/b");
  await expect(page.getByRole("searchbox")).toHaveValue("a/b");

  await page.goto("/audit");
  await alive(page);
  await page.keyboard.press("/");
  await expect(page.getByLabel("Text")).toBeFocused();
});

/** Keeps the module from arriving; what it returns lets it. */
async function holdScript(page: Page): Promise<() => void> {
  let arrive = () => {};
  const held = new Promise<void>((resolve) => (arrive = resolve));
  await page.route(/postern_bg\.wasm/, async (route) => {
    await held;
    await route.continue();
  });
  return arrive;
}
