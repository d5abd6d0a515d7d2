// Dialogs are pages: with a script they open over the page one is on, without one they are shown alone.
import type { Page } from "@playwright/test";
import { unique } from "./support/client";
import { enterAs, expect, expectSentence, test, visit } from "./support/browser";
import { administrator } from "./support/server";
import { addShop, type Shop } from "./support/shop";
import { database } from "./support/stage";

let shop: Shop;

test.beforeEach(async ({ page, client }) => {
  const admin = await client(administrator);
  shop = await addShop(admin, database(), { launchers: [] });
  await enterAs(page, admin);
});

test("a link opens its dialog, Back leaves it, a reload shows it as a page", async ({ page }) => {
  await visit(page, `/vault/${shop.reading}?q=${shop.title}`);
  await page.getByRole("link", { name: "Edit", exact: true }).click();

  await expect(page).toHaveURL(`/vault/${shop.reading}/edit`);
  await expect(page.getByRole("dialog", { name: "Edit PAM User" })).toBeVisible();
  expect(await isModal(page)).toBe(hasScript());
  await expect(page.getByRole("complementary", { name: "Record" })).toHaveCount(hasScript() ? 1 : 0);

  await page.goBack();
  await expect(page).toHaveURL(`/vault/${shop.reading}?q=${shop.title}`);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.goForward();
  await expect(page.getByRole("dialog", { name: "Edit PAM User" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("dialog", { name: "Edit PAM User" })).toBeVisible();
  expect(await isModal(page)).toBe(false);
});

test("a form in a dialog keeps what was typed, says what is wrong, and changes the page below", async ({ page }) => {
  const title = unique("renamed");
  await visit(page, `/vault/${shop.id}`);
  await page.getByRole("link", { name: "Edit", exact: true }).first().click();
  const dialog = page.getByRole("dialog", { name: "Edit PAM Database" });

  await dialog.getByLabel("Title").fill(title);
  await dialog.getByLabel("Port").fill("none");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expectSentence(
    dialog.getByLabel("Port"),
    "Port must be a whole number from 1 to 65535; PostgreSQL's own is 5432.",
  );
  await expect(dialog.getByLabel("Title")).toHaveValue(title);
  await dialog.getByLabel("Port").fill("5432");
  await dialog.getByRole("button", { name: "Save" }).click();

  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page).toHaveURL(`/vault/${shop.id}`);
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  await expect(page.getByRole("row", { name: title }).first()).toBeVisible();
});

test("what is made in a dialog is shown, and the way back leads past the dialog", async ({ page }) => {
  const name = unique("Folder");
  await visit(page, "/vault");
  await page.getByRole("link", { name: "Create new" }).click();
  await page.getByRole("dialog", { name: "Create new" }).getByRole("link", { name: "Folder" }).click();
  const dialog = page.getByRole("dialog", { name: "New folder" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Create" }).click();

  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  test.skip(!hasScript(), "every page is an entry of its own");
  await page.goBack();
  await expect(page).toHaveURL("/vault");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Vault", level: 1 })).toBeVisible();
});

test("Escape, Cancel and a press beside a dialog close it, and the focus returns to its link", async ({ page }) => {
  test.skip(!hasScript(), "a page has no focus to return");
  await visit(page, `/vault/${shop.id}`);
  const edit = page.getByRole("link", { name: "Edit", exact: true }).first();
  const closings = [
    () => page.keyboard.press("Escape"),
    () => page.getByRole("dialog").getByRole("link", { name: "Cancel" }).click(),
    () => page.getByRole("dialog").getByRole("link", { name: "Close" }).click(),
    () => page.mouse.click(5, 400),
  ];
  for (const close of closings) {
    await edit.focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog").getByLabel("Title")).toBeFocused();
    await expect(page).toHaveURL(`/vault/${shop.id}/edit`);

    await close();

    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page).toHaveURL(`/vault/${shop.id}`);
    await expect(edit).toBeFocused();
  }
});

test("the tabs of a dialog change what it shows, and one step back leaves it", async ({ page }) => {
  test.skip(!hasScript(), "every tab is a page of its own");
  await visit(page, `/vault/${shop.id}`);
  await page.getByRole("link", { name: "Set Up" }).click();
  const dialog = page.getByRole("dialog", { name: "PAM settings" });
  await expect(dialog.getByLabel("PAM configuration")).toBeVisible();

  await dialog.getByRole("link", { name: "Connection" }).click();
  await expect(page).toHaveURL(`/vault/${shop.id}/settings?tab=connection`);
  await expect(dialog.getByLabel("Launch credential")).toBeVisible();
  await dialog.getByRole("link", { name: "General" }).click();
  await dialog.getByRole("button", { name: "Save and stay" }).click();
  await expect(dialog.getByLabel("PAM configuration")).toBeVisible();
  await expect(page).toHaveURL(`/vault/${shop.id}/settings?tab=general`);

  await page.goBack();
  await expect(page).toHaveURL(`/vault/${shop.id}`);
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

function hasScript(): boolean {
  return test.info().project.name === "hydrated";
}

/** Whether the dialog is the browser's own, over a page that cannot be reached. */
async function isModal(page: Page): Promise<boolean> {
  return (await page.locator("dialog:modal").count()) > 0;
}
