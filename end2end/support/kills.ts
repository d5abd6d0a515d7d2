// A server that is killed while people work on it, and what must hold whenever it is.
import { randomInt } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page, WebSocket } from "@playwright/test";
import { enterAs, expect, openPage } from "./browser";
import { Client } from "./client";
import { runDirectly } from "./postgres";
import { type Session, framesOf, sessionsOf } from "./recordings";
import { Posternd, administrator } from "./server";
import { type Shop, addShop } from "./shop";
import { database } from "./stage";
import { Terminal, keepFrames, openedBy, printedBy, recordedIn } from "./terminal";

/** When `kill -9` comes. Within each of them it comes at random. */
export type Moment = "in a flood" | "in a segment close" | "while it opens" | "while it ends";

/** What a kill met and what was found after it. */
export interface Kill {
  moment: Moment;
  /** Sessions whose beginning had been noted. */
  sessions: number;
  /** Lines that had reached browsers, whole. */
  lines: number;
  /** Recordings in which a segment was being closed. */
  halfClosed: number;
  /** Milliseconds until the next server was ready. */
  recovery: number;
}

/** What is run, in as many ways to the screen as there are. Nobody waits for the end of it. */
const FLOODS = [
  "DO $$ BEGIN FOR i IN 1..2000000 LOOP RAISE NOTICE 'wave % of the flood', i; END LOOP; END $$;",
  "COPY (SELECT 'wave ' || i || ' of the flood' FROM generate_series(1, 2000000) i) TO STDOUT;",
  "\\a \\\\ SELECT 'wave ' || i || ' of the flood' FROM generate_series(1, 2000000) i;",
];
const RIPPLE = "SELECT 'wave ' || i || ' of the flood' FROM generate_series(1, 200) i;";

/** Ends the backends' wait for their client: true once there is none of this login. */
const NOBODY_IS_CONNECTED = `
  DO $$ BEGIN
    FOR i IN 1..200 LOOP
      PERFORM pg_stat_clear_snapshot();
      IF NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'app_ro') THEN RETURN; END IF;
      PERFORM pg_sleep(0.05);
    END LOOP;
    RAISE EXCEPTION 'a session that was killed is still connected';
  END $$;`;

/** Where somebody works, and all its sockets have received. */
class Desk {
  private readonly frames: Buffer[];
  private readonly sockets: WebSocket[] = [];
  readonly terminal: Terminal;

  constructor(
    readonly page: Page,
    readonly flood: string,
  ) {
    this.frames = keepFrames(page);
    this.terminal = new Terminal(page);
    page.on("websocket", (socket) => this.sockets.push(socket));
  }

  clear(): void {
    this.frames.length = 0;
    this.sockets.length = 0;
  }

  get printed(): Buffer {
    return printedBy(this.frames);
  }

  get session(): string | undefined {
    return openedBy(this.frames);
  }

  get isCutOff(): boolean {
    return this.sockets.every((socket) => socket.isClosed());
  }
}

/** One installation with people at their desks, killed and started again. */
export class House {
  private readonly known = new Set<string>();

  private constructor(
    private readonly folder: string,
    private readonly posternd: Posternd,
    private readonly auditor: Client,
    private readonly shop: Shop,
    private readonly desks: Desk[],
  ) {}

  static async open(browser: Browser, nDesks = 1): Promise<House> {
    const folder = mkdtempSync(join(tmpdir(), "postern-kills-"));
    const posternd = await Posternd.install(folder);
    await posternd.start();
    const admin = await Client.signIn(posternd.url, administrator);
    const auditor = await Client.signIn(posternd.url, await admin.addPerson("Xaver", "auditor"));
    const people = [];
    for (let number = 1; number <= nDesks; number += 1) people.push(await admin.addPerson(`Wanda${number}`, "user"));
    const shop = await addShop(admin, database(), { launchers: people.map(({ id }) => id) });
    const desks: Desk[] = [];
    for (const [number, person] of people.entries()) {
      const page = await openPage(browser, posternd.url);
      await enterAs(page, await Client.signIn(posternd.url, person));
      desks.push(new Desk(page, FLOODS[number % FLOODS.length]));
    }

    return new House(folder, posternd, auditor, shop, desks);
  }

  async close(): Promise<void> {
    for (const { page } of this.desks) await page.context().close();
    await this.posternd.stop();
    rmSync(this.folder, { recursive: true });
  }

