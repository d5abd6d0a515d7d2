// The audit log: filters in the address, export, the chain.
import { unique } from "./support/client";
import { enterAs, expect, test, visit } from "./support/browser";
import { administrator } from "./support/server";

test("events are filtered, exported and verified", async ({ page, client }) => {
  const admin = await client(administrator);
  const title = unique("Audited");
  await admin.send("create-configuration", { "draft[title]": title });
  const auditor = await admin.addPerson("Klara", "auditor");
  await enterAs(page, await client(auditor));
  await visit(page, "/audit");

  await page.getByLabel("Record", { exact: true }).fill(title);
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page).toHaveURL(new RegExp(`record=${title}`));
  await expect(page.getByRole("table").getByRole("row")).toHaveCount(2);
  const event = page.getByRole("row", { name: title });
  await expect(event).toContainText(administrator.email);
  await event.getByText(/created/i).first().click();
  await expect(event.getByText("hash before")).toBeVisible();

  for (const [name, beginning] of [["Export CSV", "seq,"], ["Export JSON Lines", "{"]]) {
    const link = page.getByRole("link", { name });
    await expect(link).toHaveAttribute("href", new RegExp(`record=${title}`));
    const download = await page.request.get((await link.getAttribute("href"))!);
    expect((await download.text()).startsWith(beginning)).toBe(true);
    expect(await download.text()).toContain(title);
  }

  await page.getByRole("button", { name: "Verify chain" }).click();
  await expect(page.getByText("intact", { exact: true })).toBeVisible();
  await expect(page.getByText(/events are as they were written/)).toBeVisible();
});

test("a filter that makes no sense says so and one that finds nothing leads back", async ({ page, client }) => {
  await enterAs(page, await client(administrator));

  await visit(page, "/audit?from=yesterday");
  await expect(page.getByLabel("From (UTC)")).toHaveAttribute("aria-invalid", "true");

  await visit(page, `/audit?text=${unique("nothing")}`);
  await page.getByRole("link", { name: "Clear the filter" }).click();
  await expect(page).toHaveURL("/audit");
  await expect(page.getByRole("table").getByRole("row").nth(1)).toBeVisible();
});

test("a user does not read the log", async ({ page, client }) => {
  const user = await (await client(administrator)).addPerson("Ludwig", "user");
  await enterAs(page, await client(user));

  const response = await page.goto("/audit");

  expect(response?.status()).toBe(403);
  await page.goto("/vault");
  await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Audit" })).toHaveCount(0);
});
