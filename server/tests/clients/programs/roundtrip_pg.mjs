// The round trip of node-postgres, with its cursors and its COPY streams.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { Readable, Writable } from "node:stream";
import { pipeline as connect } from "node:stream/promises";
import pg from "pg";
import copyStreams from "pg-copy-streams";
import Cursor from "pg-cursor";
import { done, expect, sqlstateOf } from "./trip.mjs";

const nCopied = 5000;
const large = 20_000_000;
const result = "SELECT n, md5(n::text) FROM generate_series(1, 200000) n";
const sumOfResult = "SELECT md5(string_agg(md5(n::text), '' ORDER BY n)) FROM generate_series(1, 200000) n";

// The address comes from libpq's environment.
const client = new pg.Client();
const other = new pg.Client();
await client.connect();
await other.connect();
for (const step of [simple, prepared, transaction, error, copy, cancel, notify, pipeline, largeValue, largeResult]) await step();
await client.end();
await other.end();
done("close");

/** The only value of a statement's only row. */
async function value(sql, values) {
  const { rows } = await client.query({ text: sql, values, rowMode: "array" });
  return rows[0][0];
}

async function simple() {
  expect(await value("SELECT 6 * 7"), 42);
  const results = await client.query("SELECT 'one' AS word; SELECT 'two' AS word");
  expect(
    results.map((one) => one.rows[0].word),
    ["one", "two"],
  );
  expect((await client.query("")).rows, []);
  done("simple");
}

async function prepared() {
  const text = "SELECT $1::int4 + 1, $2::numeric * 2, $3::date + 1 = '2026-11-23', $4::bytea, $5::text, $6::int4[]";
  for (let i = 0; i < 10; i += 1) {
    const values = [i, "1.5", "2026-11-22", Buffer.from([0, i, 255]), null, [i, 2]];
    const { rows } = await client.query({ name: "typed", text, values, rowMode: "array" });
    expect(rows, [[i + 1, "3.0", true, Buffer.from([0, i, 255]), null, [i, 2]]]);
  }
  expect(await value("SELECT count(*)::int FROM pg_prepared_statements"), 1);
  done("prepared");
}

async function transaction() {
  await client.query("CREATE TABLE trip (n int PRIMARY KEY, word text)");
  await client.query("BEGIN");
  await client.query("INSERT INTO trip VALUES ($1, $2)", [1, "kept"]);
  await client.query("COMMIT");
  await client.query("BEGIN");
  await client.query("INSERT INTO trip VALUES ($1, $2)", [2, "lost"]);
  expect(await value("SELECT count(*)::int FROM trip"), 2);
  await client.query("ROLLBACK");
  expect(await value("SELECT string_agg(word, ',') FROM trip"), "kept");
  done("transaction");
}

async function error() {
  expect(await sqlstateOf(client.query("SELECT 1 / 0")), "22012");
  expect(await sqlstateOf(client.query("SELECT 1 / $1::int", [0])), "22012");
  await client.query("BEGIN");
  expect(await sqlstateOf(client.query("INSERT INTO trip VALUES (1, 'again')")), "23505");
  expect(await sqlstateOf(client.query("SELECT 1")), "25P02");
  await client.query("ROLLBACK");
  expect(await value("SELECT 'well'"), "well");
  done("error");
}

async function copy() {
  const lines = Array.from({ length: nCopied }, (_, i) => `${i + 2}\tline ${i + 2} \u00e9\n`);
  const into = client.query(copyStreams.from("COPY trip FROM STDIN"));
  await connect(Readable.from(lines), into);
  expect(into.rowCount, nCopied);
  const back = [];
  const keep = new Writable({ write: (chunk, _, next) => (back.push(chunk), next()) });
  await connect(client.query(copyStreams.to("COPY (SELECT * FROM trip WHERE n > 1 ORDER BY n) TO STDOUT")), keep);
  expect(Buffer.concat(back).toString(), lines.join(""));
  expect(await value("SELECT count(*)::int FROM trip"), nCopied + 1);
  done("copy");
}

async function cancel() {
  const backend = await value("SELECT pg_backend_pid()");
  const query = new pg.Query("SELECT pg_sleep(60)");
  const sleeping = new Promise((resolve) => query.on("error", resolve).on("end", () => resolve({})));
  client.query(query);
  const asleep = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = $1";
  while ((await other.query(asleep, [backend])).rows[0].n === 0);
  new pg.Client().cancel(client, query);
  expect((await sleeping).code, "57014");
  expect(await value("SELECT 'awake'"), "awake");
  done("cancel");
}

async function notify() {
  await client.query("LISTEN trip");
  const heard = once(client, "notification");
  await other.query("SELECT pg_notify($1, $2)", ["trip", "hello there"]);
  const [{ channel, payload }] = await heard;
  expect([channel, payload], ["trip", "hello there"]);
  done("notify");
}

async function pipeline() {
  const piped = new pg.Client({ pipeline: true });
  await piped.connect();
  const asked = Array.from({ length: 1000 }, (_, i) => piped.query("SELECT $1::int * 2 AS n", [i]));
  const broken = sqlstateOf(piped.query("SELECT 1 / $1::int", [0]));
  const after = piped.query("SELECT 'well' AS word");
  const answers = await Promise.all(asked);
  expect(
    answers.map(({ rows }) => rows[0].n),
    Array.from({ length: 1000 }, (_, i) => 2 * i),
  );
  expect(await broken, "22012");
  expect((await after).rows[0].word, "well");
  await piped.end();
  done("pipeline");
}

async function largeValue() {
  const bytes = randomBytes(large);
  // Text of two letters for each byte, which the server makes bytes again.
  const { rows } = await client.query("SELECT $1::bytea AS back", [bytes]);
  expect(rows[0].back.equals(bytes), true);
  done("large value");
}

async function largeResult() {
  const wanted = await value(sumOfResult);
  const sum = (rows) => createHash("md5").update(rows.map((row) => row[1]).join("")).digest("hex");
  expect(sum((await client.query({ text: result, rowMode: "array" })).rows), wanted);

  // A portal, ten thousand rows at a time.
  const cursor = client.query(new Cursor(result, [], { rowMode: "array" }));
  const all = [];
  for (let rows = await cursor.read(10_000); rows.length > 0; rows = await cursor.read(10_000)) all.push(...rows);
  await cursor.close();
  expect(sum(all), wanted);
  // Left after its first rows.
  const left = client.query(new Cursor(result, []));
  expect((await left.read(3)).length, 3);
  await left.close();
  expect(await value("SELECT 'well'"), "well");
  done("large result");
}
