// A backup brought back on a machine where nothing is, and a master key replaced: recordings play, sessions launch.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "@playwright/test";
import { enterAs, expect, openPage, test } from "./support/browser";
import { Client, type Person } from "./support/client";
import { Posternd, administrator } from "./support/server";
import { sessionsOf } from "./support/recordings";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

/** Opens a session, has it print a word, and leaves it open. */
async function print(browser: Browser, posternd: Posternd, user: Person, record: string, word: string): Promise<Terminal> {
  const page = await openPage(browser, posternd.url);
  await enterAs(page, await Client.signIn(posternd.url, user));
  await page.goto(`/vault/${record}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type(`SELECT '${word.slice(0, 3)}' || '${word.slice(3)}';`);
  await terminal.shows(word);
  return terminal;
}

/** Finds the word on the screen an auditor replays. */
async function replay(browser: Browser, posternd: Posternd, auditor: Person, session: string, word: string): Promise<void> {
  const page = await openPage(browser, posternd.url);
  await enterAs(page, await Client.signIn(posternd.url, auditor));
  await page.goto(`/sessions/${session}`);
  await page.getByRole("complementary", { name: "Statements" }).getByRole("button").last().click();
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await expect(page.getByRole("region", { name: "Recorded screen" }).locator(".xterm-rows")).toContainText(word);
  await page.close();
}

async function sessions(posternd: Posternd, auditor: Person): Promise<{ id: string; state: string; end_reason?: string }[]> {
  return sessionsOf(await Client.signIn(posternd.url, auditor));
}

test("a backup made while people work is brought back on an empty machine and a recording plays", async ({ alone, browser }) => {
  test.setTimeout(180_000);
  const admin = await Client.signIn(alone.url, administrator);
  const user = await admin.addPerson("Yusuf", "user");
  const auditor = await admin.addPerson("Zelda", "auditor");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  await print(browser, alone, user, shop.id, "lighthouse");

  const [backup, key] = [join(alone.folder, "backup"), join(alone.folder, "key")];
  const inside = alone.run(["backup", backup, "--master-key", join(backup, "key")]);
  expect(inside).toMatchObject({ status: 1, output: expect.stringContaining("must not lie in the backup") });
  const made = alone.run(["backup", backup, "--master-key", key]);
  expect(made, made.output).toMatchObject({ status: 0 });
  expect(alone.run(["backup", backup]).output).toContain("the folder is not empty");

  const elsewhere = await Posternd.configure(join(alone.folder, "elsewhere"));
  expect(elsewhere.run(["restore", backup]).output).toContain("needs master key");
  rmSync(elsewhere.data, { recursive: true, force: true });
  const restored = elsewhere.run(["restore", backup, "--master-key", key]);
  expect(restored, restored.output).toMatchObject({ status: 0 });
  expect(elsewhere.run(["restore", backup]).status).toBe(1);
  try {
    await elsewhere.start();
    const [session] = await sessions(elsewhere, auditor);
    expect(session).toMatchObject({ state: "ended", end_reason: "crash" });
    await replay(browser, elsewhere, auditor, session.id, "lighthouse");
    expect(elsewhere.verifyAudit()).toMatchObject({ status: 0 });
    await print(browser, elsewhere, user, shop.id, "beacon");
  } finally {
    await elsewhere.stop();
  }
});

test("a backup that was altered or cut short is not brought back", async ({ alone }) => {
  const [backup, key] = [join(alone.folder, "backup"), join(alone.folder, "backup.key")];
  expect(alone.run(["backup", backup, "--master-key", key])).toMatchObject({ status: 0 });
  const restore = ["restore", backup, "--master-key", key];
  const elsewhere = await Posternd.configure(join(alone.folder, "elsewhere"));

  writeFileSync(join(backup, "store.jsonl"), "\n", { flag: "a" });
  expect(elsewhere.run(restore)).toMatchObject({ status: 1, output: expect.stringContaining("altered") });
  rmSync(join(backup, "backup.json"));
  expect(elsewhere.run(restore)).toMatchObject({ status: 1, output: expect.stringContaining("no whole backup") });
});

test("a new master key takes the old one's place while nobody works", async ({ alone, browser }) => {
  test.setTimeout(120_000);
  const admin = await Client.signIn(alone.url, administrator);
  const user = await admin.addPerson("Vera", "user");
  const auditor = await admin.addPerson("Urs", "auditor");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  await print(browser, alone, user, shop.id, "lantern");
  expect(alone.run(["master-key", "rotate"])).toMatchObject({ status: 1, output: expect.stringContaining("stop posternd first") });

  await alone.stop();
  const rotated = alone.run(["master-key", "rotate"]);
  expect(rotated, rotated.output).toMatchObject({ status: 0, output: expect.stringContaining("3 keys were wrapped anew") });
  await alone.start();

  const [session] = await sessions(alone, auditor);
  await replay(browser, alone, auditor, session.id, "lantern");
  await print(browser, alone, user, shop.id, "candle");
  expect(alone.verifyAudit()).toMatchObject({ status: 0 });
});
