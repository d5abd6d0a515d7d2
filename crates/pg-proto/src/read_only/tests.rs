//! What a read-only session may send, and what it may not.

use proptest::prelude::*;

use super::*;

const USUAL: Reading = Reading {
    standard_strings: true,
    keeps_ascii: true,
};
const UNKNOWN: Reading = Reading {
    standard_strings: false,
    keeps_ascii: false,
};

fn all(texts: &[&str], verdict: Verdict) {
    for sql in texts {
        assert_eq!(judge(sql.as_bytes(), USUAL), verdict, "{sql}");
    }
}

#[test]
fn a_word_in_quotes_or_behind_a_number_is_what_it_is() {
    all(
        &[
            "explain (\"analyze\") insert into t values (1)",
            "explain (verbose, \"ANALYZE\" true) delete from t",
            "select 1. into x",
            "select 1.into x from t",
        ],
        Verdict::Refused,
    );
    all(
        &[
            "select t.into, (r).update, a[1].delete from t",
            "select \"t\".insert from t",
            "explain (verbose) insert into t values (1)",
        ],
        Verdict::Permitted,
    );
}

#[test]
fn what_reads_is_permitted() {
    all(
        &[
            "",
            " ; ;; -- nothing\n;",
            "select 1",
            "SELECT * FROM t WHERE a = 'update t set a = 1'",
            "table t",
            "values (1), (2)",
            "(select 1) union (select 2)",
            "((((select 1))))",
            "with a as (select 1), b as materialized (select 2) select * from a, b",
            "with recursive t(n) as (values (1) union all select n + 1 from t where n < 5) select sum(n) from t",
            "show all",
            "select 1; select 2;;show search_path",
            "select t.update, t.delete, x.\"into\" from t as insert",
            "select substring(x from 1 for 2), overlay(a placing b from 1 for 2) from t",
            "select '; delete from t', $$; drop table t; $$, $a$ ; $$ ; $a$, e'\\'; delete from t --'",
            "select E'a\\n' || 'b'",
            "select /* /* delete */ from t */ 1 -- delete from t",
            "select \"set_config\" from t",
            "select set_config('search_path', '', false), pg_catalog.set_config('jit', $1::text, false)",
            "SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind'",
            "select * from t for read only",
            "explain select 1",
            "explain analyze verbose select 1",
            "explain (analyze, format json) with a as (select 1) table a",
            "explain (select 1)",
            "explain delete from t",
            "explain (costs off) update t set a = 1",
            "explain analyze execute p(1)",
            "explain declare c cursor for select 1",
            "declare c no scroll cursor with hold for select 1",
            "declare \"for\" binary cursor for (select 1)",
            "fetch 10 from c; move c; close c; close all",
            "prepare p as select 1",
            "prepare p (int, numeric(10, 2)) as values ($1, $2)",
            "execute p(1, 'x'); deallocate p; deallocate all",
            "begin isolation level read committed; select 1",
            "savepoint a; rollback to a; rollback work to savepoint a; release a",
            "set transaction isolation level serializable, read only",
            "set transaction snapshot '00000003-0000001B-1'",
            "set session characteristics as transaction read only",
            "set search_path to role, public; set statement_timeout = 0; set time zone 'UTC'",
            "set local work_mem = '64MB'",
            "set names 'utf8'",
            "set application_name to 'default_transaction_read_only'",
            "reset all; reset search_path",
            "discard plans; discard temp",
            "listen a; unlisten *",
            "lock table only a.b, c in access share mode nowait",
            "copy t to stdout",
            "copy binary t to stdout",
            "copy a.\"to\" (b, c) to stdout with (format csv, header)",
            "copy (select 1) to stdout",
            "copy ((select 1) union all select 2 from (values (1)) x) to stdout (format binary)",
        ],
        Verdict::Permitted,
    );
}

