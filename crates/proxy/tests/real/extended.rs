//! The extended query protocol: prepared, bound, pipelined; what is on record of it, and who is told what.

use bytes::{Bytes, BytesMut};
use expect_test::expect;
use pg_proto::frontend::{Bind, FunctionCall, Message, Named};
use proxy::{Activity, Ending, Policy};
use recording::{Body, ParameterValue};
use testkit::{Cluster, Version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::kit::{OPEN, PATIENCE, Session};

pub(crate) fn parse(statement: &str, sql: &str) -> Message {
    Message::Parse {
        statement: statement.into(),
        sql: sql.into(),
        types: Vec::new(),
    }
}

pub(crate) fn bind(statement: &str, values: &[&str]) -> Message {
    let values = values
        .iter()
        .map(|value| Some(Bytes::copy_from_slice(value.as_bytes())));
    Message::Bind(Bind {
        statement: statement.into(),
        values: values.collect(),
        ..Bind::default()
    })
}

pub(crate) fn execute() -> Message {
    execute_some("", 0)
}

pub(crate) fn execute_some(portal: &str, max_rows: i32) -> Message {
    Message::Execute {
        portal: portal.into(),
        max_rows,
    }
}

/// Parse, Bind, Execute of the unnamed ones.
pub(crate) fn run(sql: &str) -> [Message; 3] {
    [parse("", sql), bind("", &[]), execute()]
}

pub(crate) async fn versions(test: impl AsyncFn(Cluster)) {
    for version in [Version::System, Version::V18] {
        test(Cluster::builder().version(version).start().expect("starts")).await;
    }
}

#[tokio::test]
async fn what_is_executed_is_on_record_with_its_values() {
    versions(async |cluster| {
        let mut session = Session::on(&cluster, OPEN).await;
        let sql = "select $1::int4 + $2::int4, $3::text";
        let values = [Some(Bytes::from_static(&[0, 0, 0, 40])), Some("2".into()), None];

        session
            .client
            .talk(&[
                parse("sum", sql),
                Message::Describe(Named::Statement("sum".into())),
                Message::Sync,
            ])
            .await;
        assert_eq!(
            session.client.answer().await,
            "ParseComplete, ParameterDescription, RowDescription, ready(I)"
        );
        let two = Message::Bind(Bind {
            statement: "sum".into(),
            formats: vec![1, 0, 0],
            values: values.to_vec(),
            ..Bind::default()
        });
        session.client.talk(&[two, execute(), Message::Sync]).await;
        assert_eq!(
            session.client.answer().await,
            "BindComplete, row(42|null), SELECT 1, ready(I)"
        );

        expect![[r#"
            Extended Person [only prepared, as "sum"] select $1::int4 + $2::int4, $3::text
              0: "" 0 rows
            Extended Person select $1::int4 + $2::int4, $3::text
              23 "40", 23 "2", 25 null
              0: "SELECT 1" 1 rows
        "#]]
        .assert_eq(&session.leave().await.story());
    })
    .await;
}

#[tokio::test]
async fn a_pipeline_is_paired_and_an_error_skips_to_the_next_sync() {
    versions(async |cluster| {
        cluster
            .sql("create table t (n int primary key deferrable initially deferred)")
            .unwrap();
        let mut session = Session::on(&cluster, OPEN).await;

        let mut all = Vec::new();
        all.extend(run("insert into t values (1)"));
        all.extend(run("insert into t select 1/(random() * 0)::int"));
        all.extend(run("insert into t values (2)"));
        all.push(Message::Sync);
        all.extend(run("insert into t values (3)"));
        all.extend(run("insert into t values (3)"));
        all.push(Message::Sync);
        all.extend(run("select count(*) from t"));
        all.extend(run(""));
        all.push(Message::Sync);
        session.client.talk(&all).await;

        assert_eq!(
            session.client.answer().await,
            "ParseComplete, BindComplete, INSERT 0 1, ParseComplete, BindComplete, ERROR 22012: division by zero, ready(I)"
        );
        assert_eq!(
            session.client.answer().await,
            "ParseComplete, BindComplete, INSERT 0 1, ParseComplete, BindComplete, INSERT 0 1, \
             ERROR 23505: duplicate key value violates unique constraint \"t_pkey\", ready(I)"
        );
        assert_eq!(
            session.client.answer().await,
            "ParseComplete, BindComplete, row(0), SELECT 1, ParseComplete, BindComplete, EmptyQueryResponse, ready(I)"
        );
        let story = session.leave().await.story();
        expect![[r#"
            Extended Person insert into t values (1)
              0: "INSERT 0 1" 1 rows
            Extended Person insert into t select 1/(random() * 0)::int
              0: "" 0 rows 22012
            Extended Person insert into t values (2)
              0: "" 0 rows
            Extended Person insert into t values (3)
              0: "INSERT 0 1" 1 rows
            Extended Person insert into t values (3)
              0: "INSERT 0 1" 1 rows
              1: "" 0 rows 23505
            Extended Person select count(*) from t
              0: "SELECT 1" 1 rows
            Extended Person 
              0: "" 0 rows
        "#]]
        .assert_eq(&story);
    })
    .await;
}

#[tokio::test]
async fn an_execute_is_on_record_whatever_it_is_part_of() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    // A portal read in parts, within a transaction.
    session.client.query("begin").await;
    session
        .client
        .talk(&[
            parse("", "select generate_series(1, 3)"),
            Message::Bind(Bind {
                portal: "some".into(),
                ..Bind::default()
            }),
            execute_some("some", 2),
            Message::Flush,
        ])
        .await;
    assert_eq!(
        session.client.words(5).await,
        "ParseComplete, BindComplete, row(1), row(2), PortalSuspended"
    );
    session
        .client
        .talk(&[execute_some("some", 2), Message::Sync])
        .await;
    assert_eq!(session.client.answer().await, "row(3), SELECT 1, ready(T)");
    session.client.query("commit").await;
    // It is gone with its transaction.
    session
        .client
        .talk(&[execute_some("some", 2), Message::Sync])
        .await;
    assert_eq!(
        session.client.answer().await,
        "ERROR 34000: portal \"some\" does not exist, ready(I)"
    );
    // A function by its OID: abs(int4).
    session
        .client
        .send(&Message::FunctionCall(FunctionCall {
            function_oid: 1397,
            values: vec![Some("-7".into())],
            ..FunctionCall::default()
        }))
        .await;
    assert_eq!(session.client.answer().await, "FunctionCallResponse, ready(I)");

    expect![[r#"
        Simple Person begin
          0: "BEGIN" 0 rows
        Extended Person [only bound, as "some"] select generate_series(1, 3)
          0: "" 0 rows
        Extended Person select generate_series(1, 3)
          0: "" 2 rows
        Extended Person select generate_series(1, 3)
          0: "SELECT 1" 1 rows
        Simple Person commit
          0: "COMMIT" 0 rows
        Extended Person [the portal "some", made by SQL, or on record where it was bound]
          0: "" 0 rows 34000
        FunctionCall Person [function with OID 1397]
          0 "-7"
          0: "" 1 rows
    "#]]
    .assert_eq(&session.leave().await.story());
}

#[tokio::test]
async fn a_pipeline_of_any_length_comes_through() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    // Not one Flush, and one Sync at the end: the server says little of its own accord.
    let mut all: Vec<_> = (0..3000).flat_map(|_| run("select 1")).collect();
    all.push(Message::Sync);
    let answer = session.client.exchange(&all).await;

    assert_eq!(answer.matches("row(1), SELECT 1").count(), 3000);
    assert_eq!(
        session
            .leave()
            .await
            .story()
            .matches("\"SELECT 1\" 1 rows")
            .count(),
        3000
    );
}

#[tokio::test]
async fn large_values_stream_and_are_cut_on_record() {
    let cluster = Cluster::start().unwrap();
    let policy = Policy {
        statement_limit: 10_000,
        ..OPEN
    };
    let mut session = Session::on(&cluster, policy).await;
    let large = "x".repeat(8 << 20);

    session
        .client
        .talk(&[
            parse("", "select length($1), $2::text"),
            bind("", &[&large, "small"]),
            execute(),
            Message::Sync,
        ])
        .await;
    assert_eq!(
        session.client.answer().await,
        "ParseComplete, BindComplete, row(8388608|small), SELECT 1, ready(I)"
    );

    let shelf = session.leave().await;
    let starts = shelf.frames().into_iter().filter_map(|frame| {
        let Body::StatementStart(start) = frame.body else {
            return None;
        };
        Some(start.parameters)
    });
    let values: Vec<_> = starts.flatten().map(|parameter| parameter.value).collect();
    assert_eq!(
        values,
        [
            ParameterValue::Cut {
                start: vec![b'x'; 64 * 1024],
                len: 8 << 20
            },
            ParameterValue::Text("small".to_owned())
        ]
    );
}

#[tokio::test]
async fn a_statement_too_long_for_the_record_is_not_run() {
    let cluster = Cluster::start().unwrap();
    cluster.sql("create table t (n text)").unwrap();
    let policy = Policy {
        statement_limit: 1000,
        ..OPEN
    };
    let mut session = Session::on(&cluster, policy).await;
    let long = format!("insert into t values ('{}')", "x".repeat(1000));

    session.client.talk(&run(&long)).await;

    assert_eq!(
        session.client.answer().await,
        "FATAL 0A000: the statement is longer than this session allows"
    );
    assert!(matches!(session.ending().await.0, Ending::Refused(_)));
    assert_eq!(cluster.sql("select count(*) from t").unwrap(), "0");
}

#[tokio::test]
async fn who_sends_too_long_a_statement_can_send_all_of_it_and_read_why_it_is_refused() {
    let cluster = Cluster::start().unwrap();
    let (mut client, session) = Session::over_network(&cluster, OPEN).await;
    let mut long = BytesMut::new();
    Message::Query {
        sql: "x".repeat(20 << 20).into(),
    }
    .encode(&mut long);

    // As psql does it: it reads when it has written.
    client.write_all(&long).await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();

    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.contains("the statement is longer than this session allows"),
        "{answer}"
    );
    drop(client);
    assert!(matches!(session.ending().await.0, Ending::Refused(_)));
}

#[tokio::test]
async fn what_is_not_remembered_is_on_record_before_it_can_run() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    let filler = |n: usize| format!("select '{}'", format!("{n:4}").repeat(100_000));

    for n in 0..12 {
        session
            .client
            .talk(&[parse(&format!("s{n}"), &filler(n)), Message::Sync])
            .await;
        assert_eq!(session.client.answer().await, "ParseComplete, ready(I)");
    }
    session
        .client
        .talk(&[bind("s11", &[]), execute(), Message::Sync])
        .await;
    session.client.answer().await;

    let story = session.leave().await.story();
    assert!(
        story.contains("Extended Person [only prepared, as \"s11\"] select '  11"),
        "on record"
    );
    assert!(
        story.ends_with(
            "Extended Person [a statement made by SQL, or on record where it was prepared]\n  0: \"SELECT 1\" 1 rows\n"
        ),
        "said so"
    );
}

#[tokio::test]
async fn an_execute_that_cannot_be_recorded_is_not_run() {
    let cluster = Cluster::start().unwrap();
    cluster.sql("create table t (n int)").unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    session.shelf.break_down();
    let mut insert = run("insert into t values (1)").to_vec();
    insert.push(Message::Sync);
    session.client.talk(&insert).await;

    let answer = session.client.answer().await;
    assert!(
        answer.ends_with("FATAL 58030: the session's recording cannot be written"),
        "{answer}"
    );
    assert_eq!(session.ending().await.0, Ending::RecordingFailed);
    assert_eq!(cluster.sql("select count(*) from t").unwrap(), "0");
}

#[tokio::test]
async fn rows_of_any_size_come_through() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    let mut large = run("select repeat('x', 20000000)").to_vec();
    large.push(Message::Sync);
    session.client.talk(&large).await;

    let answer = session.client.answer().await;
    assert_eq!(
        answer.len(),
        "ParseComplete, BindComplete, row(), SELECT 1, ready(I)".len() + 20_000_000
    );
    session.leave().await;
}

/// Nothing is silent for ever: the session's limits count what is not answered as running.
#[tokio::test]
async fn what_nobody_asks_an_answer_for_is_answered_all_the_same() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    let mut activity = session.control.activity();

    session.client.talk(&[parse("", "select $1::text")]).await;
    timeout(PATIENCE, activity.wait_for(Activity::is_running))
        .await
        .expect("in time")
        .unwrap();
    assert_eq!(session.client.words(1).await, "ParseComplete");
    timeout(PATIENCE, activity.wait_for(|activity| !activity.is_running()))
        .await
        .expect("in time")
        .unwrap();

    // Of a Bind that does not come to its end, too.
    let mut bytes = BytesMut::new();
    parse("", "select $1::text").encode(&mut bytes);
    bind("", &["never sent whole"]).encode(&mut bytes);
    let (begun, _) = bytes.split_at(bytes.len() - 4);
    session.client.stream.write_all(begun).await.unwrap();
    assert_eq!(session.client.words(1).await, "ParseComplete");
    timeout(PATIENCE, activity.wait_for(|activity| !activity.is_running()))
        .await
        .expect("in time")
        .unwrap();
    drop(session.client);
}
