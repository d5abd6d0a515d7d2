// What `make bench` prints: the machine, the versions, the commands, and each row beside its reference.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FullConfig, FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { database } from "../../end2end/support/stage";
import * as chromium from "./chromium";
import { anyway, busyWith, load, model } from "./machine";
import { program, psql } from "./psql";
import { type Row, nRounds, percentile } from "./statistics";

const root = join(import.meta.dirname, "../..");

export default class Report implements Reporter {
  private readonly rows: Row[] = [];
  private readonly loads: string[] = [];
  private disturbed: string | undefined;

  onBegin(_config: FullConfig): void {
    this.look("before");
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    this.look(`after ${test.title}`);
    for (const error of result.errors) console.error(`bench: ${test.title}: ${error.stack ?? error.message}`);
    for (const { name, body } of result.attachments) {
      if (name === "row" && body !== undefined) this.rows.push(JSON.parse(body.toString()));
    }
  }

  onError(error: { message?: string }): void {
    console.error(`bench: ${error.message}`);
  }

  onEnd(_result: FullResult): void {
    if (this.rows.length > 0) console.log([...this.facts(), "", ...this.table(), "", ...this.parts()].join("\n"));
  }

  /** After the first look the load is the bench's own; a compiler never is. */
  private look(when: string): void {
    this.loads.push(`${when}: ${load()}`);
    const reason = busyWith();
    if (reason !== undefined && (when === "before" ? anyway : reason.endsWith("running"))) this.disturbed ??= reason;
  }

  private facts(): string[] {
    const posternd = process.env.POSTERND!;
    const build = posternd.includes("/release/") ? "release" : "debug";
    const lines = [
      `Commit ${output("git", ["-C", root, "rev-parse", "--short", "HEAD"])}, ${build} build of posternd`,
      model(),
      `Load ${this.loads.join("; ")}`,
      ...["postgres", "psql"].map((name) => output(program(name), ["--version"])),
      output("pgbouncer", ["--version"]).split("\n")[0],
      output("/usr/bin/chromium", ["--version"]),
      `xterm.js ${installed("@xterm/xterm")}, Playwright ${installed("@playwright/test")}, node ${process.version}`,
      `terminado and below: ${output(process.env.PYTHON ?? "python3", ["-c", pythonVersions])}`,
      `Command: make bench${anyway ? " with BENCH_ANYWAY=1" : ""}; ${nRounds} rounds, the first dropped`,
      `posternd: ${posternd} --config FILE, defaults but for addresses and folder; no session waits for its browser, and nobody is limited to some sessions; both recordings on`,
      "Listener: plain on loopback, with records that say how it goes on; pgbouncer: session mode, SCRAM on both legs",
      `psql: ${psql(database(), "ca.crt").command.join(" ")}, by itself and behind bench/terminado_server.py`,
      `Chromium: ${chromium.options.args!.join(" ")}`,
    ];
    if (this.disturbed !== undefined) lines.push(`**Measured on a busy machine (${this.disturbed})**`);
    return lines.map((line) => `- ${line}`);
  }

  private table(): string[] {
    const head = "| Row | Side | n | p50 | p95 | p99 | Medians of the rounds | Promise | Verdict |";
    return [head, "|---|---|---:|---:|---:|---:|---:|---|---|", ...this.rows.flatMap(lines)];
  }

  private parts(): string[] {
    return this.rows
      .filter((row) => row.parts.length > 0)
      .map((row) => `${row.name}, median of each part: ${row.parts.map(([name, n, unit]) => `${name} ${n.toFixed(1)} ${unit ?? row.unit ?? "ms"}`).join(", ")}`);
  }
}

function lines(row: Row): string[] {
  const promises = row.promises.map((promise) => promise.words).join("<br>");
  const verdicts = row.promises.map((promise) => (promise.kept ? "reached" : "not reached")).join("<br>");
  const unit = row.unit ?? "ms";
  const ours = `| ${row.name} | Postern | ${numbers(row.ours, unit)} | ${promises} | ${verdicts} |`;
  return row.reference === undefined ? [ours] : [ours, `| | ${row.reference} | ${numbers(row.theirs, unit)} | | |`];
}

function numbers(rounds: number[][], unit: string): string {
  const all = rounds.flat();
  const medians = rounds.map((samples) => percentile(samples, 50));
  const shown = [50, 95, 99].map((percent) => `${percentile(all, percent).toFixed(1)} ${unit}`);
  const range = `${Math.min(...medians).toFixed(1)}–${Math.max(...medians).toFixed(1)} ${unit}`;
  return [all.length, ...shown, range].join(" | ");
}

const pythonVersions =
  "import platform, tornado; from importlib.metadata import version; " +
  "print(version('terminado') + ', tornado ' + tornado.version + ', Python ' + platform.python_version())";

function output(command: string, words: string[]): string {
  return execFileSync(command, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}

function installed(name: string): string {
  return JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
}
