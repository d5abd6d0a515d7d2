// The terminal page and the frames of its socket.
import { type Locator, type Page, type WebSocket, expect } from "@playwright/test";

/** The SQL terminal of a page, as a person uses it. */
export class Terminal {
  private readonly screen: Locator;

  constructor(private readonly page: Page) {
    this.screen = page.getByRole("region", { name: "Terminal" }).locator(".xterm-rows");
  }

  /** Waits for the prompt of a session that has just been launched. */
  async ready(prompt: string): Promise<void> {
    await expect(this.page.getByRole("button", { name: "End", exact: true })).toBeEnabled({ timeout: 15_000 });
    await this.endsWith(prompt);
  }

  /** Types a line and sends it. */
  async type(line: string): Promise<void> {
    await this.page.keyboard.type(line);
    await this.page.keyboard.press("Enter");
  }

  /** What is on the screen, without empty lines at the end. */
  async text(): Promise<string> {
    const rows = await this.screen.locator("> div").allInnerTexts();
    return rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd()).join("\n").trimEnd();
  }

  /** All the screens from here up to the first line that is kept. */
  async screensAbove(): Promise<string[]> {
    const screens = [await this.text()];
    for (;;) {
      await this.page.keyboard.press("Shift+PageUp");
      // The screen follows a key in the next frame, or it is the first.
      await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      const screen = await this.text();
      if (screen === screens.at(-1)) return screens;
      screens.push(screen);
    }
  }

  async shows(text: string | RegExp): Promise<void> {
    const found = typeof text === "string" ? expect.stringContaining(text) : expect.stringMatching(text);
    await expect.poll(() => this.text(), { timeout: 10_000 }).toEqual(found);
  }

  async endsWith(prompt: string): Promise<void> {
    await expect.poll(async () => (await this.text()).split("\n").at(-1), { timeout: 10_000 }).toBe(prompt);
  }
}

/** Keeps every binary frame a page's sockets receive. */
export function keepFrames(page: Page): Buffer[] {
  const frames: Buffer[] = [];
  page.on("websocket", (socket: WebSocket) => {
    socket.on("framereceived", ({ payload }) => frames.push(Buffer.from(payload)));
  });
  return frames;
}

/** What the frames printed: `ServerFrame::Output`, the third variant, in postcard. */
export function printedBy(frames: Buffer[]): Buffer {
  const output = frames.filter((frame) => frame[0] === 2).map((frame) => bytes({ from: frame, at: 1 }));
  return Buffer.concat(output);
}

/** The session that was opened: `ServerFrame::Hello` begins with its id. None where there was no time for one. */
export function openedBy(frames: Buffer[]): string | undefined {
  const hello = frames.find((frame) => frame[0] === 0);
  return hello === undefined ? undefined : bytes({ from: hello, at: 1 }).toString();
}

/** What a live view's frames printed: `WatchFrame::Snapshot`, then `WatchFrame::Output`, the second and third variant. */
export function watchedIn(frames: Buffer[]): Buffer {
  const printed = frames.flatMap((frame) => {
    const cursor = { from: frame, at: 1 };
    if (frame[0] === 1) {
      varint(cursor);
      varint(cursor);
    }
    return frame[0] === 1 || frame[0] === 2 ? [bytes(cursor)] : [];
  });
  return Buffer.concat(printed);
}

/** What a player's segment shows: version 1, then frames of `kind | lane | seq | time | length | body`. */
export function recordedIn(segment: Buffer): { output: Buffer; statements: string[] } {
  expect(segment[0]).toBe(1);
  const [kindOfOutput, kindOfStatement] = [2, 5];
  const output: Buffer[] = [];
  const statements: string[] = [];
  const cursor = { from: segment, at: 1 };
  while (cursor.at < segment.length) {
    const kind = segment[cursor.at];
    cursor.at += 2;
    varint(cursor);
    varint(cursor);
    const body = bytes(cursor);
    if (kind === kindOfOutput) output.push(body);
    if (kind === kindOfStatement) statements.push(body.toString("latin1"));
  }
  return { output: Buffer.concat(output), statements };
}

interface Cursor {
  from: Buffer;
  at: number;
}

/** Postcard's integers: seven bits a byte, the lowest first. */
function varint(cursor: Cursor): number {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = cursor.from[cursor.at++];
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return Number(value);
  }
}

function bytes(cursor: Cursor): Buffer {
  const length = varint(cursor);
  cursor.at += length;
  return cursor.from.subarray(cursor.at - length, cursor.at);
}
