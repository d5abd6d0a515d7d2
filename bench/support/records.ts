// A record that can be launched, made by the forms people use, without a script.
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
  await create("configuration", { title: "Bench network" });
  await create("user", { title: "Bench reader", login: role, password: database.passwords[role] });
  const record = await describeDatabase(page, database, "Bench shop", []);
  const unrecorded = await describeDatabase(page, database, "Bench shop, not recorded", [
    "graphical_session_recording",
    "text_session_recording",
  ]);

  const storageState = await page.context().storageState();
  await browser.close();
  return { record, unrecorded, storageState };
}

/** Describes the database, lets the administrator launch it, and switches off what is named. */
async function describeDatabase(page: Page, database: Database, title: string, off: string[]): Promise<string> {
  const { host, port, name, ca } = database;
  await fill(page, "/vault/new/database", { title, host, port: String(port), database: name, trusted_ca: ca }, "Create");
  const record = new URL(page.url()).pathname;

  await page.goto(`${record}/sharing`);
  await field(page, "person").selectOption({ index: 1 });
  await field(page, "launch").check();
  await send(page, "Share");

  const reader = /^Bench reader/;
  await page.goto(`${record}/settings`);
  await choose(page, "configuration", /^Bench network/);
  await choose(page, "administrative_credential", reader);
  await send(page, "Save and continue");
  await choose(page, "launch_credential", reader);
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
  for (const [name, value] of Object.entries(fields)) await field(page, name).fill(value);
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

async function choose(page: Page, name: string, label: RegExp): Promise<void> {
  const options = await field(page, name).locator("option").allInnerTexts();
  const option = options.find((text) => label.test(text));
  if (option === undefined) throw new Error(`${name} offers ${options.join(", ")}`);
  await field(page, name).selectOption({ label: option });
}

function field(page: Page, name: string) {
  return page.locator(`[name="draft[${name}]"]`).first();
}
