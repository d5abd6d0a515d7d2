// Native clients through the listener, beside pgbouncer in session mode: transactions, connections, bulk, memory.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestInfo, test } from "@playwright/test";
import pg from "pg";
import { Cluster, type Side, database } from "./support/cluster";
import { type Run, inTurns, median, pgbench } from "./support/pgbench";
import { pss } from "./support/processes";
import { type NativeSides, nativeSides } from "./support/native";
import type { Row } from "./support/statistics";

/** Bytes of the table that is copied out and in. */
const bulk = Number(process.env.BENCH_BULK_MIB ?? 1024) << 20;

/** Connections that rest. */
const nIdle = Number(process.env.BENCH_IDLE ?? 1000);

const rows = "SELECT n, repeat('x', 96) FROM generate_series(1, 1000000) AS n;\n";

let cluster: Cluster;
let sides: NativeSides;

test.beforeAll(async () => {
  cluster = await Cluster.start();
  sides = await nativeSides(cluster);
  cluster.run("pgbench", ["-i", "-q", "-s", "10"]);
  // A line of 1,024 bytes, and a table to copy it into that keeps nothing.
  const line = "SELECT n, repeat(md5(n::text), 32) FROM generate_series(1, " + Math.round(bulk / 1034) + ") AS n";
  cluster.run("psql", ["-X", "-q", "-c", `CREATE UNLOGGED TABLE bulk AS ${line}`, "-c", "CREATE UNLOGGED TABLE taken (LIKE bulk)"]);
});

test.afterAll(async () => {
  await sides?.stop();
  await cluster?.stop();
});

// First, before anything else has been freed that could be used again.
test("idle connections", async ({}, testInfo) => {
  const grown = async (side: Side) => {
    // What the first connection warms up is no connection's.
    await rest(side, 1);
    const before = pss(side.pid!);
    const clients = await rest(side, nIdle, false);
    const growth = (pss(side.pid!) - before) / nIdle;
    await Promise.all(clients.map((client) => client.end()));
    return growth;
  };
  const { pooledTls, secured } = sides;
  const theirs = await grown(pooledTls);
  const ours = await grown(secured);
  await show(testInfo, {
    name: `Memory of an idle connection (PSS, of ${nIdle}), TLS to the server`,
    reference: pooledTls.name,
    unit: "KiB",
    ours: [[ours]],
    theirs: [[theirs]],
    promises: [{ words: `≤ 1.5 × (is ${(ours / theirs).toFixed(2)} ×)`, kept: ours <= 1.5 * theirs }],
    parts: [],
  });
});

for (const mode of ["simple", "extended", "prepared"]) {
  for (const n of [1, 8, 32]) {
    test(`pgbench -S -M ${mode} -c ${n}`, async ({}, testInfo) => {
      const { direct, pooled, unrecorded, recorded } = sides;
      const parameters = ["-S", "-M", mode, "-c", String(n), "-j", String(Math.min(n, 2))];
      const runs = await inTurns([direct, pooled, unrecorded, recorded], (side) => pgbench(cluster, side, parameters));
      const reach = [
        { side: unrecorded, tps: 1, cpu: 1, latency: 1.2 },
        { side: recorded, tps: 0.9, cpu: 1.3, latency: 1.6 },
      ];
      for (const { side, ...promised } of reach) {
        const of = (side: Side, what: keyof Run) => median(runs.get(side)!.map((run) => run[what]));
        const added = (side: Side) => of(side, "latency") - of(direct, "latency");
        const ratio = {
          tps: of(side, "tps") / of(pooled, "tps"),
          cpu: of(side, "cpu") / of(pooled, "cpu"),
          latency: added(side) / added(pooled),
        };
        const row = line(`${testInfo.title}, ${side.name}`, "tps", side, pooled, runs, (run) => run.tps);
        row.promises = [
          { words: `tps ≥ ${promised.tps} × (is ${ratio.tps.toFixed(2)} ×)`, kept: ratio.tps >= promised.tps },
          { words: `CPU ≤ ${promised.cpu} × (is ${ratio.cpu.toFixed(2)} ×)`, kept: ratio.cpu <= promised.cpu },
        ];
        // Of more clients than processors the latency is that of their queue.
        if (n === 1) {
          const words = `added latency ≤ ${promised.latency} × (is ${ratio.latency.toFixed(2)} ×)`;
          row.promises.push({ words, kept: ratio.latency <= promised.latency });
        }
        row.parts = [
          ["direct", of(direct, "tps")],
          ...[pooled, side].flatMap((side): Row["parts"] => [
            [`${side.name}: CPU of 1,000`, of(side, "cpu"), "ms"],
            [`${side.name}: added`, added(side) * 1000, "µs"],
          ]),
        ];
        await show(testInfo, row);
      }
    });
  }
}

