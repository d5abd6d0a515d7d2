// The player beside asciinema's with the same recording as a cast: opening, seeking anywhere, memory.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, type Page, test } from "@playwright/test";
import { administrator } from "../end2end/support/server";
import { stage } from "./support/stage";
import { type Row, interleave, percentile } from "./support/statistics";

const library = join(import.meta.dirname, "../node_modules/asciinema-player/dist/bundle");

/** Seeks of one round. */
const nSeeks = 10;

declare global {
  interface Window {
    AsciinemaPlayer: { create(source: string, host: Element, options: object): Player };
    player: Player;
    clicked: number;
    shown: Promise<number>;
    memories: Set<WebAssembly.Memory>;
  }
}

interface Player {
  play(): Promise<void>;
  seek(to: number): Promise<void>;
  getDuration(): number | null | Promise<number | null>;
}

for (const megabytes of [10, 100]) {
  test(`${megabytes} MB`, async ({ browser }, testInfo) => {
    const session = makeRecording(megabytes);
    const folder = mkdtempSync(join(tmpdir(), "postern-cast-"));
    const cast = join(folder, "session.cast");
    writeFileSync(cast, run(["recordings", "export", session, "--format", "asciicast-v3"]));
    const server = await serve(cast);
    const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
    try {
      const opened = await interleave(
        async () => [await open(browser, session).then(closeAfter)],
        async () => [await openCast(browser, url).then(closeAfter)],
      );
      const [ours, theirs] = [await open(browser, session), await openCast(browser, url)];
      const sought = await interleave(
        () => repeat(() => seek(ours.page)),
        () => repeat(() => seekCast(theirs.page)),
      );
      const memory = { ours: await heap(ours.page), theirs: await heap(theirs.page) };
      await ours.context.close();
      await theirs.context.close();

      const median = percentile(opened.ours.flat(), 50);
      const p95 = percentile(sought.ours.flat(), 95);
      const reference = "asciinema-player";
      const rows: Row[] = [
        {
          name: `Open ${megabytes} MB: click → first frame`,
          reference,
          ...opened,
          promises: [{ words: `p50 ≤ 80 ms (is ${median.toFixed(0)})`, kept: median <= 80 }],
          parts: [],
        },
        {
          name: `Seek anywhere in ${megabytes} MB`,
          reference,
          ...sought,
          promises: megabytes === 100 ? [{ words: `p95 ≤ 50 ms (is ${p95.toFixed(0)})`, kept: p95 <= 50 }] : [],
          parts: [],
        },
        {
          name: `Memory of the page at ${megabytes} MB`,
          reference,
          unit: "MiB",
          ours: [[memory.ours]],
          theirs: [[memory.theirs]],
          promises: megabytes === 100 ? [{ words: `≤ 60 MiB (is ${memory.ours.toFixed(0)})`, kept: memory.ours <= 60 }] : [],
          parts: [],
        },
      ];
      for (const row of rows) await testInfo.attach("row", { body: JSON.stringify(row) });
    } finally {
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
}

interface Opened {
  context: BrowserContext;
  page: Page;
  took: number;
}

async function closeAfter({ context, took }: Opened): Promise<number> {
  await context.close();
  return took;
}

async function repeat(once: () => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < nSeeks; i += 1) samples.push(await once());
  return samples;
}

/** Makes a session that has ended, with so much output, in the store of the server under test; its id. */
function makeRecording(megabytes: number): string {
  const words = [process.env.STAGE_CONFIGURATION!, "Bench shop", administrator.email, String(megabytes)];
  return execFileSync(process.env.RECORDER!, words, { encoding: "utf8" }).trim().split(/\s+/).at(-1)!;
}

function run(command: string[]): Buffer {
  return execFileSync(process.env.POSTERND!, ["--config", process.env.STAGE_CONFIGURATION!, ...command], { maxBuffer: 1024 ** 3 });
}

/** From the list of sessions, which is there and alive. */
async function open(browser: Browser, session: string): Promise<Opened> {
  const { storageState } = stage();
  const context = await browser.newContext({ baseURL: process.env.STAGE_URL, storageState });
  const page = await context.newPage();
  await page.addInitScript(watchModules);
  await page.addInitScript(() => {
    addEventListener("click", (event) => (window.clicked = event.timeStamp), true);
    window.shown = new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        if (document.querySelector(".player-host[data-at]") === null) return;
        observer.disconnect();
        resolve(performance.now());
      });
      observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-at"] });
    });
  });
  await page.goto("/sessions");
  await page.waitForLoadState("networkidle");
  await page.locator(`a[href="/sessions/${session}"]`).first().click();
  const took = await page.evaluate(async () => (await window.shown) - window.clicked);
  return { context, page, took };
}

