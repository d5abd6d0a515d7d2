// The kill test: whatever a browser was shown before `kill -9` is in the recording, and nothing stays held after it.
import { expect, test } from "./support/browser";
import { House, type Moment } from "./support/kills";

const MOMENTS: [Moment, number][] = [
  ["in a flood", 8],
  ["in a segment close", 6],
  ["while it opens", 3],
  ["while it ends", 3],
];

// A picture of every change of the page would take more time than the kills.
test.use({ trace: "off" });

let house: House;

test.beforeAll(async ({ browser }) => {
  house = await House.open(browser);
});

test.afterAll(async () => {
  await house.close();
});

for (const [moment, nKills] of MOMENTS) {
  test(`killed ${moment} ${nKills} times, it loses nothing and holds nothing`, async () => {
    test.setTimeout(90_000);
    let [lines, halfClosed] = [0, 0];

    for (let number = 0; number < nKills; number += 1) {
      const kill = await house.kill(moment);
      lines += kill.lines;
      halfClosed += kill.halfClosed;
    }

    // What the kills were for has happened.
    if (moment !== "while it opens") expect(lines).toBeGreaterThan(0);
    if (moment === "in a segment close") expect(halfClosed).toBeGreaterThan(0);
  });
}
