// Files to and from the database through the browser, the gates on them, and the editor pane.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Page } from "@playwright/test";
import { type Client } from "./support/client";
import { type SignIn, enterAs, expect, test, visit } from "./support/browser";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

let admin: Client;
let folder: string;

test.beforeEach(async ({ client }) => {
  admin = await client(administrator);
  folder = mkdtempSync(join(tmpdir(), "postern-files-"));
});

test.afterEach(() => rmSync(folder, { recursive: true }));

async function launch(page: Page, client: SignIn, connection: Record<string, string> = {}) {
  const user = await admin.addPerson("Rita", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id], connection });
  await enterAs(page, await client(user));
  await visit(page, `/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("CREATE TEMP TABLE kept (n int, word text);");
  await terminal.shows("CREATE TABLE");
  return terminal;
}

/** A CSV of so many rows. */
function rows(count: number): { path: string; text: string } {
  const path = join(folder, "words.csv");
  const text = Array.from({ length: count }, (_, n) => `${n},word ${n}\n`).join("");
  writeFileSync(path, text);
  return { path, text };
}

const sha256 = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex");

test("a file is sent and comes back the same", async ({ page, client }) => {
  test.setTimeout(60_000);
  const terminal = await launch(page, client);
  const { path, text } = rows(200_000);

  await terminal.type("\\copy kept from 'words.csv' with csv");
  await expect(page.getByText("Choose the file for words.csv, or drop it on the terminal.")).toBeVisible();
  const choosing = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose file" }).click();
  await (await choosing).setFiles(path);
  await terminal.shows("COPY 200000");
  await terminal.endsWith("shop=>");

  const downloading = page.waitForEvent("download");
  await terminal.type("\\copy (SELECT * FROM kept ORDER BY n) to 'back.csv' with csv");
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("back.csv");
  expect(sha256(readFileSync(await download.path()))).toBe(sha256(text));
});

test("nobody has to choose a file: Ctrl-C takes the wish back", async ({ page, client }) => {
  const terminal = await launch(page, client);

  await terminal.type("\\copy kept from 'words.csv' with csv");
  await expect(page.getByRole("button", { name: "Choose file" })).toBeFocused();
  await page.keyboard.press("Control+C");
  await expect(page.getByRole("group", { name: "File" })).toBeHidden();
  await terminal.endsWith("shop=>");

  await terminal.type("SELECT count(*) FROM kept;");
  await terminal.shows(/count\s+-+\s+0/);
});

test("a file that is dropped on the terminal is sent", async ({ page, client }) => {
  const terminal = await launch(page, client);
  await terminal.type("\\copy kept from 'words.csv' with csv");
  await expect(page.getByRole("button", { name: "Choose file" })).toBeVisible();

  const dropped = await page.evaluateHandle(() => {
    const files = new DataTransfer();
    files.items.add(new File(["1,one\n2,two\n"], "dropped.csv"));
    return files;
  });
  await page.getByRole("region", { name: "Terminal" }).dispatchEvent("drop", { dataTransfer: dropped });

  await terminal.shows("COPY 2");
});

test("a download is stopped by Ctrl-C", async ({ page, client }) => {
  const terminal = await launch(page, client);

  await terminal.type("\\copy (SELECT repeat('x', 1000), generate_series(1, 1000000000)) to 'endless.txt'");
  const file = page.getByRole("group", { name: "File" });
  await expect(file).toContainText("endless.txt");
  await page.keyboard.press("Control+C");

  await terminal.shows("canceling statement due to user request");
  await expect(file).toBeHidden();
  await terminal.endsWith("shop=>");
});

test("where files may not leave or come in, psql says so", async ({ page, client }) => {
  const terminal = await launch(page, client, { can_export: "off", can_import: "off" });

  await terminal.type("\\copy kept to 'x.csv' with csv");
  await terminal.shows("CSV export is disabled by your administrator.");
  await terminal.endsWith("shop=>");
  await terminal.type("\\copy kept from 'x.csv' with csv");
  await terminal.shows("CSV import is disabled by your administrator.");
  await terminal.endsWith("shop=>");

  await expect(page.getByRole("group", { name: "File" })).toBeHidden();
});

test("a statement is edited in a pane and run", async ({ page, client }) => {
  const terminal = await launch(page, client);
  await terminal.type("SELECT 'first' AS word;");
  await terminal.shows("(1 row)");

  await terminal.type("\\e");
  const field = page.getByRole("textbox", { name: "Statement" });
  await expect(field).toBeFocused();
  await expect(field).toHaveValue(/SELECT 'first' AS word/);
  await field.fill("SELECT 'edited'\n  AS word;");
  await field.press("Control+Enter");

  await terminal.shows(/word\s+-+\s+edited/);
  await terminal.endsWith("shop=>");
});

test("a pane that is left changes nothing", async ({ page, client }) => {
  const terminal = await launch(page, client);

  await terminal.type("\\e");
  const field = page.getByRole("textbox", { name: "Statement" });
  await field.fill("SELECT 'never run';");
  await field.press("Escape");

  await expect(field).toBeHidden();
  await terminal.endsWith("shop=>");
  await terminal.type("SELECT 'alive';");
  await terminal.shows("(1 row)");
  expect(await terminal.text()).not.toContain("never run");
});
