//! pgbouncer before the server, in session mode: a server like any other, whose refusals are its own.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use expect_test::{Expect, expect};
use futures_util::{SinkExt, TryStreamExt};
use pg_proto::client::Method;
use proxy::{Cancelled, Credential, DirectDial, Target, Tls, probe};
use recording::Origin;
use testkit::{Cluster, Pgbouncer};
use tokio_postgres::error::SqlState;

use crate::kit::{OPEN, PATIENCE, account, credential, driven_at, open, target};
use crate::session::running;

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test of the clock's own times")]
async fn a_test_of_the_connection_goes_through_pgbouncer() {
    let cluster = Cluster::start().unwrap();
    let pooler = Pgbouncer::before(&cluster, "").unwrap();

    let dial = Arc::new(DirectDial::anywhere(PATIENCE));
    let report = probe(
        dial,
        &target(pooler.port(), Tls::Off),
        &credential(),
        &Instant::now,
    )
    .await;

    assert!(report.error.is_none(), "{:?}", report.error);
    assert_eq!(report.method, Some(Method::ScramSha256));
    assert!(report.version.unwrap().starts_with("PostgreSQL "));
    assert_eq!(report.warnings.len(), 1);
}

#[tokio::test]
async fn a_session_through_pgbouncer_has_everything_a_server_gives() {
    let cluster = Cluster::start().unwrap();
    let pooler = Pgbouncer::before(&cluster, "").unwrap();
    let (mut client, session) = driven_at(pooler.port(), OPEN).await;

    client
        .batch_execute("create temporary table t (n int); listen t")
        .await
        .unwrap();
    let insert = client.prepare("insert into t values ($1)").await.unwrap();
    for n in 0..10 {
        assert_eq!(client.execute(&insert, &[&n]).await.unwrap(), 1);
    }
    let undone = client.transaction().await.unwrap();
    let error = undone.query("select 1 / $1", &[&0]).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::DIVISION_BY_ZERO));
    undone.rollback().await.unwrap();

    let mut sink = pin!(client.copy_in("copy t from stdin").await.unwrap());
    sink.send(Bytes::from_static(b"10\n11\n")).await.unwrap();
    assert_eq!(sink.finish().await.unwrap(), 2);
    let copied = client.copy_out("copy t to stdout").await.unwrap();
    let copied: Vec<Bytes> = copied.try_collect().await.unwrap();
    assert_eq!(copied.concat().iter().filter(|byte| **byte == b'\n').count(), 12);

    let sleep = client.query("select pg_sleep($1)", &[&60.0]);
    let cancel = async {
        running(&session.control, &cluster).await;
        session.control.cancel(Origin::Person).await.unwrap()
    };
    let (slept, cancelled) = tokio::join!(sleep, cancel);
    assert_eq!(cancelled, Cancelled::Sent);
    assert_eq!(slept.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));
    assert_eq!(client.query("select n from t", &[]).await.unwrap().len(), 12);

    drop(client);
    session.shelf().await;
}

#[tokio::test]
async fn what_pgbouncer_refuses_says_what_to_do() {
    let cluster = Cluster::start().unwrap();
    let pooler = Pgbouncer::before(&cluster, "").unwrap();
    let to = |name: &str, value: &str| Target {
        options: vec![(name.to_owned(), value.to_owned())],
        ..target(pooler.port(), Tls::Off)
    };

    check(&to("options", "-c work_mem=1MB"), &credential(), expect![[r#"
        Rejected at Authentication: The pooler before the server does not accept the startup parameter options.
        Add options to ignore_startup_parameters in pgbouncer.ini, which leaves it without effect, or connect without it.
        08P01 unsupported startup parameter: options"#]]).await;
    check(&to("statement_timeout", "1s"), &credential(), expect![[r#"
        Rejected at Authentication: The pooler before the server does not accept the startup parameter statement_timeout.
        Add statement_timeout to ignore_startup_parameters in pgbouncer.ini, which leaves it without effect, or connect without it.
        08P01 unsupported startup parameter: statement_timeout"#]]).await;
    check(
        &target(pooler.port(), Tls::Off),
        &account("postgres", "wrong"),
        expect![[r#"
            Auth at Authentication: The pooler before the server rejected the stored credential.
            Check user name and password in the PAM User record, and that the pooler knows them: auth_file or auth_query of pgbouncer.
            08P01 SASL authentication failed"#]],
    )
    .await;
    check(
        &target(pooler.port(), Tls::Off),
        &account("nobody", "wrong"),
        expect![[r#"
            Auth at Authentication: The pooler before the server rejected the stored credential.
            Check user name and password in the PAM User record, and that the pooler knows them: auth_file or auth_query of pgbouncer.
            08P01 SASL authentication failed"#]],
    )
    .await;
    check(
        &Target {
            database: "missing".to_owned(),
            ..target(pooler.port(), Tls::Off)
        },
        &credential(),
        expect![[r#"
            Rejected at Authentication: The database "missing" does not exist on this server.
            Name another one, or correct Default database where the name is the record's.
            08P01 database "missing" does not exist"#]],
    )
    .await;
    let only = Pgbouncer::before_one_database(&cluster, "shop").unwrap();
    check(
        &target(only.port(), Tls::Off),
        &credential(),
        expect![[r#"
        Rejected at Authentication: The pooler before the server has no database "postgres".
        Add it to [databases] in pgbouncer.ini, or correct Default database.
        08P01 no such database: postgres"#]],
    )
    .await;
}

#[tokio::test]
async fn a_parameter_that_pgbouncer_is_told_to_ignore_is_no_hindrance() {
    let cluster = Cluster::start().unwrap();
    let pooler = Pgbouncer::before(
        &cluster,
        "ignore_startup_parameters = extra_float_digits, options",
    )
    .unwrap();
    let mut target = target(pooler.port(), Tls::Off);
    target.options = vec![("extra_float_digits".to_owned(), "2".to_owned())];

    let upstream = open(&target, &credential()).await.unwrap();

    // pgbouncer knows these itself, and hands them on.
    assert_eq!(
        upstream.parameter("application_name").as_deref(),
        Some("postern test")
    );
}

async fn check(target: &Target, credential: &Credential, expected: Expect) {
    let error = open(target, credential).await.expect_err("not let in");
    let server = error.server().expect("its own words");

    expected.assert_eq(&format!(
        "{:?} at {:?}: {}\n{}\n{} {}",
        error.code(),
        error.stage,
        error.sentence(),
        error.remedy(),
        server.code(),
        server.message(),
    ));
}