#[test]
fn the_end_of_a_transaction_is_told_and_has_nothing_behind_it() {
    all(
        &[
            "commit",
            "COMMIT WORK;",
            "end transaction; ;",
            "rollback and chain",
            "abort and no chain -- so",
            "begin; select 1; commit",
            "discard all",
        ],
        Verdict::EndsTransaction,
    );
    all(
        &[
            "commit; select 1",
            "begin; commit; begin",
            "rollback; rollback",
            "select 1; end; /* */ show all",
            "commit and chain; select 1",
            "discard all; select 1",
        ],
        Verdict::Refused,
    );
}

#[test]
fn what_only_begins_a_transaction_is_told() {
    all(
        &[
            "begin",
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY, DEFERRABLE;",
            "start transaction read only",
        ],
        Verdict::Begins,
    );
    all(
        &["begin; begin", "begin; select 1", "select 1; begin"],
        Verdict::Permitted,
    );
}

#[test]
fn what_changes_anything_is_refused() {
    all(
        &[
            "insert into t values (1)",
            "UPDATE t SET a = 1",
            "/* select */ delete from t",
            "-- select\ndelete from t",
            "merge into t using u on true when matched then delete",
            "truncate t",
            "create table t (n int)",
            "create temp table t as select 1",
            "select 1; drop table t",
            "alter system set work_mem = 1",
            "select * into t from u",
            "select 1 as a into t",
            "SELECT 1 INTO/**/t",
            "with a as (select 1) select * into t from a",
            "with a as (insert into t values (1) returning *) select * from a",
            "with a as (delete from t returning *) table a",
            "with a as not materialized (update t set a = 1 returning *) table a",
            "with a as (with b as (select 1) delete from t returning *) table a",
            "with a as (select 1) delete from t",
            "with values as (select 1) delete from t",
            "with recursive a as (select 1) search depth first by b set c cycle b set d using e delete from t",
            "with a as ((((delete from t returning *)))) table a",
            "select * from t for update",
            "select * from t FOR /* */ SHARE",
            "select * from t for no key update skip locked",
            "select * from t for key share",
            "(select * from t) for update",
            "table t for update",
            "explain analyze delete from t",
            "explain (analyze) insert into t values (1)",
            "explain (verbose, ANALYSE on) update t set a = 1",
            "explain verbose analyze delete from t",
            "explain analyze with a as (delete from t returning *) table a",
            "explain analyze create table u as select 1",
            "explain create table u as select 1",
            "explain (analyze",
            "do $$ begin delete from t; end $$",
            "call p()",
            "vacuum",
            "analyze t",
            "checkpoint",
            "reindex table t",
            "cluster",
            "refresh materialized view v",
            "notify a",
            "load 'x'",
            "grant all on t to public",
            "comment on table t is 'x'",
            "security label on table t is 'x'",
            "import foreign schema a from server b into c",
            "declare c cursor for delete from t returning *",
            "declare c cursor for select * from t for update",
            "declare c cursor",
            "prepare p as delete from t",
            "prepare p (int) as insert into t values ($1)",
            "prepare as delete from t",
            "\"select\" 1",
            "'select' 1",
            "U&\"select\" 1",
            "select U&\"a\"",
            "help",
            "describe t",
            "(delete from t)",
            "(",
            ")",
        ],
        Verdict::Refused,
    );
}

#[test]
fn a_transaction_that_writes_does_not_begin() {
    all(
        &[
            "begin read write",
            "BEGIN ISOLATION LEVEL SERIALIZABLE READ/**/WRITE",
            "begin; set transaction read write",
            "begin read only, read\n--\nwrite",
            "start transaction read write",
            "start",
            "set transaction read write",
            "set local transaction read write",
            "set session characteristics as transaction read write",
            "set session session characteristics as transaction isolation level serializable, read write",
            "begin; set local transaction_read_only = off",
            "set transaction_read_only to off",
            "SET SESSION Transaction_Read_Only = 0",
            "set /* */ \"transaction_read_only\" = off",
            "set \"Default_Transaction_Read_Only\" to default",
            "set U&\"transaction\\005fread_only\" = off",
            "set default_transaction_read_only = on",
            "set default_transaction_read_only from current",
            "reset default_transaction_read_only",
            "reset transaction_read_only",
            "set role postgres",
            "set local role none",
            "set session authorization postgres",
            "set local session authorization default",
            "set session_authorization = postgres",
            "reset role",
            "reset session authorization",
            "set trans\u{130}action = 1",
            "prepare transaction 'x'",
            "commit prepared 'x'",
            "rollback prepared 'x'",
            "commit and",
            "commit to a",
        ],
        Verdict::Refused,
    );
}

