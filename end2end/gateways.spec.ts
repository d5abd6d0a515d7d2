// Gateways: one is made by a form, started by the command it shows, seen online, tested, used and removed.
import { enterAs, expect, expectSentence, test, visit } from "./support/browser";
import { unique } from "./support/client";
import { runCommand } from "./support/gateway";
import { administrator } from "./support/server";
import { database } from "./support/stage";

test("a gateway is made, started by its command, seen and tested, and its instance removed", async ({
  page,
  client,
}) => {
  test.setTimeout(90_000);
  const admin = await client(administrator);
  const folder = unique("Berlin");
  await admin.send("create-folder", { "draft[name]": folder });
  await enterAs(page, admin);
  await visit(page, "/gateways");
  await page.getByRole("link", { name: "New gateway" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New gateway" });
  const name = unique("Gateway");

  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("May connect to").fill("127.0.0.0/8\n10.0.0.300");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByText("Choose the folders it may serve: a gateway without one reaches nothing.")).toBeVisible();
  await expectSentence(
    dialog.getByLabel("May connect to"),
    '"10.0.0.300" is no address, network or name. Write for example 10.0.0.0/24, 10.0.0.5:5432 or *.internal, a line each.',
  );
  await dialog.getByLabel(folder).check();
  await dialog.getByLabel("May connect to").fill("127.0.0.0/8");
  await dialog.getByRole("button", { name: "Create" }).click();
  const command = await dialog.getByLabel("Command").inputValue();
  expect(command).toMatch(/^posternd gateway --server http:\/\/localhost:\d+ --token pgw_\S{43}$/);
  await dialog.getByRole("link", { name: "Done" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();
  await expect(page.locator("dt", { hasText: "State" }).locator("+ dd")).toHaveText("offline");

  const instance = runCommand(command);
  // Without a script the page is looked at again by hand.
  await expect(async () => {
    await page.reload();
    await expect(page.locator("dt", { hasText: "State" }).locator("+ dd")).toHaveText("online", { timeout: 2_000 });
  }).toPass({ timeout: 30_000 });

  const { host, port } = database();
  await page.getByLabel("Host").fill(host);
  await page.getByLabel("Port").fill(String(port));
  await page.getByRole("button", { name: "Test" }).click();
  await expect(page.locator(".stages li")).toHaveCount(3);
  await expect(page.locator(".stages")).toContainText(`127.0.0.1:${port}`);

  await visit(page, "/gateways");
  await expect(page.getByRole("row", { name })).toContainText("online 1 of 1");
  await page.getByRole("row", { name }).getByRole("link").click();
  await page.getByRole("button", { name: /^Remove instance/ }).click();
  await expect(page.getByText("The instance was removed: its connections have ended")).toBeVisible();
  await expect(page.getByText("None. Add one, and run the command it shows")).toBeVisible();
  await instance.end();

  await page.getByRole("button", { name: "Remove gateway" }).click();
  await expect(page).toHaveURL(/\/gateways$/);
  await expect(page.getByRole("row", { name })).toHaveCount(0);
});

test("a configuration names its gateway, and a record outside of its folders says that it is not reachable", async ({
  page,
  client,
}) => {
  const admin = await client(administrator);
  const inside = (await admin.send("create-folder", { "draft[name]": unique("Inside") })).id;
  const outside = (await admin.send("create-folder", { "draft[name]": unique("Outside") })).id;
  const gateway = unique("Gateway");
  await admin.send("create-gateway", {
    "draft[name]": gateway,
    "draft[folders][]": inside,
    "draft[max_instances]": "1",
  });
  const configuration = unique("Berlin databases");
  await enterAs(page, admin);
  await visit(page, "/vault/new/configuration");
  await page.getByLabel("Title").fill(configuration);
  await page.getByLabel("Gateway").selectOption(gateway);
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: configuration })).toBeVisible();
  await expect(page.locator("dt", { hasText: "Gateway" }).locator("+ dd")).toHaveText(gateway);
  const id = new URL(page.url()).pathname.split("/").pop()!;

  const user = await admin.send("create-user", {
    "draft[title]": unique("reading"),
    "draft[login]": "app_ro",
    "draft[password]": "x",
  });
  const record = await admin.send("create-database", {
    "draft[title]": unique("orders"),
    "draft[folder]": outside,
    "draft[host]": "10.0.0.5",
  });
  const version = String((await admin.send("settings", { id: record.id })).value.settings.version);
  await admin.send("save-general", {
    id: record.id,
    version,
    "draft[configuration]": id,
    "draft[administrative_credential]": user.id,
  });
  await visit(page, `/vault/${record.id}`);
  await expect(page.getByText(`Not reachable by any gateway: "${gateway}"`)).toBeVisible();
  await admin.send("move-record", { id: record.id, folder: inside });
  await visit(page, `/vault/${record.id}`);
  await expect(page.getByText("Not reachable by any gateway")).toHaveCount(0);

  await visit(page, "/gateways");
  await page.getByRole("link", { name: gateway }).click();
  await expect(page.getByText("PAM Configurations use this gateway.")).toBeVisible();
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByLabel("Name")).toHaveValue(gateway);
});