async function openCast(browser: Browser, url: string): Promise<Opened> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(watchModules);
  await page.goto(url);
  await page.waitForLoadState("networkidle");
  await page.getByRole("button", { name: "Open" }).click();
  const took = await page.evaluate(async () => (await window.shown) - window.clicked);
  return { context, page, took };
}

/** Where the timeline was pressed last. */
let pressedAt = 0;

/** Pixels between one press and the next, at least: more than the thumb, which stays where it is when it is pressed. */
const fewest = 24;

/** From a press on the timeline to its moment on the screen. */
async function seek(page: Page): Promise<number> {
  const slider = page.getByRole("slider").first();
  const { x, y, width, height } = (await slider.boundingBox())!;
  // Input overtakes what is evaluated, so the page listens before it is pressed.
  await page.evaluate(() => {
    window.shown = new Promise((resolve) => {
      let pressed = 0;
      addEventListener("pointerdown", (event) => (pressed = event.timeStamp), { capture: true, once: true });
      const host = document.querySelector(".player-host")!;
      const observer = new MutationObserver(() => {
        if (pressed === 0) return;
        observer.disconnect();
        resolve(performance.now() - pressed);
      });
      observer.observe(host, { attributes: true, attributeFilter: ["data-at"] });
    });
  });
  const before = pressedAt;
  while (Math.abs(pressedAt - before) < fewest) pressedAt = x + 10 + Math.random() * (width - 20);
  await page.mouse.click(pressedAt, y + height / 2);
  return page.evaluate(() => window.shown);
}

async function seekCast(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const duration = (await window.player.getDuration()) ?? 0;
    const from = performance.now();
    await window.player.seek(Math.random() * duration);
    await new Promise(requestAnimationFrame);
    return performance.now() - from;
  });
}

/** MiB of objects, of buffers and of every module's memory, which may be among the buffers already. */
async function heap(page: Page): Promise<number> {
  const client = await page.context().newCDPSession(page);
  await client.send("HeapProfiler.collectGarbage");
  const usage: { usedSize: number; backingStorageSize?: number } = await client.send("Runtime.getHeapUsage");
  const modules = await page.evaluate(() => [...window.memories].reduce((sum, memory) => sum + memory.buffer.byteLength, 0));
  return (usage.usedSize + (usage.backingStorageSize ?? 0) + modules) / 1024 ** 2;
}

/** Runs in the page, before anything of its own: notes the memory of every WebAssembly module. */
function watchModules(): void {
  window.memories = new Set();
  const note = <T extends WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource>(made: T): T => {
    const { exports } = made instanceof WebAssembly.Instance ? made : made.instance;
    for (const value of Object.values(exports)) if (value instanceof WebAssembly.Memory) window.memories.add(value);
    return made;
  };
  const { instantiate, instantiateStreaming } = WebAssembly;
  const noting = (real: Function) => (...words: unknown[]) => real.apply(WebAssembly, words).then(note);
  WebAssembly.instantiate = noting(instantiate) as typeof instantiate;
  WebAssembly.instantiateStreaming = noting(instantiateStreaming) as typeof instantiateStreaming;
}

/** A page with asciinema's player, and the cast. */
async function serve(cast: string): Promise<Server> {
  const page = `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/asciinema-player.css">
    <script src="/asciinema-player.min.js"></script><button>Open</button><div id="host"></div><script>
      document.querySelector("button").onclick = (event) => {
        window.clicked = event.timeStamp;
        window.player = AsciinemaPlayer.create("/session.cast", document.getElementById("host"), { preload: true });
        window.shown = (async () => {
          await player.play();
          await new Promise(requestAnimationFrame);
          await player.pause();
          return performance.now();
        })();
      };
    </script>`;
  const server = createServer((request, response) => {
    const name = request.url!.slice(1);
    if (name === "") response.setHeader("content-type", "text/html").end(page);
    else if (name === "session.cast") response.end(readFileSync(cast));
    else if (name.startsWith("asciinema-player")) {
      response.setHeader("content-type", name.endsWith(".css") ? "text/css" : "text/javascript");
      response.end(readFileSync(join(library, name)));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return server;
}
