// The machine: is it quiet enough to measure on, and what is it.
import { readFileSync, readdirSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release } from "node:os";

/** Running processes for each processor, over the last minute, above which nothing is measured. */
const maxLoad = 0.2;

/** What compiles, links or optimises. */
const builders = ["rustc", "cargo", "ld", "ld.lld", "rust-lld", "wasm-opt", "cc1", "cc1plus"];

/** How long the load of a build that has just ended may take to fade. */
const patience = 5 * 60_000;

/** Returns when nothing else runs here; throws when that does not come to pass. `BENCH_ANYWAY=1` returns at once. */
export async function waitForQuiet(): Promise<void> {
  if (anyway) return;
  const deadline = Date.now() + patience;
  let told = false;
  for (let reason = busyWith(); reason !== undefined; reason = busyWith()) {
    if (Date.now() > deadline) {
      throw new Error(`the machine is busy (${reason}): nothing measured here would mean anything. BENCH_ANYWAY=1 measures all the same.`);
    }
    if (!told) console.error(`bench: waiting for a quiet machine (${reason})`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
}

export const anyway = process.env.BENCH_ANYWAY === "1";

/** Why nothing should be measured now, if so. */
export function busyWith(): string | undefined {
  const builder = processes().find((name) => builders.includes(name));
  if (builder !== undefined) return `${builder} is running`;
  const load = loadavg()[0];
  const limit = maxLoad * availableParallelism();
  return load > limit ? `load ${load.toFixed(2)}, at most ${limit.toFixed(2)}` : undefined;
}

/** The load of the last 1, 5 and 15 minutes, and who compiles. */
export function load(): string {
  const n = processes().filter((name) => name === "rustc").length;
  const averages = loadavg().map((average) => average.toFixed(2));
  return `${averages.join(" ")}, ${n} rustc`;
}

export function model(): string {
  return `${cpus()[0].model.trim()}, ${availableParallelism()} processors, Linux ${release()}`;
}

function processes(): string[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    try {
      return [readFileSync(`/proc/${id}/comm`, "utf8").trim()];
    } catch {
      // It has ended since.
      return [];
    }
  });
}