  /** Kills the server at a moment of this kind, starts it again and looks for what was lost. */
  async kill(moment: Moment): Promise<Kill> {
    for (const desk of this.desks) desk.clear();
    await this.workUntil(moment);
    await this.posternd.stop("SIGKILL");
    await expect.poll(() => this.desks.every((desk) => desk.isCutOff)).toBe(true);
    const halfClosed = this.segments().filter((name) => name.endsWith(".part")).length;
    const received = this.desks.map((desk) => ({ session: desk.session, lines: wavesIn(desk.printed) }));

    const since = performance.now();
    await this.posternd.start();
    const recovery = performance.now() - since;

    const sessions = await this.newSessions();
    expect(sessions.filter(({ state }) => state !== "ended" && state !== "failed")).toEqual([]);
    await this.expectReleased();
    for (const { session, lines } of received) await this.expectRecorded(session, lines);
    this.expectWhole(sessions);
    const lines = received.reduce((sum, { lines }) => sum + lines.size, 0);
    return { moment, sessions: sessions.length, lines, halfClosed, recovery };
  }

  /** Returns at the moment of the kill. */
  private async workUntil(moment: Moment): Promise<void> {
    if (moment === "while it opens") {
      const opening = this.desks.map((desk) => desk.page.waitForEvent("websocket"));
      for (const { page } of this.desks) void page.goto(this.address).catch(() => {});
      await Promise.all(opening);
      return after(randomInt(150));
    }
    for (const { page, terminal } of this.desks) {
      await page.bringToFront();
      await page.goto(this.address);
      await terminal.ready("shop=>");
    }
    for (const { page, terminal, flood } of this.desks) {
      await page.bringToFront();
      await terminal.type(moment === "while it ends" ? RIPPLE : flood);
      if (moment === "while it ends") await terminal.endsWith("shop=>");
    }
    switch (moment) {
      case "in a flood":
        return this.flooded(randomInt(1_000, 1_000_000));
      case "in a segment close":
        return this.closing();
      case "while it ends":
        for (const { page, terminal } of this.desks) {
          await page.bringToFront();
          await terminal.type("\\q");
        }
        return after(randomInt(40));
    }
  }

  private get address(): string {
    return `/vault/${this.shop.id}/terminal`;
  }

  /** Waits until `enough` bytes have reached browsers, or for a while: what nobody could read is not sent. */
  private async flooded(enough: number): Promise<void> {
    const deadline = Date.now() + randomInt(1_000, 4_000);
    const arrived = () => this.desks.reduce((sum, desk) => sum + desk.printed.length, 0);
    while (arrived() < enough && Date.now() < deadline) await after(randomInt(1, 20));
  }

  /** Waits for the file a segment is closed by way of: it is there for a few milliseconds, so little else is done. */
  private async closing(): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (performance.now() < deadline) {
      for (const until = performance.now() + 5; performance.now() < until; ) {
        if (this.segments().some((name) => name.endsWith(".part"))) return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error("no segment was closed");
  }

  /** The files of the recordings that were not there at the last kill. */
  private segments(): string[] {
    const recordings = join(this.posternd.data, "recordings");
    const sessions = readdirSync(recordings).filter((name) => !name.startsWith(".") && !this.known.has(name));
    return sessions.flatMap((session) => readdirSync(join(recordings, session)));
  }

  private async newSessions(): Promise<Session[]> {
    const sessions = (await sessionsOf(this.auditor)).filter(({ id }) => !this.known.has(id));
    for (const { id } of sessions) this.known.add(id);
    return sessions;
  }

  /** Nothing is held in the ledger's eyes, and nothing in PostgreSQL's. */
  private async expectReleased(): Promise<void> {
    const metrics = await (await fetch(`${this.posternd.metricsUrl}/metrics`)).text();
    expect(metrics).toMatch(/^postern_acquisitions_held 0$/m);
    runDirectly(database(), NOBODY_IS_CONNECTED);
  }

  /** What scrolled by faster than anybody reads was recorded and not sent: a browser has seen some of it, no more. */
  private async expectRecorded(session: string | undefined, lines: Set<string>): Promise<void> {
    if (session === undefined) return expect(lines.size).toBe(0);
    const segments = [...(await framesOf(this.auditor, session)).values()];
    const recorded = wavesIn(Buffer.concat(segments.map((bytes) => recordedIn(bytes).output)));
    const missing = [...lines].filter((line) => !recorded.has(line));
    expect(missing, `of ${lines.size} lines`).toEqual([]);
  }

  /** A recording that was cut short is incomplete, never altered; the audit log is whole. */
  private expectWhole(sessions: Session[]): void {
    if (sessions.length > 0) {
      const verdict = this.posternd.run(["recordings", "verify", ...sessions.map(({ id }) => id)]);
      expect(verdict.output).not.toContain("altered");
      expect([0, 2], verdict.output).toContain(verdict.status);
    }
    expect(this.posternd.verifyAudit()).toMatchObject({ status: 0 });
  }
}

/** The lines that are there whole. */
function wavesIn(output: Buffer): Set<string> {
  return new Set(output.toString("latin1").match(/wave \d+ of the flood(?=\r\n)/g));
}

async function after(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
