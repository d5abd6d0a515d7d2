// The terminal people work in: bars, colours, letters, finding, reading aloud, and how it looks.
import { type Page } from "@playwright/test";
import { type Client } from "./support/client";
import { type SignIn, enterAs, expect, test, visit } from "./support/browser";
import { look } from "./support/look";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

let admin: Client;

test.beforeEach(async ({ client }) => {
  admin = await client(administrator);
});

/** A terminal at its prompt, on a record with these connection settings. */
async function launch(page: Page, client: SignIn, connection: Record<string, string> = {}) {
  const user = await admin.addPerson("Mona", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id], connection });
  await enterAs(page, await client(user));
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  return { terminal, shop, user };
}

test("the terminal fills the screen and lets go of it", async ({ page, client }) => {
  await launch(page, client);
  const filling = () => page.evaluate(() => document.fullscreenElement?.className ?? null);

  await page.getByRole("button", { name: "Full screen", exact: true }).click();
  await expect.poll(filling).toBe("terminal");
  await page.getByRole("button", { name: "Leave full screen" }).click();

  await expect.poll(filling).toBe(null);
  await expect(page.getByRole("button", { name: "Full screen", exact: true })).toBeVisible();
});

for (const [scheme, ink, ground] of [
  ["gray-black", "rgb(215, 221, 227)", "rgb(17, 21, 26)"],
  ["green-black", "rgb(79, 214, 122)", "rgb(17, 21, 26)"],
  ["white-black", "rgb(255, 255, 255)", "rgb(17, 21, 26)"],
  ["black-white", "rgb(20, 24, 29)", "rgb(255, 255, 255)"],
]) {
  test(`a record's letters are ${scheme} and of its size`, async ({ page, client }) => {
    await launch(page, client, { color_scheme: scheme, font_size: "18" });

    const rows = page.locator(".terminal-host .xterm-rows");
    await expect(rows).toHaveCSS("color", ink);
    await expect(rows).toHaveCSS("font-size", "18px");
    await expect(page.locator(".terminal-host")).toHaveCSS("background-color", ground);
  });
}

test("the screen follows the system from light to dark", async ({ page, client }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await launch(page, client);
  const host = page.locator(".terminal-host");
  const ground = () => host.evaluate((host) => getComputedStyle(host).backgroundColor);
  // What xterm.js takes for its ground: the stylesheet shows the host's, reversed letters show this one.
  const taken = () => host.locator(".xterm-scrollable-element").evaluate((screen) => screen.style.backgroundColor);
  const byDay = await ground();
  await expect.poll(taken).toBe(byDay);

  await page.emulateMedia({ colorScheme: "dark" });

  const byNight = await ground();
  expect(byNight).not.toBe(byDay);
  await expect.poll(taken).toBe(byNight);
});

test("a session counts down, warns before its end, and says why it ended", async ({ page, client }) => {
  await launch(page, client, { max_session_duration: "62" });

  await expect(page.getByRole("timer")).toHaveText(/^(1 min \d s|\d+ s) left$/);
  const warning = page.getByRole("status").filter({ hasText: "This session ends in 1 minute" });
  await expect(warning).toBeVisible();
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(warning).toBeHidden();
  await page.getByRole("button", { name: "End", exact: true }).click();
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
});

test("a session that was ended says so and another can be started", async ({ page, client }) => {
  const { terminal } = await launch(page, client);

  await page.getByRole("button", { name: "End", exact: true }).click();
  await expect(page.locator(".terminal-cover")).toContainText("Goodbye.");
  await page.getByRole("button", { name: "Start new session" }).click();

  await terminal.ready("shop=>");
});

test("words are found in the scrollback, counted and walked through", async ({ page, client }) => {
  const { terminal } = await launch(page, client);
  await terminal.type("SELECT 'needle ' || n AS word FROM generate_series(1, 60) n;");
  await terminal.endsWith("shop=>");

  await page.keyboard.press("Control+Shift+F");
  const field = page.getByRole("searchbox", { name: "Find in the scrollback" });
  await expect(field).toBeFocused();
  await page.keyboard.type("needle 4");
  const search = page.getByRole("search", { name: "Scrollback" });
  await expect(search).toContainText("11 of 11");
  await expect(page.locator(".xterm-find-result-decoration").first()).toHaveCSS("background-color", "rgba(255, 190, 60, 0.28)");
  await page.keyboard.press("Enter");
  await expect(search).toContainText("10 of 11");
  await search.getByRole("button", { name: "Next" }).click();
  await expect(search).toContainText("11 of 11");
  await field.fill("haystack");
  await expect(search).toContainText("Not found");
  await field.press("Escape");

  await expect(search).toBeHidden();
  await terminal.type("SELECT 'typed again';");
  await terminal.shows("typed again");
});

