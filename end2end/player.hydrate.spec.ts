// The player: played, sought, filtered, worked by keyboard, linked to, exported.
import { readFileSync } from "node:fs";
import type { Browser, Locator, Page } from "@playwright/test";
import { Client, type Person } from "./support/client";
import { enterAs, expect, openPage, test, visit } from "./support/browser";
import { sessionsOf } from "./support/recordings";
import { administrator } from "./support/server";
import { type Shop, addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

let admin: Client;
let user: Person & { id: string };
let auditor: Person & { id: string };
let shop: Shop;
let session: string;

test.beforeAll(async ({ browser }, info) => {
  info.setTimeout(120_000);
  const url = info.project.use.baseURL!;
  admin = await Client.signIn(url, administrator);
  user = await admin.addPerson("Wanda", "user");
  auditor = await admin.addPerson("Xaver", "auditor");
  shop = await addShop(admin, database(), { launchers: [user.id] });
  await setConnection({ recording_include_keys: "on" });
  const page = await openPage(browser, url);
  await enterAs(page, await Client.signIn(url, user));
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  for (const statement of [
    "SELECT 'first' AS word;",
    "SELECT nothing FROM catalog.brands;",
    "SELECT pg_sleep(6);",
    "SELECT 'x' || g AS filler FROM generate_series(1, 3000) g;",
    "SELECT 'last' AS word;",
  ]) {
    await terminal.type(statement);
    await terminal.endsWith("shop=>");
  }
  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await page.context().close();
  [{ id: session }] = await sessionsOf(admin, { record: shop.id });
});

test("it plays, skips what is idle and says why it ends", async ({ browser, baseURL }) => {
  const player = await Player.open(browser, baseURL!, auditor);

  await expect(player.page.getByText(/^intact · \d+ segments? verified$/)).toBeVisible();
  // Of six seconds of sleep one is shown.
  expect(await player.skipsFrom("pg_sleep", 2_000)).toBeGreaterThan(4_000);
  await player.shows("x3000");
  await expect(player.page.getByText("The person ended the session.")).toBeVisible({ timeout: 30_000 });
  await player.shows("last");

  await player.page.getByRole("switch", { name: "Skip idle" }).click();
  expect(await player.skipsFrom("pg_sleep", 2_000)).toBeLessThan(500);
});

test("every moment is led to by list, timeline, keys and link", async ({ browser, baseURL }) => {
  const player = await Player.open(browser, baseURL!, auditor);
  const { page, slider } = player;
  await expect(player.statements).toHaveCount(5);
  await expect(player.statement("SELECT nothing")).toContainText("42703");
  await expect(player.statement("SELECT nothing")).toContainText('column "nothing" does not exist');
  await expect(player.statement("filler")).toContainText("3000 rows");

  await player.statement("'last'").getByRole("button").click();
  await player.shows("x3000");
  await expect(player.statement("'last'")).toHaveAttribute("aria-current", "true");
  await player.statement("SELECT nothing").getByRole("button").click();
  await player.shows("first");
  expect(await player.text()).not.toContain("x3000");

  await page.keyboard.press("Shift+ArrowRight");
  await expect(player.statement("pg_sleep")).toHaveAttribute("aria-current", "true");
  await page.keyboard.press("Shift+ArrowLeft");
  await expect(player.statement("SELECT nothing")).toHaveAttribute("aria-current", "true");
  await page.keyboard.press("Home");
  await expect(slider).toHaveAttribute("aria-valuetext", /^0:00 of /);
  await page.keyboard.press("ArrowRight");
  await expect(slider).toHaveAttribute("aria-valuetext", /^0:05 of /);
  await slider.focus();
  await page.keyboard.press("End");
  await player.shows("last");
  await page.keyboard.press(">");
  await expect(page.getByRole("status", { name: "Speed" })).toHaveText("2×");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeHidden();

  await page.getByRole("searchbox", { name: "Filter statements" }).fill("WORD");
  await expect(player.statements).toHaveCount(2);
  await page.getByRole("searchbox", { name: "Filter statements" }).fill("does not exist");
  await expect(player.statements).toHaveCount(1);

  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.keyboard.press("Tab");
  await player.statement("SELECT nothing").getByRole("button").click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("Link to this moment copied.")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await expect(page.getByText("Link to this moment copied.")).toBeHidden({ timeout: 10_000 });
  expect(link).toMatch(new RegExp(`/sessions/${session}#t=\\d+\\.\\d{3}$`));
  await page.goto("about:blank");
  await page.goto(link);
  await expect(player.statement("SELECT nothing")).toHaveAttribute("aria-current", "true");
});

test("what does not come is said, asked for again, and nothing of it is left out", async ({ browser, baseURL }) => {
  const page = await openPage(browser, baseURL!);
  await enterAs(page, await Client.signIn(baseURL!, auditor));
  const frames = /\/frames\?/;
  await page.route(frames, (route) => route.abort());
  await page.goto(`/sessions/${session}`);
  const outage = page.getByText("The rest of the recording cannot be loaded. Check the network. Trying again…");
  await expect(outage).toBeVisible();

  await page.unroute(frames);
  const player = await Player.on(page);
  await expect(outage).toBeHidden();
  await player.statement("'last'").getByRole("button").click();
  await player.shows("x3000");

  // A proxy in between that fails says nothing a page knows.
  const chapters = /\/chapters\?/;
  await page.route(chapters, (route) => route.fulfill({ status: 502, body: "bad gateway" }));
  await page.reload();
  await expect(outage).toBeVisible();
  await page.unroute(chapters);
  await Player.on(page);
  await expect(outage).toBeHidden();
});

test("what was typed is in the key lane", async ({ browser, baseURL }) => {
  const player = await Player.open(browser, baseURL!, auditor);

  await player.statement("SELECT nothing").getByRole("button").click();

  await expect(player.page.getByLabel("Keys typed")).toContainText("SELECT␣nothing␣FROM␣catalog.brands;⏎");
});

test("an auditor takes it along in every format, and each is in the audit log", async ({ browser, baseURL }) => {
  const player = await Player.open(browser, baseURL!, auditor);
  const contents: Record<string, string> = {};
  for (const format of ["asciicast v2", "asciicast v3", "Plain text", "JSON Lines, every frame"]) {
    await player.page.getByText("Export", { exact: true }).click();
    const download = player.page.waitForEvent("download");
    await player.page.getByRole("link", { name: format, exact: true }).click();
    contents[format] = readFileSync(await (await download).path(), "utf8");
    await player.page.getByText("Export", { exact: true }).click();
  }

  expect(JSON.parse(contents["asciicast v2"].split("\n")[0]).version).toBe(2);
  expect(JSON.parse(contents["asciicast v3"].split("\n")[0]).version).toBe(3);
  expect(contents["Plain text"]).toContain("shop=> SELECT 'first' AS word;");
  expect(contents["JSON Lines, every frame"]).not.toContain("Input");
  const log = await (await Client.signIn(baseURL!, auditor)).get(`/audit/export?format=jsonl&record=${shop.title}`);
  const exports = (await log.text()).split("\n").filter((line) => line.includes("session_recording_downloaded"));
  expect(exports).toHaveLength(4);
});

test("people replay their own sessions only where the record allows it", async ({ browser, baseURL }) => {
  const page = await openPage(browser, baseURL!);
  await enterAs(page, await Client.signIn(baseURL!, user));
  await visit(page, "/sessions");
  await expect(page.getByRole("row", { name: shop.title })).toBeVisible();
  await expect(page.getByRole("link", { name: shop.title })).toHaveCount(0);
  const refused = await page.goto(`/sessions/${session}`);
  expect(refused!.status()).toBe(403);

  await setConnection({ recording_include_keys: "on", replay_own_sessions: "on" });
  const player = await Player.open(browser, baseURL!, user);
  await player.statement("'last'").getByRole("button").click();
  await player.shows("x3000");
  await expect(player.page.getByText("Export", { exact: true })).toHaveCount(0);
  const stranger = await admin.addPerson("Yola", "user");
  const answer = await (await Client.signIn(baseURL!, stranger)).get(`/sessions/${session}`);
  expect(answer.status).toBe(404);
});

async function setConnection(fields: Record<string, string>): Promise<void> {
  const settings = (await admin.send("settings", { id: shop.id })).value.settings;
  await admin.send("save-connection", {
    id: shop.id,
    version: String(settings.version),
    "draft[connections]": "on",
    "draft[launch_credential]": shop.reading,
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`draft[${name}]`, value])),
  });
}

