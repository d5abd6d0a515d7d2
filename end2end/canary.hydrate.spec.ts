// The canary: a database password that reaches PostgreSQL and nothing else, whatever the three people do.
import { randomBytes } from "node:crypto";
import { enterAs, expect, test } from "./support/browser";
import { Client, unique } from "./support/client";
import { runDirectly } from "./support/postgres";
import { type Evidence, filesBelow, kept, placesOf, watch } from "./support/search";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { framesOf, sessionsOf } from "./support/recordings";
import { Terminal, recordedIn } from "./support/terminal";

test("a stored password is found nowhere but in PostgreSQL", async ({ alone, browser }) => {
  test.setTimeout(180_000);
  // Its characters have other spellings in URLs, HTML and JSON.
  const canary = `Kanarie/+&"${randomBytes(12).toString("hex")}`;
  const marker = unique("marker");
  const login = unique("canary").replace("-", "_");
  runDirectly(database(), `CREATE ROLE ${login} LOGIN PASSWORD '${canary}' IN ROLE reading;`);
  const admin = await Client.signIn(alone.url, administrator);
  const user = await admin.addPerson("Ulla", "user");
  const auditor = await admin.addPerson("Viktor", "auditor");
  const shop = await addShop(admin, database(), { launchers: [user.id], login, password: canary });

  const evidence: Evidence = new Map();
  const add = (more: Evidence) => more.forEach((content, place) => evidence.set(`${evidence.size} ${place}`, content));
  const context = await browser.newContext({ baseURL: alone.url });
  const { traffic, settled } = watch(context);
  const page = await context.newPage();

  await enterAs(page, admin);
  for (const path of ["", "/edit", "/history", "/sharing", "/reveal"]) {
    await page.goto(`/vault/${shop.reading}${path}`);
    add(await kept(page));
  }
  await page.goto(`/vault/${shop.id}/settings?tab=connection`);
  await page.goto(`/vault/${shop.id}`);
  await page.getByRole("button", { name: "Test launch credential" }).click();
  await expect(page.getByText(`Connected as ${login}.`)).toBeVisible();

  await enterAs(page, await Client.signIn(alone.url, user));
  await page.goto(`/vault/${shop.id}`);
  await page.getByRole("link", { name: "Launch" }).click();
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type(`SELECT '${marker}' AS marker, current_user;`);
  await terminal.shows(login);
  await terminal.type("SELECT * FROM pg_stat_activity WHERE pid = pg_backend_pid();");
  await terminal.type("SELECT rolpassword FROM pg_authid;");
  await terminal.shows("permission denied");
  await terminal.type("\\conninfo");
  add(await kept(page));
  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();

  const viktor = await Client.signIn(alone.url, auditor);
  await enterAs(page, viktor);
  await page.goto("/audit");
  await page.goto("/sessions");
  await page.getByRole("link", { name: shop.title }).click();
  await expect(page.getByRole("complementary", { name: "Statements" })).toContainText(marker);
  add(await kept(page));
  await settled();
  await context.close();
  traffic.forEach((content, place) => evidence.set(place, content));

  evidence.set("audit export", Buffer.from(await (await viktor.get("/audit/export?format=jsonl")).arrayBuffer()));
  evidence.set("metrics", Buffer.from(await (await fetch(`${alone.metricsUrl}/metrics`)).arrayBuffer()));
  const [session] = await sessionsOf(viktor);
  const frames: Evidence = new Map();
  for (const [address, bytes] of await framesOf(viktor, session.id)) frames.set(`decrypted ${address}`, bytes);
  add(frames);
  add(filesBelow(alone.data));
  evidence.set("log while it runs", Buffer.from(alone.log()));
  await alone.stop();
  add(filesBelow(alone.data));
  evidence.set("log", Buffer.from(alone.log()));

  expect(placesOf(canary, evidence)).toEqual([]);

  // The same search does find what is there.
  const found = placesOf(marker, evidence);
  expect(found.some((place) => place.includes("frame received (raw)"))).toBe(true);
  expect(found.some((place) => place.includes("decrypted /sessions/"))).toBe(true);
  expect([...frames.values()].some((segment) => recordedIn(segment).statements.some((sql) => sql.includes(marker)))).toBe(true);
  // As stored, the recording says nothing.
  expect(found.filter((place) => place.includes("/recordings/"))).toEqual([]);
  expect([...evidence.keys()].filter((place) => place.includes("/recordings/"))).not.toEqual([]);
});

test("the search knows every spelling", () => {
  const secret = 'a/b+c&"d=ü';
  const raw = Buffer.from(secret);
  for (const content of [
    secret,
    JSON.stringify({ secret }),
    `?x=${encodeURIComponent(secret)}`,
    new URLSearchParams({ secret }).toString(),
    raw.toString("hex"),
    ...["", "x", "xy", "xyz"].map((before) => Buffer.from(`${before}${secret}tail`).toString("base64")),
    ...["", "x", "xy", "xyz"].map((before) => Buffer.from(`${before}${secret}tail`).toString("base64url")),
  ]) {
    expect(placesOf(secret, new Map([["there", Buffer.from(content)]])), content).not.toEqual([]);
  }
  expect(placesOf(secret, new Map([["there", Buffer.from("nothing")]]))).toEqual([]);
});