test("connect, SELECT 1, disconnect", async ({}, testInfo) => {
  const script = join(testInfo.outputDir, "one.sql");
  save(script, "SELECT 1;\n");
  const { direct, pooledOnce, recorded } = sides;
  const runs = await inTurns([direct, pooledOnce, recorded], (side) => pgbench(cluster, side, ["-C", "-c", "1", "-f", script]));
  const row = line("Connect, SELECT 1, disconnect", "tps", recorded, pooledOnce, runs, (run) => run.tps);
  atLeast(row, 0.9);
  row.parts = [["direct", median(runs.get(direct)!.map((run) => run.tps))]];
  await show(testInfo, row);
});

const copies = [
  { name: "COPY OUT", command: "\\copy bulk TO '/dev/null'" },
  { name: "COPY IN", command: "\\copy taken FROM PROGRAM 'cat bulk.txt'" },
];

for (const { name, command } of copies) {
  test(`${name}, TLS to the server`, async ({}, testInfo) => {
    const { direct, secured, securedUnrecorded, pooledTls } = sides;
    const all = [direct, secured, securedUnrecorded, pooledTls];
    const file = join(testInfo.outputDir, "bulk.txt");
    save(file, "");
    if (command.includes("taken")) cluster.run("psql", ["-X", "-q", "-c", `\\copy bulk TO '${file}'`]);
    const copy = command.replace("PROGRAM 'cat bulk.txt'", `'${file}'`);
    const runs = await inTurns(all, (side) => {
      cluster.run("psql", ["-X", "-q", "-c", "TRUNCATE taken"]);
      const started = performance.now();
      cluster.run("psql", ["-X", "-q", "-c", copy], side, side === direct ? "require" : "disable");
      return bulk / 1048.576 / (performance.now() - started);
    });
    const row = line(`${name} of ${bulk >> 20} MiB`, "MB/s", secured, { ...direct, name: "direct with TLS" }, runs, (run) => run, direct);
    atLeast(row, 0.9);
    const off = median(runs.get(securedUnrecorded)!);
    const cost = off / median(runs.get(secured)!) - 1;
    row.promises.push({ words: `recording costs ≤ 2 % (is ${(cost * 100).toFixed(1)} %)`, kept: cost <= 0.02 });
    row.parts = [
      ["not recorded", off],
      [pooledTls.name, median(runs.get(pooledTls)!)],
    ];
    await show(testInfo, row);
  });
}

test("1,000,000 rows of 100 bytes", async ({}, testInfo) => {
  const script = join(testInfo.outputDir, "rows.sql");
  save(script, rows);
  const { direct, pooled, recorded } = sides;
  // pgbench keeps a result and looks at nothing in it.
  const runs = await inTurns([direct, pooled, recorded], (side) => {
    const started = performance.now();
    cluster.run("pgbench", ["-n", "-t", "1", "-f", script], side);
    return 1e6 / (performance.now() - started);
  });
  const row = line(testInfo.title, "rows/ms", recorded, direct, runs, (run) => run);
  atLeast(row, 0.9);
  row.parts = [[pooled.name, median(runs.get(pooled)!)]];
  await show(testInfo, row);
});

/** Connections that have asked one thing; ended again unless they are to rest. */
async function rest(side: Side, n: number, end = true): Promise<pg.Client[]> {
  const { port, user, password, passwords = [password] } = side;
  const clients: pg.Client[] = [];
  for (let i = 0; i < n; i += 1) {
    const client = new pg.Client({ host: "127.0.0.1", port, user, database, password: passwords[i % passwords.length] });
    await client.connect();
    await client.query("SELECT 1");
    clients.push(client);
  }
  if (end) await Promise.all(clients.map((client) => client.end()));
  return clients;
}

function line<T>(name: string, unit: string, ours: Side, theirs: Side, runs: Map<Side, T[]>, of: (run: T) => number, key = theirs): Row {
  const rounds = (side: Side) => runs.get(side)!.map((run) => [of(run)]);
  return { name, reference: theirs.name, unit, ours: rounds(ours), theirs: rounds(key), promises: [], parts: [] };
}

function atLeast(row: Row, least: number): void {
  const ratio = median(row.ours.flat()) / median(row.theirs.flat());
  row.promises.push({ words: `≥ ${least} × (is ${ratio.toFixed(2)} ×)`, kept: ratio >= least });
}

function save(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function show(testInfo: TestInfo, row: Row): Promise<void> {
  await testInfo.attach("row", { body: JSON.stringify(row) });
}
