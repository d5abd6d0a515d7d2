// What every spec does in the browser.
import { type Browser, type Locator, type Page, test as base, expect } from "@playwright/test";
import { Client, type Person } from "./client";
import { Posternd } from "./server";

export { expect };

/** Signs somebody in without a browser. */
export type SignIn = (person: Pick<Person, "email" | "password">) => Promise<Client>;

interface Fixtures {
  client: SignIn;
  /** A server of the test's own, ended and removed after it. */
  alone: Posternd;
}

export const test = base.extend<Fixtures>({
  alone: async ({}, use) => Posternd.once(use),
  client: async ({ baseURL }, use) => {
    await use((person) => Client.signIn(baseURL!, person));
  },
});

/** Opens a page and, where there are scripts, waits until the wasm has taken it over. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  if (test.info().project.name === "hydrated") await alive(page);
}

/** Waits until the wasm has taken the page over. */
export async function alive(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByName("hydrated").length > 0);
}

/** A page in a browser of its own, at a server of the test's own. */
export async function openPage(browser: Browser, baseURL: string): Promise<Page> {
  const context = await browser.newContext({ baseURL });
  return context.newPage();
}

/** Signs the browser in without the form. */
export async function enterAs(page: Page, client: Client): Promise<void> {
  const [name, value] = client.cookie.split("=");
  await page.context().addCookies([{ name, value, url: client.url, httpOnly: true, sameSite: "Lax" }]);
}

/** Picks one of a row of radio buttons. */
export async function choose(page: Page | Locator, group: string, option: string): Promise<void> {
  await page.getByRole("radiogroup", { name: group, exact: true }).getByRole("radio", { name: option, exact: true }).check();
}

/** The field is marked and its sentence stands beside it. */
export async function expectSentence(field: Locator, sentence: string): Promise<void> {
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(new RegExp(escaped(sentence)));
  await expect(field.page().getByText(sentence, { exact: true })).toBeVisible();
}

export function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** The option of a select whose text holds `text`. */
export async function selectContaining(select: Locator, text: string): Promise<void> {
  const option = select.locator("option", { hasText: text });
  await select.selectOption(await option.getAttribute("value"));
}
