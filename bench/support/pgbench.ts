// Rounds of pgbench, and what each costs whatever stands between it and the server.
import type { Cluster, Side } from "./cluster";
import { cpu } from "./processes";
import { nRounds, percentile } from "./statistics";

/** One run of pgbench. */
export interface Run {
  /** Transactions a second, connecting left out unless each connects. */
  tps: number;
  /** Milliseconds of a transaction, on average. */
  latency: number;
  /** Milliseconds of processor time for 1,000 transactions of what stands between; nothing does on the direct way. */
  cpu: number;
}

/** How long pgbench runs in one round, in seconds. */
const seconds = process.env.BENCH_SECONDS ?? "3";

export function pgbench(cluster: Cluster, side: Side, parameters: string[]): Run {
  const before = side.pid === undefined ? 0 : cpu(side.pid);
  const told = cluster.run("pgbench", ["-n", "-T", seconds, ...parameters], side);
  const after = side.pid === undefined ? 0 : cpu(side.pid);
  const number = (words: string) => {
    const found = told.match(new RegExp(`^${words} = ([0-9.]+)`, "m")) ?? told.match(new RegExp(`^${words}: ([0-9]+)`, "m"));
    if (found === null) throw new Error(`pgbench does not say ${words}: ${told}`);
    return Number(found[1]);
  };
  const n = number("number of transactions actually processed");
  return { tps: number("tps"), latency: number("latency average"), cpu: ((after - before) * 1e6) / n };
}

/** Measures each side once a round, in turns; the first round warms up and is dropped. */
export async function inTurns<T>(sides: Side[], measure: (side: Side) => T | Promise<T>): Promise<Map<Side, T[]>> {
  const kept = new Map<Side, T[]>(sides.map((side) => [side, []]));
  for (let round = 0; round < nRounds; round += 1) {
    // Who begins moves on, so that nobody always follows the same.
    const first = round % sides.length;
    for (const side of [...sides.slice(first), ...sides.slice(0, first)]) {
      const measured = await measure(side);
      if (round > 0) kept.get(side)!.push(measured);
    }
  }
  return kept;
}

export function median(samples: number[]): number {
  return percentile(samples, 50);
}
