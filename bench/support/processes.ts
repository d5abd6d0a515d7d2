// What a process costs: its share of memory and its processor time, as Linux counts them.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** KiB of memory that are this process's own, with its share of what others use too. */
export function pss(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(rollup.match(/^Pss:\s+(\d+) kB$/m)![1]);
}

/** Seconds of processor time since it began. */
export function cpu(pid: number): number {
  // The name is in parentheses and may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

/** The server under test. */
export function posternd(): number {
  return Number(process.env.STAGE_PID);
}
