//! Read-only mode: what is permitted runs, what is not is blocked, and nothing writes whatever is tried.

use expect_test::expect;
use pg_proto::frontend::{Bind, FunctionCall, Message, Named};
use proxy::{Ending, Tls};
use testkit::{Cluster, Pgbouncer};

use crate::extended::{bind, execute, execute_some, parse, run, versions};
use crate::kit::{OPEN, Session, credential, open, target};

const BLOCKED: &str = "ERROR 25006: Query blocked: read-only mode is enabled. Only SELECT, SHOW, DESCRIBE, EXPLAIN and \
                       similar read-only statements are permitted.";
const ENDED: &str = "FATAL 25006: The session was ended: read-only mode is enabled, and default_transaction_read_only \
                     was turned off.";

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
        .unwrap();
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

    Session::over(open(&target, &credential()).await.unwrap(), OPEN)
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
    cluster.sql("select string_agg(n::text, ',') from t").unwrap() == "1"
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
async fn a_session_whose_mode_is_turned_off_is_over_before_the_next_transaction() {
    versions(async |cluster| {
        prepared(&cluster);
        let extended = |sql: &str| {
            let mut all = run(sql).to_vec();
            all.push(Message::Sync);
            all
        };
        let tries: Vec<Vec<Message>> = vec![
            vec![query("select off()"), query("select w()")],
            vec![query("begin; select off(); commit"), query("select w()")],
            vec![
                query("begin"),
                query("select off()"),
                query("commit"),
                query("select w()"),
            ],
            vec![
                query("begin; select off(); commit and chain"),
                query("select w()"),
            ],
            vec![
                query("select query_to_xml('select off()', true, true, '')"),
                query("select w()"),
            ],
            [extended("select off()"), extended("select w()")].concat(),
            [extended("select off()"), vec![query("select w()")]].concat(),
            vec![
                query("select off()"),
                Message::FunctionCall(FunctionCall::default()),
            ],
        ];
        for all in tries {
            let mut session = session(&cluster).await;
            session.client.talk(&all).await;
            let mut answers = Vec::new();
            while let Some(message) = session.client.next().await {
                answers.push(crate::kit::word(&message));
            }
            assert_eq!(
                answers.last().map(String::as_str),
                Some(ENDED),
                "{all:?}: {answers:?}"
            );
            let (ending, shelf) = session.ending().await;
            assert!(
                matches!(
                    ending,
                    Ending::Asked {
                        sqlstate: "25006",
                        ..
                    }
                ),
                "{ending:?}"
            );
            assert!(!shelf.story().contains("select w()"), "{}", shelf.story());
            assert!(is_untouched(&cluster));
        }
    })
    .await;
}

