-- One of everything a describe command shows, on any server from version 15 on.

SET client_min_messages = error;

CREATE ROLE reader NOLOGIN;
CREATE ROLE "Odd ""Name" LOGIN CONNECTION LIMIT 3 VALID UNTIL '2040-01-01 00:00+00' IN ROLE reader;
CREATE ROLE visitor LOGIN IN ROLE reader;
CREATE ROLE keeper CREATEDB CREATEROLE REPLICATION BYPASSRLS NOINHERIT LOGIN CONNECTION LIMIT 0;
CREATE ROLE single SUPERUSER CONNECTION LIMIT 1;
GRANT keeper TO single;
GRANT keeper TO reader WITH ADMIN OPTION;
COMMENT ON ROLE reader IS 'May look';
ALTER ROLE reader SET search_path = shop, public;
ALTER ROLE reader SET work_mem = '8MB';
ALTER DATABASE described SET timezone = 'UTC';
ALTER ROLE keeper IN DATABASE described SET enable_seqscan = off;

CREATE SCHEMA shop AUTHORIZATION keeper;
COMMENT ON SCHEMA shop IS 'Where things are sold';
GRANT USAGE ON SCHEMA shop TO reader;
CREATE SCHEMA "Weird.Schema";
CREATE EXTENSION hstore WITH SCHEMA shop;

CREATE TYPE shop.mood AS ENUM ('sad', 'so ''so''', 'happy');
COMMENT ON TYPE shop.mood IS 'How a customer feels';
GRANT USAGE ON TYPE shop.mood TO reader;
CREATE TYPE shop.point3 AS (x double precision, y double precision, label text COLLATE "C");
COMMENT ON COLUMN shop.point3.x IS 'To the right';
CREATE TYPE shop.span AS RANGE (subtype = double precision);
CREATE DOMAIN shop.positive AS integer DEFAULT 1 NOT NULL CHECK (VALUE > 0) CONSTRAINT small CHECK (VALUE < 1000);
CREATE DOMAIN shop.word AS varchar(20) COLLATE "C";
COMMENT ON DOMAIN shop.word IS 'One word';
GRANT USAGE ON TYPE shop.positive TO PUBLIC;
CREATE DOMAIN public.email AS text;

CREATE TABLE public.parent (
    id integer PRIMARY KEY,
    note text
);
CREATE TABLE public.child (extra numeric(8, 2) DEFAULT 0) INHERITS (public.parent);
CREATE TABLE public.other_child () INHERITS (public.parent);

CREATE SEQUENCE public.counter AS smallint INCREMENT BY 5 MINVALUE 10 MAXVALUE 1000 START 20 CACHE 7 CYCLE;
COMMENT ON SEQUENCE public.counter IS 'Counts by fives';
CREATE SEQUENCE public.plain;
CREATE UNLOGGED SEQUENCE public.careless;

