// The three people's whole way: an administrator shares a database, a user works in it, an auditor replays it.
import { type Client } from "./support/client";
import { enterAs, expect, test, visit } from "./support/browser";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

let admin: Client;

test.beforeEach(async ({ client }) => {
  admin = await client(administrator);
});

test("a user works in a psql and an auditor replays it", async ({ page, client, browser, baseURL }) => {
  test.setTimeout(120_000);
  const user = await admin.addPerson("Paula", "user");
  const auditor = await admin.addPerson("Quentin", "auditor");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  await enterAs(page, await client(user));
  await visit(page, `/vault/${shop.id}`);
  await page.getByRole("link", { name: "Launch" }).click();
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await expect(page.getByText("REC", { exact: false }).first()).toBeVisible();
  await expect(page.getByText("direct · TLS verify-full")).toBeVisible();

  await terminal.type("SELECT brand_id,");
  await terminal.endsWith("shop->");
  await terminal.type("  'way' || $$;$$ AS word FROM catalog.brands ORDER BY 1 LIMIT 2;");
  await terminal.shows(" brand_id | word\n----------+------\n        1 | way;\n        2 | way;\n(2 rows)");

  await terminal.type("SELECT nothing FROM catalog.brands;");
  await terminal.shows(
    'ERROR:  column "nothing" does not exist\nLINE 1: SELECT nothing FROM catalog.brands;\n               ^',
  );

  await terminal.type("BEGIN;");
  await terminal.endsWith("shop=*>");
  await expect(page.getByText("in transaction", { exact: true })).toBeVisible();
  await terminal.type("SELECT 1/0;");
  await terminal.endsWith("shop=!>");
  await terminal.type("ROLLBACK;");
  await terminal.endsWith("shop=>");

  await terminal.type("DO $$ BEGIN RAISE NOTICE 'mind the gap' USING HINT = 'jump'; END $$;");
  await terminal.shows("NOTICE:  mind the gap\nHINT:  jump\nDO");
  await terminal.type("SELECT 1 AS first\\; SELECT 2 AS second;");
  await terminal.shows(/ first\n-+\n +1\n\(1 row\)\n\n second\n-+\n +2\n\(1 row\)/);

  await terminal.type("SELECT pg_sleep(60);");
  await expect(page.getByText("running", { exact: true })).toBeVisible();
  await page.keyboard.press("Control+C");
  await terminal.shows("ERROR:  canceling statement due to user request");
  await terminal.endsWith("shop=>");

  const status = page.getByText(/^\d+ × \d+$/);
  const before = await status.innerText();
  await page.setViewportSize({ width: 900, height: 600 });
  await expect(status).not.toHaveText(before);
  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();

  const theirs = await browser.newPage({ baseURL });
  await enterAs(theirs, await client(auditor));
  await theirs.goto("/sessions");
  const row = theirs.getByRole("row", { name: shop.title });
  await expect(row).toContainText("ended by its person");
  await expect(row).toContainText(user.email);
  await row.getByRole("link", { name: shop.title }).click();

  await expect(theirs.getByText("intact · 1 segment verified")).toBeVisible();
  const statements = theirs.getByRole("complementary", { name: "Statements" });
  await expect(statements.getByRole("listitem").locator("code")).toHaveText([
    /^SELECT brand_id,\s+'way' \|\| \$\$;\$\$ AS word FROM catalog\.brands ORDER BY 1 LIMIT 2;$/,
    "SELECT nothing FROM catalog.brands;",
    "BEGIN;",
    "SELECT 1/0;",
    "ROLLBACK;",
    "DO $$ BEGIN RAISE NOTICE 'mind the gap' USING HINT = 'jump'; END $$;",
    "SELECT 1 AS first; SELECT 2 AS second;",
    "SELECT pg_sleep(60);",
    "Cancelled by the person.",
  ]);
  await expect(statements.getByRole("listitem").filter({ hasText: "SELECT nothing" })).toContainText("42703");
  await theirs.getByRole("button", { name: "Faster" }).click();
  await theirs.getByRole("button", { name: "Play" }).click();
  await expect(theirs.getByRole("button", { name: "Pause" })).toBeVisible();
  await statements.getByRole("button").filter({ hasText: "pg_sleep" }).click();
  const screen = theirs.getByRole("region", { name: "Recorded screen" });
  await expect(screen.locator(".xterm-rows")).toContainText("mind the gap");
  await expect(theirs.getByText("The person ended the session.")).toBeVisible({ timeout: 60_000 });
  await expect(screen.locator(".xterm-rows")).toContainText("canceling statement due to user request");
  await theirs.close();

  const log = await (await client(auditor)).get(`/audit/export?format=jsonl&record=${shop.title}`);
  const events = (await log.text()).trim().split("\n");
  expect(events.some((event) => event.includes("session_recording_played") || event.includes("recording"))).toBe(true);
});

test("who launches with several accounts is asked which", async ({ page, client }) => {
  const user = await admin.addPerson("Rosa", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  const writing = await admin.send("create-user", {
    "draft[title]": `${shop.title}, app_rw`,
    "draft[login]": "app_rw",
    "draft[password]": database().passwords.app_rw,
  });
  const { version, general } = (await admin.send("settings", { id: shop.id })).value.settings;
  await admin.send("save-general", {
    id: shop.id,
    version: String(version),
    "draft[configuration]": general.configuration,
    "draft[administrative_credential]": shop.administration,
    "draft[accounts][0][user]": shop.reading,
    "draft[accounts][0][may_launch]": "everyone",
    "draft[accounts][1][user]": writing.id,
    "draft[accounts][1][may_launch]": "persons",
    "draft[accounts][1][persons][0]": user.id,
  });
  await enterAs(page, await client(user));

  await visit(page, `/vault/${shop.id}/terminal`);
  await page.getByRole("navigation", { name: "Accounts" }).getByRole("link", { name: "app_rw" }).click();

  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT current_user;");
  await terminal.shows("app_rw");
});

test("a share that is taken away ends the session at once", async ({ page, client }) => {
  const user = await admin.addPerson("Silke", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  await enterAs(page, await client(user));
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");

  await terminal.type("SELECT pg_sleep(60);");
  await expect(page.getByText("running", { exact: true })).toBeVisible();

  await admin.send("unshare-record", { id: shop.id, person: user.id });

  await expect(page.getByRole("alert")).toContainText("Your access to this record was taken away.");
  await expect(page.getByText("running", { exact: true })).toBeHidden();
  await expect(page.getByRole("link", { name: "Back to the vault" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start new session" })).toBeHidden();
  await expect(page.getByRole("link", { name: "Back to the record" })).toBeHidden();
  await page.getByRole("link", { name: "Back to the vault" }).click();
  await expect(page).toHaveURL(/\/vault$/);
});

test("the terminal is worked by keyboard alone and let go of with F6", async ({ page, client }) => {
  const user = await admin.addPerson("Tilo", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  await enterAs(page, await client(user));
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");

  await terminal.type("SELECT 40 + 2 AS answer;");
  await terminal.shows("42");
  await page.keyboard.press("Control+R");
  await page.keyboard.type("40 +");
  await page.keyboard.press("Enter");
  await terminal.shows(/42[^]*42/);
  await page.keyboard.press("F6");
  await expect(page.getByRole("button", { name: "More" })).toBeFocused();
  await page.keyboard.press("F6");
  await page.keyboard.press("Control+D");

  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
});