#[test]
fn set_config_says_in_plain_text_what_it_sets() {
    all(
        &[
            "select set_config('transaction_read_only', 'off', true)",
            "select pg_catalog . set_config ( 'default_transaction_read_only', 'off', false)",
            "select SET_CONFIG(/**/'Default_Transaction_READ_only','off',false)",
            "select \"set_config\"('role', 'postgres', false)",
            "select set_config('session_authorization', 'postgres', false)",
            "select set_config('search' || '_path', '', false)",
            "select set_config($1, 'off', false)",
            "select set_config(name, 'off', false) from pg_settings where name = 'default_transaction_read_only'",
            "select set_config(name, 'view' || '', false) from a",
            "select set_config(other, 'view', false) from a",
            "select set_config(",
            "select set_config($$search_path$$, '', false)",
            "select set_config(E'transaction\\137read_only', 'off', true)",
            "select set_config(U&'transactionz005fread_only' uescape 'z', 'off', true)",
            "select set_config('default_transaction_'\n'read_only', 'off', false)",
            "select set_config('a'::text, 'off', false)",
            "select set_config(setting_name => 'transaction_read_only', new_value => 'off', is_local => true)",
            "select set_config(value := 'off', setting := 'x')",
            "select * from set_config(variadic array['x'])",
            "execute p(set_config('role', 'x', false))",
            "select U&\"set\\005fconfig\"('role', 'x', false)",
        ],
        Verdict::Refused,
    );
}

#[test]
fn rows_go_to_the_client_or_nowhere() {
    all(
        &[
            "copy t from stdin",
            "copy t to '/tmp/x'",
            "copy t to program 'sh'",
            "copy (select 1) to program 'sh'",
            "copy (select 1) to '/tmp/stdout'",
            "copy (delete from t returning *) to stdout",
            "copy (with a as (delete from t returning *) table a) to stdout",
            "copy ((select 1) union (select 1 from t for update)) to stdout",
            "copy (select 1 into t) to stdout",
            "copy (select 1; delete from t) to stdout",
            "copy t to \"stdout\"",
            "copy t to stdin",
            "copy t",
            "copy (select 1",
            "copy (select 1) from stdin",
        ],
        Verdict::Refused,
    );
}

#[test]
fn locks_are_the_weakest_there_are() {
    all(
        &[
            "lock t",
            "lock table t in access exclusive mode",
            "lock t in share mode",
            "lock t in access share",
        ],
        Verdict::Refused,
    );
}

#[test]
fn a_text_that_can_be_read_in_two_ways_is_refused() {
    // By a backslash before a quote, where nobody knows what it is.
    for sql in [
        r"select 'a\', '; delete from t; --'",
        r"select 'a\'; delete from t; --'",
        r"select 'C:\'",
        r"select U&'\'",
    ] {
        assert_eq!(judge(sql.as_bytes(), UNKNOWN), Verdict::Refused, "{sql}");
    }
    assert_eq!(judge(br"select 'C:\', U&'\0041'", USUAL), Verdict::Permitted);
    assert_eq!(judge(br"select 'a\b', e'\''", UNKNOWN), Verdict::Permitted);

    // By a literal that goes on with the escapes of the one before.
    for sql in [
        "select e'a'\n'b\\'; delete from t; --'",
        "select E'a' -- b\n  'b\\', '; delete from t; --'",
        "select e'a' 'b'",
    ] {
        assert_eq!(judge(sql.as_bytes(), USUAL), Verdict::Refused, "{sql}");
    }
    assert_eq!(judge(b"select 'a'\n'b', e'c', 'd'", USUAL), Verdict::Permitted);

    // By what may be half of a character.
    let sjis: &[u8] = b"select e'\x95\x5c'; delete from t; --'";
    let unknown = Reading {
        keeps_ascii: false,
        ..USUAL
    };
    assert_eq!(judge(sjis, unknown), Verdict::Refused);
    assert_eq!(judge("select 'é]', \"ü;\"".as_bytes(), unknown), Verdict::Refused);
    assert_eq!(judge("select 'é', \"ü\"".as_bytes(), unknown), Verdict::Refused);
    assert_eq!(judge(b"select 'e', \"u\"", unknown), Verdict::Permitted);
    // Or become a backslash.
    let yen = "select e'¥'; delete from t; --'";
    assert_eq!(judge(yen.as_bytes(), unknown), Verdict::Refused);
    assert_eq!(judge("select 'é]', \"ü;\"".as_bytes(), USUAL), Verdict::Permitted);
}

