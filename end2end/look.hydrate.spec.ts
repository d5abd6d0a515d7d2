// How it looks: every page on a large and a small screen, light and dark, without an accessibility finding;
// and the pictures of the README, which `PICTURES=docs/images make test` makes anew.
import { AxeBuilder } from "@axe-core/playwright";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { enterAs, expect, openPage, test, visit } from "./support/browser";
import { Client, type Person } from "./support/client";
import { Posternd, administrator } from "./support/server";
import { type Shop, addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

const OUT = join(import.meta.dirname, "out/look");
// Times and ports are on them: made anew with each run, they would be changed with each run.
const PICTURES = resolve(import.meta.dirname, "..", process.env.PICTURES ?? "end2end/out/look/pictures");
const LARGE = { width: 1280, height: 800 };
const SMALL = { width: 390, height: 844 };

let posternd: Posternd;
let end: () => void;
let ended: Promise<void>;
let shop: Shop;
let user: Person & { id: string };
let auditor: Person & { id: string };
let invited: string;

test.beforeAll(async () => {
  mkdirSync(OUT, { recursive: true });
  mkdirSync(PICTURES, { recursive: true });
  await new Promise<void>((ready) => {
    ended = Posternd.once((started) => {
      posternd = started;
      ready();
      return new Promise((resolve) => (end = resolve));
    });
  });
  const admin = await Client.signIn(posternd.url, administrator);
  user = await admin.addPerson("Ben Brandt", "user", "ben@postern.example");
  auditor = await admin.addPerson("Cleo Castro", "auditor", "cleo@postern.example");
  const link = await admin.send("invite", {
    "draft[email]": "dora@postern.example",
    "draft[name]": "Dora Dietz",
    "draft[role]": "user",
  });
  invited = new URL(link.value.link).pathname;
  shop = await addShop(admin, database(), {
    title: "shop",
    folder: "Shop",
    configuration: "Local databases",
    launchers: [user.id],
  });
  await admin.send("test-connection", { id: shop.id, credential: "launch" });
});

test.afterAll(async () => {
  end();
  await ended;
});

test("the terminal, and the player of what was done in it", async ({ browser }) => {
  test.setTimeout(120_000);
  const page = await open(browser, user);
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT status, count(*), min(placed_at)::date AS first FROM sales.orders GROUP BY 1 ORDER BY 1;");
  await terminal.shows(/\(\d+ rows\)/);
  await terminal.type("SELECT order_id, total FROM sales.orders LIMIT 3;");
  await terminal.shows("does not exist");
  await terminal.type("SELECT product_id, name FROM catalog.products ORDER BY 1 LIMIT 5;");
  await terminal.shows("(5 rows)");
  await page.screenshot({ path: join(PICTURES, "terminal.png") });

  await look(page, "terminal");

  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await look(page, "terminal-ended");

  await enterAs(page, await Client.signIn(posternd.url, auditor));
  await visit(page, "/sessions");
  await look(page, "sessions");
  await page.getByRole("link", { name: "shop" }).click();
  const statements = page.getByRole("complementary", { name: "Statements" });
  await statements.getByRole("button").last().click();
  const screen = page.getByRole("region", { name: "Recorded screen" });
  await expect(screen.locator(".xterm-rows")).toContainText("does not exist");
  await page.screenshot({ path: join(PICTURES, "player.png") });

  await look(page, "player");
});

test("the pages of an administrator", async ({ browser }) => {
  test.setTimeout(240_000);
  const page = await open(browser, administrator);
  const record = `/vault/${shop.id}`;
  for (const [name, path] of [
    ["vault", "/vault"],
    ["vault-nothing-found", "/vault?q=nothing"],
    ["database", record],
    ["user", `/vault/${shop.reading}`],
    ["edit-database", `${record}/edit`],
    ["edit-user", `/vault/${shop.reading}/edit`],
    ["settings-general", `${record}/settings?tab=general`],
    ["settings-connection", `${record}/settings?tab=connection`],
    ["sharing", `${record}/sharing`],
    ["history", `${record}/history`],
    ["reveal", `/vault/${shop.reading}/reveal`],
    ["new", "/vault/new"],
    ["new-configuration", "/vault/new/configuration"],
    ["new-database", "/vault/new/database"],
    ["new-user", "/vault/new/user"],
    ["new-folder", "/folders/new"],
    ["folder", `/folders/${shop.folder}`],
    ["people", "/people"],
    ["invite", "/people/invite"],
    ["person", `/people/${user.id}`],
    ["audit", "/audit"],
    ["account", "/account"],
    ["not-found", "/no/such/page"],
  ]) {
    await visit(page, path);
    if (name === "database") {
      await page.screenshot({ path: join(PICTURES, "vault.png") });
      await page.getByRole("button", { name: "Test launch credential" }).click();
      await expect(page.getByText("Connected as app_ro.")).toBeVisible();
    }
    if (name === "new-database") {
      await page.getByRole("button", { name: "Create" }).click();
      await expect(page.getByText("Enter a title.")).toBeVisible();
    }
    await look(page, name);
  }
});

test("dialogs over the page one is on", async ({ browser }) => {
  test.setTimeout(60_000);
  const page = await open(browser, administrator);
  await visit(page, `/vault/${shop.id}`);
  for (const [name, link, field] of [
    ["dialog-edit", "Edit", "Title"],
    ["dialog-settings", "Set Up", "PAM configuration"],
  ]) {
    await page.getByRole("link", { name: link, exact: true }).first().click();
    await expect(page.getByRole("dialog").getByLabel(field)).toBeVisible();
    await look(page, name);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
});

test("the pages of who has nothing and of who is not signed in", async ({ browser, page }) => {
  test.setTimeout(60_000);
  const admin = await Client.signIn(posternd.url, administrator);
  const newcomer = await open(browser, await admin.addPerson("Emil Ebner", "user", "emil@postern.example"));
  await visit(newcomer, "/vault");
  await look(newcomer, "vault-empty");
  await visit(newcomer, "/sessions");
  await look(newcomer, "sessions-empty");

  await visit(page, `${posternd.url}/sign-in`);
  await look(page, "sign-in");
  await visit(page, posternd.url + invited);
  await look(page, "welcome");
  await visit(page, `${posternd.url}/welcome/used-up`);
  await look(page, "welcome-used-up");
});

async function open(browser: Browser, person: Pick<Person, "email" | "password">): Promise<Page> {
  const page = await openPage(browser, posternd.url);
  await enterAs(page, await Client.signIn(posternd.url, person));
  return page;
}

/** Two sizes, two schemes; nothing is wider than the screen and axe finds nothing. */
async function look(page: Page, name: string): Promise<void> {
  const findings: string[] = [];
  for (const [size, viewport] of Object.entries({ large: LARGE, small: SMALL })) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => scrollTo(0, 0));
      await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`), fullPage: true });
      const { violations } = await new AxeBuilder({ page }).analyze();
      for (const { id, nodes } of violations) {
        findings.push(...nodes.map((node) => `${size} ${colorScheme}: ${id}: ${node.target.join(" ")}: ${node.failureSummary}`));
      }
    }
    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (tooWide > 0) findings.push(`${size}: ${tooWide} px wider than the screen`);
  }
  await page.setViewportSize(LARGE);
  await page.emulateMedia({ colorScheme: "light" });
  expect.soft(findings, name).toEqual([]);
}
