#!/usr/bin/env bash
# The round trip of pg_dump and pg_restore: what comes back is the database that was dumped.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

run() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# Names the second dump would tell apart are left out: two keys it makes up, and times.
text_of() { pg_dump --schema=shop | grep -v -e '^\\\(un\)\?restrict ' -e '^-- Dumped'; }

run >"$folder/made" <<'SQL'
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('open', 'shut');
CREATE TABLE shop.customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL CHECK (name <> ''));
CREATE TABLE shop.orders (
  id bigint PRIMARY KEY, customer int NOT NULL REFERENCES shop.customers, state shop.state DEFAULT 'open',
  at timestamptz, paid numeric(12, 2), tags text[], facts jsonb, scan bytea
) PARTITION BY RANGE (id);
CREATE TABLE shop.orders_1 PARTITION OF shop.orders FOR VALUES FROM (0) TO (10000);
CREATE TABLE shop.orders_2 PARTITION OF shop.orders FOR VALUES FROM (10000) TO (30000);
CREATE INDEX ON shop.orders (customer, at DESC) WHERE state = 'open';
CREATE VIEW shop.paid AS SELECT customer, sum(paid) FROM shop.orders GROUP BY customer;
CREATE FUNCTION shop.double(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$;
COMMENT ON TABLE shop.orders IS E'what\nwas ordered';
INSERT INTO shop.customers (name) SELECT 'Zo\u00eb ' || n FROM generate_series(1, 500) n;
INSERT INTO shop.orders
SELECT n, 1 + n % 500, (ARRAY['open', 'shut'])[1 + n % 2]::shop.state, '2026-11-22 00:00Z'::timestamptz + n * interval '1 s',
  n / 7.0, ARRAY['a' || n, NULL], jsonb_build_object('n', n), decode(md5(n::text), 'hex')
FROM generate_series(1, 20000) n;
SELECT lo_from_bytea(0, convert_to('kept as a large object', 'UTF8')) > 0;
SQL
echo simple

text_of >"$folder/before"
grep -q '^COPY shop.orders_2 ' "$folder/before"
echo "copy out"

# Custom format, two jobs back, each a connection of its own.
pg_dump -Fc -f "$folder/dump"
run -c 'DROP SCHEMA shop CASCADE' -c 'SELECT lo_unlink(oid) FROM pg_largeobject_metadata' >/dev/null 2>&1
pg_restore --exit-on-error -j 2 -d "$PGDATABASE" "$folder/dump"
echo "copy in"

text_of >"$folder/after"
cmp "$folder/before" "$folder/after"
[ "$(run -c "SELECT convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata")" = 'kept as a large object' ]
echo same

# What is there already: the error is told, and nothing else happens.
if pg_restore --exit-on-error -d "$PGDATABASE" "$folder/dump" 2>"$folder/told"; then exit 1; fi
grep -q 'already exists' "$folder/told"
echo error

# In directory format, two jobs there: a snapshot that the connections share.
pg_dump -Fd -j 2 -f "$folder/jobs"
[ "$(pg_restore -l "$folder/jobs" | grep -c 'TABLE DATA shop')" = 3 ]
echo jobs

echo close
