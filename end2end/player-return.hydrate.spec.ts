// A replay that goes on: after its server was started again, while that is away, and after its person was signed out.
import type { Browser, Locator, Page } from "@playwright/test";
import { enterAs, expect, openPage, test, visit } from "./support/browser";
import { Client } from "./support/client";
import { sessionsOf } from "./support/recordings";
import { type Posternd, administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

/** More than one fetch brings, so that each statement's place is fetched by itself. */
const flood = (letter: string) => `SELECT repeat('${letter}', 100) || g AS ${letter} FROM generate_series(1, 10000) g;`;

test("a replay goes on when its server was started again, and the audit log has a second opening", async ({ alone, browser }) => {
  const { page, admin } = await openReplay(browser, alone);

  await alone.stop("SIGKILL");
  await alone.start();
  await statement(page, "'the end'").click();

  await expect(screen(page)).toContainText("b10000");
  await expect(page.getByRole("button", { name: "Try again" })).toBeHidden();
  const log = await (await admin.get("/audit/export?format=jsonl")).text();
  expect(log.split("\n").filter((line) => line.includes("session_recording_played"))).toHaveLength(2);
});

test("a replay whose server is away says so and goes on when it is back", async ({ alone, browser }) => {
  test.setTimeout(60_000);
  const { page } = await openReplay(browser, alone);

  await alone.stop();
  await statement(page, "'the end'").click();
  await expect(page.getByText("The rest of the recording cannot be loaded. Check the network. Trying again…")).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
  await alone.start();

  await expect(screen(page)).toContainText("b10000", { timeout: 20_000 });
  await expect(page.getByRole("button", { name: "Try again" })).toBeHidden();
});

test("who was signed out and is back tries again, or seeks again", async ({ alone, browser }) => {
  const { page } = await openReplay(browser, alone);
  const cookies = await page.context().cookies();
  const signedOut = page.getByText("You are signed out. Sign in and try again.");

  await page.context().clearCookies();
  await statement(page, "'b'").click();
  await expect(signedOut).toBeVisible();
  await page.context().addCookies(cookies);
  await statement(page, "'b'").click();
  await expect(screen(page)).toContainText("a10000");
  await expect(signedOut).toBeHidden();

  await page.context().clearCookies();
  await statement(page, "'the end'").click();
  await expect(signedOut).toBeVisible();
  await page.context().addCookies(cookies);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(screen(page)).toContainText("b10000");
  await expect(signedOut).toBeHidden();
});

/** The replay of a session with three statements at its start, as an administrator sees it. */
async function openReplay(browser: Browser, posternd: Posternd): Promise<{ page: Page; admin: Client }> {
  const admin = await Client.signIn(posternd.url, administrator);
  const user = await admin.addPerson("Rita", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  const theirs = await openPage(browser, posternd.url);
  await enterAs(theirs, await Client.signIn(posternd.url, user));
  await theirs.goto(`/vault/${shop.id}/terminal`);
  const terminal = new Terminal(theirs);
  await terminal.ready("shop=>");
  for (const typed of [flood("a"), flood("b"), "SELECT 'the end' AS word;"]) {
    await terminal.type(typed);
    await terminal.endsWith("shop=>");
  }
  await terminal.type("\\q");
  await expect.poll(async () => (await sessionsOf(admin))[0].state).toBe("ended");
  await theirs.context().close();

  const [{ id }] = await sessionsOf(admin);
  const page = await openPage(browser, posternd.url);
  await enterAs(page, admin);
  await visit(page, `/sessions/${id}`);
  await expect(page.getByText(/^intact/)).toBeVisible();
  await expect(statements(page)).toHaveCount(3);
  return { page, admin };
}

function statements(page: Page): Locator {
  return page.getByRole("complementary", { name: "Statements" }).getByRole("button");
}

function statement(page: Page, text: string): Locator {
  return statements(page).filter({ hasText: text });
}

function screen(page: Page): Locator {
  return page.locator(".player-host .xterm-rows");
}
