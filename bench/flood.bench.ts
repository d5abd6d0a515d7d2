// A long result: until the prompt is back, and how the terminal answers while it goes by, beside terminado.
import { type Page, test } from "@playwright/test";
import { prompt } from "./support/psql";
import { type Row, interleave, percentile } from "./support/statistics";
import { type Side, openBoth } from "./support/terminals";

const result = "SELECT n, md5(n::text) FROM generate_series(1, 300000) AS n;";

/** More than is waited for. psql streams a COPY, of a SELECT it prints nothing before it has all of it. */
function flood(): string {
  nFloods += 1;
  return `COPY (SELECT generate_series(1, 1000000000), md5('flood'), 'flood-${nFloods}') TO STDOUT;`;
}

let nFloods = 0;

/** Interruptions of one round. */
const nInterruptions = 3;

/** An echo that has not come by then is counted as if it had, in milliseconds. */
const patience = 10_000;

/** The keys of one round: in no row of a flood, and each once. */
const letters = "GHIJKLMNOP";

declare global {
  interface Window {
    /** The time stamp of the last Enter or Ctrl-C. */
    pressed: number;
    /** Once what xterm.js was given with this letter in it is in the buffer, milliseconds since the key's time stamp. */
    echoOf(letter: string, patience: number): Promise<number>;
    /** Of the key that is to be pressed next. */
    echo: Promise<number>;
    screenText(): string;
  }
}

test("long result", async ({ browser }, testInfo) => {
  const pages = await openBoth(browser, watchKeys);
  await enter(pages.theirs, "\\pset pager off");
  await back(pages.theirs);
  const round = async (side: Side) => {
    const page = pages[side];
    await page.bringToFront();
    await enter(page, result);
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
  const round = async (side: Side) => {
    const page = pages[side];
    await page.bringToFront();
    const samples: number[] = [];
    for (let i = 0; i < nInterruptions; i += 1) {
      await begin(page, flood());
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

test("echo in a flood", async ({ browser }, testInfo) => {
  const pages = await openBoth(browser, watchKeys);
  for (const page of Object.values(pages)) await page.evaluate(watchEchoes);
  const round = async (side: Side) => {
    const page = pages[side];
    await page.bringToFront();
    await begin(page, flood());
    const samples: number[] = [];
    for (const letter of letters) {
      await page.waitForTimeout(50 + Math.random() * 100);
      // Input overtakes what is evaluated, so the page listens before the key is pressed.
      await page.evaluate(
        ([letter, patience]) => {
          window.echo = window.echoOf(letter, patience);
        },
        [letter, patience] as const,
      );
      await page.keyboard.press(letter);
      samples.push(await page.evaluate(() => window.echo));
    }
    await page.keyboard.press("Control+c");
    await back(page);
    return samples;
  };
  const { ours, theirs } = await interleave(
    () => round("ours"),
    () => round("theirs"),
  );

  const ratio = percentile(ours.flat(), 99) / percentile(theirs.flat(), 99);
  const row: Row = {
    name: "Key → echo in an output flood",
    reference: "terminado + psql",
    ours,
    theirs,
    promises: [{ words: `p99 ≤ 0.5 × (is ${ratio.toFixed(2)} ×)`, kept: ratio <= 0.5 }],
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

/** Runs in the page: a letter typed during a flood has scrolled away soon, so it is looked for in what is written. */
function watchEchoes(): void {
  const { terminal } = window;
  let waiting: { letter: string; at: number; done: (after: number) => void } | undefined;
  addEventListener(
    "keydown",
    ({ key, timeStamp }) => {
      if (waiting?.letter === key) waiting.at = timeStamp;
    },
    true,
  );
  const write = terminal.write.bind(terminal);
  terminal.write = (data, parsed) => {
    const has = (letter: string) =>
      typeof data === "string" ? data.includes(letter) : data.includes(letter.charCodeAt(0));
    if (waiting === undefined || waiting.at === 0 || !has(waiting.letter)) return write(data, parsed);
    const { at, done } = waiting;
    waiting = undefined;
    write(data, () => {
      done(performance.now() - at);
      parsed?.();
    });
  };
  window.echoOf = (letter, patience) =>
    new Promise((done) => {
      waiting = { letter, at: 0, done };
      setTimeout(() => done(patience), patience);
    });
}

/** Types a statement and sends it once it stands there: until then the prompt of the one before does. */
async function enter(page: Page, statement: string): Promise<void> {
  await page.keyboard.insertText(statement);
  await page.evaluate((line) => window.line.becomes(line), prompt + statement);
  await page.keyboard.press("Enter");
}

/** Starts a flood and waits until it is there. */
async function begin(page: Page, statement: string): Promise<void> {
  await enter(page, statement);
  await page.waitForFunction((name) => new RegExp(`^\\d+ .* ${name}$`, "m").test(window.screenText()), `flood-${nFloods}`);
}

/** Milliseconds from the key until the prompt stands alone before the cursor again. */
async function back(page: Page): Promise<number> {
  const at = await page.evaluate((prompt) => window.line.becomes(prompt), prompt);
  return at - (await page.evaluate(() => window.pressed));
}
