//! The round trip of sqlx, whose cancel is a statement of another connection.

use ::sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions, PgSslMode};
use ::sqlx::{ConnectOptions, Connection, Error, PgConnection, Row};
use futures_util::TryStreamExt;
use futures_util::future::join;

use crate::clients::place::{HOST, Place};
use crate::clients::sums::{LARGE, N_COPIED, RESULT, SLEEPERS, SUM_OF_RESULT, lines, sum_of};

pub async fn round_trip(place: Place) {
    let options = PgConnectOptions::new_without_pgpass()
        .host(HOST)
        .port(place.port)
        .username(&place.user)
        .password(&place.password)
        .database(&place.database)
        .ssl_mode(PgSslMode::Disable);
    let mut connection = options.connect().await.unwrap();
    let mut other = options.connect().await.unwrap();
    simple(&mut connection).await;
    prepared(&mut connection).await;
    transaction(&mut connection).await;
    error(&mut connection).await;
    copy(&mut connection).await;
    cancel(&mut connection, &mut other).await;
    notify(options, &mut other).await;
    large_value(&mut connection).await;
    large_result(&mut connection).await;
    connection.close().await.unwrap();
    other.close().await.unwrap();
}

async fn simple(connection: &mut PgConnection) {
    let rows = ::sqlx::raw_sql("SELECT 6 * 7; SELECT 2")
        .fetch_all(connection)
        .await
        .unwrap();
    let values: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();

    assert_eq!(values, [42, 2]);
}

async fn prepared(connection: &mut PgConnection) {
    let sql = "SELECT $1::int4 + 1, $2::float8 * 2, $3::bytea, $4::text, $5::int8[]";
    for i in 0..10_i32 {
        let (bytes, list) = (vec![0, 255_u8], vec![i64::from(i), 2]);
        let row: (i32, f64, Vec<u8>, Option<String>, Vec<i64>) = ::sqlx::query_as(sql)
            .bind(i)
            .bind(1.5)
            .bind(&bytes)
            .bind(None::<String>)
            .bind(&list)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(row, (i + 1, 3.0, bytes, None, list));
    }
}

async fn transaction(connection: &mut PgConnection) {
    run(connection, "CREATE TABLE trip (n int PRIMARY KEY, word text)").await;
    let mut kept = connection.begin().await.unwrap();
    run(&mut kept, "INSERT INTO trip VALUES (1, 'kept')").await;
    kept.commit().await.unwrap();
    let mut lost = connection.begin().await.unwrap();
    run(&mut lost, "INSERT INTO trip VALUES (2, 'lost')").await;
    lost.rollback().await.unwrap();

    assert_eq!(
        word(connection, "SELECT string_agg(word, ',') FROM trip").await,
        "kept"
    );
}

async fn error(connection: &mut PgConnection) {
    let told = ::sqlx::raw_sql("SELECT 1 / 0").execute(&mut *connection).await;
    assert_eq!(state_of(told), "22012");
    let told = ::sqlx::query("SELECT 1 / $1")
        .bind(0)
        .execute(&mut *connection)
        .await;
    assert_eq!(state_of(told), "22012");
    let mut undone = connection.begin().await.unwrap();
    let again = ::sqlx::query("INSERT INTO trip VALUES (1, 'again')");
    assert_eq!(state_of(again.execute(&mut *undone).await), "23505");
    let told = ::sqlx::query("SELECT 1").execute(&mut *undone).await;
    assert_eq!(state_of(told), "25P02");
    undone.rollback().await.unwrap();

    assert_eq!(word(connection, "SELECT 'well'").await, "well");
}

async fn copy(connection: &mut PgConnection) {
    let text = lines();
    let mut sink = connection.copy_in_raw("COPY trip FROM STDIN").await.unwrap();
    sink.send(text.as_bytes()).await.unwrap();
    assert_eq!(sink.finish().await.unwrap(), N_COPIED);

    let back = connection
        .copy_out_raw("COPY (SELECT * FROM trip WHERE n > 1 ORDER BY n) TO STDOUT")
        .await
        .unwrap();
    let back = back.try_fold(Vec::new(), async |mut all, chunk| {
        all.extend_from_slice(&chunk);
        Ok(all)
    });
    assert_eq!(back.await.unwrap(), text.as_bytes());

    // Given up by the client.
    let mut half = connection.copy_in_raw("COPY trip FROM STDIN").await.unwrap();
    half.send(&b"6000\thalf\n"[..]).await.unwrap();
    half.abort("changed my mind").await.unwrap();
    assert_eq!(
        word(connection, "SELECT count(*)::text FROM trip").await,
        (N_COPIED + 1).to_string()
    );
}

async fn cancel(connection: &mut PgConnection, other: &mut PgConnection) {
    let backend: i32 = ::sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    let asleep = format!("{SLEEPERS}{backend}");
    let give_up = async {
        while ::sqlx::query_scalar::<_, i64>(&asleep)
            .fetch_one(&mut *other)
            .await
            .unwrap()
            == 0
        {}
        let cancel = ::sqlx::query("SELECT pg_cancel_backend($1)").bind(backend);
        cancel.execute(&mut *other).await.unwrap();
    };
    let sleeping = ::sqlx::query("SELECT pg_sleep(60)").execute(&mut *connection);
    let (told, ()) = join(sleeping, give_up).await;
    assert_eq!(state_of(told), "57014");

    assert_eq!(word(connection, "SELECT 'awake'").await, "awake");
}

async fn notify(options: PgConnectOptions, other: &mut PgConnection) {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap();
    let mut listener = PgListener::connect_with(&pool).await.unwrap();
    listener.listen("trip").await.unwrap();
    let tell = ::sqlx::query("SELECT pg_notify($1, $2)")
        .bind("trip")
        .bind("hello there");
    tell.execute(other).await.unwrap();

    let heard = listener.recv().await.unwrap();
    assert_eq!((heard.channel(), heard.payload()), ("trip", "hello there"));
    drop(listener);
    pool.close().await;
}

async fn large_value(connection: &mut PgConnection) {
    let value: Vec<u8> = (0..LARGE).map(|i| (i % 251) as u8).collect();
    let back: Vec<u8> = ::sqlx::query_scalar("SELECT $1::bytea")
        .bind(&value)
        .fetch_one(connection)
        .await
        .unwrap();

    assert!(back == value);
}

async fn large_result(connection: &mut PgConnection) {
    let wanted = word(connection, SUM_OF_RESULT).await;
    let rows = ::sqlx::query(RESULT).fetch_all(&mut *connection).await.unwrap();

    assert_eq!(sum_of(rows.iter().map(|row| row.get(1))), wanted);
}

async fn run(connection: &mut PgConnection, sql: &str) {
    ::sqlx::query(sql).execute(connection).await.unwrap();
}

async fn word(connection: &mut PgConnection, sql: &str) -> String {
    ::sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

/// The SQLSTATE of an error.
fn state_of<T>(told: Result<T, Error>) -> String {
    let problem = told.err().expect("an error");
    let code = problem.as_database_error().and_then(|told| told.code());

    code.unwrap_or_else(|| panic!("{problem}")).into_owned()
}
