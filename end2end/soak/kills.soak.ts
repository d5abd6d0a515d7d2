// Kills by the hundred. SOAK_KILLS says how many, SOAK_MINUTES when to stop in any case.
import { randomInt } from "node:crypto";
import { test } from "../support/browser";
import { House, type Moment } from "../support/kills";
import { N_KILLS, END } from "./bounds";

/** People who work at once. */
const N_DESKS = 4;
/** Then another installation: what was recorded is removed with the old one. */
const KILLS_OF_A_HOUSE = 25;
/** As in `make test`. */
const MOMENTS: [Moment, number][] = [
  ["in a flood", 8],
  ["in a segment close", 6],
  ["while it opens", 3],
  ["while it ends", 3],
];

for (let first = 1; first <= N_KILLS; first += KILLS_OF_A_HOUSE) {
  const last = Math.min(first + KILLS_OF_A_HOUSE - 1, N_KILLS);
  test(`kills ${first} to ${last}`, async ({ browser }, testInfo) => {
    test.skip(Date.now() > END, "time is over");
    test.setTimeout(60 * 60_000);
    const house = await House.open(browser, N_DESKS);
    try {
      for (let number = first; number <= last && Date.now() < END; number += 1) {
        const kill = await house.kill(someMoment());
        await testInfo.attach("kill", { body: JSON.stringify(kill) });
      }
    } finally {
      await house.close();
    }
  });
}

function someMoment(): Moment {
  let drawn = randomInt(MOMENTS.reduce((sum, [, share]) => sum + share, 0));
  for (const [moment, share] of MOMENTS) {
    if (drawn < share) return moment;
    drawn -= share;
  }
  return "in a flood";
}
