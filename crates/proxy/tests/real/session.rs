//! A session: statements on record, cancel, limits, and what does not fit.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use pg_proto::backend;
use pg_proto::frontend::{Message, Password};
use proxy::limits::statement_timeout;
use proxy::{Budget, Cancelled, Control, Ending, Policy, Tls, Verify};
use recording::Origin;
use testkit::certificates::self_signed;
use testkit::{ChaosProxy, Cluster};
use tokio::io::AsyncWriteExt;

use crate::kit::{OPEN, PATIENCE, Session, credential, open, target, tls};

#[tokio::test]
async fn every_result_of_a_statement_is_on_record() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    assert_eq!(
        session
            .client
            .query("create table t (n int); insert into t values (1), (2); select n from t")
            .await,
        "CREATE TABLE, INSERT 0 2, RowDescription, row(1), row(2), SELECT 2, ready(I)"
    );
    assert_eq!(
        session.client.query("select 1; select 1/0; select 2").await,
        "RowDescription, row(1), SELECT 1, ERROR 22012: division by zero, ready(I)"
    );
    assert_eq!(session.client.query(";").await, "EmptyQueryResponse, ready(I)");
    session.client.query("begin; select 1/0").await;
    assert_eq!(
        session.client.query("select 1").await,
        "ERROR 25P02: current transaction is aborted, commands ignored until end of transaction block, ready(E)"
    );

    let shelf = session.leave().await;
    expect![[r#"
        Simple Person create table t (n int); insert into t values (1), (2); select n from t
          0: "CREATE TABLE" 0 rows
          1: "INSERT 0 2" 2 rows
          2: "SELECT 2" 2 rows
        Simple Person select 1; select 1/0; select 2
          0: "SELECT 1" 1 rows
          1: "" 0 rows 22012
        Simple Person ;
          0: "" 0 rows
        Simple Person begin; select 1/0
          0: "BEGIN" 0 rows
          1: "" 0 rows 22012
        Simple Person select 1
          0: "" 0 rows 25P02
    "#]]
    .assert_eq(&shelf.story());
}

#[tokio::test]
async fn a_statement_that_cannot_be_recorded_is_not_run() {
    let cluster = Cluster::start().unwrap();
    cluster.sql("create table t (n int)").unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    session.client.query("insert into t values (1)").await;

    session.shelf.break_down();
    let answer = session.client.query("insert into t values (2)").await;

    assert_eq!(answer, "FATAL 58030: the session's recording cannot be written");
    assert_eq!(session.ending().await.0, Ending::RecordingFailed);
    assert_eq!(cluster.sql("select count(*) from t").unwrap(), "1");
}

#[tokio::test]
async fn what_comes_after_the_end_is_not_run() {
    let cluster = Cluster::start().unwrap();
    cluster.sql("create table t (n int)").unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    session.client.query("insert into t values (1)").await;

    // Both at once, as the pump sees it.
    session.client.ask("insert into t values (2)").await;
    session.control.end("57P01", "it is over");

    assert_eq!(session.client.answer().await, "FATAL 57P01: it is over");
    let story = session.ending().await.1.story();
    assert!(!story.contains("(2)"), "{story}");
    assert_eq!(cluster.sql("select count(*) from t").unwrap(), "1");
}

#[tokio::test]
async fn a_cancel_stops_what_runs_and_nothing_else() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    assert_eq!(
        session.control.cancel(Origin::Person).await.unwrap(),
        Cancelled::NothingRan
    );

    session.client.ask("select pg_sleep(60)").await;
    running(&session.control, &cluster).await;
    assert_eq!(
        session.control.cancel(Origin::Person).await.unwrap(),
        Cancelled::Sent
    );

    assert_eq!(
        session.client.answer().await,
        "RowDescription, ERROR 57014: canceling statement due to user request, ready(I)"
    );
    assert_eq!(
        session.control.cancel(Origin::Person).await.unwrap(),
        Cancelled::NothingRan
    );
    assert_eq!(
        session.client.query("select 1").await,
        "RowDescription, row(1), SELECT 1, ready(I)"
    );
    let story = session.leave().await.story();
    assert_eq!(story.matches("Cancel Person").count(), 1, "{story}");
}

