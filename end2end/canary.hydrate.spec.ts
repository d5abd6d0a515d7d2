// The canary: a database password that reaches PostgreSQL and nothing else, whatever the three people do.
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { enterAs, expect, test } from "./support/browser";
import { Client, unique } from "./support/client";
import { runDirectly } from "./support/postgres";
import { beginLogin, pollLogin } from "./support/device";
import { type Evidence, filesBelow, kept, placesOf, watch } from "./support/search";
import { administrator } from "./support/server";
import { addShop } from "./support/shop";
import { database } from "./support/stage";
import { framesOf, sessionsOf } from "./support/recordings";
import { Terminal, keepFrames, printedBy, recordedIn } from "./support/terminal";

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

test("a password typed at \\password leaves the browser and is found nowhere else", async ({ alone, browser }) => {
  test.setTimeout(180_000);
  const canary = `Kanarie/+&"${randomBytes(12).toString("hex")}`;
  const [login, role] = ["keeper", "kept"].map((name) => unique(name).replaceAll("-", "_"));
  const password = randomBytes(12).toString("hex");
  runDirectly(database(), `CREATE ROLE ${login} LOGIN CREATEROLE PASSWORD '${password}' IN ROLE reading;`);
  runDirectly(database(), `CREATE ROLE ${role} LOGIN ADMIN ${login};`);
  const admin = await Client.signIn(alone.url, administrator);
  const user = await admin.addPerson("Ulla", "user");
  const auditor = await admin.addPerson("Viktor", "auditor");
  const shop = await addShop(admin, database(), {
    launchers: [user.id],
    login,
    password,
    // Whatever is typed is on record, but for this.
    connection: { recording_include_keys: "on" },
  });

  const context = await browser.newContext({ baseURL: alone.url });
  const { traffic, settled } = watch(context);
  const page = await context.newPage();
  const frames = keepFrames(page);
  await enterAs(page, await Client.signIn(alone.url, user));
  await page.goto(`/vault/${shop.id}`);
  await page.getByRole("link", { name: "Launch" }).click();
  const terminal = new Terminal(page);
  await terminal.ready("shop=>");
  await terminal.type(`\\password ${role}`);
  for (const prompt of ["Enter new password for user", "Enter it again:"]) {
    await terminal.shows(prompt);
    // As one piece: letter by letter no search would find it.
    await page.keyboard.insertText(canary);
    await page.keyboard.press("Enter");
  }
  await terminal.endsWith("shop=>");
  await terminal.type("SELECT 'after' || 'wards' AS word;");
  await terminal.shows("afterwards");
  const evidence: Evidence = await kept(page);
  evidence.set("screen", Buffer.from(await terminal.text()));
  await terminal.type("\\q");
  await expect(page.getByRole("button", { name: "Start new session" })).toBeVisible();
  await settled();
  await context.close();
  traffic.forEach((content, place) => evidence.set(place, content));
  evidence.set("everything that was printed", printedBy(frames));

  const viktor = await Client.signIn(alone.url, auditor);
  const [session] = await sessionsOf(viktor);
  for (const [address, bytes] of await framesOf(viktor, session.id)) evidence.set(`decrypted ${address}`, bytes);
  evidence.set("audit export", Buffer.from(await (await viktor.get("/audit/export?format=jsonl")).arrayBuffer()));
  evidence.set("metrics", Buffer.from(await (await fetch(`${alone.metricsUrl}/metrics`)).arrayBuffer()));
  filesBelow(alone.data).forEach((content, place) => evidence.set(`while it runs ${place}`, content));
  await alone.stop();
  filesBelow(alone.data).forEach((content, place) => evidence.set(place, content));
  evidence.set("log", Buffer.from(alone.log()));

  const places = placesOf(canary, evidence);
  expect(places.filter((place) => !place.includes("frame sent"))).toEqual([]);
  expect(places.length).toBe(2);

  // The same search finds the command that was typed, and the statement that took its place.
  const recorded = (text: string) => placesOf(text, evidence).some((place) => place.includes("decrypted /sessions/"));
  expect(recorded("<redacted>")).toBe(true);
  expect(recorded("afterwards")).toBe(true);
  expect(placesOf("SCRAM-SHA-256$", evidence)).toEqual([]);
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

test("an access token is in the answer that shows it and nowhere else, and kept as a hash", async ({ alone, browser }) => {
  test.setTimeout(120_000);
  const admin = await Client.signIn(alone.url, administrator);
  const user = await admin.addPerson("Walter", "user");
  const context = await browser.newContext({ baseURL: alone.url });
  const { traffic, settled } = watch(context);
  const page = await context.newPage();
  await enterAs(page, await Client.signIn(alone.url, user));
  await page.goto("/account/tokens/new");
  await page.getByLabel("Name").fill("nightly export");
  await page.getByLabel("Your password").fill(user.password);
  await page.getByRole("button", { name: "Create token" }).click();
  const token = await page.getByRole("textbox", { name: "Access token" }).inputValue();
  await page.getByRole("link", { name: "Done" }).click();
  await expect(page.getByRole("row", { name: "nightly export" })).toBeVisible();

  const evidence: Evidence = new Map();
  const add = (more: Evidence) => more.forEach((content, place) => evidence.set(`${evidence.size} ${place}`, content));
  add(await kept(page));
  await enterAs(page, admin);
  for (const path of [`/people/${user.id}`, "/audit?event=access_token_created"]) {
    await page.goto(path);
    await expect(page.getByRole("main")).toContainText("nightly export");
    add(await kept(page));
  }
  await settled();
  await context.close();
  traffic.forEach((content, place) => evidence.set(place, content));
  evidence.set("audit export", Buffer.from(await (await admin.get("/audit/export?format=jsonl")).arrayBuffer()));
  const backup = alone.run(["backup", join(alone.folder, "backup")]);
  expect(backup, backup.output).toMatchObject({ status: 0 });
  add(filesBelow(alone.data));
  await alone.stop();
  add(filesBelow(alone.folder));
  evidence.set("log", Buffer.from(alone.log()));

  const places = placesOf(token, evidence);
  expect(places.filter((place) => !/response \S+\/api\/create-token /.test(place))).toEqual([]);
  expect(places).not.toEqual([]);
  const hash = createHash("sha256").update(token).digest("hex");
  const hashed = placesOf(hash, evidence);
  expect(hashed.filter((place) => place.includes("response "))).toEqual([]);
  expect(hashed.some((place) => place.includes("/backup/"))).toBe(true);
});

test("a device code and the token it fetches are nowhere on the server, and in no browser", async ({ alone, browser }) => {
  test.setTimeout(120_000);
  const admin = await Client.signIn(alone.url, administrator);
  const user = await admin.addPerson("Xenia", "user");
  const login = await beginLogin(alone.url);
  const context = await browser.newContext({ baseURL: alone.url });
  const { traffic, settled } = watch(context);
  const page = await context.newPage();
  await enterAs(page, await Client.signIn(alone.url, user));
  await page.goto(login.pageWithCode);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Your password").fill(user.password);
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("status")).toContainText("Approved.");
  const token = (await pollLogin(alone.url, login)).access_token!;
  expect(token).toMatch(/^ptn_[\w-]{43}$/);

  const evidence: Evidence = await kept(page);
  await page.goto("/account");
  await expect(page.getByRole("row", { name: login.machine })).toBeVisible();
  (await kept(page)).forEach((content, place) => evidence.set(`account ${place}`, content));
  await settled();
  await context.close();
  traffic.forEach((content, place) => evidence.set(place, content));
  evidence.set("audit export", Buffer.from(await (await admin.get("/audit/export?format=jsonl")).arrayBuffer()));
  const backup = alone.run(["backup", join(alone.folder, "backup")]);
  expect(backup, backup.output).toMatchObject({ status: 0 });
  filesBelow(alone.data).forEach((content, place) => evidence.set(`running ${place}`, content));
  await alone.stop();
  filesBelow(alone.folder).forEach((content, place) => evidence.set(place, content));
  evidence.set("log", Buffer.from(alone.log()));

  for (const secret of [token, login.deviceCode]) expect(placesOf(secret, evidence)).toEqual([]);

  // The same search does find what is there.
  expect(placesOf(login.machine, evidence).some((place) => place.includes("audit export"))).toBe(true);
  const hash = createHash("sha256").update(token).digest("hex");
  expect(placesOf(hash, evidence).some((place) => place.includes("/backup/"))).toBe(true);
});
