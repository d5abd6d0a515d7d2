//! The round trip of tokio-postgres: the extended protocol in binary, pipelined by asking before the answer.

use std::pin::pin;
use std::time::Duration;

use ::tokio_postgres::error::SqlState;
use ::tokio_postgres::types::Type;
use ::tokio_postgres::{AsyncMessage, Client, Config, Error, NoTls, SimpleQueryMessage};
use bytes::{Bytes, BytesMut};
use futures_util::future::{join, join_all, poll_fn};
use futures_util::{SinkExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clients::place::{HOST, Place};
use crate::clients::sums::{LARGE, N_COPIED, RESULT, SLEEPERS, SUM_OF_RESULT, lines, sum_of};

/// Longer than anything a step waits for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection, and what the server says unasked.
struct Line {
    client: Client,
    unasked: mpsc::UnboundedReceiver<AsyncMessage>,
    /// Ends when the server has closed.
    driver: JoinSet<()>,
}

pub async fn round_trip(place: Place) {
    let mut line = connect(&place).await;
    let other = connect(&place).await;
    simple(&line.client).await;
    prepared(&line.client).await;
    transaction(&mut line.client).await;
    error(&mut line.client).await;
    copy(&line.client).await;
    cancel(&line.client, &other.client).await;
    notify(&mut line, &other.client).await;
    pipeline(&line.client).await;
    large_value(&line.client).await;
    large_result(&mut line.client).await;
    for Line {
        client, mut driver, ..
    } in [line, other]
    {
        drop(client);
        driver.join_next().await.unwrap().unwrap();
    }
}

async fn connect(place: &Place) -> Line {
    let mut config = Config::new();
    config.host(HOST).port(place.port).dbname(&place.database);
    config.user(&place.user).password(&place.password);
    let (client, mut connection) = config.connect(NoTls).await.unwrap();
    let (says, unasked) = mpsc::unbounded_channel();
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            // Nobody listens to one that only helps.
            let _ = says.send(message.unwrap());
        }
    });

    Line {
        client,
        unasked,
        driver,
    }
}

async fn simple(client: &Client) {
    let messages = client.simple_query("SELECT 6 * 7; SELECT 'two'; ").await.unwrap();
    let values: Vec<&str> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            SimpleQueryMessage::CommandComplete(_) | SimpleQueryMessage::RowDescription(_) | _ => None,
        })
        .collect();

    assert_eq!(values, ["42", "two"]);
}

async fn prepared(client: &Client) {
    let statement = client
        .prepare_typed(
            "SELECT $1 + 1, $2 * 2, $3, $4, $5",
            &[
                Type::INT4,
                Type::FLOAT8,
                Type::BYTEA,
                Type::TEXT,
                Type::INT8_ARRAY,
            ],
        )
        .await
        .unwrap();
    for i in 0..10_i32 {
        let (bytes, list) = (vec![0, 255_u8], vec![i64::from(i), 2]);
        let row = client
            .query_one(&statement, &[&i, &1.5, &bytes, &None::<&str>, &list])
            .await
            .unwrap();
        assert_eq!(row.get::<_, i32>(0), i + 1);
        assert_eq!(row.get::<_, f64>(1), 3.0);
        assert_eq!(row.get::<_, Vec<u8>>(2), bytes);
        assert_eq!(row.get::<_, Option<&str>>(3), None);
        assert_eq!(row.get::<_, Vec<i64>>(4), list);
    }
}

async fn transaction(client: &mut Client) {
    client
        .batch_execute("CREATE TABLE trip (n int PRIMARY KEY, word text)")
        .await
        .unwrap();
    let kept = client.transaction().await.unwrap();
    kept.execute("INSERT INTO trip VALUES ($1, $2)", &[&1, &"kept"])
        .await
        .unwrap();
    kept.commit().await.unwrap();
    let lost = client.transaction().await.unwrap();
    lost.execute("INSERT INTO trip VALUES ($1, $2)", &[&2, &"lost"])
        .await
        .unwrap();
    lost.rollback().await.unwrap();

    let row = client
        .query_one("SELECT string_agg(word, ',') FROM trip", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "kept");
}

