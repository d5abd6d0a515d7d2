// The kill test: whatever the browser was shown before `kill -9` is in the recording.
import { randomInt } from "node:crypto";
import { enterAs, expect, test } from "./support/browser";
import { Client } from "./support/client";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { framesOf, sessionsOf } from "./support/recordings";
import { Terminal, keepFrames, printedBy, recordedIn } from "./support/terminal";

const FLOOD = "DO $$ BEGIN FOR i IN 1..2000000 LOOP RAISE NOTICE 'wave % of the flood', i; END LOOP; END $$;";

/** The numbers of the lines that are there whole. */
function waves(bytes: Buffer): Set<string> {
  return new Set(bytes.toString("latin1").match(/wave \d+ of the flood(?=\r\n)/g));
}

for (const round of [1, 2, 3, 4, 5]) {
  test(`nothing that reached the browser is missing after a kill, round ${round}`, async ({ alone, browser }) => {
    test.setTimeout(90_000);
    const admin = await Client.signIn(alone.url, administrator);
    const user = await admin.addPerson("Wanda", "user");
    const auditor = await admin.addPerson("Xaver", "auditor");
    const shop = await addShop(admin, database(), { launchers: [user.id] });
    const page = await browser.newPage({ baseURL: alone.url });
    const frames = keepFrames(page);
    await enterAs(page, await Client.signIn(alone.url, user));
    await page.goto(`/vault/${shop.id}/terminal`);
    const terminal = new Terminal(page);
    await terminal.ready("shop=>");

    const enough = randomInt(1_000, 1_000_000);
    const flooded = new Promise<void>((resolve) => {
      const look = () => (printedBy(frames).length > enough ? resolve() : setTimeout(look, randomInt(1, 20)));
      look();
    });
    await terminal.type(FLOOD);
    await flooded;
    await alone.stop("SIGKILL");
    await expect(page.getByText("Connection lost.")).toBeVisible({ timeout: 20_000 });
    const received = printedBy(frames);
    await page.close();

    await alone.start();
    const xaver = await Client.signIn(alone.url, auditor);
    const sessions = await sessionsOf(xaver);
    expect(sessions).toHaveLength(1);
    expect(sessions[0]).toMatchObject({ state: "ended", end_reason: "crash" });
    const recorded = [...(await framesOf(xaver, sessions[0].id)).values()].map((bytes) => recordedIn(bytes).output);
    const output = waves(Buffer.concat(recorded));
    // What scrolled by faster than anybody reads was recorded and not sent, so the browser has seen some of it.
    const missing = [...waves(received)].filter((wave) => !output.has(wave));
    expect(received.length).toBeGreaterThan(enough);
    expect(missing, `killed after ${received.length} bytes`).toEqual([]);
    expect(alone.verifyAudit()).toMatchObject({ status: 0 });
  });
}
