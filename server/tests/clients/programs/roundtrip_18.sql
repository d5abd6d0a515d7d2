-- What only psql 18 can: the extended protocol, and pipelines.
\set VERBOSITY sqlstate
\pset format unaligned
\pset tuples_only on

\echo extended
SELECT $1::int + 1, $2::text \bind 41 'text' \g
SELECT $1::int * 2 \parse twice
\bind_named twice 4 \g
\bind_named twice 5 \g
\close_prepared twice

\echo pipeline
\startpipeline
SELECT $1::int \bind 1 \sendpipeline
SELECT $1::int \bind 2 \sendpipeline
\syncpipeline
SELECT 1 / $1::int \bind 0 \sendpipeline
SELECT 'skipped' \bind \sendpipeline
\syncpipeline
SELECT 'well' \bind \sendpipeline
\endpipeline
