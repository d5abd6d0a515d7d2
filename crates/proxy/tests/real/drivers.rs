//! A driver people use, at the pump's other end.

use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use proxy::{Cancelled, Gate, Policy};
use recording::Origin;
use testkit::{Cluster, Version};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use crate::kit::{OPEN, driven};
use crate::session::running;

#[tokio::test]
async fn statements_transactions_errors_and_copies_come_through() {
    for version in [Version::System, Version::V18] {
        let cluster = Cluster::builder().version(version).start().expect("starts");
        let (mut client, session) = driven(&cluster, OPEN).await;

        let row = client
            .query_one("select $1::int4 + 1, $2::text", &[&41, &"żółw"])
            .await
            .unwrap();
        assert_eq!((row.get(0), row.get(1)), (42, "żółw"));
        client.batch_execute("create table t (n int)").await.unwrap();

        let insert = client.prepare("insert into t values ($1)").await.unwrap();
        let all: Vec<_> = (0..200).map(|n: i32| n).collect();
        let inserts = all.iter().map(|n| {
            let (client, insert) = (&client, &insert);
            async move { client.execute_raw(insert, [n as &(dyn ToSql + Sync)]).await }
        });
        let inserted = futures_util::future::try_join_all(inserts).await.unwrap();
        assert_eq!(inserted.iter().sum::<u64>(), 200);

        let error = client.query("select 1/$1", &[&0]).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::DIVISION_BY_ZERO));

        let transaction = client.transaction().await.unwrap();
        let portal = transaction.bind("select n from t order by n", &[]).await.unwrap();
        assert_eq!(transaction.query_portal(&portal, 150).await.unwrap().len(), 150);
        assert_eq!(transaction.query_portal(&portal, 150).await.unwrap().len(), 50);
        transaction.rollback().await.unwrap();

        let sink = client.copy_in("copy t from stdin").await.unwrap();
        let mut sink = std::pin::pin!(sink);
        sink.send(Bytes::from_static(b"1\n2\n")).await.unwrap();
        assert_eq!(sink.as_mut().finish().await.unwrap(), 2);
        let copied = client.copy_out("copy t to stdout").await.unwrap();
        let copied: Vec<Bytes> = copied.try_collect().await.unwrap();
        assert_eq!(copied.concat().iter().filter(|byte| **byte == b'\n').count(), 202);
        // A COPY that fails on the server leaves a connection that works.
        let sink = client.copy_in("copy t from stdin").await.unwrap();
        let mut sink = std::pin::pin!(sink);
        sink.send(Bytes::from_static(b"not a number\n")).await.unwrap();
        assert!(sink.as_mut().finish().await.is_err());
        assert_eq!(client.query("select 1", &[]).await.unwrap().len(), 1);

        drop(client);
        let story = session.shelf().await.story();
        assert_eq!(
            story.matches("Person insert into t values ($1)").count(),
            200,
            "{story}"
        );
        assert!(
            story.contains("ToDatabase Finished { rows: 2, bytes: 4 }"),
            "{story}"
        );
        assert!(story.contains("ToDatabase Failed"), "{story}");
    }
}

#[tokio::test]
async fn gates_hold_in_the_extended_protocol() {
    for version in [Version::System, Version::V18] {
        let cluster = Cluster::builder().version(version).start().expect("starts");
        cluster.sql("create table t (n int)").unwrap();
        let shut = Policy {
            export: Gate::Shut,
            import: Gate::Shut,
            ..OPEN
        };
        let (client, session) = driven(&cluster, shut).await;

        for _ in 0..3 {
            let refused = client.copy_out("copy (select 1) to stdout").await;
            assert_eq!(
                refused.map(|_| ()).unwrap_err().code(),
                Some(&SqlState::INSUFFICIENT_PRIVILEGE)
            );
            assert_eq!(client.query("select 1", &[]).await.unwrap().len(), 1);
        }
        // The last thing asked of this driver: by one Sync too many it loses count where a COPY is refused, also by
        // the server.
        let refused = client.copy_in::<_, Bytes>("copy t from stdin").await;
        assert_eq!(
            refused.map(|_| ()).unwrap_err().code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE)
        );

        drop(client);
        let story = session.shelf().await.story();
        assert_eq!(story.matches("Refused").count(), 4, "{story}");
        assert!(!story.contains("Finished"), "{story}");
    }
}

#[tokio::test]
async fn a_cancel_stops_a_prepared_statement() {
    let cluster = Cluster::start().unwrap();
    let (client, session) = driven(&cluster, OPEN).await;

    let sleep = client.query("select pg_sleep($1)", &[&60.0]);
    let cancel = async {
        running(&session.control, &cluster).await;
        session.control.cancel(Origin::Person).await.unwrap()
    };
    let (slept, cancelled) = tokio::join!(sleep, cancel);

    assert_eq!(cancelled, Cancelled::Sent);
    assert_eq!(slept.unwrap_err().code(), Some(&SqlState::QUERY_CANCELED));
    assert_eq!(client.query("select 1", &[]).await.unwrap().len(), 1);
    drop(client);
    session.shelf().await;
}
