// Every page there is, each with somebody who may see it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Shop } from "./shop";

/** What the addresses are made of. */
export interface Places {
  shop: Shop;
  /** The id of somebody. */
  person: string;
  /** The id of a service account. */
  service: string;
  /** Sessions: one that has ended and one that runs. */
  ended: string;
  live: string;
  /** The id of a gateway. */
  gateway: string;
  /** The path of a link that invites somebody. */
  invited: string;
}

export interface Place {
  /** What pictures of it are called. */
  name: string;
  path: string;
  who: "nobody" | "user" | "auditor" | "administrator";
}

export function everyPage({ shop, person, service, ended, live, gateway, invited }: Places): Place[] {
  const record = `/vault/${shop.id}`;
  const of = (who: Place["who"], pages: [string, string][]) => pages.map(([name, path]) => ({ name, path, who }));
  return [
    ...of("nobody", [
      ["sign-in", "/sign-in"],
      ["welcome", invited],
      ["welcome-used-up", "/welcome/used-up"],
    ]),
    ...of("administrator", [
      ["vault", "/vault"],
      ["vault-nothing-found", "/vault?q=nothing"],
      ["database", record],
      ["user", `/vault/${shop.reading}`],
      ["edit-database", `${record}/edit`],
      ["edit-user", `/vault/${shop.reading}/edit`],
      ["settings-general", `${record}/settings?tab=general`],
      ["settings-connection", `${record}/settings?tab=connection`],
      ["settings-tunnel", `${record}/settings?tab=tunnel`],
      ["sharing", `${record}/sharing`],
      ["activity", `${record}/activity`],
      ["history", `${record}/history`],
      ["reveal", `/vault/${shop.reading}/reveal`],
      ["new", "/vault/new"],
      ["new-configuration", "/vault/new/configuration"],
      ["new-database", "/vault/new/database"],
      ["new-user", "/vault/new/user"],
      ["new-personal", "/vault/new/personal"],
      ["new-folder", "/folders/new"],
      ["folder", `/folders/${shop.folder}`],
      ["gateways", "/gateways"],
      ["new-gateway", "/gateways/new"],
      ["gateway", `/gateways/${gateway}`],
      ["edit-gateway", `/gateways/${gateway}/edit`],
      ["new-instance", `/gateways/${gateway}/instances/new`],
      ["people", "/people"],
      ["invite", "/people/invite"],
      ["person", `/people/${person}`],
      ["new-service-account", "/people/service-accounts/new"],
      ["service-account", `/people/${service}`],
      ["new-token-of-service-account", `/people/${service}/tokens/new`],
      ["audit", "/audit"],
      ["account", "/account"],
      ["not-found", "/no/such/page"],
      ["no-such-record", "/vault/00000000000000000000000000"],
    ]),
    ...of("auditor", [
      ["sessions", "/sessions"],
      ["sessions-nothing-found", "/sessions?record=nothing"],
      ["player", `/sessions/${ended}`],
      ["transcript", `/sessions/${ended}/transcript`],
      ["live", `/sessions/${live}/live`],
      ["live-ended", `/sessions/${ended}/live`],
      ["player-of-live", `/sessions/${live}`],
      ["terminate", `/sessions/${live}/terminate`],
      ["terminate-ended", `/sessions/${ended}/terminate`],
    ]),
    ...of("user", [
      ["terminal-offered", `${record}/terminal`],
      ["sessions-own", "/sessions"],
      ["account-tokens", "/account"],
      ["new-token", "/account/tokens/new"],
      ["device", "/device"],
      ["refused", `/sessions/${ended}`],
    ]),
  ];
}

/** The paths of `app/src/pages.rs` that none of `places` shows. */
export function pagesWithout(places: Place[]): string[] {
  const source = readFileSync(join(import.meta.dirname, "../../app/src/pages.rs"), "utf8");
  const paths = [...source.matchAll(/^ +page\("([^"]+)", Who/gm)].map(([, path]) => path);
  const shown = places.map(({ path }) => new URL(path, "http://localhost").pathname);
  // The first page is a redirect.
  return paths.filter((path) => {
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
    return path !== "/" && !shown.some((path) => pattern.test(path));
  });
}