test("letters grow and shrink by keys, and stay so", async ({ page, client }) => {
  const { terminal, shop } = await launch(page, client);
  const rows = page.locator(".terminal-host .xterm-rows");
  await expect(rows).toHaveCSS("font-size", "12px");

  await page.keyboard.press("Control+=");
  await expect(rows).toHaveCSS("font-size", "14px");
  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await visit(page, `/vault/${shop.id}/terminal`);
  await terminal.ready("shop=>");
  await expect(rows).toHaveCSS("font-size", "14px");
  await page.keyboard.press("Control+0");

  await expect(rows).toHaveCSS("font-size", "12px");
});

test("the screen is read aloud where a person wants it, in the next session too", async ({ page, client }) => {
  const { terminal, shop } = await launch(page, client);

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Screen reader mode" }).click();
  const lines = page.locator(".xterm-accessibility");
  await terminal.type("SELECT 'heard' AS word;");
  await expect(lines).toContainText("heard");
  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await visit(page, `/vault/${shop.id}/terminal`);
  await terminal.ready("shop=>");

  await expect(lines).toContainText("shop=>");
});

test("characters take the columns psql gives them", async ({ page, client }) => {
  const { terminal } = await launch(page, client);
  const cursor = page.locator(".xterm-cursor");
  const columns = async (typed: string) => {
    await page.keyboard.press("Control+U");
    await terminal.endsWith("shop=>");
    const before = (await cursor.boundingBox())!;
    await page.keyboard.insertText(typed);
    await expect.poll(async () => (await terminal.text()).endsWith(typed)).toBe(true);
    await expect.poll(async () => (await cursor.boundingBox())!.x).toBeGreaterThan(before.x);
    const after = (await cursor.boundingBox())!;
    return Math.round((after.x - before.x) / before.width);
  };

  expect(await columns("abc")).toBe(3);
  expect(await columns("日本語")).toBe(6);
  expect(await columns("😀x")).toBe(3);
  expect(await columns("e\u0301x")).toBe(2);
});

test("what an input method composes is typed when it is done", async ({ page, client }) => {
  const { terminal } = await launch(page, client);
  const keyboard = await page.context().newCDPSession(page);
  await page.keyboard.type("SELECT '");

  await keyboard.send("Input.imeSetComposition", { text: "にほ", selectionStart: 2, selectionEnd: 2 });
  await expect(page.locator(".composition-view")).toHaveText("にほ");
  expect(await terminal.text()).not.toContain("にほ");
  await keyboard.send("Input.insertText", { text: "日本" });
  await page.keyboard.type("' AS land;");
  await page.keyboard.press("Enter");

  await terminal.shows(/land\s+-+\s+日本/);
});

test("what data holds does not drive the terminal", async ({ page, client, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { terminal } = await launch(page, client);
  const title = await page.title();
  await page.evaluate(() => navigator.clipboard.writeText("mine"));

  await terminal.type("SELECT E'\\x1b]0;owned\\x07\\x1b]52;c;b3duZWQ=\\x07\\x1b[2J' AS word;");
  await terminal.shows("\\x1B]0;owned\\x07\\x1B]52;c;b3duZWQ=\\x07\\x1B[2J");

  expect(await page.title()).toBe(title);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("mine");
});

test("what the terminal warns of, and its keys, are readable, small and large, light and dark", async ({ page, client }) => {
  test.setTimeout(120_000);
  const { terminal } = await launch(page, client, { can_copy: "off", max_session_duration: "606" });
  await terminal.type("SELECT brand_id, name FROM catalog.brands ORDER BY 1 LIMIT 5;");
  await terminal.shows("(5 rows)");
  await expect(page.getByRole("button", { name: "Dismiss" })).toBeVisible({ timeout: 20_000 });

  await look(page, "terminal-warning");
  await page.getByRole("button", { name: "Dismiss" }).click();
  await page.getByRole("button", { name: "More" }).click();
  await expect(page.getByRole("button", { name: "Keys", exact: true })).toBeInViewport();
  await page.getByRole("button", { name: "Keys", exact: true }).click();
  await look(page, "terminal-keys");
});
