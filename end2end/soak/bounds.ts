// How long a soak lasts. The workers inherit what the first process has read.

/** The kills that are wanted. */
export const N_KILLS = number("SOAK_KILLS", 1_000);

const minutes = number("SOAK_MINUTES", 150);

/** When no other kill begins, as `Date.now()` counts. */
export const END = Number((process.env.SOAK_END ??= String(Date.now() + minutes * 60_000)));

function number(name: string, otherwise: number): number {
  const value = Number(process.env[name] ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} is a whole number from 1`);
  return value;
}
