// A long result: until the prompt is back, and how the terminal answers while it goes by, beside terminado.
import { type Page, test } from "@playwright/test";
import { prompt } from "./support/psql";
import { type Row, interleave, percentile } from "./support/statistics";
import { type Side, openBoth } from "./support/terminals";

const result = "SELECT n, md5(n::text) FROM generate_series(1, 300000) AS n;";

/** More than is waited for. */
const flood = "SELECT generate_series(1, 30000000) AS n, md5('flood');";

/** Results that stream, so that the flood begins at once on both sides. */
const streaming = "\\pset format unaligned";

/** Interruptions of one round. */
const nInterruptions = 3;

declare global {
  interface Window {
    /** The time stamp of the last Enter or Ctrl-C. */
    pressed: number;
  }
}

test("long result", async ({ browser }, testInfo) => {
  const pages = await openBoth(browser, watchKeys);
  await pages.theirs.keyboard.type("\\pset pager off\n");
  await back(pages.theirs);
  const round = async (side: Side) => {
    const page = pages[side];
    await page.bringToFront();
    await page.keyboard.insertText(result);
    await page.keyboard.press("Enter");
    return [await back(page)];
  };
  const { ours, theirs } = await interleave(
    () => round("ours"),
    () => round("theirs"),
  );

  const ratio = percentile(ours.flat(), 50) / percentile(theirs.flat(), 50);
  const row: Row = {
    name: "300,000 rows of two columns → prompt",
    reference: "terminado + psql",
    ours,
    theirs,
    promises: [{ words: `p50 ≤ 0.4 × (is ${ratio.toFixed(2)} ×)`, kept: ratio <= 0.4 }],
    parts: [],
  };
  await testInfo.attach("row", { body: JSON.stringify(row) });
});

test("interruption", async ({ browser }, testInfo) => {
  const pages = await openBoth(browser, watchKeys);
  for (const page of Object.values(pages)) {
    await page.bringToFront();
    await page.keyboard.type(`${streaming}\n`);
    await back(page);
  }
  await pages.theirs.keyboard.type("\\pset pager off\n");
  await back(pages.theirs);
  const round = async (side: Side) => {
    const page = pages[side];
    await page.bringToFront();
    const samples: number[] = [];
    for (let i = 0; i < nInterruptions; i += 1) {
      await page.keyboard.insertText(flood);
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => /^\d+\|[0-9a-f]{32}$/m.test(window.screenText()));
      await page.waitForTimeout(500 + Math.random() * 500);
      await page.keyboard.press("Control+c");
      samples.push(await back(page));
    }
    return samples;
  };
  const { ours, theirs } = await interleave(
    () => round("ours"),
    () => round("theirs"),
  );

  const p99 = percentile(ours.flat(), 99);
  const row: Row = {
    name: "Ctrl-C → prompt in an output flood",
    reference: "terminado + psql",
    ours,
    theirs,
    promises: [{ words: "p99 ≤ 200 ms", kept: p99 <= 200 }],
    parts: [],
  };
  await testInfo.attach("row", { body: JSON.stringify(row) });
});

/** Runs in the page, before anything of its own. */
function watchKeys(): void {
  const note = (event: KeyboardEvent) => {
    if (event.key === "Enter" || (event.key === "c" && event.ctrlKey)) window.pressed = event.timeStamp;
  };
  addEventListener("keydown", note, true);
  window.screenText = () => {
    const { baseY, getLine } = window.terminal.buffer.active;
    const lines = Array.from({ length: window.terminal.rows }, (_, y) =>
      getLine.call(window.terminal.buffer.active, baseY + y)?.translateToString(true),
    );
    return lines.join("\n");
  };
}

/** Milliseconds from the key until the prompt stands alone before the cursor again. */
async function back(page: Page): Promise<number> {
  const at = await page.evaluate((prompt) => window.line.becomes(prompt), prompt);
  return at - (await page.evaluate(() => window.pressed));
}

declare global {
  interface Window {
    screenText(): string;
  }
}
