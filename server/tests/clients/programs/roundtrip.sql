-- What roundtrip_psql.py gives psql as a script. What psql prints is compared with roundtrip.out.
\set VERBOSITY sqlstate
\pset format unaligned
\pset tuples_only on

\echo simple
SELECT 6 * 7;
SELECT 'one' \; SELECT 'two';
;

\echo prepared
PREPARE typed (int4, numeric, date, bytea, text) AS
SELECT $1 + 1, $2 * 2, $3 + 1, $4, $5;
EXECUTE typed (1, 1.5, '2026-11-22', '\x0001ff', NULL);
EXECUTE typed (2, 2.5, '2026-12-31', '\x0002ff', 'text');
DEALLOCATE typed;

\echo transaction
CREATE TABLE trip (n int PRIMARY KEY, word text);
BEGIN;
INSERT INTO trip VALUES (1, 'kept');
COMMIT;
BEGIN;
INSERT INTO trip VALUES (2, 'lost');
SELECT count(*) FROM trip;
ROLLBACK;
SELECT word FROM trip;

\echo error
SELECT 1 / 0;
\echo :LAST_ERROR_SQLSTATE
BEGIN;
INSERT INTO trip VALUES (1, 'again');
SELECT 1;
ROLLBACK;
SELECT 'well';

\echo copy
\copy (SELECT n, 'line ' || n FROM generate_series(2, 5001) n) TO 'trip.txt'
\copy trip FROM 'trip.txt'
\copy (SELECT * FROM trip WHERE n > 1 ORDER BY n) TO 'back.txt'
\! cmp trip.txt back.txt && wc -l < back.txt
COPY trip FROM STDIN;
5002	in the script
\.
COPY (SELECT word FROM trip WHERE n > 4999 ORDER BY n) TO STDOUT;

\echo notify
LISTEN trip;
NOTIFY trip, 'hello there';

\echo large value
SELECT repeat('0123456789abcdef', 1250000) AS large \gset
\unset large
-- A text of a statement is kept whole up to 16 MiB.
SELECT repeat('0123456789abcdef', 625000) AS large \gset
SELECT md5(:'large') = md5(repeat('0123456789abcdef', 625000));

\echo large result
SELECT md5(string_agg(md5(n::text), '' ORDER BY n)) FROM generate_series(1, 200000) n;
SELECT md5(n::text) FROM generate_series(1, 200000) n \g '|tr -d "\n" | md5sum'
-- A cursor, a thousand rows at a time.
\set FETCH_COUNT 1000
SELECT md5(n::text) FROM generate_series(1, 200000) n \g '|tr -d "\n" | md5sum'
