//! Read-only mode: what is permitted runs, what is not is blocked, and nothing writes whatever is tried.

mod texts;
mod transactions;

use expect_test::expect;
use pg_proto::frontend::{Bind, FunctionCall, Message, Named};
use proxy::Tls;
use testkit::{Cluster, Pgbouncer};

use crate::extended::{bind, execute, parse, run, versions};
use crate::kit::{OPEN, Session, credential, open, target};

const BLOCKED: &str = "ERROR 25006: Query blocked: read-only mode is enabled. Only SELECT, SHOW, DESCRIBE, EXPLAIN and \
                       similar read-only statements are permitted.";

/// A table of one row, and functions that would do what no statement may: `w` writes, `off` turns the mode off.
fn prepared(cluster: &Cluster) {
    cluster
        .sql(
            "create table t (n int);
             insert into t values (1);
             create function w() returns int language sql as 'insert into t values (2) returning n';
             create function off() returns text language sql as
                 $$ select set_config('default_transaction_read_only', 'off', false) $$;
             create function now_off() returns text language sql as
                 $$ select set_config('transaction_read_only', 'off', true) $$;
             create function strings_off() returns text language sql as
                 $$ select set_config('standard_conforming_strings', 'off', false) $$;
             create sequence s;
             create procedure p() language plpgsql as $$ begin insert into t values (3); commit; end $$",
        )
        .expect("creates");
}

async fn session(cluster: &Cluster) -> Session {
    session_with(cluster, &[]).await
}

async fn session_with(cluster: &Cluster, options: &[(&str, &str)]) -> Session {
    let mut target = target(cluster.port(), Tls::Off);
    target.read_only = true;
    target.options = options
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();

    let upstream = open(&target, &credential()).await;

    Session::over(upstream.expect("connects"), OPEN)
}

fn query(sql: &str) -> Message {
    Message::Query { sql: sql.into() }
}

fn bind_to(portal: &str, statement: &str) -> Message {
    Message::Bind(Bind {
        portal: portal.into(),
        statement: statement.into(),
        ..Bind::default()
    })
}

fn is_untouched(cluster: &Cluster) -> bool {
    let left = cluster.sql("select string_agg(n::text, ',') from t");

    left.is_ok_and(|left| left == "1")
}

