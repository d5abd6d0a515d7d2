// From a key to its character in xterm.js's buffer, beside psql behind terminado, in the same Chromium.
import { type Browser, type Page, test } from "@playwright/test";
import { prompt } from "./support/psql";
import { stage } from "./support/stage";
import { type Row, interleave, percentile } from "./support/statistics";

/** Keys of one round that count. */
const nKeys = 100;

/** Keys before them, that do not: the page has just come to the front. */
const nWarmUp = 10;

/** The longest pause between two keys, in milliseconds: regular ones would fall into step with a timer. */
const longestPause = 30;

const letters = "abcdefghijklmnopqrstuvwxyz";

/** What is used of xterm.js, which both pages run. */
interface Terminal {
  buffer: {
    active: {
      baseY: number;
      cursorX: number;
      cursorY: number;
      getLine(y: number): { translateToString(trim: boolean): string; getCell(x: number): { getChars(): string } } | undefined;
    };
  };
  onWriteParsed(handle: () => void): void;
}

/** One key, in milliseconds since its time stamp. */
interface Echo {
  /** Given to the WebSocket. */
  sent: number;
  /** The next thing came back. */
  answered: number;
  /** The character is in the buffer. */
  shown: number;
}

declare global {
  interface Window {
    terminal: Terminal;
    /** When the socket first did either after a key. */
    socket: { sent?: number; answered?: number };
    echo: {
      /** The last key, once its character is there. */
      last(): Promise<Echo>;
      /** The line before the cursor. */
      line(): string;
      /** Once the line is `expected`. */
      becomes(expected: string): Promise<void>;
    };
  }
}

test("echo", async ({ browser }, testInfo) => {
  const pages = { ours: await openPostern(browser), theirs: await openTerminado(browser) };
  const echoes: Record<"ours" | "theirs", Echo[]> = { ours: [], theirs: [] };
  const round = async (side: "ours" | "theirs") => {
    const typed = await type(pages[side]);
    echoes[side].push(...typed);
    return typed.map((echo) => echo.shown);
  };
  const { ours, theirs } = await interleave(
    () => round("ours"),
    () => round("theirs"),
  );

  const row: Row = {
    name: "Key → echo",
    reference: "terminado + psql",
    ours,
    theirs,
    promises: [50, 99].map((percent) => {
      const ratio = percentile(ours.flat(), percent) / percentile(theirs.flat(), percent);
      return { words: `p${percent} ≤ 1.0 × (is ${ratio.toFixed(2)} ×)`, kept: ratio <= 1 };
    }),
    parts: [...medians("Postern", echoes.ours), ...medians("terminado", echoes.theirs)],
  };
  await testInfo.attach("row", { body: JSON.stringify(row) });
});

async function openPostern(browser: Browser): Promise<Page> {
  const { record, storageState } = stage();
  const page = await (await browser.newContext({ baseURL: process.env.STAGE_URL, storageState })).newPage();
  await page.addInitScript(watchSocket);
  await page.goto(record);
  await page.waitForLoadState("networkidle");
  // The page keeps its terminal to itself; the class that makes it is the one module both see.
  await page.evaluate(async () => {
    const name = "@xterm/xterm";
    const { Terminal } = await import(name);
    const open = Terminal.prototype.open;
    Terminal.prototype.open = function (host: HTMLElement) {
      window.terminal = this;
      return open.call(this, host);
    };
  });
  await page.getByRole("link", { name: "Launch", exact: true }).click();
  await page.waitForFunction(() => window.terminal !== undefined);
  return prepare(page);
}

async function openTerminado(browser: Browser): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(watchSocket);
  await page.goto(stage().terminado);
  await page.waitForFunction(() => window.terminal !== undefined);
  return prepare(page);
}

async function prepare(page: Page): Promise<Page> {
  await page.evaluate(observe);
  await page.evaluate((prompt) => window.echo.becomes(prompt), prompt);
  await page.locator(".xterm-helper-textarea").focus();
  return page;
}

/** Runs in the page, before anything of its own: notes when the socket was given something and when it gave. */
function watchSocket(): void {
  window.socket = {};
  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener("message", () => (window.socket.answered ??= performance.now()));
    }

    send(data: string | BufferSource): void {
      window.socket.sent ??= performance.now();
      super.send(data);
    }
  };
}

/** Runs in the page: times each letter from the browser's own time stamp of the key. */
function observe(): void {
  const { terminal } = window;
  const buffer = () => terminal.buffer.active;
  const line = () => buffer().getLine(buffer().baseY + buffer().cursorY)!.translateToString(false).slice(0, buffer().cursorX);
  let echoed: Promise<Echo> = Promise.reject(new Error("no key was pressed"));
  echoed.catch(() => {});
  let waiting: { x: number; y: number; key: string; at: number; done: (echo: Echo) => void } | undefined;
  let wanted: { line: string; done: () => void } | undefined;

  addEventListener(
    "keydown",
    (event) => {
      if (event.key.length !== 1 || event.ctrlKey) return;
      window.socket = {};
      const { baseY, cursorX: x, cursorY } = buffer();
      echoed = new Promise((done) => (waiting = { x, y: baseY + cursorY, key: event.key, at: event.timeStamp, done }));
    },
    true,
  );
  terminal.onWriteParsed(() => {
    const now = performance.now();
    if (waiting && buffer().getLine(waiting.y)?.getCell(waiting.x).getChars() === waiting.key) {
      const { sent = NaN, answered = NaN } = window.socket;
      waiting.done({ sent: sent - waiting.at, answered: answered - waiting.at, shown: now - waiting.at });
      waiting = undefined;
    }
    if (wanted && wanted.line === line()) wanted.done();
  });
  const becomes = (expected: string) =>
    new Promise<void>((done) => {
      wanted = { line: expected, done };
      if (line() === expected) done();
    });
  window.echo = { last: () => echoed, line, becomes };
}

/** Types a round of letters, each after the one before has been echoed. */
async function type(page: Page): Promise<Echo[]> {
  await page.bringToFront();
  const samples: Echo[] = [];
  for (let i = 0; i < nWarmUp + nKeys; i += 1) {
    await page.keyboard.press(letters[Math.floor(Math.random() * letters.length)]);
    samples.push(await page.evaluate(() => window.echo.last()));
    const pause = Math.random() * longestPause;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  await page.keyboard.press("Control+u");
  await page.evaluate((prompt) => window.echo.becomes(prompt), prompt);
  return samples.slice(nWarmUp);
}

function medians(side: string, echoes: Echo[]): [string, number][] {
  const parts = ["sent", "answered", "shown"] as const;
  return parts.map((part) => [`${side} ${part}`, percentile(echoes.map((echo) => echo[part]), 50)]);
}
