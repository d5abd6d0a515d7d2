// How it looks: every page on a large and a small screen, light and dark, without an accessibility finding;
// and the pictures of the README, which `PICTURES=docs/images make test` makes anew.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { enterAs, expect, openPage, test, visit } from "./support/browser";
import { Client, type Person } from "./support/client";
import { beginLogin } from "./support/device";
import { runCommand } from "./support/gateway";
import { look } from "./support/look";
import { everyPage, pagesWithout } from "./support/pages";
import { sessionsOf } from "./support/recordings";
import { Posternd, administrator } from "./support/server";
import { type Shop, addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

// Times and ports are on them: made anew with each run, they would be changed with each run.
const PICTURES = resolve(import.meta.dirname, "..", process.env.PICTURES ?? "end2end/out/look/pictures");

// Pictures are taken anyway, of what is worth it.
test.use({ trace: "off" });

let posternd: Posternd;
let end: () => void;
let hasEnded: Promise<void>;
let shop: Shop;
let user: Person & { id: string };
let auditor: Person & { id: string };
let invited: string;
let gateway: string;
let service: string;
let instance: { end: () => Promise<void> };
/** A session that has ended, with an error in it. */
let ended: string;

test.beforeAll(async ({ browser }, info) => {
  info.setTimeout(60_000);
  mkdirSync(PICTURES, { recursive: true });
  await new Promise<void>((ready) => {
    hasEnded = Posternd.once((started) => {
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
  const made = await admin.send("create-gateway", {
    "draft[name]": "Berlin",
    "draft[folders][]": shop.folder,
    "draft[targets]": "10.20.0.0/16:5432\norders.internal\n127.0.0.1",
    "draft[max_instances]": "2",
    "draft[address_lock]": "true",
  });
  gateway = made.value.gateway;
  instance = runCommand(made.value.command);
  [service] = (await admin.send("add-service-account", { "draft[name]": "nightly-export" })).id.split("?");
  await admin.send("share-record", { id: shop.id, "draft[person]": service, "draft[launch]": "true" });
  await admin.send("create-token-of", {
    person: service,
    "draft[name]": "The job on batch-2",
    "draft[lifetime]": "90",
    "draft[password]": administrator.password,
  });
  await admin.send("test-connection", { id: shop.id, credential: "launch" });
  const ben = await Client.signIn(posternd.url, user);
  for (const [name, record] of [["Reports of the warehouse, every night", shop.id], ["pgAdmin", ""]]) {
    await ben.send("create-token", {
      "draft[name]": name,
      "draft[record]": record,
      "draft[lifetime]": "90",
      "draft[password]": user.password,
    });
  }

  // Small, so that its letters are large where it is replayed.
  const { page, terminal } = await launch(browser, { width: 940, height: 620 });
  await work(terminal);
  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await page.context().close();
  [{ id: ended }] = await sessionsOf(await Client.signIn(posternd.url, auditor));
});

test.afterAll(async () => {
  await instance.end();
  end();
  await hasEnded;
});

test("the terminal, and what people do around it", async ({ browser }) => {
  test.setTimeout(180_000);
  const { page, terminal } = await launch(browser);
  await work(terminal);
  await page.screenshot({ path: join(PICTURES, "terminal.png") });
  await look(page, "terminal");

  await page.keyboard.press("Control+Shift+F");
  await page.keyboard.type("order");
  await look(page, "terminal-find");
  await page.keyboard.press("Escape");
  await terminal.type("\\e");
  await expect(page.getByRole("textbox", { name: "Statement" })).toBeFocused();
  await look(page, "terminal-editor");
  await page.keyboard.press("Escape");
  await terminal.endsWith("shop=>");
  await page.getByRole("button", { name: "More", exact: true }).click();
  await look(page, "terminal-menu");
  await page.keyboard.press("Escape");
  await expect(page.locator(".xterm-helper-textarea")).toBeFocused();

  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await look(page, "terminal-ended");
  await page.context().close();
});

test("the player, with every part of it", async ({ browser }) => {
  test.setTimeout(120_000);
  const page = await open(browser, auditor);
  await visit(page, `/sessions/${ended}`);
  const statements = page.getByRole("complementary", { name: "Statements" });
  await statements.getByRole("button").last().click();
  const screen = page.getByRole("region", { name: "Recorded screen" });
  await expect(screen.locator(".xterm-rows")).toContainText("does not exist");
  await expect(page.getByText(/^intact/)).toBeVisible();
  await page.screenshot({ path: join(PICTURES, "player.png") });
  await look(page, "player-statement");

  await page.getByText("Export", { exact: true }).click();
  await look(page, "player-export");
  await page.getByText("Export", { exact: true }).click();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await look(page, "player-keys");
});

test("every page there is", async ({ browser }) => {
  test.setTimeout(400_000);
  const running = await launch(browser);
  await work(running.terminal);
  const [{ id: live }] = await sessionsOf(await Client.signIn(posternd.url, auditor));
  const places = everyPage({ shop, person: user.id, service, ended, live, gateway, invited });
  expect(pagesWithout(places)).toEqual([]);
  const people = { administrator, auditor, user };

  for (const who of ["nobody", "user", "auditor", "administrator"] as const) {
    const page = who === "nobody" ? await openPage(browser, posternd.url) : await open(browser, people[who]);
    for (const { name, path } of places.filter((place) => place.who === who)) {
      await visit(page, path);
      await arrange[name]?.(page);
      await look(page, name);
    }
    await page.context().close();
  }
  await running.page.context().close();
});

/** What is done on a page before it is looked at. */
const arrange: Record<string, (page: Page) => Promise<void>> = {
  database: async (page) => {
    await page.screenshot({ path: join(PICTURES, "vault.png") });
    await page.getByRole("button", { name: "Test launch credential" }).click();
    await expect(page.getByText("Connected as app_ro.")).toBeVisible();
  },
  "new-database": async (page) => {
    await page.getByRole("button", { name: "Create" }).click();
    await expect(page.getByText("Enter a title.")).toBeVisible();
  },
  player: async (page) => {
    await expect(page.getByText(/^intact/)).toBeVisible();
  },
  live: async (page) => {
    await expect(page.locator(".player-host .xterm-rows")).toContainText("rows)");
  },
  "new-token": async (page) => {
    await page.getByLabel("Expires").selectOption("At the end of a day");
    await page.getByRole("button", { name: "Create token" }).click();
    await expect(page.getByText("Enter a name.")).toBeVisible();
  },
  terminate: async (page) => {
    await page.getByRole("button", { name: "Terminate" }).click();
    await expect(page.getByText("Enter a reason: the person reads it in the terminal.")).toBeVisible();
  },
};

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

test("a token, in the one moment it is shown", async ({ browser }) => {
  test.setTimeout(60_000);
  const page = await open(browser, user);
  await visit(page, "/account");
  await page.getByRole("link", { name: "New token" }).click();
  await page.getByLabel("Name").fill("psql");
  await page.getByLabel("Your password").fill(user.password);
  await look(page, "dialog-new-token");
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByRole("textbox", { name: "Access token" })).toHaveValue(/^ptn_/);
  await look(page, "dialog-token-shown");
});

test("a command line that asks to sign in", async ({ browser }) => {
  test.setTimeout(60_000);
  const page = await open(browser, user);
  const login = await beginLogin(posternd.url, "workstation-of-ben-brandt.office.postern.example", "ben brandt");
  await visit(page, login.pageWithCode);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("button", { name: "Approve" })).toBeVisible();
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("Enter your present password.")).toBeVisible();
  await look(page, "device-asks");
  await page.getByLabel("Your password").fill(user.password);
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("status")).toContainText("Approved.");
  await look(page, "device-approved");
});

test("the pages of who has nothing yet", async ({ browser }) => {
  test.setTimeout(60_000);
  const admin = await Client.signIn(posternd.url, administrator);
  const newcomer = await open(browser, await admin.addPerson("Emil Ebner", "user", "emil@postern.example"));
  await visit(newcomer, "/vault");
  await look(newcomer, "vault-empty");
  await visit(newcomer, "/sessions");
  await look(newcomer, "sessions-empty");
});

/** Two results and an error. */
async function work(terminal: Terminal): Promise<void> {
  await terminal.type("SELECT status, count(*), min(placed_at)::date AS first FROM sales.orders GROUP BY 1 ORDER BY 1;");
  await terminal.shows(/\(\d+ rows\)/);
  await terminal.type("SELECT order_id, total FROM sales.orders LIMIT 3;");
  await terminal.shows("does not exist");
  await terminal.type("SELECT product_id, name FROM catalog.products ORDER BY 1 LIMIT 5;");
  await terminal.shows("(5 rows)");
}

/** The user's terminal at its first prompt. */
async function launch(browser: Browser, size?: { width: number; height: number }): Promise<{ page: Page; terminal: Terminal }> {
  const page = await open(browser, user);
  if (size !== undefined) await page.setViewportSize(size);
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  return { page, terminal };
}

async function open(browser: Browser, person: Pick<Person, "email" | "password">): Promise<Page> {
  const page = await openPage(browser, posternd.url);
  await enterAs(page, await Client.signIn(posternd.url, person));
  return page;
}