#[tokio::test]
async fn a_cancel_uses_tls_when_the_session_does() {
    let pair = self_signed("localhost").unwrap();
    let ca = pair.certificate.clone();
    let cluster = Cluster::builder().tls(pair).start().unwrap();
    let upstream = open(&target(cluster.port(), tls(Verify::Full, &ca)), &credential())
        .await
        .unwrap();
    let mut session = Session::over(upstream, OPEN);

    session.client.ask("select pg_sleep(60)").await;
    running(&session.control, &cluster).await;
    assert_eq!(
        session.control.cancel(Origin::Person).await.unwrap(),
        Cancelled::Sent
    );

    assert!(session.client.answer().await.contains("57014"));
    session.leave().await;
}

#[tokio::test]
async fn a_statement_over_its_time_is_cancelled() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    let limit = statement_timeout(session.control.clone(), Duration::from_secs(1));

    let work = async {
        let first = session
            .client
            .query("set statement_timeout = 0; select pg_sleep(60)")
            .await;
        let second = session.client.query("select 1").await;
        let story = session.leave().await.story();
        (first, second, story)
    };
    let (_, (first, second, story)) = tokio::join!(limit, work);

    assert!(
        first.ends_with("ERROR 57014: canceling statement due to user request, ready(I)"),
        "{first}"
    );
    assert_eq!(second, "RowDescription, row(1), SELECT 1, ready(I)");
    assert_eq!(story.matches("Cancel System").count(), 1, "{story}");
}

#[tokio::test]
async fn leaving_in_mid_statement_stops_it() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    session.client.ask("select pg_sleep(60)").await;
    running(&session.control, &cluster).await;

    let shelf = session.leave().await;

    wait_until(
        &cluster,
        "select count(*) = 0 from pg_stat_activity where query like '%pg_sleep(60)'",
    )
    .await;
    assert!(shelf.story().ends_with("  0: \"\" 0 rows\n"), "{}", shelf.story());
}

#[tokio::test]
async fn a_client_that_sends_no_more_still_gets_its_answers() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    session.client.ask("select pg_sleep(0.3), 1").await;
    session.client.ask("select 2").await;
    session.client.stream.shutdown().await.unwrap();

    assert_eq!(
        session.client.answer().await,
        "RowDescription, row(|1), SELECT 1, ready(I)"
    );
    assert_eq!(
        session.client.answer().await,
        "RowDescription, row(2), SELECT 1, ready(I)"
    );
    let (ending, shelf) = session.ending().await;
    assert_eq!(ending, Ending::ClientClosed);
    assert!(shelf.story().contains("select 2"), "{}", shelf.story());
}

#[tokio::test]
async fn a_warning_comes_between_two_messages() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    session.control.warn("The end is near.");

    let Some(backend::Message::NoticeResponse(fields)) = session.client.next().await else {
        panic!("no notice");
    };
    assert_eq!(fields.message(), "The end is near.");
    assert_eq!(
        session.client.query("select 1").await,
        "RowDescription, row(1), SELECT 1, ready(I)"
    );
}

#[tokio::test]
async fn the_statement_that_is_one_too_many_is_not_run() {
    let cluster = Cluster::start().unwrap();
    let budget = Arc::new(Budget::new(10));
    let policy = Policy {
        budget: Some(Arc::clone(&budget)),
        ..OPEN
    };
    let mut session = Session::on(&cluster, policy).await;

    for n in 0..10 {
        assert_eq!(budget.is_nearly_spent(), n >= 9, "after {n}");
        session.client.query("select 1").await;
    }
    session.client.ask("create table one_too_many ()").await;

    assert_eq!(
        session.client.answer().await,
        "FATAL 53400: Session query limit (10) reached."
    );
    let (_, shelf) = session.ending().await;
    assert!(!shelf.story().contains("one_too_many"), "{}", shelf.story());
    assert_eq!(
        cluster
            .sql("select to_regclass('one_too_many') is null")
            .unwrap()
            .trim(),
        "t"
    );
}

