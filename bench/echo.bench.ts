// From a key to its character in xterm.js's buffer, beside psql behind terminado, in the same Chromium.
import { type Page, test } from "@playwright/test";
import { prompt } from "./support/psql";
import { type Row, interleave, percentile } from "./support/statistics";
import { type Side, openBoth } from "./support/terminals";

/** Keys of one round that count. */
const nKeys = 100;

/** Keys before them, that do not: the page has just come to the front. */
const nWarmUp = 10;

/** The longest pause between two keys, in milliseconds: regular ones would fall into step with a timer. */
const longestPause = 30;

const letters = "abcdefghijklmnopqrstuvwxyz";

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
    /** When the socket first did either after a key. */
    socket: { sent?: number; answered?: number };
    /** The last key, once its character is there. */
    echoed: Promise<Echo>;
  }
}

test("echo", async ({ browser }, testInfo) => {
  const pages = await openBoth(browser, watchSocket);
  for (const page of Object.values(pages)) await page.evaluate(observe);
  const echoes: Record<Side, Echo[]> = { ours: [], theirs: [] };
  const round = async (side: Side) => {
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
  let waiting: { x: number; y: number; key: string; at: number; done: (echo: Echo) => void } | undefined;

  addEventListener(
    "keydown",
    (event) => {
      if (event.key.length !== 1 || event.ctrlKey) return;
      window.socket = {};
      const { baseY, cursorX: x, cursorY } = buffer();
      window.echoed = new Promise((done) => (waiting = { x, y: baseY + cursorY, key: event.key, at: event.timeStamp, done }));
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
  });
}

/** Types a round of letters, each after the one before has been echoed. */
async function type(page: Page): Promise<Echo[]> {
  await page.bringToFront();
  const samples: Echo[] = [];
  for (let i = 0; i < nWarmUp + nKeys; i += 1) {
    await page.keyboard.press(letters[Math.floor(Math.random() * letters.length)]);
    samples.push(await page.evaluate(() => window.echoed));
    const pause = Math.random() * longestPause;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  await page.keyboard.press("Control+u");
  await page.evaluate((prompt) => window.line.becomes(prompt), prompt);
  return samples.slice(nWarmUp);
}

function medians(side: string, echoes: Echo[]): [string, number][] {
  const parts = ["sent", "answered", "shown"] as const;
  return parts.map((part) => [`${side} ${part}`, percentile(echoes.map((echo) => echo[part]), 50)]);
}
