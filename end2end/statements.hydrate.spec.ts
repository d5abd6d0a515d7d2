// The replay of a session through native clients: connections on a time axis, statements, one of them whole.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import type { Browser, Locator, Page } from "@playwright/test";
import { enterAs, expect, openPage, test, visit } from "./support/browser";
import { Client, type Person } from "./support/client";
import { look } from "./support/look";
import { fromEnvironment } from "./support/postgres";
import { Posternd, administrator } from "./support/server";

let posternd: Posternd;
let end: () => void;
let hasEnded: Promise<void>;
let auditor: Person & { id: string };
let session: string;

test.beforeAll(async ({}, info) => {
  info.setTimeout(60_000);
  await new Promise<void>((ready) => {
    hasEnded = Posternd.once((started) => {
      posternd = started;
      ready();
      return new Promise((resolve) => (end = resolve));
    });
  });
  const admin = await Client.signIn(posternd.url, administrator);
  auditor = await admin.addPerson("Cleo Castro", "auditor", "cleo@postern.example");
  session = record("orders-prod");
});

test.afterAll(async () => {
  end();
  await hasEnded;
});

test("every connection has a row, and every statement leads to all of it", async ({ browser }) => {
  const page = await open(browser, session);
  const rows = page.getByRole("region", { name: "Connections" }).locator(".lane-row");
  await expect(rows).toHaveCount(4);
  await expect(rows.first()).toContainText("1 · psql");
  await expect(rows.first()).toContainText("shop · 192.0.2.7 · backend 48211");
  await expect(rows.nth(2)).toContainText("0:40 – 0:52");
  await expect(rows.nth(3)).toContainText("3 · pgAdmin 4");
  await expect(page.getByRole("heading", { name: /^Statements 12 · 2 errors$/ })).toBeVisible();
  await expect(page.getByText(/^intact · 1 segment verified$/)).toBeVisible();

  const details = page.getByRole("complementary", { name: "Details" });
  await statement(page, "insert into reports.runs").click();
  await expect(details.getByLabel("SQL")).toHaveText("insert into reports.runs (name, payload, note) values ($1, $2, $3)");
  const parameters = details.getByRole("row");
  await expect(parameters.filter({ hasText: "$1" })).toContainText("varchar");
  await expect(parameters.filter({ hasText: "$1" })).toContainText("nightly");
  await expect(parameters.filter({ hasText: "$2" })).toContainText("of 2483112 bytes were kept");
  await expect(parameters.filter({ hasText: "$3" })).toContainText("NULL");
  await expect(parameters.filter({ hasText: "$4" })).toContainText("\\x4028000000000000c01c");
  await expect(details).toContainText("3 · nightly-report");
  await expect(details).toContainText("Extended query · backend 48260");

  await statement(page, "begin; insert").click();
  await expect(details.getByRole("listitem")).toHaveText([/^BEGIN/, /^INSERT 0 1/, /^SELECT 1/, /^COMMIT/]);
  await statement(page, "copy sales.customers to stdout").click();
  await expect(details).toContainText("Moved 12400 rows (918 kB) from the database. The data itself is not recorded.");
  await statement(page, "update sales.orders").click();
  await expect(details).toContainText("permission denied for table orders");
  // What would turn or hide text is seen.
  await statement(page, "nimda").click();
  await expect(details.getByLabel("SQL")).toHaveText("select 'user⟨U+202E⟩nimda' -- ⟨U+001B⟩[2K");
});

test("it is filtered by connection, by errors and by words", async ({ browser }) => {
  const page = await open(browser, session);
  const psql = page.getByRole("button", { name: /^1 · psql/ });

  await psql.click();
  await expect(psql).toHaveAttribute("aria-pressed", "true");
  await expect(lines(page)).toHaveCount(7);
  await page.getByRole("switch", { name: /^Errors only/ }).click();
  await expect(lines(page)).toHaveCount(2);
  await page.getByRole("searchbox", { name: "Search statements" }).fill("PERMISSION denied");
  await expect(lines(page)).toHaveCount(1);
  await page.getByRole("searchbox", { name: "Search statements" }).fill("no such words");
  await expect(page.getByText("Nothing passes the filter.")).toBeVisible();
  await page.getByRole("searchbox", { name: "Search statements" }).fill("");
  await page.getByRole("button", { name: /^Only 1 · psql/ }).click();
  await expect(lines(page)).toHaveCount(2);
});

