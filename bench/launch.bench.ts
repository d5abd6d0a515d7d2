// From the click on *Launch* to the prompt, beside psql from its start to its prompt.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type Browser, type Page, expect, test } from "@playwright/test";
import { database } from "../end2end/support/stage";
import { prompt, psql } from "./support/psql";
import { stage } from "./support/stage";
import { type Row, interleave, percentile } from "./support/statistics";

/** Launches of one round. */
const nLaunches = 5;

/** How much longer than psql's the slow launches may take, in milliseconds. */
const allowed = 250;

/** When the prompt was there and each part done, in milliseconds since the click. */
interface Launch {
  prompt: number;
  parts: Record<string, number>;
}

declare global {
  interface Window {
    bench: { clicked?: number; prompted: Promise<number>; parts: Record<string, number> };
  }
}

test("launch", async ({ browser }, testInfo) => {
  const launches: Launch[] = [];
  const { ours, theirs } = await interleave(
    () =>
      repeat(async () => {
        const launch = await launchOnce(browser);
        launches.push(launch);
        return launch.prompt;
      }),
    () => repeat(async () => startPsql()),
  );

  const [p95, psqlP95] = [percentile(ours.flat(), 95), percentile(theirs.flat(), 95)];
  const row: Row = {
    name: "Launch click → prompt",
    reference: "psql start → prompt",
    ours,
    theirs,
    promises: [{ words: `p95 ≤ psql's + ${allowed} ms (is +${(p95 - psqlP95).toFixed(0)})`, kept: p95 <= psqlP95 + allowed }],
    parts: medians(launches.slice(nLaunches)),
  };
  await testInfo.attach("row", { body: JSON.stringify(row) });
});

async function repeat(once: () => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let i = 0; i < nLaunches; i += 1) samples.push(await once());
  return samples;
}

/** A launch in a browser that has never seen a terminal, from a record's page that is there and alive. */
async function launchOnce(browser: Browser): Promise<Launch> {
  const { record, storageState } = stage();
  const context = await browser.newContext({ baseURL: process.env.STAGE_URL, storageState });
  const page = await context.newPage();
  await page.addInitScript(observe, prompt.trimEnd());
  await page.goto(record);
  // The module has been fetched and has taken the page over: nothing is left to fetch.
  await page.waitForLoadState("networkidle");
  expect(await fetched(page)).not.toContain("xterm.mjs");

  await page.getByRole("link", { name: "Launch", exact: true }).click();
  const launch = await page.evaluate(async () => {
    const at = await window.bench.prompted;
    const { clicked, parts } = window.bench;
    if (clicked === undefined) throw new Error("the page was loaded again: it had not been taken over");
    for (const resource of performance.getEntriesByType("resource") as PerformanceResourceTiming[]) {
      if (resource.startTime >= clicked) parts[new URL(resource.name).pathname] = resource.responseEnd;
    }
    const since = Object.entries(parts).map(([name, end]) => [name, end - clicked]);
    return { prompt: at - clicked, parts: Object.fromEntries(since) };
  });
  await context.close();
  return launch;
}

/** Runs in the page, before anything of its own: notes the click, the socket and the prompt on the screen. */
function observe(prompt: string): void {
  const parts: Record<string, number> = {};
  const note = (name: string) => (parts[name] ??= performance.now());
  addEventListener("click", (event) => (window.bench.clicked = event.timeStamp), true);
  window.WebSocket = class extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      note("socket asked for");
      super(url, protocols);
      this.addEventListener("open", () => note("socket open"));
      this.addEventListener("message", ({ data }) => {
        note("target reached");
        if (new TextDecoder().decode(data).includes(prompt)) note("prompt sent");
      });
    }
  };
  const prompted = new Promise<number>((resolve) => {
    const observer = new MutationObserver(() => {
      const rows = document.querySelector(".xterm-rows");
      if (rows === null) return;
      note("terminal on the page");
      if (!rows.textContent?.includes(prompt)) return;
      observer.disconnect();
      resolve(performance.now());
    });
    observer.observe(document, { subtree: true, childList: true, characterData: true });
  });
  window.bench = { prompted, parts };
}

async function fetched(page: Page): Promise<string> {
  return page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .map((resource) => resource.name)
      .join(" "),
  );
}

/** Milliseconds from psql's start to its prompt. */
function startPsql(): number {
  const { command, environment } = psql(database(), stage().ca);
  const timer = join(import.meta.dirname, "psql_prompt.py");
  const output = execFileSync(process.env.PYTHON ?? "python3", [timer, prompt, ...command], { env: environment, encoding: "utf8" });
  return Number(output);
}

/** The parts all launches had, in the order of their ends. */
function medians(launches: Launch[]): [string, number][] {
  const samples = new Map<string, number[]>();
  for (const { parts } of launches) {
    for (const [name, ms] of Object.entries(parts)) samples.set(name, [...(samples.get(name) ?? []), ms]);
  }
  const inAll = [...samples].filter(([, of]) => of.length === launches.length);
  const parts = inAll.map(([name, of]): [string, number] => [name, percentile(of, 50)]);
  return parts.sort(([, a], [, b]) => a - b);
}