#[tokio::test]
async fn an_ended_session_is_told_why() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    session.client.ask("select pg_sleep(60)").await;
    running(&session.control, &cluster).await;

    session
        .control
        .end("57P05", "This session has reached its maximum duration.");

    let answer = session.client.answer().await;
    assert!(
        answer.ends_with("FATAL 57P05: This session has reached its maximum duration."),
        "{answer}"
    );
    assert!(matches!(
        session.ending().await.0,
        Ending::Asked {
            sqlstate: "57P05",
            ..
        }
    ));
    wait_until(
        &cluster,
        "select count(*) = 0 from pg_stat_activity where query like '%pg_sleep(60)'",
    )
    .await;
}

#[tokio::test]
async fn what_is_pipelined_is_answered_in_order() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    for n in 0..20 {
        session.client.ask(&format!("select {n}")).await;
    }
    for n in 0..20 {
        assert_eq!(
            session.client.answer().await,
            format!("RowDescription, row({n}), SELECT 1, ready(I)")
        );
    }

    let story = session.leave().await.story();
    assert_eq!(story.matches("\"SELECT 1\" 1 rows").count(), 20);
}

#[tokio::test]
async fn what_does_not_belong_to_a_session_ends_it() {
    let cluster = Cluster::start().unwrap();
    let check = async |message: &Message, policy: Policy, expected: &str| {
        let mut session = Session::on(&cluster, policy).await;
        session.client.send(message).await;
        assert_eq!(session.client.answer().await, expected);
        assert!(matches!(session.ending().await.0, Ending::Refused(_)));
    };

    check(
        &Message::Password(Password::new(b"secret\0")),
        OPEN,
        "FATAL 0A000: message is not expected here",
    )
    .await;
    check(
        &Message::Query {
            sql: "select 'much too long'".into(),
        },
        Policy {
            statement_limit: 10,
            ..OPEN
        },
        "FATAL 0A000: the statement is longer than this session allows",
    )
    .await;
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_the_server_back() {
    let cluster = Cluster::start().unwrap();
    let chaos = ChaosProxy::start(([127, 0, 0, 1], cluster.port()).into())
        .await
        .unwrap();
    let upstream = open(&target(chaos.port(), Tls::Off), &credential())
        .await
        .unwrap();
    let mut session = Session::over(upstream, OPEN);

    session
        .client
        .ask("select repeat('x', 100000) from generate_series(1, 1000)")
        .await;

    // Of 100 MB only what fits the kernel's buffers and the pump's 64 KiB has come when nothing moves any more.
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    let mut before = 0;
    while before == 0 || chaos.bytes_to_client() != before {
        before = chaos.bytes_to_client();
        tick.tick().await;
    }
    assert!(before < 24 * 1024 * 1024, "{before} bytes");

    let mut n_rows = 0;
    while let Some(message) = session.client.next().await {
        n_rows += usize::from(matches!(message, backend::Message::DataRow(_)));
        if matches!(message, backend::Message::ReadyForQuery(_)) {
            break;
        }
    }
    assert_eq!(n_rows, 1000);
    let story = session.leave().await.story();
    assert!(story.contains("\"SELECT 1000\" 1000 rows"), "{story}");
}

/// Waits until the server sleeps for the client.
pub(crate) async fn running(control: &Control, cluster: &Cluster) {
    let mut activity = control.activity();
    activity
        .wait_for(|now| now.is_running())
        .await
        .expect("the pump runs");
    wait_until(
        cluster,
        "select count(*) > 0 from pg_stat_activity where wait_event = 'PgSleep'",
    )
    .await;
}

async fn wait_until(cluster: &Cluster, sql: &str) {
    let wait = async {
        while cluster.sql(sql).expect("answers") != "t" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("in time");
}
