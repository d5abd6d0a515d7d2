//! The programs people use with PostgreSQL: each makes its round trip and checks every answer, on the server itself,
//! which proves the program, through the listener, through a tunnel, and to a server behind a gateway. What is on record
//! then is held against the server's own log.

mod evidence;
mod log;
mod matrix;
pub mod place;
mod poolers;
mod programs;
mod sqlx;
mod sums;
mod tap;
mod tokio_postgres;
pub mod tools;

use protocol::ids::SessionId;
use protocol::people::Role;
use protocol::sessions::SessionKind;
use recording::{Body, Frame};
use testkit::cluster::{PASSWORD, SUPERUSER};
use testkit::{Cluster, Version};

use self::log::Witness;
use self::place::Place;
use self::tap::Tap;
use crate::gateways::instance::{Behind, Wishes};
use crate::sessions::desk::until;
use crate::sessions::native::Port;
use crate::sessions::tunnel::Tunnel;

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
    let postern = Port::before(cluster, target).await;
    through_the_listener(version, &postern, &client).await;
    through_a_tunnel(version, &postern, &client).await;
    through_a_gateway(version, postern, &client).await;
}

/// The round trip as a client of the listener.
async fn through_the_listener(version: Version, postern: &Port, client: &impl AsyncFn(Place)) {
    let way = Way {
        kind: SessionKind::Listener,
        database: "listener",
        port: postern.port,
        user: "Books".to_owned(),
        password: postern.token(Role::User).await,
        before: Vec::new(),
    };

    round(version, postern, way, client, async || ()).await;
}

/// The round trip through `postern tunnel`.
async fn through_a_tunnel(version: Version, postern: &Port, client: &impl AsyncFn(Place)) {
    let tunnel = Tunnel::open(postern, &[]).await;
    let way = Way {
        kind: SessionKind::Tunnel,
        database: "tunnel",
        port: tunnel.port(),
        user: tunnel.user(),
        password: tunnel.password(),
        before: Vec::new(),
    };

    round(version, postern, way, client, async || tunnel.close().await).await;
}

/// The round trip as a client of the listener, to a server behind a gateway.
async fn through_a_gateway(version: Version, postern: Port, client: &impl AsyncFn(Place)) {
    let Port { desk, port } = postern;
    let target = desk.cluster.port();
    let behind = Behind::furnish(desk, target, Wishes::default()).await;
    let _instance = behind.enroll().await;
    let postern = Port {
        desk: behind.desk,
        port,
    };
    let way = Way {
        kind: SessionKind::Listener,
        database: "gateway",
        port,
        user: "Books".to_owned(),
        password: postern.token(Role::User).await,
        before: postern.sessions().await.into_iter().map(|row| row.id).collect(),
    };

    round(version, &postern, way, client, async || ()).await;
}

/// How a client comes in.
struct Way {
    kind: SessionKind,
    /// That of its round trip.
    database: &'static str,
    port: u16,
    user: String,
    password: String,
    /// Sessions of another way.
    before: Vec<SessionId>,
}

/// A round trip in a database of its own, whose record is held against what the server says.
async fn round(
    version: Version,
    postern: &Port,
    way: Way,
    client: &impl AsyncFn(Place),
    leave: impl AsyncFnOnce(),
) {
    let (kind, database) = (way.kind, way.database);
    let cluster = &postern.desk.cluster;
    cluster.sql(&format!("CREATE DATABASE {database}")).unwrap();
    for setting in log::SETTINGS {
        cluster
            .sql(&format!("ALTER DATABASE {database} SET {setting}"))
            .unwrap();
    }
    let tap = Tap::before(way.port, PASSWORD).await;

    client(Place {
        version,
        port: tap.port(),
        user: way.user,
        password: way.password,
        database: database.to_owned(),
    })
    .await;
    leave().await;

    assert_eq!(tap.leaks(), 0, "the vault's password was sent to a client");
    let sessions = until(async || {
        let sessions = frames(postern, kind, &way.before).await;
        sessions.iter().all(|frames| is_left(frames)).then_some(sessions)
    })
    .await;
    evidence::agree(&sessions, &witness(cluster, database).await);
}

/// What the server says, once it has said all of it.
async fn witness(cluster: &Cluster, database: &str) -> Witness {
    let last_word = format!("that was all of {database}");
    cluster
        .sql(&format!("DO $$ BEGIN RAISE LOG '{last_word}'; END $$"))
        .unwrap();
    let log = until(async || {
        let log = cluster.log();
        log.contains(&format!("LOG:  {last_word}")).then_some(log)
    });

    Witness::of(&log.await, database)
}

/// The sessions of a kind that were not there before.
async fn frames(postern: &Port, kind: SessionKind, before: &[SessionId]) -> Vec<Vec<Frame>> {
    let mut sessions = Vec::new();
    for row in postern.sessions().await {
        if row.kind == kind && !before.contains(&row.id) {
            sessions.push(postern.frames(&row.id).await);
        }
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
