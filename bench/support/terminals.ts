// The two terminals of a comparison as pages of one Chromium: Postern's, and psql behind terminado.
import { type Browser, type Page } from "@playwright/test";
import { prompt } from "./psql";
import { stage } from "./stage";

export type Side = "ours" | "theirs";

/** What is used of xterm.js, which both pages run. */
export interface Terminal {
  rows: number;
  buffer: {
    active: {
      baseY: number;
      cursorX: number;
      cursorY: number;
      getLine(y: number): { translateToString(trim: boolean): string; getCell(x: number): { getChars(): string } } | undefined;
    };
  };
  onWriteParsed(handle: () => void): void;
  write(data: string | Uint8Array, parsed?: () => void): void;
}

declare global {
  interface Window {
    terminal: Terminal;
    line: {
      /** The line before the cursor. */
      now(): string;
      /** Once the line is `expected`, the time it became so. */
      becomes(expected: string): Promise<number>;
    };
  }
}

/** Both, each at its prompt. `before` runs in each page before anything of its own. */
export async function openBoth(browser: Browser, before?: () => void): Promise<Record<Side, Page>> {
  // The benches share one browser: pages of the one before would go on drawing.
  for (const context of browser.contexts()) await context.close();
  const ours = await openPostern(browser, before);
  const theirs = await openTerminado(browser, before);
  return { ours, theirs };
}

async function openPostern(browser: Browser, before?: () => void): Promise<Page> {
  const { record, storageState } = stage();
  const page = await (await browser.newContext({ baseURL: process.env.STAGE_URL, storageState })).newPage();
  if (before) await page.addInitScript(before);
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
  // A session of the bench before may still be ending, and is offered again.
  const another = page.getByRole("button", { name: "Start new session", exact: true });
  await another.or(page.locator(".xterm")).first().waitFor();
  if (await another.isVisible()) await another.click();
  return prepare(page);
}

async function openTerminado(browser: Browser, before?: () => void): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  if (before) await page.addInitScript(before);
  await page.goto(stage().terminado);
  return prepare(page);
}

async function prepare(page: Page): Promise<Page> {
  await page.waitForFunction(() => window.terminal !== undefined);
  await page.evaluate(watchLine);
  await page.evaluate((prompt) => window.line.becomes(prompt), prompt);
  await page.locator(".xterm-helper-textarea").focus();
  return page;
}

/** Runs in the page: what stands before the cursor, after each write xterm.js has parsed. */
function watchLine(): void {
  const { terminal } = window;
  const buffer = () => terminal.buffer.active;
  const now = () => buffer().getLine(buffer().baseY + buffer().cursorY)!.translateToString(false).slice(0, buffer().cursorX);
  let wanted: { line: string; done: (at: number) => void } | undefined;
  terminal.onWriteParsed(() => {
    if (wanted && wanted.line === now()) {
      wanted.done(performance.now());
      wanted = undefined;
    }
  });
  const becomes = (expected: string) =>
    new Promise<number>((done) => {
      wanted = { line: expected, done };
      if (expected === now()) done(performance.now());
    });
  window.line = { now, becomes };
}
