//! The programs people use with PostgreSQL: each makes its round trip and checks every answer, on the server itself,
//! which proves the program, and through the listener. What is on record then is held against the server's own log.

mod evidence;
mod log;
mod matrix;
mod place;
mod poolers;
mod programs;
mod sqlx;
mod sums;
mod tap;
mod tokio_postgres;
mod tools;

use protocol::people::Role;
use recording::{Body, Frame};
use testkit::cluster::{PASSWORD, SUPERUSER};
use testkit::{Cluster, Version};

use self::log::Witness;
use self::place::Place;
use self::tap::Tap;
use crate::sessions::desk::until;
use crate::sessions::native::Port;

/// The database of the round trip through the listener.
const DATABASE: &str = "listener";

/// Sends a client on its round trips, on a server of its own.
async fn everywhere(version: Version, client: impl AsyncFn(Place)) {
    let cluster = Cluster::builder()
        .version(version)
        .setting("log_line_prefix", log::PREFIX)
        .start()
        .unwrap();

    cluster.sql("CREATE DATABASE direct").unwrap();
    client(Place {
        version,
        port: cluster.port(),
        user: SUPERUSER.to_owned(),
        password: PASSWORD.to_owned(),
        database: "direct".to_owned(),
    })
    .await;

    let target = cluster.port();
    through_a_listener(version, cluster, target, client).await;
}

/// The round trip by way of a record that reaches `cluster` at the port `target`.
async fn through_a_listener(version: Version, cluster: Cluster, target: u16, client: impl AsyncFn(Place)) {
    cluster.sql(&format!("CREATE DATABASE {DATABASE}")).unwrap();
    for setting in log::SETTINGS {
        cluster
            .sql(&format!("ALTER DATABASE {DATABASE} SET {setting}"))
            .unwrap();
    }
    let listener = Port::before(cluster, target).await;
    let tap = Tap::before(listener.port, PASSWORD).await;

    client(Place {
        version,
        port: tap.port(),
        user: "Books".to_owned(),
        password: listener.token(Role::User).await,
        database: DATABASE.to_owned(),
    })
    .await;

    assert_eq!(tap.leaks(), 0, "the vault's password was sent to a client");
    let sessions = until(async || {
        let sessions = frames(&listener).await;
        sessions.iter().all(|frames| is_left(frames)).then_some(sessions)
    })
    .await;
    evidence::agree(&sessions, &witness(&listener.desk.cluster).await);
}

/// What the server says, once it has said all of it.
async fn witness(cluster: &Cluster) -> Witness {
    const LAST_WORD: &str = "that was all";

    cluster
        .sql(&format!("DO $$ BEGIN RAISE LOG '{LAST_WORD}'; END $$"))
        .unwrap();
    let log = until(async || {
        let log = cluster.log();
        log.contains(&format!("LOG:  {LAST_WORD}")).then_some(log)
    });

    Witness::of(&log.await, DATABASE)
}

async fn frames(listener: &Port) -> Vec<Vec<Frame>> {
    let mut sessions = Vec::new();
    for row in listener.sessions().await {
        sessions.push(listener.frames(&row.id).await);
    }

    sessions
}

/// Whether every connection of a session has ended.
fn is_left(frames: &[Frame]) -> bool {
    let came = frames
        .iter()
        .filter(|frame| matches!(frame.body, Body::Connected(_)));
    let left = frames
        .iter()
        .filter(|frame| matches!(frame.body, Body::Disconnected { .. }));

    came.count() == left.count()
}
