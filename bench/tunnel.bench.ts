// Native clients through `postern tunnel` and through a gateway, beside a direct connection.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pass } from "node:timers/promises";
import { type TestInfo, expect, test } from "@playwright/test";
import pg from "pg";
import { Cluster, type Side, database } from "./support/cluster";
import { behindGateway } from "./support/gateway";
import { type NativeSides, nativeSides } from "./support/native";
import { inTurns, median, pgbench } from "./support/pgbench";
import { posternd, pss } from "./support/processes";
import { type Row, slowReader } from "./support/statistics";

/** Seconds a slow reader is watched. */
const patience = 20;

/** KiB one may take, of all processes between. */
const allowed = 32 * 1024;

const rows = "SELECT n, repeat('x', 96) FROM generate_series(1, 1000000) AS n;\n";

let cluster: Cluster;
let sides: NativeSides;
let tunnel: Side;
let close: () => Promise<void>;
let gateway: Side;
let endGateway: () => Promise<void>;

test.beforeAll(async () => {
  cluster = await Cluster.start();
  sides = await nativeSides(cluster);
  cluster.run("pgbench", ["-i", "-q", "-s", "10"]);
  ({ side: tunnel, close } = await open(sides.recorded.user, sides.recorded.password));
  const { record, pid, end } = await behindGateway(cluster);
  endGateway = end;
  gateway = { ...sides.recorded, name: "gateway", user: record, pid };
});

test.afterAll(async () => {
  await close?.();
  await endGateway?.();
  await sides?.stop();
  await cluster?.stop();
});

test("pgbench -S -M prepared -c 1", async ({}, testInfo) => {
  const { direct, recorded } = sides;
  const parameters = ["-S", "-M", "prepared", "-c", "1"];
  const runs = await inTurns([direct, recorded, tunnel, gateway], (side) => pgbench(cluster, side, parameters));
  const of = (side: Side) => runs.get(side)!.map((run) => [run.latency * 1000]);
  const added = (side: Side) => median(of(side).flat()) - median(of(direct).flat());
  await show(testInfo, {
    name: "A transaction of one client",
    reference: direct.name,
    unit: "µs",
    ours: of(tunnel),
    theirs: of(direct),
    promises: [{ words: `≤ + 150 µs (is + ${added(tunnel).toFixed(0)} µs)`, kept: added(tunnel) <= 150 }],
    parts: [
      ["listener: added", added(recorded), "µs"],
      ["gateway: added", added(gateway), "µs"],
    ],
  });
});

test("1,000,000 rows of 100 bytes", async ({}, testInfo) => {
  const script = join(testInfo.outputDir, "rows.sql");
  mkdirSync(dirname(script), { recursive: true });
  writeFileSync(script, rows);
  const { direct, recorded } = sides;
  const runs = await inTurns([direct, recorded, tunnel, gateway], (side) => {
    const started = performance.now();
    cluster.run("pgbench", ["-n", "-t", "1", "-f", script], side);
    return 1e6 / (performance.now() - started);
  });
  const of = (side: Side) => runs.get(side)!.map((rate) => [rate]);
  const ratio = (side: Side) => median(of(side).flat()) / median(of(direct).flat());
  await show(testInfo, {
    name: testInfo.title,
    reference: direct.name,
    unit: "rows/ms",
    ours: of(tunnel),
    theirs: of(direct),
    promises: [
      { words: `tunnel ≥ 0.6 × (is ${ratio(tunnel).toFixed(2)} ×)`, kept: ratio(tunnel) >= 0.6 },
      { words: `gateway ≥ 0.8 × (is ${ratio(gateway).toFixed(2)} ×)`, kept: ratio(gateway) >= 0.8 },
    ],
    parts: [
      ["listener", median(of(recorded).flat())],
      ["gateway", median(of(gateway).flat())],
    ],
  });
});

const ways = { listener: () => sides.recorded, "postern tunnel": () => tunnel, gateway: () => gateway };

for (const [way, sideOf] of Object.entries(ways)) {
  test(`a reader of 1 kB/s through the ${way}`, async ({}, testInfo) => {
    const side = sideOf();
    const processes = new Set([posternd(), side.pid!]);
    const memory = () => [...processes].reduce((sum, pid) => sum + pss(pid), 0);
    const client = new pg.Client({ host: "127.0.0.1", port: side.port, user: side.user, database, password: side.password });
    // It is cut off in the end.
    client.on("error", () => {});
    await client.connect();
    // Below the driver, which reads as fast as it can.
    const { connection } = client as unknown as { connection: { stream: Socket; query(sql: string): void } };
    const { stream } = connection;
    stream.removeAllListeners("data").pause();
    const before = memory();
    connection.query("COPY (SELECT repeat('x', 1000) FROM generate_series(1, 10000000)) TO STDOUT");
    const samples: number[] = [];
    let read = 0;
    try {
      for (let tenth = 1; tenth <= 10 * patience; tenth += 1) {
        await pass(100);
        read += stream.read(100)?.length ?? 0;
        if (tenth % 5 === 0) samples.push(memory() - before);
      }
    } finally {
      stream.destroy();
      await once(stream, "close");
    }
    expect(read).toBeGreaterThan(500 * patience);

    await show(testInfo, slowReader(`10 GB through the ${way}`, samples, allowed));
  });
}

/** A tunnel to the record, by the program that stands beside the server's. */
async function open(record: string, token: string): Promise<{ side: Side; close: () => Promise<void> }> {
  const program = join(dirname(process.env.POSTERND!), "postern");
  const child = spawn(program, ["--json", "tunnel", record, "--url", process.env.STAGE_URL!], {
    env: { PATH: process.env.PATH, POSTERN_TOKEN: token },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const left = once(child, "exit");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { port, user, password } = JSON.parse(line);
  return {
    side: { name: "postern tunnel", port, user, password, pid: child.pid! },
    close: async () => {
      child.kill("SIGINT");
      await left;
    },
  };
}

async function show(testInfo: TestInfo, row: Row): Promise<void> {
  await testInfo.attach("row", { body: JSON.stringify(row) });
}