/// A transaction that ended within a batch would be followed by one of another mode, before anybody hears of it.
#[tokio::test]
async fn nothing_runs_behind_the_end_of_a_transaction_before_its_ready_for_query() {
    versions(async |cluster| {
        prepared(&cluster);
        let one = |sql: &str| run(sql).to_vec();
        let block = format!("{BLOCKED}, ready(I)");

        // In one batch, by a text of its own.
        let mut session = session(&cluster).await;
        let tries = [
            [one("begin"), one("select 1"), one("commit"), one("select w()")].concat(),
            [one("rollback"), vec![parse("x", "select 1")]].concat(),
            [one("discard all"), one("select w()")].concat(),
        ];
        for mut all in tries {
            all.push(Message::Sync);
            session.client.talk(&all).await;
            let answer = session.client.answer().await;
            assert!(answer.ends_with(&block), "{answer}");
        }
        // A Query is no Sync.
        session.client.talk(&one("commit")).await;
        session.client.talk(&[query("select w()")]).await;
        let answer = session.client.answer().await;
        assert!(answer.ends_with(&block), "{answer}");

        // By a statement that was prepared before.
        session
            .client
            .talk(&[
                parse("c", "commit"),
                parse("w", "select w()"),
                parse("b", "begin"),
                Message::Sync,
            ])
            .await;
        session.client.answer().await;
        session
            .client
            .talk(&[
                bind_to("", "c"),
                execute(),
                bind_to("", "w"),
                execute(),
                Message::Sync,
            ])
            .await;
        let answer = session.client.answer().await;
        assert!(answer.ends_with(&block), "{answer}");

        // By a portal that was bound in an earlier batch.
        session
            .client
            .talk(&[bind_to("", "b"), execute(), bind_to("p", "c"), Message::Sync])
            .await;
        assert_eq!(
            session.client.answer().await,
            "BindComplete, BEGIN, BindComplete, ready(T)"
        );
        session
            .client
            .talk(&[execute_some("p", 0), bind_to("", "w"), execute(), Message::Sync])
            .await;
        assert_eq!(session.client.answer().await, format!("COMMIT, {block}"));

        // By the unnamed statement, whose text was to be another one in a batch that failed before.
        session.client.talk(&[parse("", "commit"), Message::Sync]).await;
        session.client.answer().await;
        session
            .client
            .talk(&[bind_to("", "nowhere"), parse("", "select 1"), Message::Sync])
            .await;
        session.client.answer().await;
        session
            .client
            .talk(&[
                bind_to("", ""),
                execute(),
                bind_to("", "w"),
                execute(),
                Message::Sync,
            ])
            .await;
        let answer = session.client.answer().await;
        assert!(answer.ends_with(&block), "{answer}");

        // SQL runs what was prepared too, in the transaction it is in.
        let answer = session.client.query("begin; execute c; select w()").await;
        assert!(answer.contains("25006"), "{answer}");
        session.client.query("rollback").await;

        // What SQL has prepared may be what ends a transaction, for all that is known here.
        session.client.query("prepare q as select 7").await;
        session
            .client
            .talk(&[bind_to("", "q"), execute(), Message::Sync])
            .await;
        assert_eq!(
            session.client.answer().await,
            "BindComplete, row(7), SELECT 1, ready(I)"
        );
        session
            .client
            .talk(&[bind_to("", "q"), execute(), bind_to("", "w"), Message::Sync])
            .await;
        assert_eq!(
            session.client.answer().await,
            format!("BindComplete, row(7), SELECT 1, {block}")
        );

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
async fn nothing_a_client_or_a_database_asks_for_makes_it_writable() {
    versions(async |cluster| {
        prepared(&cluster);
        cluster
            .sql(
                "alter role postgres set default_transaction_read_only = off;
                 alter database postgres set default_transaction_read_only = off",
            )
            .unwrap();
        let mut session = session_with(
            &cluster,
            &[
                ("default_transaction_read_only", "off"),
                ("transaction_read_only", "off"),
                (
                    "options",
                    "-c default_transaction_read_only=off --transaction-read-only=off",
                ),
            ],
        )
        .await;
        let client = &mut session.client;
        let on = "RowDescription, row(on), SHOW, ready(I)";
        let fails = "ERROR 25006: cannot execute INSERT in a read-only transaction, ready(I)";

        for before in [
            "select 1",
            "reset all",
            "discard all",
            "set session characteristics as transaction read only",
        ] {
            client.query(before).await;
            assert_eq!(
                client.query("show default_transaction_read_only").await,
                on,
                "{before}"
            );
            assert_eq!(client.query("show transaction_read_only").await, on, "{before}");
            let answer = client.query("select w()").await;
            assert!(answer.ends_with(fails), "{before}: {answer}");
        }
        assert!(is_untouched(&cluster));
        session.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_text_is_read_as_the_server_reads_it() {
    versions(async |cluster| {
        prepared(&cluster);
        let mut session = session(&cluster).await;
        let client = &mut session.client;
        let blocked = format!("{BLOCKED}, ready(I)");

        // With standard strings this is a literal of one character, and without the start of a longer one.
        let backslash = r"select '\', length(', w(), ')";
        let plain = r"select '\'";
        assert_eq!(
            client.query(plain).await,
            r"RowDescription, row(\), SELECT 1, ready(I)"
        );
        client.query("set standard_conforming_strings = off").await;
        assert_eq!(client.query(plain).await, blocked);
        assert_eq!(client.query(backslash).await, blocked);
        client.query("reset standard_conforming_strings").await;
        assert_eq!(
            client.query(plain).await,
            r"RowDescription, row(\), SELECT 1, ready(I)"
        );

        // Changed within a batch, where nobody has heard of it yet.
        let mut all = run("select strings_off()").to_vec();
        all.extend(run(plain));
        all.push(Message::Sync);
        client.talk(&all).await;
        let answer = client.answer().await;
        assert!(answer.contains(BLOCKED), "{answer}");
        client.query("reset standard_conforming_strings").await;

        // In Shift-JIS the second byte of this letter is a backslash.
        client.query("set client_encoding to 'SJIS'").await;
        let sjis = [b"select e'".as_slice(), b"\x95\x5c", b"', 1 -- '"].concat();
        client
            .send(&Message::Query {
                sql: pg_proto::Text::new(sjis),
            })
            .await;
        assert_eq!(client.answer().await, blocked);
        client.query("reset client_encoding").await;

        assert!(is_untouched(&cluster));
        session.leave().await;
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