/** The player of the session, as somebody uses it. */
class Player {
  private constructor(readonly page: Page) {}

  static async open(browser: Browser, url: string, person: Person): Promise<Player> {
    const page = await openPage(browser, url);
    await enterAs(page, await Client.signIn(url, person));
    await visit(page, `/sessions/${session}`);
    return Player.on(page);
  }

  /** Once the statements are listed. */
  static async on(page: Page): Promise<Player> {
    const player = new Player(page);
    await expect(player.statements).toHaveCount(5);
    return player;
  }

  get statements(): Locator {
    return this.page.getByRole("complementary", { name: "Statements" }).getByRole("listitem");
  }

  get slider(): Locator {
    return this.page.getByRole("slider", { name: "Position" });
  }

  statement(text: string): Locator {
    return this.statements.filter({ hasText: text });
  }

  /** Plays from a statement until the replay is `length` on, and says how much of that was skipped; in milliseconds. */
  async skipsFrom(statement: string, length: number): Promise<number> {
    await this.statement(statement).getByRole("button").click();
    const skipped = this.slider.evaluate(async (slider: HTMLInputElement, length) => {
      const start = Number(slider.value);
      let began = performance.now();
      for (let gone = 0; gone < length; gone = (Number(slider.value) - start) / 1000) {
        if (gone === 0) began = performance.now();
        await new Promise(requestAnimationFrame);
      }
      return (Number(slider.value) - start) / 1000 - (performance.now() - began);
    }, length);
    await this.page.getByRole("button", { name: "Play" }).click();
    return skipped;
  }

  async text(): Promise<string> {
    const rows = await this.page.locator(".player-host .xterm-rows > div").allInnerTexts();
    return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n");
  }

  async shows(text: string): Promise<void> {
    await expect.poll(() => this.text(), { timeout: 10_000 }).toContain(text);
  }
}
