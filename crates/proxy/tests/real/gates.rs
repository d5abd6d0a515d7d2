//! COPY gates: on the server's responses, whatever the SQL looks like.

use expect_test::expect;
use pg_proto::frontend::Message;
use proxy::Ending;
use testkit::{Cluster, Version};
use tokio::time::timeout;

use crate::extended::{bind, execute, parse, run, versions};
use crate::kit::{OPEN, PATIENCE, SHUT, Session};

const EXPORT: &str = "ERROR 42501: CSV export is disabled by your administrator.";
const IMPORT: &str = "ERROR 42501: CSV import is disabled by your administrator.";

fn cluster() -> Cluster {
    with_table(Cluster::start().expect("starts"))
}

fn with_table(cluster: Cluster) -> Cluster {
    cluster.sql("create table t (n int)").expect("creates");
    cluster
        .sql("insert into t select generate_series(1, 3)")
        .expect("inserts");
    cluster
}

#[tokio::test]
async fn an_export_is_refused_however_it_is_written() {
    let cluster = cluster();
    let mut session = Session::on(&cluster, SHUT).await;

    for sql in [
        "copy t to stdout",
        "/*x*/copy t to stdout",
        "-- harmless\nCOPY (select 1) TO STDOUT (format csv)",
        "copy (select generate_series(1, 2000000)) to stdout",
    ] {
        assert_eq!(
            session.client.query(sql).await,
            format!("{EXPORT}, ready(I)"),
            "{sql}"
        );
    }
    assert_eq!(
        session.client.query("select 1").await,
        "RowDescription, row(1), SELECT 1, ready(I)"
    );

    let shelf = session.leave().await;
    let story = shelf.story();
    assert_eq!(story.matches("FromDatabase Refused").count(), 4, "{story}");
    assert!(!story.contains("Finished"), "{story}");
}