CREATE TABLE shop.customers (
    customer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name varchar(80) NOT NULL,
    "Mixed Case" text COLLATE "C" DEFAULT 'it''s',
    mood shop.mood DEFAULT 'happy'::shop.mood,
    tags text[] DEFAULT '{}'::text[],
    upper_name text GENERATED ALWAYS AS (upper(name::text)) STORED,
    born date,
    seen timestamp with time zone DEFAULT now(),
    points shop.point3,
    credit numeric(10, 2) CHECK (credit >= 0),
    CONSTRAINT name_length CHECK (length(name::text) > 1) NO INHERIT,
    CONSTRAINT unique_name_born UNIQUE (name, born) INCLUDE (credit) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE shop.customers IS 'People who buy';
COMMENT ON COLUMN shop.customers.name IS 'As on the
invoice';
COMMENT ON CONSTRAINT name_length ON shop.customers IS 'No single letters';
ALTER TABLE shop.customers OWNER TO keeper;
ALTER TABLE shop.customers ALTER COLUMN name SET STATISTICS 500;
ALTER TABLE shop.customers ALTER COLUMN tags SET STORAGE EXTERNAL;
ALTER TABLE shop.customers ALTER COLUMN "Mixed Case" SET COMPRESSION pglz;
ALTER TABLE shop.customers SET (fillfactor = 70, autovacuum_enabled = false);
CREATE INDEX customers_lower ON shop.customers (lower(name::text) text_pattern_ops DESC NULLS LAST) WHERE born IS NOT NULL;
COMMENT ON INDEX shop.customers_lower IS 'For search';
CREATE INDEX customers_tags ON shop.customers USING gin (tags);
CREATE UNIQUE INDEX customers_nulls ON shop.customers (born, credit) NULLS NOT DISTINCT;
ALTER TABLE shop.customers CLUSTER ON unique_name_born;
CREATE STATISTICS shop.name_born (dependencies, ndistinct) ON name, born FROM shop.customers;
CREATE STATISTICS shop.lowered ON lower(name::text) FROM shop.customers;
CREATE STATISTICS shop.all_kinds ON mood, credit, born FROM shop.customers;
ALTER STATISTICS shop.name_born SET STATISTICS 100;
COMMENT ON STATISTICS shop.name_born IS 'Go together';
GRANT SELECT, INSERT ON shop.customers TO reader;
GRANT SELECT (name), UPDATE (name, born) ON shop.customers TO PUBLIC;

CREATE TABLE shop.orders (
    order_id integer PRIMARY KEY,
    customer_id bigint REFERENCES shop.customers ON DELETE CASCADE,
    replaced_by integer REFERENCES shop.orders ON UPDATE SET NULL DEFERRABLE,
    placed tstzrange,
    amount integer,
    EXCLUDE USING gist (placed WITH &&)
);
CREATE INDEX ON shop.orders (customer_id, amount);
ALTER TABLE shop.orders REPLICA IDENTITY FULL;
ALTER TABLE shop.orders ADD CONSTRAINT amount_sane CHECK (amount < 100000) NOT VALID;

ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_orders ON shop.orders FOR SELECT TO reader, keeper USING (customer_id > 5);
CREATE POLICY all_orders ON shop.orders AS RESTRICTIVE USING (true) WITH CHECK (amount > 0);

CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEW;
END
$$;
CREATE TRIGGER touch_orders BEFORE INSERT OR UPDATE OF amount ON shop.orders FOR EACH ROW WHEN (NEW.amount > 0) EXECUTE FUNCTION shop.touch('a', 'b');
CREATE TRIGGER off_orders AFTER DELETE ON shop.orders FOR EACH STATEMENT EXECUTE FUNCTION shop.touch();
CREATE TRIGGER always_orders AFTER DELETE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE TRIGGER replica_orders AFTER DELETE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE CONSTRAINT TRIGGER late_orders AFTER INSERT ON shop.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.orders DISABLE TRIGGER off_orders;
ALTER TABLE shop.orders ENABLE ALWAYS TRIGGER always_orders;
ALTER TABLE shop.orders ENABLE REPLICA TRIGGER replica_orders;
CREATE RULE quiet AS ON DELETE TO shop.orders WHERE old.amount = 1 DO INSTEAD NOTHING;
CREATE RULE loud AS ON UPDATE TO shop.orders DO ALSO SELECT 1;
ALTER TABLE shop.orders DISABLE RULE loud;
COMMENT ON RULE quiet ON shop.orders IS 'Keeps ones';
COMMENT ON TRIGGER touch_orders ON shop.orders IS 'Touches';

CREATE TABLE shop.locked (id integer UNIQUE);
ALTER TABLE shop.locked FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.locked ENABLE ROW LEVEL SECURITY;
CREATE TABLE shop.forced (id integer NOT NULL, CONSTRAINT forced_key UNIQUE (id));
ALTER TABLE shop.forced FORCE ROW LEVEL SECURITY;
ALTER TABLE shop.forced REPLICA IDENTITY USING INDEX forced_key;
CREATE TABLE shop.silent (id integer);
ALTER TABLE shop.silent REPLICA IDENTITY NOTHING;
CREATE POLICY unused ON shop.silent FOR UPDATE USING (id = 1) WITH CHECK (id = 2);

CREATE VIEW shop.happy AS
SELECT customer_id, name, credit FROM shop.customers WHERE mood = 'happy'::shop.mood;
COMMENT ON VIEW shop.happy IS 'The better ones';
COMMENT ON COLUMN shop.happy.name IS 'Nobody''s';
CREATE VIEW shop.barrier WITH (security_barrier = true, check_option = local) AS
SELECT order_id, amount FROM shop.orders WHERE amount > 10;
CREATE FUNCTION shop.write_happy() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;
CREATE TRIGGER happy_insert INSTEAD OF INSERT ON shop.happy FOR EACH ROW EXECUTE FUNCTION shop.write_happy();
CREATE RULE happy_delete AS ON DELETE TO shop.happy DO INSTEAD NOTHING;
CREATE MATERIALIZED VIEW shop.totals AS
SELECT customer_id, sum(amount) AS total FROM shop.orders GROUP BY customer_id WITH NO DATA;
CREATE UNIQUE INDEX totals_key ON shop.totals (customer_id);

CREATE TABLE public.measures (
    at date NOT NULL,
    place text NOT NULL,
    value double precision
) PARTITION BY RANGE (at);
CREATE TABLE public.measures_2024 PARTITION OF public.measures FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE public.measures_2025 PARTITION OF public.measures FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (place);
CREATE TABLE public.measures_2025_north PARTITION OF public.measures_2025 FOR VALUES IN ('north');
CREATE TABLE public.measures_rest PARTITION OF public.measures DEFAULT;
CREATE INDEX measures_at ON public.measures (at);
ALTER TABLE public.measures ADD CONSTRAINT measures_key UNIQUE (at, place);
CREATE TRIGGER touch_measures AFTER INSERT ON public.measures FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE TABLE public.hashed (id integer PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE public.references_hashed (id integer REFERENCES public.hashed);
CREATE TABLE public.by_expression (a integer, b text) PARTITION BY RANGE (lower(b) COLLATE "C" text_pattern_ops, a);

CREATE TABLE public.no_columns ();
CREATE UNLOGGED TABLE public.careless_table (id integer);
CREATE TABLE public.typed OF shop.point3;
CREATE TEMPORARY TABLE gone_soon (id integer) ON COMMIT DELETE ROWS;
CREATE TABLE "Weird.Schema"."Weird.Table" ("a.b" integer, "c d" text, Ünïcode text);
CREATE TABLE public.customers (id integer);
CREATE TABLE public.a_table_with_a_name_that_is_much_longer_than_any_of_its_columns (id integer);

CREATE FUNCTION public.add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT a + b';
COMMENT ON FUNCTION public.add(integer, integer) IS 'Adds';
CREATE FUNCTION public.add(a text, VARIADIC b text[]) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT a';
CREATE FUNCTION public.listed(most integer DEFAULT 10, OUT name text, OUT n bigint) RETURNS SETOF record LANGUAGE plpgsql ROWS 5 COST 7
SET search_path TO 'shop', 'public' AS $body$
DECLARE
    n_rows integer;
BEGIN
    RETURN;
END
$body$;
CREATE FUNCTION public.atomic(x integer) RETURNS integer LANGUAGE sql RETURN x + 1;
REVOKE EXECUTE ON FUNCTION public.add(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.add(integer, integer) TO reader WITH GRANT OPTION;
CREATE PROCEDURE public.tidy(INOUT n integer) LANGUAGE sql AS $$ SELECT n $$;
CREATE AGGREGATE public.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
COMMENT ON AGGREGATE public.total(integer) IS 'Sums';
CREATE AGGREGATE public.anything(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE FUNCTION public.pm_eq(point, point) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 ~= $2';
CREATE OPERATOR public.=== (LEFTARG = point, RIGHTARG = point, PROCEDURE = public.pm_eq, COMMUTATOR = ===);
COMMENT ON OPERATOR public.=== (point, point) IS 'Same point';
CREATE OPERATOR public.!!! (RIGHTARG = integer, PROCEDURE = pg_catalog.int4abs);
CREATE FUNCTION public.to_mood(integer) RETURNS shop.mood LANGUAGE sql AS $$ SELECT 'sad'::shop.mood $$;
CREATE CAST (integer AS shop.mood) WITH FUNCTION public.to_mood(integer) AS ASSIGNMENT;
COMMENT ON CAST (integer AS shop.mood) IS 'Always sad';
CREATE CONVERSION public.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION public.latin IS 'From the west';
CREATE COLLATION public.plain_c (locale = 'C');
CREATE COLLATION public.german (provider = icu, locale = 'de-u-co-phonebk', deterministic = false);
COMMENT ON COLLATION public.german IS 'As in a phone book';
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE EVENT TRIGGER watch_drops ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION public.watch();
CREATE EVENT TRIGGER watch_ddl ON ddl_command_end EXECUTE FUNCTION public.watch();
ALTER EVENT TRIGGER watch_ddl DISABLE;
COMMENT ON EVENT TRIGGER watch_drops IS 'Who drops';
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD heap2 IS 'A second heap';
CREATE TABLE public.in_heap2 (id integer) USING heap2;
CREATE OPERATOR FAMILY public.odd_family USING btree;
CREATE OPERATOR CLASS public.odd_ops FOR TYPE integer USING btree FAMILY public.odd_family AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
CREATE INDEX hashed_odd ON public.customers (id public.odd_ops);

CREATE FOREIGN DATA WRAPPER sleepy OPTIONS (debug 'true');
COMMENT ON FOREIGN DATA WRAPPER sleepy IS 'Does nothing';
CREATE SERVER far TYPE 'old' VERSION '2' FOREIGN DATA WRAPPER sleepy OPTIONS (host 'h', "a b" 'it''s');
COMMENT ON SERVER far IS 'A long way';
GRANT USAGE ON FOREIGN SERVER far TO reader;
CREATE USER MAPPING FOR reader SERVER far OPTIONS ("user" 'x');
CREATE USER MAPPING FOR PUBLIC SERVER far;
CREATE FOREIGN TABLE shop.remote (
    id integer OPTIONS (column_name 'i d') NOT NULL,
    name text
) SERVER far OPTIONS (table_name 'r', "odd name" 'v');
COMMENT ON FOREIGN TABLE shop.remote IS 'Elsewhere';
CREATE FOREIGN TABLE public.expressed_far PARTITION OF public.by_expression FOR VALUES FROM ('a', 1) TO ('b', MAXVALUE) SERVER far;

CREATE TEXT SEARCH DICTIONARY public.plain_words (TEMPLATE = pg_catalog.simple, STOPWORDS = 'english', ACCEPT = 'false');
COMMENT ON TEXT SEARCH DICTIONARY public.plain_words IS 'No stop words';
CREATE TEXT SEARCH CONFIGURATION public.plain_search (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION public.plain_search ALTER MAPPING FOR asciiword WITH public.plain_words, simple;
COMMENT ON TEXT SEARCH CONFIGURATION public.plain_search IS 'Words only';
CREATE TEXT SEARCH PARSER public.parse_plain (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE public.template_plain (INIT = dsimple_init, LEXIZE = dsimple_lexize);

CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, delete');
CREATE PUBLICATION columns FOR TABLE shop.customers (customer_id, name);
CREATE PUBLICATION chosen FOR TABLE shop.silent, shop.orders WHERE (amount > 5);
CREATE PUBLICATION whole_schema FOR TABLES IN SCHEMA public, shop;
CREATE PUBLICATION nothing;
CREATE PUBLICATION by_root FOR TABLE public.measures WITH (publish_via_partition_root = true);
COMMENT ON PUBLICATION chosen IS 'Selected';
CREATE SUBSCRIPTION listener CONNECTION 'host=192.0.2.1 dbname=x' PUBLICATION one, two WITH (connect = false, slot_name = NONE);

CREATE TABLE public.lettered (letter "char", bits bit(3), times time(2) with time zone, gap interval hour to minute, code char(4));
ALTER TABLE public.lettered DROP COLUMN bits;

ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA shop GRANT SELECT ON TABLES TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper GRANT USAGE ON SCHEMAS TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper GRANT USAGE ON TYPES TO reader;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper GRANT USAGE ON SEQUENCES TO reader;
DO $$BEGIN PERFORM lo_create(4242), lo_create(4243); END$$;
COMMENT ON LARGE OBJECT 4242 IS 'Large';
GRANT SELECT ON LARGE OBJECT 4242 TO reader;
GRANT SET ON PARAMETER log_statement TO reader;
GRANT CONNECT ON DATABASE described TO reader;
COMMENT ON DATABASE described IS 'For describe commands';

-- What is rarer.

SET allow_in_place_tablespaces = on;
CREATE TABLESPACE side LOCATION '' WITH (random_page_cost = 2);
COMMENT ON TABLESPACE side IS 'Beside the others';
GRANT CREATE ON TABLESPACE side TO reader;
CREATE SCHEMA rare;
CREATE TABLE rare.apart (id serial PRIMARY KEY USING INDEX TABLESPACE side, by_default integer GENERATED BY DEFAULT AS IDENTITY) TABLESPACE side;
CREATE INDEX apart_index ON rare.apart (by_default DESC NULLS LAST) INCLUDE (id) TABLESPACE side;
CREATE MATERIALIZED VIEW rare.apart_view TABLESPACE side AS SELECT 1 AS one;
ALTER TABLE rare.apart SET (toast.autovacuum_enabled = off, fillfactor = 50);
CREATE TABLE rare.mother (a integer);
CREATE TABLE rare.father (b integer);
CREATE TABLE rare.both_of_them () INHERITS (rare.mother, rare.father);
CREATE TABLE rare.grandchild () INHERITS (rare.both_of_them);
CREATE TABLE rare.events (id integer, at date, apart_id integer REFERENCES rare.apart, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE rare.events_early PARTITION OF rare.events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE rare.events_late PARTITION OF rare.events FOR VALUES FROM ('2020-01-01') TO (MAXVALUE) PARTITION BY HASH (id);
CREATE TABLE rare.events_late_0 PARTITION OF rare.events_late FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE rare.event_notes (event_id integer, at date, FOREIGN KEY (event_id, at) REFERENCES rare.events ON DELETE SET NULL NOT VALID);
CREATE TABLE rare.early_notes (event_id integer, at date, FOREIGN KEY (event_id, at) REFERENCES rare.events_early MATCH FULL);
ALTER TABLE rare.event_notes DISABLE TRIGGER ALL;
CREATE RULE always AS ON INSERT TO rare.mother DO ALSO NOTHING;
ALTER TABLE rare.mother ENABLE ALWAYS RULE always;
CREATE RULE on_replica AS ON INSERT TO rare.mother DO ALSO NOTHING;
ALTER TABLE rare.mother ENABLE REPLICA RULE on_replica;
CREATE POLICY for_insert ON rare.mother FOR INSERT WITH CHECK (a > 1);
CREATE POLICY for_delete ON rare.mother FOR DELETE TO CURRENT_USER, reader USING (a > 1);
CREATE POLICY for_none ON rare.mother TO reader;
ALTER TABLE rare.mother ENABLE ROW LEVEL SECURITY;
CREATE TABLE rare.guarded (id integer);
ALTER TABLE rare.guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY guarded_all ON rare.guarded USING (true);
ALTER TABLE rare.guarded FORCE ROW LEVEL SECURITY;
CREATE TABLE rare.times (during tsrange, room integer, EXCLUDE USING gist (during WITH &&) WHERE (room > 1) DEFERRABLE INITIALLY DEFERRED);
CREATE UNLOGGED TABLE rare.quick (id integer PRIMARY KEY DEFERRABLE, body text);
CREATE INDEX broken ON rare.quick (body);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'rare.broken'::regclass;
CREATE STATISTICS rare.one_kind (mcv) ON id, body FROM rare.quick;
CREATE VIEW rare.checked AS SELECT a, a + 1 AS "next One" FROM rare.mother WHERE a > 0 WITH CASCADED CHECK OPTION;
ALTER VIEW rare.checked ALTER COLUMN a SET DEFAULT 5;
CREATE VIEW rare."Odd ""View""" AS SELECT 1 AS "o""ne";
CREATE FUNCTION rare.odd(VARIADIC "Some" text[] DEFAULT ARRAY['a', 'b''c']) RETURNS TABLE ("X" integer, y text) LANGUAGE sql AS 'SELECT 1, NULL::text';
CREATE FUNCTION rare.body() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;
CREATE FUNCTION rare.with_lines() RETURNS text LANGUAGE plpgsql AS $function$
BEGIN
RETURN $$x$$;
END $function$;
CREATE TYPE rare.empty_enum AS ENUM ();
CREATE TYPE rare.shell;
CREATE TABLE rare.tabs (note text);
COMMENT ON TABLE rare.tabs IS E'tab\there\r\nand a second line, é, 漢字';
COMMENT ON COLUMN rare.tabs.note IS E'\x1b[31mred';
CREATE TABLE rare."line
break" (id integer);

SET search_path = public, shop;
