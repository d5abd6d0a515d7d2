// What the round trips in JavaScript share: a line for each step.
import { deepStrictEqual } from "node:assert";

/** A step whose every answer was right. */
export function done(step) {
  console.log(step);
}

/** Ends the program where an answer is another than the one wanted. */
export const expect = deepStrictEqual;

/** The SQLSTATE a promise fails with; undefined where it does not. */
export async function sqlstateOf(asked) {
  return asked.then(
    () => undefined,
    (problem) => problem.code,
  );
}
