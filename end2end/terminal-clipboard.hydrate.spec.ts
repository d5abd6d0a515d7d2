// Copying out of the terminal and pasting into it, and the gates on both.
import { type Page } from "@playwright/test";
import { type Client } from "./support/client";
import { type SignIn, enterAs, expect, test, visit } from "./support/browser";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

const NO_COPY = "Copying is disabled by your administrator.";
const NO_PASTE = "Pasting is disabled by your administrator.";

let admin: Client;

test.beforeEach(async ({ client, context }) => {
  admin = await client(administrator);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
});

async function launch(page: Page, client: SignIn, connection: Record<string, string> = {}) {
  const user = await admin.addPerson("Nils", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id], connection });
  await enterAs(page, await client(user));
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  return terminal;
}

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());
const fillClipboard = (page: Page, text: string) => page.evaluate((text) => navigator.clipboard.writeText(text), text);

/** Double click on a word of the screen. */
async function selectWord(page: Page, word: string): Promise<void> {
  const at = await page.locator(".xterm-rows").evaluate((rows, word) => {
    for (const row of [...rows.children].reverse()) {
      const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const start = node.textContent!.indexOf(word);
        if (start < 0) continue;
        const range = document.createRange();
        range.setStart(node, start);
        range.setEnd(node, start + word.length);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      }
    }
    return null;
  }, word);
  if (at === null) throw new Error(`${word} is not on the screen`);
  await page.mouse.dblclick(at.x, at.y);
}

test("what is selected survives output and is copied", async ({ page, client }) => {
  const terminal = await launch(page, client);
  await terminal.type("\\echo beacon");
  await terminal.shows(/\nbeacon/);
  await terminal.type("DO $$ BEGIN FOR i IN 1..20 LOOP RAISE NOTICE 'tick %', i; PERFORM pg_sleep(0.1); END LOOP; END $$;");
  await terminal.shows("tick 2");

  await selectWord(page, "beacon");
  await terminal.shows("tick 20");
  await page.keyboard.press("Control+Shift+C");

  await expect.poll(() => clipboard(page)).toBe("beacon");
});

test("several pasted lines run when Enter is pressed and not before", async ({ page, client }) => {
  const terminal = await launch(page, client);
  await fillClipboard(page, "SELECT 40 + 2\n  AS answer;\nSELECT 7 * 6 AS again;");

  await page.keyboard.press("Control+V");
  await terminal.shows("AS again;");
  expect(await terminal.text()).not.toContain("(1 row)");
  await page.keyboard.press("Enter");

  await terminal.shows(/answer\s+-+\s+42[^]*again\s+-+\s+42/);
});

test("a menu copies and pastes for who has no keys", async ({ page, client }) => {
  const terminal = await launch(page, client);
  await fillClipboard(page, "SELECT 'from the menu';");

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Paste" }).click();
  await terminal.shows("SELECT 'from the menu';");
  await page.keyboard.press("Enter");
  await terminal.shows("(1 row)");
  await selectWord(page, "menu");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Copy" }).click();

  await expect.poll(() => clipboard(page)).toBe("menu");
});

test("where copying is off nothing leaves the terminal", async ({ page, client }) => {
  const terminal = await launch(page, client, { can_copy: "off" });
  await fillClipboard(page, "mine");
  await terminal.type("\\echo beacon");
  await terminal.shows(/\nbeacon/);

  await selectWord(page, "beacon");
  await page.keyboard.press("Control+Shift+C");
  await expect(page.getByText(NO_COPY).last()).toBeVisible();
  await page.keyboard.press("Control+Insert");
  await page.getByRole("button", { name: "More" }).click();
  await expect(page.getByRole("button", { name: "Copy" })).toBeDisabled();

  expect(await clipboard(page)).toBe("mine");
  await expect(page.locator(".xterm-selection > *")).toHaveCount(0);
});

test("where pasting is off nothing reaches the terminal", async ({ page, client }) => {
  const terminal = await launch(page, client, { can_paste: "off" });
  await fillClipboard(page, "SELECT 'pasted';");

  for (const keys of ["Control+V", "Control+Shift+V", "Shift+Insert"]) {
    await page.keyboard.press(keys);
    await expect(page.getByRole("status").filter({ hasText: NO_PASTE })).toBeVisible();
  }
  await page.getByRole("button", { name: "More" }).click();
  await expect(page.getByRole("button", { name: "Paste" })).toBeDisabled();
  await page.keyboard.press("Escape");
  await page.getByRole("region", { name: "Terminal" }).click();

  await terminal.type("SELECT 'typed';");
  await terminal.shows("typed");
  expect(await terminal.text()).not.toContain("pasted");
});
