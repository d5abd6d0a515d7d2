// What Lighthouse says of every page: performance, accessibility and best practices, on a desk and on its slow phone. Not
// search engines: every page asks them to stay away.
import { type Browser, chromium, expect, test } from "@playwright/test";
import lighthouse, { type Config, type Flags, type Result, desktopConfig } from "lighthouse";
import { enterAs } from "../end2end/support/browser";
import { Client } from "../end2end/support/client";
import { type Place, everyPage, pagesWithout } from "../end2end/support/pages";
import { freePort } from "../end2end/support/process";
import { sessionsOf } from "../end2end/support/recordings";
import { Posternd, administrator } from "../end2end/support/server";
import { addShop } from "../end2end/support/shop";
import { database } from "../end2end/support/stage";
import { Terminal } from "../end2end/support/terminal";
import { options } from "./support/chromium";
import type { Row } from "./support/statistics";

/** Of 100. */
const least = 95;

const categories = { performance: "performance", accessibility: "accessibility", "best-practices": "best practices" };

const machines: Record<string, Config | undefined> = { "on a desk": desktopConfig, "on a slow phone": undefined };

interface Scored {
  name: string;
  scores: Record<string, number>;
  /** What cost points. */
  faults: string[];
}

test("Lighthouse", async ({ browser }, testInfo) => {
  await Posternd.once(async (posternd) => {
    const { places, clients } = await furnish(posternd, browser);
    expect(pagesWithout(places)).toEqual([]);
    for (const [machine, config] of Object.entries(machines)) {
      const scored: Scored[] = [];
      for (const who of ["nobody", "user", "auditor", "administrator"] as const) {
        const pages = places.filter((place) => place.who === who);
        scored.push(...(await scoresOf(posternd.url, pages, clients[who], config)));
      }

      for (const { name, faults } of scored) {
        if (faults.length > 0) console.error(`bench: ${name} ${machine}: ${faults.join("; ")}`);
      }
      for (const [category, words] of Object.entries(categories)) {
        const points = scored.map(({ scores }) => scores[category]);
        const worst = scored.reduce((worst, page) => (page.scores[category] < worst.scores[category] ? page : worst));
        const below = points.filter((points) => points < least).length;
        const row: Row = {
          name: `Lighthouse, ${words} ${machine}, ${scored.length} pages`,
          unit: "points",
          ours: [points],
          theirs: [],
          promises: [
            { words: `each ≥ ${least} (${below} are below, the least is ${worst.name} with ${Math.min(...points)})`, kept: below === 0 },
          ],
          parts: scored.map(({ name, scores }) => [name, scores[category]]),
        };
        await testInfo.attach("row", { body: JSON.stringify(row) });
      }
    }
  });
});

/** People, a record, a session that has ended and one that runs. */
async function furnish(posternd: Posternd, browser: Browser) {
  const admin = await Client.signIn(posternd.url, administrator);
  const person = await admin.addPerson("Ben Brandt", "user", "ben@postern.example");
  const user = await Client.signIn(posternd.url, person);
  const auditor = await Client.signIn(posternd.url, await admin.addPerson("Cleo Castro", "auditor", "cleo@postern.example"));
  const invitation = { "draft[email]": "dora@postern.example", "draft[name]": "Dora Dietz", "draft[role]": "user" };
  const invited = new URL((await admin.send("invite", invitation)).value.link).pathname;
  const shop = await addShop(admin, database(), { launchers: [person.id] });
  const work = async () => {
    const page = await (await browser.newContext({ baseURL: posternd.url })).newPage();
    await enterAs(page, user);
    await page.goto(`/vault/${shop.id}/terminal`);
    const terminal = new Terminal(page);
    await terminal.ready("shop=>");
    await terminal.type("SELECT status, count(*) FROM sales.orders GROUP BY 1 ORDER BY 1;");
    await terminal.shows(/\(\d+ rows\)/);
    return { page, terminal };
  };
  const { page, terminal } = await work();
  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await work();
  const sessions = await sessionsOf(auditor);
  const idOf = (state: string) => sessions.find((session) => session.state === state).id;

  const gateway = (
    await admin.send("create-gateway", {
      "draft[name]": "Berlin",
      "draft[folders][]": shop.folder,
      "draft[max_instances]": "1",
    })
  ).value.gateway;

  const places = everyPage({ shop, person: person.id, ended: idOf("ended"), live: idOf("live"), gateway, invited });
  const clients: Record<Place["who"], Client | undefined> = { nobody: undefined, user, auditor, administrator: admin };
  return { places, clients };
}

/** A browser of its own for each person: Lighthouse works in a browser's first context only. */
async function scoresOf(
  url: string,
  places: Place[],
  client: Client | undefined,
  config: Config | undefined,
): Promise<Scored[]> {
  const port = await freePort();
  const browser = await chromium.launch({ ...options, args: [...options.args!, `--remote-debugging-port=${port}`] });
  try {
    const devtools = await browser.newBrowserCDPSession();
    const scored: Scored[] = [];
    for (const { name, path } of places) {
      const answer = await fetch(url + path, { headers: { cookie: client?.cookie ?? "" } });
      // What a browser logs of an answer that refuses is no fault of the page.
      if (!answer.ok) continue;
      if (client !== undefined) {
        const [name, value] = client.cookie.split("=");
        await devtools.send("Storage.setCookies", { cookies: [{ name, value, url, httpOnly: true, sameSite: "Lax" }] });
      }
      scored.push(await score(name, url + path, port, config));
    }
    return scored;
  } finally {
    await browser.close();
  }
}

async function score(name: string, address: string, port: number, config: Config | undefined): Promise<Scored> {
  const lhr = await lookAt(address, port, config);
  // Nobody is signed out on the way.
  expect(lhr.finalDisplayedUrl).toBe(address);
  const scores: Record<string, number> = {};
  const faults: string[] = [];
  for (const category of Object.keys(categories)) {
    const found = lhr.categories[category];
    scores[category] = Math.round((found.score ?? 0) * 100);
    for (const { id, weight } of found.auditRefs) {
      const { score, displayValue } = lhr.audits[id];
      if (weight > 0 && score !== null && score < 0.9) faults.push(`${id} ${score} ${displayValue ?? ""}`.trim());
    }
  }
  return { name, scores, faults };
}

/** Lighthouse now and then misses a page's first paint: it looks again, and then for the last time. */
async function lookAt(address: string, port: number, config: Config | undefined): Promise<Result> {
  const flags: Flags = { port, onlyCategories: Object.keys(categories), logLevel: "error", disableStorageReset: true };
  for (let left = 2; ; left -= 1) {
    const result = await lighthouse(address, flags, config);
    if (result !== undefined && (result.lhr.runtimeError === undefined || left === 0)) return result.lhr;
    if (left === 0) throw new Error(`Lighthouse has nothing to say of ${address}`);
  }
}
