// Sessions without and with a script: the list, the activity of a record, the transcript, ending what is live.
import type { Page } from "@playwright/test";
import { Client, type Person } from "./support/client";
import { enterAs, expect, openPage, test, visit } from "./support/browser";
import { administrator } from "./support/server";
import { type Shop, addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

let admin: Client;
let user: Person & { id: string };
let shop: Shop;

test.beforeEach(async ({ client }) => {
  admin = await client(administrator);
  user = await admin.addPerson("Viola", "user");
  shop = await addShop(admin, database(), { launchers: [user.id] });
});

test("what has ended is listed, found by its record, and read", async ({ page, browser, baseURL }) => {
  const theirs = await launch(browser, baseURL!);
  await theirs.terminal.type("SELECT 'legible' AS word;");
  await theirs.terminal.shows("legible");
  await theirs.terminal.type("\\q");
  await expect(theirs.page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await enterAs(page, admin);

  await visit(page, "/sessions");
  await page.getByLabel("Record").fill(shop.title);
  await page.getByRole("button", { name: "Filter" }).click();
  const row = page.getByRole("row", { name: shop.title });
  await expect(row).toContainText("ended by its person");
  await expect(row).toContainText(user.email);

  await visit(page, `/vault/${shop.id}`);
  await page.getByRole("link", { name: "Session Activity" }).click();
  await page.getByRole("link", { name: user.email }).click();
  await page.getByRole("link", { name: "Transcript", exact: true }).click();
  await expect(page.getByLabel("Transcript", { exact: true })).toContainText("SELECT 'legible' AS word;");
  const log = await (await admin.get(`/audit/export?format=jsonl&record=${shop.title}`)).text();
  expect(log).toContain("session_recording_played");
});

test("what is live comes first and is ended with a reason its person reads", async ({ page, browser, baseURL }) => {
  const theirs = await launch(browser, baseURL!);
  await enterAs(page, admin);
  await visit(page, "/sessions");
  const live = page.getByRole("region", { name: /^Live now/ });
  const row = live.getByRole("row", { name: shop.title });
  await expect(row).toContainText("live");

  await row.getByRole("link", { name: "Terminate" }).click();
  await page.getByRole("button", { name: "Terminate" }).click();
  await expect(page.getByText("Enter a reason: the person reads it in the terminal.")).toBeVisible();
  await page.getByLabel("Reason").fill("The shop is being moved.");
  await page.getByRole("button", { name: "Terminate" }).click();

  await expect(page).toHaveURL(/\/sessions$/);
  await expect(page.getByRole("row", { name: shop.title })).toContainText("terminated");
  await expect(theirs.page.getByText(/The shop is being moved\./).first()).toBeVisible();
  await visit(page, `/sessions?record=${shop.id}`);
  await expect(page.getByRole("row", { name: shop.title })).toContainText("terminated");
});

test("only who may replay everything sees the activity of a record", async ({ page, client }) => {
  await enterAs(page, await client(user));

  await visit(page, `/vault/${shop.id}`);
  await expect(page.getByRole("heading", { name: shop.title })).toBeVisible();
  await expect(page.getByRole("link", { name: "Session Activity" })).toHaveCount(0);
  const answer = await page.goto(`/vault/${shop.id}/activity`);
  expect(answer!.status()).toBe(403);
});

/** The user's terminal, in a browser that runs scripts whatever the test's does. */
async function launch(
  browser: import("@playwright/test").Browser,
  baseURL: string,
): Promise<{ page: Page; terminal: Terminal }> {
  const context = await browser.newContext({ baseURL, javaScriptEnabled: true });
  const page = await context.newPage();
  await enterAs(page, await Client.signIn(baseURL, user));
  await page.goto(`/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  return { page, terminal };
}
