//! What is prepared and bound and runs without an Execute of it, or perhaps: it is on record before.

use bytes::BytesMut;
use expect_test::expect;
use pg_proto::frontend::{Bind, Message};
use proxy::Ending;
use testkit::Cluster;
use tokio::io::AsyncWriteExt;

use crate::extended::{bind, execute, execute_some, parse, run, versions};
use crate::kit::{OPEN, Session};

/// A portal of a statement without parameters.
fn portal(portal: &str, statement: &str) -> Message {
    Message::Bind(Bind {
        portal: portal.into(),
        statement: statement.into(),
        ..Bind::default()
    })
}

/// `noted(n)` is run when it is planned, and leaves a row in `t`.
fn with_noted() -> &'static str {
    "create table t (n int); \
     create function note(n int) returns int language plpgsql \
       as $$ begin insert into t values (n); return n; end $$; \
     create function noted(n int) returns int immutable language plpgsql \
       as $$ begin return note(n); end $$"
}

#[tokio::test]
async fn what_sql_runs_by_its_name_is_on_record() {
    versions(async |cluster| {
        let mut session = Session::on(&cluster, OPEN).await;
        let client = &mut session.client;

        client.talk(&[parse("s", "select 'one'"), Message::Sync]).await;
        client.answer().await;
        assert_eq!(
            client.query("execute s").await,
            "RowDescription, row(one), SELECT 1, ready(I)"
        );
        client.query("begin").await;
        client
            .talk(&[parse("", "select 'two'"), portal("p", ""), Message::Sync])
            .await;
        client.answer().await;
        assert_eq!(
            client.query("fetch all from p").await,
            "RowDescription, row(two), FETCH 1, ready(T)"
        );

        expect![[r#"
            Extended Person [only prepared, as "s"] select 'one'
              0: "" 0 rows
            Simple Person execute s
              0: "SELECT 1" 1 rows
            Simple Person begin
              0: "BEGIN" 0 rows
            Extended Person [only bound, as "p"] select 'two'
              0: "" 0 rows
            Simple Person fetch all from p
              0: "FETCH 1" 1 rows
        "#]]
        .assert_eq(&session.leave().await.story());
    })
    .await;
}

#[tokio::test]
async fn what_planning_runs_is_on_record() {
    versions(async |cluster| {
        cluster.sql(with_noted()).unwrap();
        let mut session = Session::on(&cluster, OPEN).await;
        let client = &mut session.client;

        client
            .talk(&[
                parse("", "select noted($1::int4)"),
                bind("", &["7"]),
                Message::Sync,
            ])
            .await;
        assert_eq!(client.answer().await, "ParseComplete, BindComplete, ready(I)");
        // Of two the second is executed; the server skips the third.
        client
            .talk(&[
                parse("", "select $1::int4"),
                bind("", &["1"]),
                bind("", &["2"]),
                execute(),
                parse("", "nonsense"),
                bind("", &["3"]),
                Message::Sync,
            ])
            .await;
        client.answer().await;

        assert_eq!(cluster.sql("select n from t").unwrap(), "7");
        expect![[r#"
            Extended Person [only bound, as ""] select noted($1::int4)
              0 "7"
              0: "" 0 rows
            Extended Person select $1::int4
              0 "2"
              0: "SELECT 1" 1 rows
            Extended Person [only bound, as ""] select $1::int4
              0 "1"
              0: "" 0 rows
            Extended Person [only bound, as ""] nonsense
              0 "3"
              0: "" 0 rows 42601
        "#]]
        .assert_eq(&session.leave().await.story());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_planned() {
    let cluster = Cluster::start().unwrap();
    cluster.sql(with_noted()).unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    session.shelf.break_down();
    session
        .client
        .talk(&[parse("", "select noted(1)"), bind("", &[]), Message::Sync])
        .await;

    assert_eq!(
        session.client.answer().await,
        "FATAL 58030: the session's recording cannot be written"
    );
    assert_eq!(session.ending().await.0, Ending::RecordingFailed);
    assert_eq!(cluster.sql("select count(*) from t").unwrap(), "0");
}

#[tokio::test]
async fn the_unnamed_portal_is_remembered_as_long_as_the_server_has_it() {
    versions(async |cluster| {
        let mut session = Session::on(&cluster, OPEN).await;
        let client = &mut session.client;
        let by_name = |name| [portal(name, name), execute_some(name, 0), Message::Sync];
        client
            .talk(&[
                parse("savepoint", "savepoint a"),
                parse("rollback", "rollback to a"),
                Message::Sync,
            ])
            .await;
        client.answer().await;

        client.query("begin").await;
        client
            .talk(&[parse("", "select 'here'"), bind("", &[]), Message::Sync])
            .await;
        client.answer().await;
        // An empty text leaves it alone.
        assert_eq!(client.query("").await, "EmptyQueryResponse, ready(T)");
        client.talk(&[execute_some("", 1), Message::Sync]).await;
        assert_eq!(client.answer().await, "row(here), PortalSuspended, ready(T)");
        // So does a Bind of a statement that is not there.
        client
            .talk(&[parse("", "select 'still'"), bind("", &[]), Message::Sync])
            .await;
        client.answer().await;
        client.talk(&by_name("savepoint")).await;
        client.answer().await;
        client.talk(&[bind("nothing", &[]), Message::Sync]).await;
        assert_eq!(
            client.answer().await,
            "ERROR 26000: prepared statement \"nothing\" does not exist, ready(E)"
        );
        client.talk(&by_name("rollback")).await;
        assert_eq!(client.answer().await, "BindComplete, ROLLBACK, ready(T)");
        client.talk(&[execute(), Message::Sync]).await;
        assert_eq!(client.answer().await, "row(still), SELECT 1, ready(T)");

        let story = session.leave().await.story();
        assert!(
            story.contains("Extended Person select 'here'\n  0: \"\" 1 rows\n"),
            "{story}"
        );
        assert!(
            story.ends_with("Extended Person select 'still'\n  0: \"SELECT 1\" 1 rows\n"),
            "{story}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_not_whole_is_not_made_whole() {
    let cluster = Cluster::start().unwrap();
    cluster
        .sql(
            "create sequence q; \
             create function drawn(text) returns bigint immutable language plpgsql \
               as $$ begin return nextval('q'); end $$",
        )
        .unwrap();
    let mut session = Session::on(&cluster, OPEN).await;
    session
        .client
        .talk(&[parse("", "select drawn($1)"), Message::Flush])
        .await;
    assert_eq!(session.client.words(1).await, "ParseComplete");

    // The last of the value and of the Bind is what a goodbye begins with: a letter, and no formats of results.
    let mut message = BytesMut::new();
    bind("", &["valueX"]).encode(&mut message);
    let stream = &mut session.client.stream;
    stream.write_all(&message[..message.len() - 3]).await.unwrap();
    stream.shutdown().await.unwrap();

    assert_eq!(session.ending().await.0, Ending::ClientClosed);
    let connected = "select count(*) from pg_stat_activity where application_name = 'postern test'";
    while cluster.sql(connected).unwrap() != "0" {}
    assert_eq!(cluster.sql("select is_called from q").unwrap(), "f");
}

#[tokio::test]
async fn what_executes_with_its_bind_costs_no_other_record() {
    let cluster = Cluster::start().unwrap();
    let mut session = Session::on(&cluster, OPEN).await;

    let mut two: Vec<_> = [run("select 1"), run("select 2")].concat();
    two.push(Message::Sync);
    session.client.talk(&two).await;
    session.client.answer().await;

    expect![[r#"
        Extended Person select 1
          0: "SELECT 1" 1 rows
        Extended Person select 2
          0: "SELECT 1" 1 rows
    "#]]
    .assert_eq(&session.leave().await.story());
}