#[tokio::test]
async fn what_reads_runs_as_ever() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = session(&cluster).await;
        for (sql, answer) in [
            ("table t", "RowDescription, row(1), SELECT 1, ready(I)"),
            ("show transaction_read_only", "RowDescription, row(on), SHOW, ready(I)"),
            ("begin; declare c cursor for table t", "BEGIN, DECLARE CURSOR, ready(T)"),
            ("fetch c; close c; end", "RowDescription, row(1), FETCH 1, CLOSE CURSOR, COMMIT, ready(I)"),
            ("copy t to stdout", "CopyOutResponse, copy(1), CopyDone, COPY 1, ready(I)"),
            ("prepare q (int) as select $1 + 1", "PREPARE, ready(I)"),
            ("execute q (1)", "RowDescription, row(2), SELECT 1, ready(I)"),
            ("explain (costs off) insert into t values (1)",
             "RowDescription, row(Insert on t), row(  ->  Result), EXPLAIN, ready(I)"),
            ("set search_path to public; reset search_path", "SET, RESET, ready(I)"),
            ("select set_config('work_mem', '1MB', false)", "RowDescription, row(1MB), SELECT 1, ready(I)"),
            ("begin; lock t in access share mode; rollback", "BEGIN, LOCK TABLE, ROLLBACK, ready(I)"),
            ("listen a", "LISTEN, ready(I)"),
            ("", "EmptyQueryResponse, ready(I)"),
        ] {
            assert_eq!(session.client.query(sql).await.replace("ParameterStatus, ", ""), answer, "{sql}");
        }

        // As drivers prepare and run, all sent at once.
        let mut all = run("begin").to_vec();
        all.extend([parse("s", "select n from t where n = $1"), Message::Describe(Named::Statement("s".into()))]);
        all.extend([bind("s", &["1"]), execute()]);
        all.extend(run("commit"));
        all.push(Message::Sync);
        session.client.talk(&all).await;
        assert_eq!(
            session.client.answer().await,
            "ParseComplete, BindComplete, BEGIN, ParseComplete, ParameterDescription, RowDescription, BindComplete, \
             row(1), SELECT 1, ParseComplete, BindComplete, COMMIT, ready(I)"
        );
        // Several at once, each with its Sync, are answered in order.
        let mut all = Vec::new();
        for n in ["1", "2", "3"] {
            all.extend([bind("s", &[n]), execute(), Message::Sync, query(&format!("select {n}"))]);
        }
        session.client.talk(&all).await;
        for n in ["1", "2", "3"] {
            let rows = if n == "1" { "row(1), SELECT 1" } else { "SELECT 0" };
            assert_eq!(session.client.answer().await, format!("BindComplete, {rows}, ready(I)"));
            assert_eq!(session.client.answer().await, format!("RowDescription, row({n}), SELECT 1, ready(I)"));
        }
        session.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_writes_is_blocked_and_the_session_goes_on() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = session(&cluster).await;
        let statements = [
            "insert into t values (2)",
            "/* select */ DeLeTe from t",
            "select 1; insert into t values (2)",
            "with a as (insert into t values (2) returning n) table a",
            "select * into u from t",
            "select * from t for update",
            "call p()",
            "do $$ begin insert into t values (2); end $$",
            "begin read write; insert into t values (2); commit",
            "begin; commit; select w()",
            "set session characteristics as transaction read write",
            "select set_config('default_transaction_read_only', 'off', false)",
            "set default_transaction_read_only = off",
            "set role postgres",
            "copy t from stdin",
            "copy t to program 'cat'",
            "explain analyze insert into t values (2)",
            "prepare q as insert into t values (2)",
            "vacuum t",
            "select U&\"n\" from t",
        ];
        for sql in statements {
            assert_eq!(
                session.client.query(sql).await,
                format!("{BLOCKED}, ready(I)"),
                "{sql}"
            );
            for message in [parse("", sql), parse("named", sql)] {
                let all = [message, bind("", &[]), execute(), Message::Sync];
                session.client.talk(&all).await;
                assert_eq!(
                    session.client.answer().await,
                    format!("{BLOCKED}, ready(I)"),
                    "{sql}"
                );
            }
            assert_eq!(
                session.client.query("table t").await,
                "RowDescription, row(1), SELECT 1, ready(I)"
            );
        }
        assert!(is_untouched(&cluster));

        let story = session.leave().await.story();
        for sql in statements {
            let simple = format!("Simple Person {sql}\n  0: \"\" 0 rows 25006\n");
            let extended = format!("Extended Person {sql}\n  0: \"\" 0 rows 25006\n");
            assert!(story.contains(&simple), "{sql}: {story}");
            assert_eq!(story.matches(&extended).count(), 2, "{sql}: {story}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_blocked_statement_fails_its_transaction_as_an_error_does() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = session(&cluster).await;
        let client = &mut session.client;
        let aborted =
            "ERROR 25P02: current transaction is aborted, commands ignored until end of transaction block";

        assert_eq!(client.query("begin").await, "BEGIN, ready(T)");
        assert_eq!(client.query("savepoint a").await, "SAVEPOINT, ready(T)");
        assert_eq!(
            client.query("delete from t").await,
            format!("{BLOCKED}, ready(E)")
        );
        assert_eq!(client.query("select 1").await, format!("{aborted}, ready(E)"));
        assert_eq!(
            client.query("delete from t").await,
            format!("{BLOCKED}, ready(E)")
        );
        assert_eq!(client.query("rollback to a").await, "ROLLBACK, ready(T)");
        assert_eq!(client.query("commit").await, "COMMIT, ready(I)");

        // Up to the Sync everything is skipped, and what was prepared before is still there.
        client.talk(&[parse("s", "select 7"), Message::Sync]).await;
        assert_eq!(client.answer().await, "ParseComplete, ready(I)");
        client
            .talk(&[
                parse("s", "delete from t"),
                Message::Describe(Named::Statement("s".into())),
                bind("s", &[]),
                execute(),
                Message::Flush,
            ])
            .await;
        assert_eq!(client.words(1).await, BLOCKED);
        client.talk(&[bind("s", &[]), execute(), Message::Sync]).await;
        assert_eq!(client.answer().await, "ready(I)");
        client.talk(&[bind("s", &[]), execute(), Message::Sync]).await;
        assert_eq!(client.answer().await, "BindComplete, row(7), SELECT 1, ready(I)");

        // The unnamed one is gone, as it is after any failure.
        client
            .talk(&[parse("", "select 7"), parse("", "delete from t"), Message::Sync])
            .await;
        assert_eq!(
            client.answer().await,
            format!("ParseComplete, {BLOCKED}, ready(I)")
        );
        client.talk(&[bind("", &[]), Message::Sync]).await;
        assert_eq!(
            client.answer().await,
            "ERROR 26000: unnamed prepared statement does not exist, ready(I)"
        );
        session.leave().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_statement_may_call_is_stopped_by_the_server() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = session(&cluster).await;
        let client = &mut session.client;

        for (sql, code) in [
            ("select w()", "25006"),
            ("select now_off()", "25001"),
            ("begin; select now_off()", "25001"),
            ("rollback", "ROLLBACK"),
            ("begin", "BEGIN"),
            ("select query_to_xml('select set_config(''transaction_read_only'', ''off'', true)', true, true, '')", "25001"),
            ("rollback", "ROLLBACK"),
            ("select query_to_xml('insert into t values (2) returning n', true, true, '')", "0A000"),
            ("select nextval('s')", "25006"),
        ] {
            let answer = client.query(sql).await;
            assert!(answer.contains(code) && !answer.contains(BLOCKED), "{sql}: {answer}");
        }
        assert!(is_untouched(&cluster));
        session.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_function_is_not_called_by_its_number() {
    versions(async |cluster| {
        prepared(&cluster);
        let oid = cluster
            .sql("select 'off'::regproc::oid")
            .unwrap()
            .parse()
            .unwrap();
        let mut session = session(&cluster).await;

        session
            .client
            .send(&Message::FunctionCall(FunctionCall {
                function_oid: oid,
                ..FunctionCall::default()
            }))
            .await;

        assert_eq!(session.client.answer().await, format!("{BLOCKED}, ready(I)"));
        assert_eq!(
            session.client.query("show default_transaction_read_only").await,
            "RowDescription, row(on), SHOW, ready(I)"
        );
        let story = session.leave().await.story();
        assert!(
            story.starts_with(&format!(
                "FunctionCall Person [function with OID {oid}]\n  0: \"\" 0 rows 25006\n"
            )),
            "{story}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_nobody_keeps_is_read_all_the_same() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut target = target(cluster.port(), Tls::Off);
        target.read_only = true;
        let upstream = open(&target, &credential()).await.unwrap();
        let mut session = Session::unrecorded(upstream, OPEN);
        let client = &mut session.client;
        let block = format!("{BLOCKED}, ready(I)");

        assert_eq!(client.query("delete from t").await, block);
        client
            .talk(&[
                parse("c", "commit"),
                parse("w", "select w()"),
                parse("d", "delete from t"),
                Message::Sync,
            ])
            .await;
        assert_eq!(
            client.answer().await,
            format!("ParseComplete, ParseComplete, {block}")
        );
        client
            .talk(&[
                parse("s", "table t"),
                bind_to("", "s"),
                execute(),
                bind_to("", "s"),
                Message::Sync,
            ])
            .await;
        assert_eq!(
            client.answer().await,
            "ParseComplete, BindComplete, row(1), SELECT 1, BindComplete, ready(I)"
        );
        client
            .talk(&[
                bind_to("", "c"),
                execute(),
                bind_to("", "w"),
                execute(),
                Message::Sync,
            ])
            .await;
        let answer = client.answer().await;
        assert!(answer.ends_with(&block), "{answer}");
        assert!(is_untouched(&cluster));

        let shelf = session.leave().await;
        assert_eq!(shelf.story(), "");
    })
    .await;
}

#[tokio::test]
async fn a_session_that_may_write_is_not_touched() {
    let cluster = Cluster::start().unwrap();
    prepared(&cluster);
    let mut session = Session::on(&cluster, OPEN).await;

    assert_eq!(
        session
            .client
            .query("select off(); select w(); commit; delete from t")
            .await
            .matches("ready")
            .count(),
        1
    );
    let mut all = run("commit").to_vec();
    all.extend(run("insert into t values (7)"));
    all.extend([Message::Sync, query("table t")]);
    session.client.talk(&all).await;
    let answer = session.client.answer().await;
    assert!(answer.ends_with("INSERT 0 1, ready(I)"), "{answer}");
    assert_eq!(
        session.client.answer().await,
        "RowDescription, row(7), SELECT 1, ready(I)"
    );
    session.leave().await;
}

#[tokio::test]
async fn a_server_that_does_not_say_that_it_is_read_only_is_left() {
    let cluster = Cluster::start().unwrap();
    let deaf = Pgbouncer::before(
        &cluster,
        "ignore_startup_parameters = default_transaction_read_only",
    )
    .unwrap();
    let strict = Pgbouncer::before(&cluster, "").unwrap();
    let refused = async |port| {
        let mut target = target(port, Tls::Off);
        target.read_only = true;
        let error = open(&target, &credential()).await.expect_err("not let in");
        let told = format!("{:?}: {}\n{}", error.code(), error.sentence(), error.remedy());
        told.replace(&port.to_string(), "PORT")
    };

    let version = cluster.sql("show server_version").unwrap();
    expect![[r#"
        Rejected: Read-only mode is enabled, and the server at localhost port PORT (version VERSION) does not say that its transactions are read-only.
        It takes PostgreSQL 14 or newer. A pooler in between has to pass on the startup parameter default_transaction_read_only, and what the server reports of it."#]]
    .assert_eq(&refused(deaf.port()).await.replace(&version, "VERSION"));
    expect![[r#"
        Rejected: The pooler before the server does not accept the startup parameter default_transaction_read_only.
        Read-only mode takes it: connect to the server itself, or have a pgbouncer that can track it (track_extra_parameters)."#]]
    .assert_eq(&refused(strict.port()).await);
}
