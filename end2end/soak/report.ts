// What `make soak` prints: a line now and then, and a table at the end.
import type { FullResult, Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import type { Kill, Moment } from "../support/kills";
import { N_KILLS } from "./bounds";

export default class Report implements Reporter {
  private readonly kills: Kill[] = [];
  private nFailed = 0;

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === "skipped") return;
    for (const { name, body } of result.attachments) {
      if (name === "kill" && body !== undefined) this.kills.push(JSON.parse(body.toString()));
    }
    for (const error of result.errors) console.error(`soak: ${test.title}: ${error.stack ?? error.message}`);
    if (result.status !== "passed") this.nFailed += 1;
    console.log(`soak: ${this.kills.length} of ${N_KILLS} kills${this.nFailed > 0 ? `, ${this.nFailed} times something was lost` : ""}`);
  }

  onError(error: { message?: string }): void {
    console.error(`soak: ${error.message}`);
  }

  onEnd(_result: FullResult): void {
    const moments = new Set<Moment>(this.kills.map(({ moment }) => moment));
    const rows = [...moments].sort().map((moment) => row(moment, this.kills.filter((kill) => kill.moment === moment)));
    console.log(["", HEAD, ...rows, row("together", this.kills), "", this.verdict()].join("\n"));
  }

  private verdict(): string {
    if (this.nFailed > 0) return "Something that had reached a browser was missing, or something stayed held: see above.";
    const nLeft = N_KILLS - this.kills.length;
    const rest = nLeft > 0 ? ` Time was over ${nLeft} kills before the end (SOAK_MINUTES).` : "";
    return `Every line that had reached a browser was in its recording, and nothing stayed held.${rest}`;
  }
}

const HEAD = line("Killed", ["kills", "sessions", "lines seen", "closes cut", "  longest recovery"]);

function row(name: string, kills: Kill[]): string {
  const sum = (of: (kill: Kill) => number) => kills.reduce((all, kill) => all + of(kill), 0).toLocaleString("en");
  const longest = kills.reduce((most, { recovery }) => Math.max(most, recovery), 0);
  return line(name, [
    kills.length.toLocaleString("en"),
    sum((kill) => kill.sessions),
    sum((kill) => kill.lines),
    sum((kill) => kill.halfClosed),
    `${longest.toFixed(0)} ms`,
  ]);
}

function line(name: string, cells: string[]): string {
  return [name.padEnd(20), ...cells.map((cell) => cell.padStart(13))].join("");
}
