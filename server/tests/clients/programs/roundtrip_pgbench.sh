#!/usr/bin/env bash
# The round trip of pgbench: its tables made with COPY, then each protocol, short; a pipeline; an error; closing.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# bench N ARGUMENTS: each of four clients made its N transactions, and none failed.
bench() {
  local n=$1 printed
  shift
  printed=$(pgbench -n -c 4 -t "$n" "$@" 2>&1) || { echo "$printed"; return 1; }
  grep -q "^number of transactions actually processed: $((4 * n))/$((4 * n))$" <<<"$printed" || { echo "$printed"; return 1; }
  grep -q "^number of failed transactions: 0 " <<<"$printed" || { echo "$printed"; return 1; }
}

value() { psql -X -q -At -v ON_ERROR_STOP=1 -c "$1"; }

pgbench -i -q -I dtgvp >"$folder/made" 2>&1 || { cat "$folder/made"; exit 1; }
[ "$(value 'SELECT count(*) FROM pgbench_accounts')" = 100000 ]
echo copy

bench 50 -M simple -b select-only
bench 50 -M simple -b tpcb-like
echo simple

bench 50 -M extended -b select-only
bench 50 -M extended -b tpcb-like
echo extended

bench 50 -M prepared -b select-only
bench 50 -M prepared -b tpcb-like
echo prepared

# Each transfer is in the history once, and the sums agree.
[ "$(value 'SELECT count(*) FROM pgbench_history')" = 600 ]
[ "$(value 'SELECT sum(abalance) = (SELECT sum(delta) FROM pgbench_history) FROM pgbench_accounts')" = t ]
echo transaction

cat >"$folder/pipeline.sql" <<'SQL'
\startpipeline
SELECT 1;
SELECT abalance FROM pgbench_accounts WHERE aid = 1;
SELECT 2;
\endpipeline
SQL
bench 50 -M extended -f "$folder/pipeline.sql"
bench 50 -M prepared -f "$folder/pipeline.sql"
echo pipeline

# A new connection for each transaction.
bench 5 -C -b select-only
echo connect

echo 'SELECT 1 / 0;' >"$folder/error.sql"
if pgbench -n -t 1 -f "$folder/error.sql" >"$folder/told" 2>&1; then exit 1; fi
grep -q 'division by zero' "$folder/told"
echo error

echo close
