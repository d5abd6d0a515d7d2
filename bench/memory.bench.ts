// What sessions cost the server: memory of many that rest, memory of one that is read slowly, processor of recording.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Page, expect, test } from "@playwright/test";
import { database } from "../end2end/support/stage";
import { cpu, posternd, pss } from "./support/processes";
import { prompt, psql } from "./support/psql";
import { idOf, openPage } from "./support/sessions";
import { stage } from "./support/stage";
import { type Row, slowReader } from "./support/statistics";

const nSessions = 200;

/** What each has done before it is measured: described the tables, printed 2,000 lines. */
const work = ["\\d", "SELECT n FROM generate_series(1, 1996) AS n;"];

/** Seconds a slow reader is watched. */
const patience = 60;

/** KiB. */
const allowed = 32 * 1024;

test("memory of a session", async ({ browser }, testInfo) => {
  const page = await openPage(browser);
  // What the first session warms up is no session's.
  await open(page);
  await run(page, 0);
  const before = pss(posternd());
  for (let i = 1; i <= nSessions; i += 1) {
    await open(page);
    await run(page, i);
  }
  const ours = (pss(posternd()) - before) / nSessions;
  await page.evaluate(() => window.sessions.forEach((session) => session.end()));
  const theirs = await psqlAfterTheSame();

  const row: Row = {
    name: `Memory of a session (PSS, of ${nSessions})`,
    reference: "psql after the same",
    unit: "KiB",
    ours: [[ours]],
    theirs: [[theirs]],
    promises: [{ words: `≤ 0.15 × (is ${(ours / theirs).toFixed(2)} ×)`, kept: ours <= 0.15 * theirs }],
    parts: [],
  };
  await testInfo.attach("row", { body: JSON.stringify(row) });
});

const slow = [
  { name: "an endless COPY", statement: "COPY (SELECT generate_series(1, 1000000000000)) TO STDOUT;" },
  { name: "an aligned result of 3 GiB", statement: "SELECT repeat('x', 1024), generate_series(1, 3145728);" },
];

for (const { name, statement } of slow) {
  test(`a slow reader of ${name}`, async ({ browser }, testInfo) => {
    const page = await openPage(browser);
    await page.evaluate(([record]) => window.openSession(record, 1000), [idOf(stage().record)]);
    await page.evaluate((prompt) => window.sessions[0].endsWith(prompt), prompt);
    const before = pss(posternd());
    await page.evaluate((statement) => window.sessions[0].type(`${statement}\r`), statement);
    const samples: number[] = [];
    for (let second = 0; second < patience; second += 1) {
      await page.waitForTimeout(1000);
      samples.push(pss(posternd()) - before);
    }
    expect(await page.evaluate(() => window.sessions[0].printed)).toBeGreaterThan(0);
    await page.evaluate(() => window.sessions[0].end());

    await testInfo.attach("row", { body: JSON.stringify(slowReader(name, samples, allowed)) });
  });
}

test("processor of recording", async ({ browser }, testInfo) => {
  const page = await openPage(browser);
  const ours: number[][] = [];
  const theirs: number[][] = [];
  for (const [index, id] of [idOf(stage().record), idOf(stage().unrecorded)].entries()) {
    await page.evaluate(([id]) => window.openSession(id), [id]);
    await page.evaluate(([index, prompt]) => window.sessions[index].endsWith(prompt), [index, prompt] as const);
  }
  for (let round = 0; round < 4; round += 1) {
    for (const [index, kept] of [ours, theirs].entries()) {
      const before = cpu(posternd());
      await statement(page, index, "SELECT n, md5(n::text) FROM generate_series(1, 1000000) AS n;");
      if (round > 0) kept.push([(cpu(posternd()) - before) * 1000]);
    }
  }
  await page.evaluate(() => window.sessions.forEach((session) => session.end()));

  const mean = (rounds: number[][]) => rounds.flat().reduce((sum, n) => sum + n, 0) / rounds.length;
  const more = mean(ours) / mean(theirs) - 1;
  const row: Row = {
    name: "Server's processor, 1,000,000 rows, recorded",
    reference: "the same, not recorded",
    ours,
    theirs,
    promises: [{ words: `≤ +25 % (is ${(more * 100).toFixed(0)} %)`, kept: more <= 0.25 }],
    parts: [],
  };
  await testInfo.attach("row", { body: JSON.stringify(row) });
});

async function open(page: Page): Promise<void> {
  await page.evaluate(([record]) => window.openSession(record), [idOf(stage().record)]);
  await page.evaluate((prompt) => window.sessions.at(-1)!.endsWith(prompt), prompt);
}

async function run(page: Page, index: number): Promise<void> {
  for (const line of work) await statement(page, index, line);
}

/** Runs a line and waits for the prompt after it: output has passed, then it ends with the prompt. */
async function statement(page: Page, index: number, line: string): Promise<void> {
  await page.evaluate(
    async ([index, line, prompt]) => {
      const session = window.sessions[index];
      const before = session.printed;
      session.type(`${line}\r`);
      const isBeyondEcho = () => session.printed > before + line.length + 20;
      while (!isBeyondEcho()) await new Promise((resolve) => setTimeout(resolve, 5));
      await session.endsWith(prompt);
    },
    [index, line, prompt] as const,
  );
}

/** KiB of a psql that has done the same work in a terminal that takes everything. */
async function psqlAfterTheSame(): Promise<number> {
  const { command, environment } = psql(database(), stage().ca);
  const child = spawn(command[0], ["-P", "pager=off", ...command.slice(1)], { env: environment, stdio: ["pipe", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (bytes: Buffer) => (printed = (printed + bytes.toString()).slice(-100)));
  child.stdin.write([...work, "\\echo done", ""].join("\n"));
  while (!printed.includes("done")) await new Promise((resolve) => setTimeout(resolve, 20));
  const memory = pss(child.pid!);
  child.stdin.end();
  await once(child, "exit");
  return memory;
}
