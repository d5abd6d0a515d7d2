//! COPY gates: on the server's responses, whatever the SQL looks like.

use expect_test::expect;
use pg_proto::frontend::Message;
use testkit::Cluster;

use crate::kit::{OPEN, SHUT, Session};

const EXPORT: &str = "ERROR 42501: CSV export is disabled by your administrator.";
const IMPORT: &str = "ERROR 42501: CSV import is disabled by your administrator.";

fn cluster() -> Cluster {
    let cluster = Cluster::start().expect("starts");
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