#[tokio::test]
async fn an_import_is_refused_and_moves_nothing() {
    let cluster = cluster();
    let mut session = Session::on(&cluster, SHUT).await;

    assert_eq!(
        session.client.query("/* hi */ copy t from stdin").await,
        format!("{IMPORT}, ready(I)")
    );
    session.client.query("begin").await;
    assert_eq!(
        session.client.query("copy t from stdin; delete from t").await,
        format!("{IMPORT}, ready(E)")
    );
    session.client.query("rollback").await;

    let shelf = session.leave().await;
    assert_eq!(cluster.sql("select count(*) from t").unwrap(), "3");
    expect![[r#"
        Simple Person /* hi */ copy t from stdin
          ToDatabase Refused
          0: "" 0 rows 42501
        Simple Person begin
          0: "BEGIN" 0 rows
        Simple Person copy t from stdin; delete from t
          ToDatabase Refused
          0: "" 0 rows 42501
        Simple Person rollback
          0: "ROLLBACK" 0 rows
    "#]]
    .assert_eq(&shelf.story());
}

#[tokio::test]
async fn open_gates_let_data_through_and_count_it() {
    let cluster = cluster();
    let mut session = Session::on(&cluster, OPEN).await;

    assert_eq!(
        session.client.query("copy t to stdout").await,
        "CopyOutResponse, copy(1), copy(2), copy(3), CopyDone, COPY 3, ready(I)"
    );
    session.client.ask("copy t from stdin").await;
    session.client.send(&Message::CopyData("4\n5\n".into())).await;
    session.client.send(&Message::CopyDone).await;
    assert_eq!(session.client.answer().await, "CopyInResponse, COPY 2, ready(I)");
    session.client.ask("copy t from stdin").await;
    session.client.send(&Message::CopyData("6\n".into())).await;
    session
        .client
        .send(&Message::CopyFail {
            reason: "changed my mind".into(),
        })
        .await;
    assert_eq!(
        session.client.answer().await,
        "CopyInResponse, ERROR 57014: COPY from stdin failed: changed my mind, ready(I)"
    );

    let shelf = session.leave().await;
    assert_eq!(cluster.sql("select count(*) from t").unwrap(), "5");
    expect![[r#"
        Simple Person copy t to stdout
          FromDatabase Finished { rows: 3, bytes: 6 }
          0: "COPY 3" 3 rows
        Simple Person copy t from stdin
          ToDatabase Finished { rows: 2, bytes: 4 }
          0: "COPY 2" 2 rows
        Simple Person copy t from stdin
          ToDatabase Failed { bytes: 2 }
          0: "" 0 rows 57014
    "#]]
    .assert_eq(&shelf.story());
}

fn query(sql: &str) -> Message {
    Message::Query { sql: sql.into() }
}

fn rows() -> [Message; 2] {
    [Message::CopyData("7\n8\n".into()), Message::CopyDone]
}

#[tokio::test]
async fn rows_sent_before_they_are_asked_for_wait_for_the_gate() {
    for version in [Version::System, Version::V18] {
        let cluster = with_table(Cluster::builder().version(version).start().unwrap());
        let mut all = vec![query("copy t from stdin")];
        all.extend(rows());
        all.push(query("select count(*) from t"));
        let mut extended = run("copy t from stdin").to_vec();
        extended.extend(rows());
        extended.push(Message::Sync);

        let mut shut = Session::on(&cluster, SHUT).await;
        shut.client.talk(&all).await;
        assert_eq!(shut.client.answer().await, format!("{IMPORT}, ready(I)"));
        assert_eq!(
            shut.client.answer().await,
            "RowDescription, row(3), SELECT 1, ready(I)"
        );
        shut.client.talk(&extended).await;
        assert_eq!(
            shut.client.answer().await,
            format!("ParseComplete, BindComplete, {IMPORT}, ready(I)")
        );
        shut.leave().await;
        assert_eq!(cluster.sql("select count(*) from t").unwrap(), "3");

        let mut open = Session::on(&cluster, OPEN).await;
        open.client.talk(&all).await;
        assert_eq!(open.client.answer().await, "CopyInResponse, COPY 2, ready(I)");
        assert_eq!(
            open.client.answer().await,
            "RowDescription, row(5), SELECT 1, ready(I)"
        );
        open.client.talk(&extended).await;
        assert_eq!(
            open.client.answer().await,
            "ParseComplete, BindComplete, CopyInResponse, COPY 2, ready(I)"
        );
        // Rows nobody asks for are nobody's.
        let mut stray = run("select 1").to_vec();
        stray.extend(rows());
        stray.push(Message::Sync);
        open.client.talk(&stray).await;
        assert_eq!(
            open.client.answer().await,
            "ParseComplete, BindComplete, row(1), SELECT 1, ready(I)"
        );
        open.leave().await;
        assert_eq!(cluster.sql("select count(*) from t").unwrap(), "7");
    }
}

#[tokio::test]
async fn a_sync_sent_ahead_of_a_refused_import_gets_its_answer() {
    for version in [Version::System, Version::V18] {
        let cluster = with_table(Cluster::builder().version(version).start().unwrap());
        cluster
            .sql(
                "create table u (n int);
                 create function no() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
                 create trigger no before insert on u execute function no()",
            )
            .unwrap();
        // The second COPY fails before it reads a single message: its Sync is answered, and not swallowed.
        for sql in ["copy t from stdin", "copy u from stdin"] {
            let mut all = run(sql).to_vec();
            all.push(Message::Sync);
            let mut session = Session::on(&cluster, SHUT).await;

            for _ in 0..3 {
                session.client.talk(&all).await;
                assert_eq!(
                    session.client.answer().await,
                    format!("ParseComplete, BindComplete, {IMPORT}, ready(I)")
                );
                assert_eq!(
                    session.client.query("select 1").await,
                    "RowDescription, row(1), SELECT 1, ready(I)"
                );
            }

            let story = session.leave().await.story();
            assert_eq!(story.matches("ToDatabase Refused").count(), 3, "{story}");
        }
    }
}

#[tokio::test]
async fn an_import_that_fails_before_it_reads_leaves_a_session_that_works() {
    let cluster = cluster();
    cluster
        .sql(
            "create function no() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
             create trigger no before insert on t execute function no()",
        )
        .unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    let mut all = run("copy t from stdin").to_vec();
    all.push(Message::Sync);
    all.extend(rows());
    all.push(Message::Sync);

    session.client.talk(&all).await;
    assert_eq!(
        session.client.answer().await,
        "ParseComplete, BindComplete, CopyInResponse, ERROR P0001: no, ready(I)"
    );
    assert_eq!(session.client.answer().await, "ready(I)");
    assert_eq!(
        session.client.query("select 1").await,
        "RowDescription, row(1), SELECT 1, ready(I)"
    );

    // How much of it was sent before the server's word came is a matter of luck.
    let story = session.leave().await.story();
    assert!(story.contains("ToDatabase Failed"), "{story}");
    assert!(story.contains("  0: \"\" 0 rows P0001\n"), "{story}");
}

#[tokio::test]
async fn what_is_sent_behind_a_refused_export_runs_and_is_not_cancelled() {
    let cluster = cluster();
    let mut session = Session::on(&cluster, SHUT).await;
    let mut all = run("copy (select generate_series(1, 200000)) to stdout").to_vec();
    all.extend(run("select 1"));
    all.push(Message::Sync);

    session.client.talk(&all).await;

    assert_eq!(
        session.client.answer().await,
        format!(
            "ParseComplete, BindComplete, {EXPORT}, ParseComplete, BindComplete, row(1), SELECT 1, ready(I)"
        )
    );
    let story = session.leave().await.story();
    assert!(story.contains("FromDatabase Refused"), "{story}");
    assert!(
        story.ends_with("Extended Person select 1\n  0: \"SELECT 1\" 1 rows\n"),
        "{story}"
    );
}

#[tokio::test]
async fn a_copy_that_gets_no_data_starves() {
    let cluster = cluster();
    let mut session = Session::on(&cluster, OPEN).await;
    assert_eq!(session.control.starves_since(), None);

    session.client.ask("copy t from stdin").await;
    assert_eq!(session.client.words(1).await, "CopyInResponse");
    let began = session.control.starves_since().expect("waits for data");
    session.client.send(&Message::CopyData("7\n".into())).await;
    session.client.send(&Message::Flush).await;
    let fed = async {
        while session.control.starves_since() == Some(began) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, fed).await.expect("in time");
    assert!(session.control.starves_since() > Some(began));
    session.client.send(&Message::CopyDone).await;

    assert_eq!(session.client.answer().await, "COPY 1, ready(I)");
    assert_eq!(session.control.starves_since(), None);
}

/// A Sync right behind the Execute, as libpq and others send it, is swallowed by the COPY.
#[tokio::test]
async fn what_is_sent_behind_an_import_that_fails_at_its_end_has_its_own_end() {
    versions(async |cluster| {
        let cluster = with_table(cluster);
        let mut session = Session::on(&cluster, OPEN).await;
        let client = &mut session.client;
        let insert = |n: &str| parse(n, &format!("insert into t values ({n})"));
        client
            .talk(&[insert("101"), insert("102"), insert("103"), Message::Sync])
            .await;
        client.answer().await;

        for n_syncs in [1, 3] {
            let mut copy = run("copy t from stdin").to_vec();
            copy.extend(vec![Message::Sync; n_syncs]);
            client.talk(&copy).await;
            assert_eq!(
                client.words(3).await,
                "ParseComplete, BindComplete, CopyInResponse"
            );
            client
                .talk(&[
                    Message::CopyData("bad\n".into()),
                    // Ignored.
                    Message::Sync,
                    Message::CopyDone,
                    // Skipped up to the Sync.
                    bind("101", &[]),
                    execute(),
                    Message::Sync,
                    bind("102", &[]),
                    execute(),
                    Message::Sync,
                ])
                .await;
            assert_eq!(
                client.answer().await,
                "ERROR 22P02: invalid input syntax for type integer: \"bad\", ready(I)"
            );
            assert_eq!(client.answer().await, "BindComplete, INSERT 0 1, ready(I)");
            client.talk(&[bind("103", &[]), execute(), Message::Sync]).await;
            assert_eq!(client.answer().await, "BindComplete, INSERT 0 1, ready(I)");
        }

        let story = session.leave().await.story();
        assert_eq!(
            story
                .matches("copy t from stdin\n  ToDatabase Failed { bytes: 4 }\n  0: \"\" 0 rows 22P02\n")
                .count(),
            2,
            "{story}"
        );
        for n in ["102", "103"] {
            let inserted =
                format!("Extended Person insert into t values ({n})\n  0: \"INSERT 0 1\" 1 rows\n");
            assert_eq!(story.matches(&inserted).count(), 2, "{story}");
        }
        assert!(
            !story.contains("Extended Person insert into t values (101)\n"),
            "what the server would have skipped is not sent: {story}"
        );
        assert_eq!(cluster.sql("select count(*) from t where n > 100").unwrap(), "4");
    })
    .await;
}

#[tokio::test]
async fn an_import_in_a_query_keeps_its_syncs_apart_too() {
    versions(async |cluster| {
        let cluster = with_table(cluster);
        let mut session = Session::on(&cluster, OPEN).await;
        let client = &mut session.client;

        client.talk(&[query("copy t from stdin"), Message::Sync]).await;
        assert_eq!(client.words(1).await, "CopyInResponse");
        client
            .talk(&[
                Message::CopyData("bad\n".into()),
                Message::CopyDone,
                query("select 1"),
                query("select 2"),
            ])
            .await;
        assert_eq!(
            client.answer().await,
            "ERROR 22P02: invalid input syntax for type integer: \"bad\", ready(I)"
        );
        for n in [1, 2] {
            assert_eq!(
                client.answer().await,
                format!("RowDescription, row({n}), SELECT 1, ready(I)")
            );
        }
        let story = session.leave().await.story();
        assert!(
            story.ends_with(
                "select 1\n  0: \"SELECT 1\" 1 rows\nSimple Person select 2\n  0: \"SELECT 1\" 1 rows\n"
            ),
            "{story}"
        );
    })
    .await;
}

/// PostgreSQL 14 and later end the connection themselves.
#[tokio::test]
async fn what_is_not_copy_data_ends_a_session_that_copies() {
    let cluster = cluster();
    for policy in [OPEN, SHUT] {
        let mut session = Session::on(&cluster, policy).await;
        let mut all = run("copy t from stdin").to_vec();
        all.extend(run("delete from t"));
        all.push(Message::Sync);
        session.client.talk(&all).await;
        let answer = session.client.answer().await;
        assert!(
            answer.ends_with("FATAL 0A000: something else than its data was sent behind a COPY from stdin"),
            "{answer}"
        );
        assert!(matches!(session.ending().await.0, Ending::Refused(_)));
    }

    let mut session = Session::on(&cluster, OPEN).await;
    session.client.ask("copy t from stdin").await;
    assert_eq!(session.client.words(1).await, "CopyInResponse");
    session.client.ask("delete from t").await;
    assert_eq!(
        session.client.answer().await,
        "FATAL 0A000: message is not expected here"
    );
    let (_, shelf) = session.ending().await;
    assert!(!shelf.story().contains("delete"));
    assert_eq!(cluster.sql("select count(*) from t").unwrap(), "3");
}
