//! Bad days: servers that die, networks that cut, servers that misbehave.

use std::time::Duration;

use bytes::BytesMut;
use pg_proto::backend::{Authentication, CancelKey, Message, TransactionStatus};
use proxy::{Ending, Tls};
use testkit::{ChaosProxy, Cluster};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::kit::{OPEN, Session, credential, open, target};
use crate::session::running;

#[tokio::test]
async fn a_server_that_dies_in_mid_query_ends_the_session() {
    let mut cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    session.client.ask("select 1; select pg_sleep(60)").await;
    running(&session.control, &cluster).await;

    cluster.crash().unwrap();

    // A warning is all it says before it goes.
    assert_eq!(
        session.client.answer().await,
        "RowDescription, row(1), SELECT 1, RowDescription, NoticeResponse"
    );
    let (ending, shelf) = session.ending().await;
    assert_eq!(ending, Ending::ServerClosed);
    assert!(shelf.story().contains("\"SELECT 1\" 1 rows"));
}

#[tokio::test]
async fn a_backend_that_is_terminated_has_the_last_word() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    session.client.ask("select pg_sleep(60)").await;
    running(&session.control, &cluster).await;

    cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like '%sleep(60)%' and pid <> pg_backend_pid()").unwrap();

    assert_eq!(
        session.client.answer().await,
        "RowDescription, FATAL 57P01: terminating connection due to administrator command"
    );
    let (ending, shelf) = session.ending().await;
    assert!(matches!(ending, Ending::ServerFatal(_)), "{ending:?}");
    assert!(
        shelf.story().ends_with("0: \"\" 0 rows 57P01\n"),
        "{}",
        shelf.story()
    );
}

#[tokio::test]
async fn a_cut_network_ends_the_session() {
    let cluster = Cluster::start().unwrap();
    let chaos = ChaosProxy::start(([127, 0, 0, 1], cluster.port()).into())
        .await
        .unwrap();
    let upstream = open(&target(chaos.port(), Tls::Off), &credential())
        .await
        .unwrap();
    let mut session = Session::over(upstream, OPEN);
    session.client.ask("select pg_sleep(60)").await;

    chaos.cut();

    while session.client.next().await.is_some() {}
    let (ending, _) = session.ending().await;
    assert!(
        matches!(ending, Ending::ServerClosed | Ending::ServerIo(_)),
        "{ending:?}"
    );
}

#[tokio::test]
async fn a_stalled_network_does_not_hold_a_session_that_ends() {
    let cluster = Cluster::start().unwrap();
    let chaos = ChaosProxy::start(([127, 0, 0, 1], cluster.port()).into())
        .await
        .unwrap();
    let upstream = open(&target(chaos.port(), Tls::Off), &credential())
        .await
        .unwrap();
    let mut session = Session::over(upstream, OPEN);
    chaos.stall();
    session.client.ask("select 1").await;

    session.control.end("57P01", "ended by an administrator");

    assert_eq!(
        session.client.answer().await,
        "FATAL 57P01: ended by an administrator"
    );
    let ending = tokio::time::timeout(Duration::from_secs(20), session.ending())
        .await
        .expect("in time")
        .0;
    assert!(matches!(ending, Ending::Asked { .. }));
}

#[tokio::test]
async fn a_slow_network_is_only_slow() {
    let cluster = Cluster::start().unwrap();
    let chaos = ChaosProxy::start(([127, 0, 0, 1], cluster.port()).into())
        .await
        .unwrap();
    chaos.delay(Duration::from_millis(20));

    let upstream = open(&target(chaos.port(), Tls::Off), &credential())
        .await
        .unwrap();
    let mut session = Session::over(upstream, OPEN);

    assert_eq!(
        session.client.query("select 1").await,
        "RowDescription, row(1), SELECT 1, ready(I)"
    );
    session.leave().await;
}

#[tokio::test]
async fn a_server_that_asks_for_a_password_in_mid_session_is_not_passed_on() {
    let evil = [Message::Authentication(Authentication::CleartextPassword)];

    let (ending, seen) = scripted(&evil).await;

    assert!(matches!(ending, Ending::ServerMalformed(_)), "{ending:?}");
    assert_eq!(
        seen,
        "FATAL 08P01: the database server does not speak PostgreSQL's protocol"
    );
}

#[tokio::test]
async fn replication_is_refused() {
    let (ending, seen) = scripted(&[Message::CopyBothResponse(Default::default())]).await;

    assert!(matches!(ending, Ending::Refused(_)), "{ending:?}");
    assert_eq!(
        seen,
        "FATAL 0A000: replication is not available on this connection"
    );
}

/// A server that lets everybody in and answers the first query with `script`.
async fn scripted(script: &[Message]) -> (Ending, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let serve = async {
        let (mut stream, _) = listener.accept().await.expect("accepts");
        hear(&mut stream).await;
        let key = CancelKey {
            process_id: 1,
            secret: b"abcd"[..].into(),
        };
        let hello = [
            Message::Authentication(Authentication::Ok),
            Message::BackendKeyData(key),
            Message::ReadyForQuery(TransactionStatus::Idle),
        ];
        say(&mut stream, &hello).await;
        hear(&mut stream).await;
        say(&mut stream, script).await;
        // Takes the cancel that the end of a running statement sends.
        let (mut cancel, _) = listener.accept().await.expect("accepts");
        hear(&mut cancel).await;
        stream
    };
    let visit = async {
        let upstream = open(&target(port, Tls::Off), &credential())
            .await
            .expect("connects");
        let mut session = Session::over(upstream, OPEN);
        session.client.ask("select 1").await;
        let seen = session.client.answer().await;
        (session.ending().await.0, seen)
    };
    let (_stream, result) = tokio::join!(serve, visit);

    result
}

async fn hear(stream: &mut TcpStream) {
    let mut heard = BytesMut::with_capacity(1024);
    assert!(stream.read_buf(&mut heard).await.expect("readable") > 0);
}

async fn say(stream: &mut TcpStream, messages: &[Message]) {
    let mut out = BytesMut::new();
    for message in messages {
        message.encode(&mut out);
    }
    stream.write_all(&out).await.expect("writable");
}

#[tokio::test]
async fn a_server_whose_bytes_come_one_by_one_is_understood() {
    let cluster = Cluster::start().unwrap();
    let chaos = ChaosProxy::start(([127, 0, 0, 1], cluster.port()).into())
        .await
        .unwrap();
    chaos.crumble();
    let upstream = open(&target(chaos.port(), Tls::Off), &credential())
        .await
        .unwrap();
    let mut session = Session::over(upstream, OPEN);

    assert_eq!(
        session.client.query("select 1; select 2/0").await,
        "RowDescription, row(1), SELECT 1, ERROR 22012: division by zero, ready(I)"
    );
    assert_eq!(
        session.client.query("copy (select 7) to stdout").await,
        "CopyOutResponse, copy(7), CopyDone, COPY 1, ready(I)"
    );
    let shelf = session.leave().await;
    assert!(
        shelf.story().contains("FromDatabase Finished"),
        "{}",
        shelf.story()
    );
}
