// Samples of two sides taken in turns, and what is said about them.

/** Samples in the row's unit, one array for each kept round. */
export type Rounds = number[][];

/** One line of the table, as a bench hands it to the report. */
export interface Row {
  name: string;
  /** What stands beside it; none where the promise is a number of its own. */
  reference?: string;
  /** Of the samples; milliseconds unless said otherwise. */
  unit?: string;
  ours: Rounds;
  theirs: Rounds;
  /** What is promised, and for each promise whether it held. */
  promises: { words: string; kept: boolean }[];
  /** Where the time goes, or what else belongs to it: medians in the row's unit, or their own. */
  parts: [name: string, n: number, unit?: string][];
}

/** Rounds of each row; the first warms up and is dropped. */
export const nRounds = Number(process.env.BENCH_ROUNDS ?? 8);

/** Measures both sides in turns. */
export async function interleave(
  ours: () => Promise<number[]>,
  theirs: () => Promise<number[]>,
): Promise<{ ours: Rounds; theirs: Rounds }> {
  const kept = { ours: [] as Rounds, theirs: [] as Rounds };
  for (let round = 0; round < nRounds; round += 1) {
    // Who begins alternates, so that neither always follows the other.
    const sides = round % 2 === 0 ? (["ours", "theirs"] as const) : (["theirs", "ours"] as const);
    for (const side of sides) {
      const samples = await (side === "ours" ? ours() : theirs());
      if (round > 0) kept[side].push(samples);
    }
  }
  return kept;
}

/** The smallest sample that `percent` of all samples do not exceed. */
export function percentile(samples: number[], percent: number): number {
  if (samples.length === 0) throw new Error("no samples: BENCH_ROUNDS is at least 2");
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** Memory in KiB, sample by sample, for one who reads slowly: within a bound, and no more the longer it lasts. */
export function slowReader(name: string, samples: number[], allowed: number): Row {
  const most = Math.max(...samples);
  const half = samples.length / 2;
  const drift = Math.max(...samples.slice(half)) - Math.max(...samples.slice(0, half));
  return {
    name: `Memory for a reader of 1 kB/s, ${name}`,
    unit: "KiB",
    ours: [samples],
    theirs: [],
    promises: [
      { words: `≤ ${allowed} KiB (is ${most})`, kept: most <= allowed },
      { words: `flat (second half ${drift} KiB over the first)`, kept: drift <= 1024 },
    ],
    parts: [],
  };
}
