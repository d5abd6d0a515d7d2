//! A fresh, migrated database per test, on each of the two that Postern runs on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::Context;
use protocol::ids::PersonId;
use protocol::people::{PersonState, Role};
use protocol::time::Timestamp;
use tempfile::TempDir;
use testkit::Cluster;
use vault::authorize::{Administer, Authorized, administer};
use vault::passwords::Hash;
use vault::people::Person;

use crate::db::Db;
use crate::people;

/// A database of one test; what it stands on goes with it.
pub struct TestDb {
    pub db: Db,
    _ground: Ground,
}

enum Ground {
    Folder { _folder: TempDir },
    Server { _cluster: Arc<Cluster> },
}

/// Runs one test on SQLite and on PostgreSQL, each time with an empty database of its own.
///
/// # Errors
/// What the test failed with, and on which of the two.
pub async fn on_both(test: impl AsyncFn(Db) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let sqlite = sqlite().await?;
    test(sqlite.db.clone()).await.context("on SQLite")?;
    sqlite.db.close().await;

    let postgres = postgres().await?;
    test(postgres.db.clone()).await.context("on PostgreSQL")?;
    postgres.db.close().await;

    Ok(())
}

/// A database in a file of a folder that vanishes.
pub async fn sqlite() -> anyhow::Result<TestDb> {
    let folder = tempfile::tempdir()?;
    let db = Db::open(
        &format!("sqlite:{}", folder.path().join("postern.db").display()),
        4,
    )
    .await?;

    Ok(TestDb {
        db,
        _ground: Ground::Folder { _folder: folder },
    })
}

/// A database of its own on a server the tests of a process share while any of them runs.
pub async fn postgres() -> anyhow::Result<TestDb> {
    static DATABASES: AtomicU32 = AtomicU32::new(0);

    let cluster = cluster()?;
    let name = format!("store_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    cluster.sql(&format!("CREATE DATABASE {name}"))?;
    let url = format!(
        "postgres://{}:{}@127.0.0.1:{}/{name}?sslmode=disable",
        testkit::cluster::SUPERUSER,
        testkit::cluster::PASSWORD,
        cluster.port()
    );
    let db = Db::open(&url, 8).await?;

    Ok(TestDb {
        db,
        _ground: Ground::Server { _cluster: cluster },
    })
}

/// The server, started by the first that needs it and stopped with the last: a static is never dropped.
fn cluster() -> anyhow::Result<Arc<Cluster>> {
    static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = shared.upgrade() {
        return Ok(cluster);
    }

    let cluster = Arc::new(Cluster::builder().setting("max_connections", "200").start()?);
    *shared = Arc::downgrade(&cluster);

    Ok(cluster)
}

/// The proof that somebody may manage people. Who that is makes no difference to the store.
///
/// # Errors
/// Never: an active administrator may.
pub fn administering() -> anyhow::Result<Authorized<Administer>> {
    let administrator = Person {
        id: PersonId::from_random([0xad; 16]),
        handle: "administrator@example.org".parse()?,
        name: String::new(),
        role: Role::Administrator,
        state: PersonState::Active,
        created_at: Timestamp(0),
    };

    administer(&administrator).map_err(|refusal| anyhow::anyhow!("{}", refusal.sentence))
}

/// Adds an active person `<name>@example.org` whose password nobody has. `number` makes the id.
///
/// # Errors
/// When there is one with that number or name.
pub async fn person(db: &Db, number: u8, name: &str, role: Role) -> anyhow::Result<Person> {
    let id = PersonId::from_random([number; 16]);
    let mut tx = db.write().await?;
    people::invite(
        &mut tx,
        &id,
        &format!("{name}@example.org").parse()?,
        name,
        role,
        Timestamp(0),
    )
    .await?;
    let person = people::set_password(&mut tx, &id, &Hash::nobody(), Timestamp(0)).await?;
    tx.commit().await?;

    person.context("a person just added")
}
