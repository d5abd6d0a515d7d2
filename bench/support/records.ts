// A record that can be launched, made by the forms people use, without a script.
import { randomBytes } from "node:crypto";
import { type Page, chromium } from "@playwright/test";
import type { Database } from "../../end2end/support/postgres";
import { administrator } from "../../end2end/support/server";
import { options } from "./chromium";
import { role } from "./psql";

export interface SignedIn {
  /** Path of the record's page. */
  record: string;
  /** The same database as a record of which nothing is recorded. */
  unrecorded: string;
  /** Cookies of who may launch it. */
  storageState: Awaited<ReturnType<ReturnType<Page["context"]>["storageState"]>>;
}

/** Signs the administrator in and describes the database: configuration, credential, settings, launch share. */
export async function describe(url: string, database: Database): Promise<SignedIn> {
  const browser = await chromium.launch(options);
  const page = await browser.newPage({ baseURL: url, javaScriptEnabled: false });
  const create = async (kind: string, fields: Record<string, string>) => {
    await fill(page, `/vault/new/${kind}`, fields, "Create");
    return new URL(page.url()).pathname;
  };

  await fill(page, "/sign-in", { email: administrator.email, password: administrator.password }, "Sign in");
  await create("configuration", { title: "Bench network", can_export: "on", can_import: "on" });
  await create("user", { title: "Bench reader", login: role, password: database.passwords[role] });
  const reader = /^Bench reader/;
  const record = await describeDatabase(page, database, "Bench shop", [], reader);
  const unrecorded = await describeDatabase(page, database, "Bench shop, not recorded", recordings, reader);

  const storageState = await page.context().storageState();
  await browser.close();
  return { record, unrecorded, storageState };
}

/** Where native clients go, and as whom Postern goes there. */
interface Target {
  port: number;
  user: string;
  password: string;
  database: string;
  ca: string;
}

/** The ways to one database: what their records' titles begin with. */
export interface ForClients {
  tokens: string[];
  /** What the titles end with: another bench has described its own database. */
  mark: string;
}

/** Records of one database, with and without TLS and a recording, and as many access tokens for all of them. */
export async function describeForClients(url: string, target: Target, nTokens: number): Promise<ForClients> {
  const mark = randomBytes(4).toString("hex");
  const { user, password, ca } = target;
  const browser = await chromium.launch(options);
  const page = await browser.newPage({ baseURL: url, javaScriptEnabled: false });
  await fill(page, "/sign-in", { email: administrator.email, password: administrator.password }, "Sign in");
  await fill(page, "/vault/new/user", { title: `Bench client ${mark}`, login: user, password }, "Create");
  const database = { host: "localhost", port: target.port, name: target.database, ca };
  for (const [kind, tls] of Object.entries({ plain: "disable", tls: "verify-full" })) {
    for (const [title, off] of Object.entries({ recorded: [], unrecorded: recordings })) {
      await describeDatabase(page, database, `${kind}-${title}-${mark}`, off, new RegExp(`^Bench client ${mark}`), tls);
    }
  }

  const tokens: string[] = [];
  for (let i = 0; i < nTokens; i += 1) {
    await fill(page, "/account/tokens/new", { name: `bench ${i}`, password: administrator.password }, "Create token");
    tokens.push(await page.getByRole("textbox", { name: "Access token" }).inputValue());
  }
  await browser.close();
  return { tokens, mark };
}

/** What is switched off where nothing is recorded. */
const recordings = ["graphical_session_recording", "text_session_recording"];

/** Describes the database, lets the administrator launch it, and switches off what is named. */
async function describeDatabase(
  page: Page,
  database: Omit<Database, "passwords">,
  title: string,
  off: string[],
  account: RegExp,
  tls = "verify-full",
): Promise<string> {
  const { host, port, name, ca } = database;
  const fields = { title, host, port: String(port), database: name, trusted_ca: ca, tls_mode: tls };
  await fill(page, "/vault/new/database", fields, "Create");
  const record = new URL(page.url()).pathname;

  await page.goto(`${record}/sharing`);
  await field(page, "person").selectOption({ index: 1 });
  await field(page, "launch").check();
  await send(page, "Share");

  await page.goto(`${record}/settings`);
  await choose(page, "configuration", /^Bench network/);
  await choose(page, "administrative_credential", account);
  await send(page, "Save and continue");
  await choose(page, "launch_credential", account);
  await switchTo(page, "connections", "on");
  for (const name of off) await switchTo(page, name, "off");
  // A session that has just been left may not have ended when the next one begins.
  await field(page, "max_sessions_per_user").fill("0");
  await send(page, "Save");
  return record;
}

async function switchTo(page: Page, name: string, value: "on" | "off"): Promise<void> {
  await page.locator(`[name="draft[${name}]"][value="${value}"]`).check();
}

async function fill(page: Page, path: string, fields: Record<string, string>, button: string): Promise<void> {
  await page.goto(path);
  for (const [name, value] of Object.entries(fields)) await give(page, name, value);
  await send(page, button);
}

/** Posts the form; a refusal is answered in words. */
async function send(page: Page, button: string): Promise<void> {
  const posted = page.waitForResponse((response) => response.request().method() === "POST");
  await page.getByRole("button", { name: button, exact: true }).click();
  const status = (await posted).status();
  await page.waitForLoadState();
  if (status >= 400) {
    const words = await page.locator(".form-sentence, .field-error").allInnerTexts();
    throw new Error(`${button}: ${status} ${words.filter(Boolean).join(" ")}`);
  }
}

async function give(page: Page, name: string, value: string): Promise<void> {
  const into = field(page, name);
  const kind = await into.evaluate((element) => (element instanceof HTMLInputElement ? element.type : element.tagName));
  if (kind === "SELECT") await into.selectOption(value);
  else if (kind === "checkbox") await into.check();
  else await into.fill(value);
}

async function choose(page: Page, name: string, label: RegExp): Promise<void> {
  const options = await field(page, name).locator("option").allInnerTexts();
  const option = options.find((text) => label.test(text));
  if (option === undefined) throw new Error(`${name} offers ${options.join(", ")}`);
  await field(page, name).selectOption({ label: option });
}

function field(page: Page, name: string) {
  return page.locator(`[name="draft[${name}]"]`).first();
}
