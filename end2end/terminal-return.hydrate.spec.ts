// Coming back to a session: after a reload, a lost network, from another window; and when it cannot be come back to.
import { type Page, type WebSocketRoute } from "@playwright/test";
import { Client } from "./support/client";
import { type SignIn, enterAs, expect, test, visit } from "./support/browser";
import { Posternd, administrator } from "./support/server";
import { type Shop, addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

let admin: Client;

test.beforeEach(async ({ client }) => {
  admin = await client(administrator);
});

async function prepare(page: Page, client: SignIn): Promise<Shop> {
  const user = await admin.addPerson("Olga", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  await enterAs(page, await client(user));
  return shop;
}

const isOver = (page: Page) => page.getByRole("button", { name: "Start new session" });

test("a reload comes back to the session, with the screen as it was", async ({ page, client }) => {
  const shop = await prepare(page, client);
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("CREATE TEMP TABLE kept AS SELECT 42 AS answer;");
  await terminal.shows("SELECT 1");
  await page.keyboard.type("SELECT answer");
  await terminal.endsWith("shop=> SELECT answer");
  const before = await terminal.text();

  await page.reload();
  await terminal.endsWith("shop=> SELECT answer");
  expect(await terminal.text()).toBe(before);
  await terminal.type(" FROM kept;");

  await terminal.shows(/answer\n-+\n +42/);
});

test("a reload loses no line between the screen and what is above it", async ({ page, client }) => {
  const shop = await prepare(page, client);
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT generate_series(1001, 1300);");
  await terminal.shows(/\(300 rows\)\n\nshop=>$/);

  await page.reload();
  await terminal.shows(/\(300 rows\)\n\nshop=>$/);

  const seen = (await terminal.screensAbove()).join("\n").matchAll(/^ +(1\d{3})$/gm);
  const numbers = new Set([...seen].map(([, number]) => Number(number)));
  expect([...numbers].sort()).toEqual(Array.from({ length: 300 }, (_, row) => 1001 + row));
});

test("a page that was left for another one comes back to its session", async ({ page, client }) => {
  const shop = await prepare(page, client);
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT 'still ' || 'here';");
  await terminal.shows("still here");

  await page.getByRole("link", { name: "Vault" }).click();
  await expect(page.getByRole("heading", { name: "Vault" })).toBeVisible();
  await page.goBack();

  await terminal.shows("still here");
});

test("a network that is lost and found is a session resumed", async ({ page, client }) => {
  const shop = await prepare(page, client);
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/terminal\?/, (socket) => {
    sockets.push(socket);
    socket.connectToServer();
  });
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT 'before ' || 'it';");
  await terminal.shows("before it");

  await page.context().setOffline(true);
  await sockets.at(-1)!.close();
  await expect(page.getByText("Connection lost. Reconnecting…")).toBeVisible();
  await page.keyboard.type("lost");
  await page.context().setOffline(false);
  await terminal.ready("shop=>");

  await terminal.shows("before it");
  expect(await terminal.text()).not.toContain("lost");
  await terminal.type("SELECT 'after ' || 'it';");
  await terminal.shows("after it");
});

test("another window takes a session over, and the first takes it back", async ({ page, client, context }) => {
  const shop = await prepare(page, client);
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT 'mine ' || 'alone';");
  await terminal.shows("mine alone");

  const second = await context.newPage();
  await visit(second, `/vault/${shop.id}/terminal`);
  await expect(second.getByRole("heading", { name: "Your session is running" })).toBeVisible();
  await second.getByRole("button", { name: "Resume here" }).click();
  const theirs = new Terminal(second);
  await theirs.shows("mine alone");
  await expect(page.getByRole("alert")).toBeVisible();
  await page.getByRole("button", { name: "Take it back" }).click();
  await terminal.ready("shop=>");
  await expect(second.getByRole("button", { name: "Take it back" })).toBeVisible();

  await terminal.type("SELECT 'mine ' || 'again';");
  await terminal.shows("mine again");
  await second.close();
});

test("another window may start a session of its own", async ({ page, client, context }) => {
  const shop = await prepare(page, client);
  await visit(page, `/vault/${shop.id}/terminal`);
  await new Terminal(page).ready("shop=>");
  const second = await context.newPage();

  await visit(second, `/vault/${shop.id}/terminal`);
  await isOver(second).click();
  await new Terminal(second).ready("shop=>");

  await expect(page.getByRole("button", { name: "End", exact: true })).toBeEnabled();
  await second.close();
});

test("a server that dies in a query is waited for, and says that the session is gone", async ({ alone, browser }) => {
  test.setTimeout(90_000);
  const admin = await Client.signIn(alone.url, administrator);
  const user = await admin.addPerson("Petra", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  const page = await browser.newPage({ baseURL: alone.url });
  await enterAs(page, await Client.signIn(alone.url, user));
  await page.goto(`/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT pg_sleep(60);");
  await expect(page.getByText("running", { exact: true })).toBeVisible();

  await alone.stop("SIGKILL");
  await expect(page.getByText("Connection lost. Reconnecting…")).toBeVisible();
  await expect(page.getByText(/^Next attempt in \d s\.$/)).toBeVisible();
  await terminal.shows("SELECT pg_sleep(60);");
  await alone.start();
  await expect(page.getByText("This session has ended. Start a new one.")).toBeVisible({ timeout: 20_000 });
  await isOver(page).click();

  await terminal.ready("shop=>");
  await page.close();
});
