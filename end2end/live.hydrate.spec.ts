// The live view: what somebody does is seen while they do it, without a gap and without anything twice.
import { type Page, type WebSocketRoute } from "@playwright/test";
import { Client, type Person } from "./support/client";
import { enterAs, expect, openPage, test, visit } from "./support/browser";
import { sessionsOf } from "./support/recordings";
import { administrator } from "./support/server";
import { type Shop, addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal, watchedIn } from "./support/terminal";

let shop: Shop;
let auditor: Person;
let page: Page;
let terminal: Terminal;
let session: string;

test.beforeEach(async ({ browser, baseURL, client }) => {
  const admin = await client(administrator);
  const user = await admin.addPerson("Vera", "user");
  auditor = await admin.addPerson("Walter", "auditor");
  shop = await addShop(admin, database(), { launchers: [user.id] });
  page = await openPage(browser, baseURL!);
  await enterAs(page, await client(user));
  await visit(page, `/vault/${shop.id}/terminal`);
  terminal = new Terminal(page);
  await terminal.ready("shop=>");
  [{ id: session }] = await sessionsOf(admin, { record: shop.id });
});

test.afterEach(async () => {
  await page.context().close();
});

test("who comes in the middle of a statement sees every line of it once", async ({ browser, baseURL }) => {
  await terminal.type("DO $$ BEGIN FOR i IN 1..400 LOOP RAISE NOTICE 'wave % of it', i; PERFORM pg_sleep(0.01); END LOOP; END $$;");
  await terminal.shows("wave 60 of it");

  const watcher = await Watcher.open(browser, baseURL!);
  await watcher.shows("wave 400 of it");
  await terminal.endsWith("shop=>");

  await watcher.showsWhat(terminal);
  const waves = watchedIn(watcher.frames).toString("latin1").match(/wave \d+ of it/g)!.map((wave) => Number(wave.split(" ")[1]));
  expect(waves).toEqual(Array.from({ length: 400 }, (_, number) => number + 1));
  await terminal.type("SELECT nothing;");
  await expect(watcher.statements.filter({ hasText: "SELECT nothing" })).toContainText('column "nothing" does not exist');
  await page.setViewportSize({ width: 900, height: 600 });
  await terminal.type("SELECT 'smaller ' || 'now';");
  await watcher.shows("smaller now");
  await watcher.showsWhat(terminal);
});

test("what is ended from the live view ends with the reason, for its person and for who watches", async ({ browser, baseURL }) => {
  await terminal.type("BEGIN; SELECT pg_sleep(60);");
  const watcher = await Watcher.open(browser, baseURL!);
  await expect(watcher.statements.filter({ hasText: "pg_sleep" })).toHaveCount(0);
  const terminator = await Watcher.open(browser, baseURL!);

  await terminator.page.getByRole("link", { name: "Terminate" }).click();
  await terminator.page.getByLabel("Reason").fill("The shop is being moved.");
  await terminator.page.getByRole("button", { name: "Terminate" }).click();

  await expect(page.getByText(/The shop is being moved\./).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await expect(watcher.page.getByRole("status")).toContainText("The shop is being moved.");
  await expect(watcher.page.getByText("LIVE", { exact: true })).toBeHidden();
  await watcher.page.getByRole("link", { name: "Replay" }).click();
  await expect(watcher.page.getByRole("complementary", { name: "Statements" })).toContainText("pg_sleep");
});

test("a watcher whose connection is lost comes back to what is shown by then", async ({ browser, baseURL }) => {
  const watcher = await Watcher.open(browser, baseURL!);
  await terminal.type("SELECT 'before ' || 'it';");
  await watcher.shows("before it");

  await watcher.loseConnection();
  await terminal.type("SELECT 'mean' || 'while';");
  await terminal.shows("meanwhile");
  await watcher.findConnection();
  await watcher.shows("meanwhile");
  await terminal.type("SELECT 'after ' || 'it';");

  await watcher.shows("after it");
  await watcher.showsWhat(terminal);
  await expect(watcher.page.getByText("Connection lost. Reconnecting…")).toBeHidden();
});

test("who watches is told when no browser shows the session, and when one does again", async ({ browser, baseURL }) => {
  const watcher = await Watcher.open(browser, baseURL!);

  await page.goto("about:blank");
  await expect(watcher.page.getByText("No browser shows this session to its person at the moment.")).toBeVisible();
  await page.goto(`${baseURL}/vault/${shop.id}/terminal`);
  await terminal.ready("shop=>");

  await expect(watcher.page.getByText("No browser shows this session to its person at the moment.")).toBeHidden();
});

/** The live view of the session, as somebody sees it. */
class Watcher {
  readonly frames: Buffer[] = [];
  private readonly sockets: WebSocketRoute[] = [];
  private isAway = false;

  private constructor(readonly page: Page) {}

  static async open(browser: import("@playwright/test").Browser, url: string): Promise<Watcher> {
    const watcher = new Watcher(await openPage(browser, url));
    await watcher.page.routeWebSocket(/\/watch$/, (socket) => watcher.pass(socket));
    await enterAs(watcher.page, await Client.signIn(url, auditor));
    await visit(watcher.page, `/sessions/${session}/live`);
    await watcher.shows("shop=>");
    return watcher;
  }

  /** Passes a socket on to the server, or, while the connection is lost, nowhere. */
  private pass(socket: WebSocketRoute): void {
    if (this.isAway) return void socket.close();
    this.sockets.push(socket);
    const server = socket.connectToServer();
    server.onMessage((message) => {
      this.frames.push(Buffer.from(message as Buffer));
      socket.send(message);
    });
  }

  get statements() {
    return this.page.getByRole("complementary", { name: "Statements" }).getByRole("listitem");
  }

  async loseConnection(): Promise<void> {
    this.isAway = true;
    await this.sockets.at(-1)!.close();
    await expect(this.page.getByText("Connection lost. Reconnecting…")).toBeVisible();
  }

  async findConnection(): Promise<void> {
    this.isAway = false;
    await expect(this.page.getByText("Connection lost. Reconnecting…")).toBeHidden();
  }

  async text(): Promise<string> {
    const rows = await this.page.locator(".player-host .xterm-rows > div").allInnerTexts();
    return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n").trimEnd();
  }

  async shows(text: string): Promise<void> {
    await expect.poll(() => this.text(), { timeout: 10_000 }).toContain(text);
  }

  /** The two screens are the same. */
  async showsWhat(terminal: Terminal): Promise<void> {
    await expect.poll(async () => (await this.text()) === (await terminal.text()), { timeout: 10_000 }).toBe(true);
  }
}