#[test]
fn encodings_that_hide_ascii_or_make_it_are_known() {
    for (client, server) in [
        ("UTF8", "UTF8"),
        ("UTF8", "SQL_ASCII"),
        ("LATIN1", "UTF8"),
        ("WIN1252", "UTF8"),
        ("ISO_8859_5", "UTF8"),
        ("SQL_ASCII", "EUC_JP"),
        ("EUC_JP", "EUC_JP"),
    ] {
        assert!(keeps_ascii(client.as_bytes(), server.as_bytes()), "{client}");
    }
    for (client, server) in [
        ("SJIS", "UTF8"),
        ("BIG5", "UTF8"),
        ("GBK", "UTF8"),
        ("UHC", "UTF8"),
        ("GB18030", "UTF8"),
        ("JOHAB", "UTF8"),
        ("SHIFT_JIS_2004", "UTF8"),
        ("EUC_JP", "UTF8"),
        ("UTF8", "EUC_JP"),
        ("UTF8", ""),
        ("", ""),
    ] {
        assert!(!keeps_ascii(client.as_bytes(), server.as_bytes()), "{client}");
    }
}

/// Enough to get the scanner into every state.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'"),
        Just("\""),
        Just("$$"),
        Just("$a$"),
        Just("e'"),
        Just("U&'"),
        Just("u&\""),
        Just("\\"),
        Just("--"),
        Just("\n"),
        Just("/*"),
        Just("*/"),
        Just(";"),
        Just("("),
        Just(")"),
        Just(" "),
        Just("a"),
        Just("é"),
        Just("1"),
        Just("."),
        Just(","),
        Just("select "),
        Just("delete from t"),
        Just("set_config"),
        Just("commit"),
        Just("copy "),
        Just(" to stdout"),
        Just("explain "),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn what_is_permitted_without_knowledge_is_permitted_with_it(sql in text()) {
        let blind = judge(sql.as_bytes(), UNKNOWN);

        if blind != Verdict::Refused {
            // Of two adjacent literals, the first with escapes, the server makes nothing or one.
            let known = judge(sql.as_bytes(), USUAL);
            prop_assert!(known == blind || sql.to_lowercase().contains("e'"), "{}", sql);
        }
    }

    #[test]
    fn a_comment_between_statements_changes_nothing(sql in text(), comment in "[a-z '\"$;]{0,12}") {
        let commented = format!("/*{comment}*/;--{comment}\n{sql}");

        prop_assert_eq!(judge(commented.as_bytes(), USUAL), judge(sql.as_bytes(), USUAL));
    }

    #[test]
    fn what_stands_before_a_refused_statement_does_not_hide_it(sql in text()) {
        let followed = format!("{sql};delete from t");

        // Unless it swallows it: then nothing of it runs, or it is a literal's or a comment's.
        if judge(followed.as_bytes(), USUAL) != Verdict::Refused {
            let again = format!("{sql};x");
            prop_assert!(judge(again.as_bytes(), USUAL) != Verdict::Refused, "{}", sql);
        }
    }
}
