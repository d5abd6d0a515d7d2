// What the first page weighs, as it is sent, and that no terminal is fetched before one is wanted.
import { expect, test } from "@playwright/test";
import { stage } from "./support/stage";
import type { Row } from "./support/statistics";

/** KiB. */
const allowed = 350;

test("first page", async ({ browser }, testInfo) => {
  const { storageState } = stage();
  const sizes: Record<string, number> = {};
  for (const path of ["/sign-in", "/vault"]) {
    const signedIn = path === "/sign-in" ? {} : { storageState };
    const context = await browser.newContext({ baseURL: process.env.STAGE_URL, ...signedIn });
    const page = await context.newPage();
    const network = await context.newCDPSession(page);
    await network.send("Network.enable");
    const names: string[] = [];
    let bytes = 0;
    network.on("Network.responseReceived", ({ response }) => names.push(new URL(response.url).pathname));
    network.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
    await page.goto(path);
    await page.waitForLoadState("networkidle");

    expect(names.some((name) => name.endsWith(".wasm")), names.join(" ")).toBe(true);
    expect(names.filter((name) => name.includes("xterm") && name.endsWith(".mjs"))).toEqual([]);
    sizes[path] = bytes / 1024;
    await context.close();
  }

  const most = Math.max(...Object.values(sizes));
  const row: Row = {
    name: "First page, as it is sent",
    unit: "KiB",
    ours: [Object.values(sizes)],
    theirs: [],
    promises: [{ words: `≤ ${allowed} KiB (is ${most.toFixed(0)})`, kept: most <= allowed }],
    parts: Object.entries(sizes),
  };
  await testInfo.attach("row", { body: JSON.stringify(row) });
});
