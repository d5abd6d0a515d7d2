// Looks for a secret in everything a test could get hold of, in the spellings programs use.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";

/** Names of places and what was found there. */
export type Evidence = Map<string, Buffer>;

/** The places that hold `secret`, each with the spelling it has there. */
export function placesOf(secret: string, evidence: Evidence): string[] {
  const places: string[] = [];
  for (const [place, content] of evidence) {
    for (const [spelling, text] of spellings(secret)) {
      if (content.includes(text)) places.push(`${place} (${spelling})`);
    }
  }
  return places;
}

function spellings(secret: string): [string, string][] {
  const raw = Buffer.from(secret);
  const found: [string, string][] = [
    ["raw", secret],
    ["JSON", JSON.stringify(secret).slice(1, -1)],
    ["HTML", secret.replaceAll("&", "&amp;")],
    ["URL", encodeURIComponent(secret)],
    ["form", new URLSearchParams([["", secret]]).toString().slice(1)],
    ["every byte of a URL", raw.toString("hex").replace(/../g, "%$&")],
    ["hex", raw.toString("hex")],
    ["HEX", raw.toString("hex").toUpperCase()],
    ["UTF-16", raw.toString("utf16le")],
  ];
  // Base64 depends on how many bytes stand before; the letters at both ends depend on the neighbours.
  for (const before of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(before), raw]);
    const inside = (text: string) => text.slice(before === 0 ? 0 : before + 1, Math.floor((padded.length * 8) / 6));
    found.push(["base64", inside(padded.toString("base64"))], ["base64url", inside(padded.toString("base64url"))]);
  }
  return found;
}

/** Keeps everything that passes between a browser and the server. */
export function watch(context: BrowserContext): { traffic: Evidence; settled: () => Promise<void> } {
  const traffic: Evidence = new Map();
  const pending: Promise<void>[] = [];
  let count = 0;
  const keep = (name: string, content: string | Buffer) => traffic.set(`${++count} ${name}`, Buffer.from(content));
  context.on("request", (request) => {
    keep(`request ${request.url()}`, `${request.url()}\n${request.postData() ?? ""}`);
    pending.push(
      request.allHeaders().then(
        (headers) => void keep(`headers to ${request.url()}`, JSON.stringify(headers)),
        () => {},
      ),
    );
  });
  context.on("response", (response) => {
    const body = response.body().then(
      (body) => void keep(`response ${response.url()}`, body),
      // A redirect has none.
      () => {},
    );
    const headers = response.allHeaders().then(
      (headers) => void keep(`headers of ${response.url()}`, JSON.stringify(headers)),
      () => {},
    );
    pending.push(body, headers);
  });
  context.on("page", (page) => {
    page.on("websocket", (socket) => {
      socket.on("framesent", ({ payload }) => keep("frame sent", payload));
      socket.on("framereceived", ({ payload }) => keep("frame received", payload));
    });
    page.on("console", (message) => keep("console", message.text()));
  });
  return { traffic, settled: async () => void (await Promise.all(pending)) };
}

/** What the browser keeps of a page. */
export async function kept(page: Page): Promise<Evidence> {
  const stores = await page.evaluate(async () => {
    const cached: string[] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) cached.push(request.url, (await (await cache.match(request))!.text()));
    }
    const databases = (await indexedDB.databases()).map(({ name }) => name);
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, cached, databases, history.state]);
  });
  return new Map([
    ["cookies", Buffer.from(JSON.stringify(await page.context().cookies()))],
    ["stores of the page", Buffer.from(stores)],
    ["the page", Buffer.from(await page.content())],
  ]);
}

/** Every file below a folder. */
export function filesBelow(folder: string): Evidence {
  const files: Evidence = new Map();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path, readFileSync(path));
  }
  return files;
}
