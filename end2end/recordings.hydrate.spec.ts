// `posternd recordings` at the server's shell: what is intact, what was altered, and a recording as text.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { enterAs, expect, openPage, test } from "./support/browser";
import { Client } from "./support/client";
import { sessionsOf } from "./support/recordings";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { Terminal } from "./support/terminal";

test("a recording is intact until a bit of it is another", async ({ alone, browser }) => {
  test.setTimeout(90_000);
  const admin = await Client.signIn(alone.url, administrator);
  const user = await admin.addPerson("Zora", "user");
  const shop = await addShop(admin, database(), { launchers: [user.id] });
  const page = await openPage(browser, alone.url);
  await enterAs(page, await Client.signIn(alone.url, user));
  await page.goto(`/vault/${shop.id}/terminal`);
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type("SELECT 'evidence' AS word;");
  await terminal.shows("evidence");
  const [{ id }] = await sessionsOf(admin);
  expect(alone.run(["recordings", "verify", id])).toMatchObject({ status: 0, output: expect.stringContaining("being recorded") });
  await terminal.type("\\q");
  await expect.poll(async () => (await sessionsOf(admin))[0].state).toBe("ended");

  expect(alone.run(["recordings", "verify", "--all"])).toMatchObject({ status: 0, output: `${id}  intact, 1 segment\n` });
  const text = alone.run(["recordings", "export", id, "--format", "text"]);
  expect(text.status).toBe(0);
  expect(text.output).toContain("shop=> SELECT 'evidence' AS word;");
  expect(alone.run(["recordings", "export", id, "--format", "film"])).toMatchObject({
    status: 1,
    output: expect.stringContaining("The format is one of asciicast-v3"),
  });
  const log = await (await admin.get("/audit/export?format=jsonl")).text();
  expect(log).toContain("session_recording_downloaded");

  const folder = join(alone.data, "recordings", id);
  const [segment] = readdirSync(folder);
  const bytes = readFileSync(join(folder, segment));
  bytes[Math.floor(bytes.length / 2)] ^= 1;
  writeFileSync(join(folder, segment), bytes);
  expect(alone.run(["recordings", "verify", id])).toMatchObject({ status: 1, output: `${id}  altered in segment 0\n` });

  await enterAs(page, admin);
  await page.goto(`/sessions/${id}`);
  await expect(page.getByRole("alert").filter({ hasText: "Segment 0 of this recording is not as it was recorded." }).first()).toBeVisible();

  rmSync(folder, { recursive: true });
  expect(alone.run(["recordings", "verify", "--all"])).toMatchObject({ status: 1, output: `${id}  altered: segment 0 is missing\n` });
  await page.reload();
  await expect(page.getByRole("alert").filter({ hasText: "Segment 0 of this recording is missing." }).first()).toBeVisible();
  await expect(page.getByText("altered: segment 0 is missing")).toBeVisible();
});
