// Native clients through `postern tunnel`, beside a direct connection.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { type TestInfo, test } from "@playwright/test";
import { Cluster, type Side } from "./support/cluster";
import { type NativeSides, nativeSides } from "./support/native";
import { inTurns, median, pgbench } from "./support/pgbench";
import type { Row } from "./support/statistics";

const rows = "SELECT n, repeat('x', 96) FROM generate_series(1, 1000000) AS n;\n";

let cluster: Cluster;
let sides: NativeSides;
let tunnel: Side;
let close: () => Promise<void>;

test.beforeAll(async () => {
  cluster = await Cluster.start();
  sides = await nativeSides(cluster);
  cluster.run("pgbench", ["-i", "-q", "-s", "10"]);
  ({ side: tunnel, close } = await open("plain-recorded", sides.recorded.password));
});

test.afterAll(async () => {
  await close?.();
  await sides?.stop();
  await cluster?.stop();
});

test("pgbench -S -M prepared -c 1", async ({}, testInfo) => {
  const { direct, recorded } = sides;
  const parameters = ["-S", "-M", "prepared", "-c", "1"];
  const runs = await inTurns([direct, recorded, tunnel], (side) => pgbench(cluster, side, parameters));
  const of = (side: Side) => runs.get(side)!.map((run) => [run.latency * 1000]);
  const added = (side: Side) => median(of(side).flat()) - median(of(direct).flat());
  await show(testInfo, {
    name: "A transaction of one client",
    reference: direct.name,
    unit: "µs",
    ours: of(tunnel),
    theirs: of(direct),
    promises: [{ words: `≤ + 150 µs (is + ${added(tunnel).toFixed(0)} µs)`, kept: added(tunnel) <= 150 }],
    parts: [["listener: added", added(recorded), "µs"]],
  });
});

test("1,000,000 rows of 100 bytes", async ({}, testInfo) => {
  const script = join(testInfo.outputDir, "rows.sql");
  mkdirSync(dirname(script), { recursive: true });
  writeFileSync(script, rows);
  const { direct, recorded } = sides;
  const runs = await inTurns([direct, recorded, tunnel], (side) => {
    const started = performance.now();
    cluster.run("pgbench", ["-n", "-t", "1", "-f", script], side);
    return 1e6 / (performance.now() - started);
  });
  const of = (side: Side) => runs.get(side)!.map((rate) => [rate]);
  const ratio = median(of(tunnel).flat()) / median(of(direct).flat());
  await show(testInfo, {
    name: testInfo.title,
    reference: direct.name,
    unit: "rows/ms",
    ours: of(tunnel),
    theirs: of(direct),
    promises: [{ words: `≥ 0.6 × (is ${ratio.toFixed(2)} ×)`, kept: ratio >= 0.6 }],
    parts: [["listener", median(of(recorded).flat())]],
  });
});

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