test("keys and links lead through it, and a press on a bar to its statement", async ({ browser }) => {
  const page = await open(browser, session);

  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(current(page)).toContainText("select status, count(*)");
  await page.keyboard.press("e");
  await expect(current(page)).toContainText("update sales.orders");
  await page.keyboard.press("+");
  await expect(page.getByRole("button", { name: "Zoom out" })).toBeEnabled();
  await page.keyboard.press("0");
  await expect(page.getByRole("button", { name: "Zoom out" })).toBeDisabled();
  await page.keyboard.press("End");
  await expect(current(page)).toContainText("The person ended the session.");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Search statements" })).toBeFocused();
  await page.getByRole("heading", { name: "orders-prod" }).click();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");

  // psql's COPY began after 75 of 145 seconds.
  const bars = page.locator(".lane-row").first().locator("svg");
  const { width, height } = (await bars.boundingBox())!;
  await bars.click({ position: { x: (width * 76) / 145, y: height / 2 } });
  await expect(current(page)).toContainText("copy sales.customers to stdout");

  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("Link to this statement copied.")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`/sessions/${session}#s=\\d+$`));
  await page.goto("about:blank");
  await page.goto(link);
  await expect(current(page)).toContainText("copy sales.customers to stdout");
  await page.goto("about:blank");
  await page.goto(`/sessions/${session}#t=62`);
  await expect(current(page)).toContainText("begin; insert");
});

test("it is listed with its kind, exported as what was run, and read as text", async ({ browser }) => {
  const page = await open(browser, session);
  await page.getByText("Export", { exact: true }).click();
  await expect(page.locator(".menu a")).toHaveText(["Plain text", "JSON Lines, every frame"]);
  await page.getByRole("link", { name: "Transcript" }).click();
  await expect(page.getByLabel("Transcript")).toContainText("select 'user⟨U+202E⟩nimda'");

  await visit(page, "/sessions");
  await expect(page.getByRole("row", { name: "orders-prod" })).toContainText("Listener");
  await page.getByLabel("Kind").selectOption("Terminal");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page.getByText("No session matches.")).toBeVisible();
});

test("a long recording comes in parts, and a link leads into the right one", async ({ browser }) => {
  test.setTimeout(120_000);
  const long = record("busy", "45000");
  const page = await open(browser, long);
  await expect(page.getByText(/^Part 1 of a long recording/)).toBeVisible();
  expect(await lines(page).count()).toBeLessThanOrEqual(150);

  await page.getByRole("button", { name: "Next part" }).click();
  await expect(page.getByText(/^Part 2 of a long recording/)).toBeVisible();
  await expect(page.getByRole("button", { name: /^1 · psql/ })).toBeVisible();
  await page.goto("about:blank");
  await page.goto(`/sessions/${long}#t=1000`);
  await expect(current(page)).toContainText("id = 42999", { timeout: 30_000 });
});

test("one that runs is not watched but read again, and can be ended", async ({ browser }) => {
  const live = record("orders-live", "live");
  const page = await open(browser, live);

  await expect(page.getByRole("link", { name: "Watch live" })).toHaveCount(0);
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(lines(page)).not.toHaveCount(0);
  await expect(page.getByRole("link", { name: "Terminate" })).toHaveAttribute("href", `/sessions/${live}/terminate`);
  await visit(page, "/sessions");
  await expect(page.getByRole("link", { name: "orders-live" })).toHaveAttribute("href", `/sessions/${live}`);
  await look(page, "sessions-listener");
});

test("how it looks", async ({ browser }) => {
  test.setTimeout(60_000);
  const page = await open(browser, session);
  await look(page, "statements");
  await statement(page, "insert into reports.runs").click();
  await expect(page.getByRole("complementary", { name: "Details" })).toContainText("nightly");
  await look(page, "statements-selected");
  await page.keyboard.press("e");
  await page.keyboard.press("+");
  await look(page, "statements-zoomed");
  await visit(page, `/sessions/${session}/transcript`);
  await look(page, "statements-transcript");
});

/** Puts a session of native clients into the store. */
function record(title: string, more = ""): string {
  const program = join(dirname(fromEnvironment("POSTERND")), "examples", "connections");
  const printed = execFileSync(program, [posternd.configuration, title, administrator.email, more], { encoding: "utf8" });
  return printed.trim();
}

async function open(browser: Browser, session: string): Promise<Page> {
  const page = await openPage(browser, posternd.url);
  await enterAs(page, await Client.signIn(posternd.url, auditor));
  await visit(page, `/sessions/${session}`);
  await expect(lines(page)).not.toHaveCount(0);
  return page;
}

/** The rows of statements, and of what the recorder says between them. */
function lines(page: Page): Locator {
  return page.getByRole("region", { name: "Statements" }).locator("tbody tr");
}

function statement(page: Page, text: string): Locator {
  return lines(page).filter({ hasText: text }).getByRole("button");
}

function current(page: Page): Locator {
  return page.getByRole("region", { name: "Statements" }).locator("tr[aria-current]");
}