async fn error(client: &mut Client) {
    let told = client.batch_execute("SELECT 1 / 0").await;
    assert_eq!(state_of(told), SqlState::DIVISION_BY_ZERO);
    let told = client.query("SELECT 1 / $1::int", &[&0]).await;
    assert_eq!(state_of(told), SqlState::DIVISION_BY_ZERO);
    let undone = client.transaction().await.unwrap();
    let told = undone.execute("INSERT INTO trip VALUES (1, 'again')", &[]).await;
    assert_eq!(state_of(told), SqlState::UNIQUE_VIOLATION);
    let told = undone.query("SELECT 1", &[]).await;
    assert_eq!(state_of(told), SqlState::IN_FAILED_SQL_TRANSACTION);
    undone.rollback().await.unwrap();

    let row = client.query_one("SELECT 'well'", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "well");
}

fn state_of<T>(told: Result<T, Error>) -> SqlState {
    let problem = told.err().expect("an error");

    problem.code().unwrap_or_else(|| panic!("{problem}")).clone()
}

async fn copy(client: &Client) {
    let text = lines();
    let mut sink = pin!(client.copy_in("COPY trip FROM STDIN").await.unwrap());
    for chunk in text.as_bytes().chunks(8192) {
        sink.send(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    assert_eq!(sink.finish().await.unwrap(), N_COPIED);

    let back = client
        .copy_out("COPY (SELECT * FROM trip WHERE n > 1 ORDER BY n) TO STDOUT")
        .await
        .unwrap();
    let back: BytesMut = back
        .try_collect::<Vec<Bytes>>()
        .await
        .unwrap()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(back, text.as_bytes());
}

async fn cancel(client: &Client, other: &Client) {
    let row = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap();
    let asleep = format!("{SLEEPERS}{}", row.get::<_, i32>(0));
    let give_up = async {
        while other.query_one(&asleep, &[]).await.unwrap().get::<_, i64>(0) == 0 {}
        client.cancel_token().cancel_query(NoTls).await.unwrap();
    };
    let (told, ()) = join(client.batch_execute("SELECT pg_sleep(60)"), give_up).await;
    assert_eq!(state_of(told), SqlState::QUERY_CANCELED);

    let row = client.query_one("SELECT 'awake'", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "awake");
}

async fn notify(line: &mut Line, other: &Client) {
    line.client.batch_execute("LISTEN trip").await.unwrap();
    other
        .execute("SELECT pg_notify($1, $2)", &[&"trip", &"hello there"])
        .await
        .unwrap();
    loop {
        let said = timeout(PATIENCE, line.unasked.recv())
            .await
            .expect("in time")
            .unwrap();
        if let AsyncMessage::Notification(heard) = said {
            assert_eq!((heard.channel(), heard.payload()), ("trip", "hello there"));
            return;
        }
    }
}

async fn pipeline(client: &Client) {
    let statement = client.prepare("SELECT $1::int * 2").await.unwrap();
    let parameters: Vec<i32> = (0..1000).collect();
    let statement = &statement;
    let asked = parameters
        .iter()
        .map(|i| async move { client.query_one(statement, &[i]).await });
    let (answers, broken) = join(join_all(asked), client.query("SELECT 1 / $1::int", &[&0])).await;
    for (i, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().get::<_, i32>(0), 2 * i as i32);
    }
    assert_eq!(state_of(broken), SqlState::DIVISION_BY_ZERO);
}

async fn large_value(client: &Client) {
    let value: Vec<u8> = (0..LARGE).map(|i| (i % 251) as u8).collect();
    let row = client.query_one("SELECT $1::bytea", &[&value]).await.unwrap();
    assert!(row.get::<_, &[u8]>(0) == value);
}

async fn large_result(client: &mut Client) {
    let row = client.query_one(SUM_OF_RESULT, &[]).await.unwrap();
    let wanted: String = row.get(0);
    let rows = client.query(RESULT, &[]).await.unwrap();
    assert_eq!(sum_of(rows.iter().map(|row| row.get(1))), wanted);

    // A portal, ten thousand rows at a time.
    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind(RESULT, &[]).await.unwrap();
    let mut rows = Vec::new();
    loop {
        let more = transaction.query_portal(&portal, 10_000).await.unwrap();
        if more.is_empty() {
            break;
        }
        rows.extend(more);
    }
    transaction.commit().await.unwrap();
    assert_eq!(sum_of(rows.iter().map(|row| row.get(1))), wanted);
}
