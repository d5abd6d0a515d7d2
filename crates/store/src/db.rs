//! The database: one of two, opened and migrated, read through snapshots and written in transactions.

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Postgres, Sqlite, Transaction};

use crate::errors::Error;
use crate::migrations;

/// How long a statement waits for a free connection, or for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The store, cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    /// A file. One connection writes, so that writers queue in order instead of polling for the file's lock.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
    Postgres(PgPool),
}

impl Db {
    /// Opens `sqlite:<file>` (made when missing) or `postgres://…` and brings its schema up to date.
    ///
    /// SQLite runs in WAL mode with `synchronous = FULL`: a commit that was answered survives a power cut,
    /// as an audit log must. Writes are few and small, so the price is one fsync each.
    ///
    /// # Errors
    /// [`Error::Address`] for any other scheme; [`Error::Migration`] when the schema is newer than this
    /// version or a migration fails; [`Error::Unavailable`] when nobody answers.
    pub async fn open(url: &str, connections: u32) -> Result<Self, Error> {
        let db = if url.starts_with("sqlite:") {
            Self::open_sqlite(url, connections).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::open_postgres(url, connections).await?
        } else {
            return Err(Error::Address);
        };

        migrations::run(&db).await?;

        Ok(db)
    }

    async fn open_sqlite(url: &str, connections: u32) -> Result<Self, Error> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE);
        let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE);

        // The writer first: it makes the file and puts it into WAL mode.
        let writer = pool
            .clone()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        let readers = pool
            .max_connections(connections.max(1))
            .connect_with(options.pragma("query_only", "ON"))
            .await?;

        Ok(Self::Sqlite { readers, writer })
    }

    async fn open_postgres(url: &str, connections: u32) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)?.application_name("postern");
        let pool = PgPoolOptions::new()
            .acquire_timeout(PATIENCE)
            .max_connections(connections.max(2))
            .connect_with(options)
            .await?;

        Ok(Self::Postgres(pool))
    }

    /// A consistent view of one moment. Dropping it ends it.
    pub async fn read(&self) -> Result<Snapshot, Error> {
        let inner = match self {
            Self::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Inner::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    .await?,
            ),
        };

        Ok(Snapshot { inner })
    }

    /// A transaction that writes: all of it when committed, nothing when dropped.
    ///
    /// On SQLite it is alone from here on (`BEGIN IMMEDIATE`): do no other work while holding one, and never
    /// ask for a second.
    pub async fn write(&self) -> Result<Tx, Error> {
        let inner = match self {
            Self::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Inner::Postgres(pool.begin().await?),
        };

        Ok(Tx {
            snapshot: Snapshot { inner },
        })
    }

    /// Whether the database answers, for `/readyz`.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut snapshot = self.read().await?;
        let _one: i32 = on!(snapshot, |conn| sqlx::query_scalar("SELECT 1").fetch_one(conn))?;

        Ok(())
    }

    /// Ends every connection; SQLite's WAL is folded into the file by the last one.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// What reading functions ask for: one moment of the database.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) inner: Inner,
}

/// What writing functions ask for; reads its own writes, so it serves wherever a [`Snapshot`] does.
#[derive(Debug)]
#[must_use = "a transaction that is not committed changes nothing"]
pub struct Tx {
    snapshot: Snapshot,
}

impl Tx {
    /// Makes the changes last.
    pub async fn commit(self) -> Result<(), Error> {
        match self.snapshot.inner {
            Inner::Sqlite(transaction) => transaction.commit().await?,
            Inner::Postgres(transaction) => transaction.commit().await?,
        }

        Ok(())
    }
}

impl Deref for Tx {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Snapshot {
        &mut self.snapshot
    }
}

/// Which of the two a transaction runs on; [`on!`] looks inside.
#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Asks one query of whichever database it is: `on!(snapshot, |conn| sqlx::query_as(LIST).fetch_all(conn))?`.
///
/// The query is written once and compiled for both; the answer is awaited and the error is [`Error`].
macro_rules! on {
    ($snapshot:expr, |$conn:ident| $query:expr) => {
        match &mut $snapshot.inner {
            $crate::db::Inner::Sqlite(transaction) => {
                let $conn = &mut **transaction;
                $query.await.map_err($crate::errors::Error::from)
            }
            $crate::db::Inner::Postgres(transaction) => {
                let $conn = &mut **transaction;
                $query.await.map_err($crate::errors::Error::from)
            }
        }
    };
}
pub(crate) use on;

/// Runs one statement and says how many rows it touched: `run!(tx, sqlx::query(REVOKE).bind(now))?`.
macro_rules! run {
    ($tx:expr, $query:expr) => {
        $crate::db::on!($tx, |conn| async {
            $query.execute(conn).await.map(|done| done.rows_affected())
        })
    };
}
pub(crate) use run;

/// Rules that look at several rows and must be decided one at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lock {
    /// Who is an administrator.
    People,
    /// How often somebody tried to sign in.
    Attempts,
    /// How many sessions are live.
    Sessions,
    /// How many instances a gateway has.
    Gateways,
    /// What the audit log has been told already.
    Repeats,
}

const TAKE: &str = r#"
    UPDATE locks
    SET turn = turn + 1
    WHERE name = $1
"#;

/// Waits until every other transaction that took this lock has ended. SQLite's writers are alone anyway;
/// PostgreSQL locks the row.
pub(crate) async fn take(tx: &mut Tx, lock: Lock) -> Result<(), Error> {
    let name = match lock {
        Lock::People => "people",
        Lock::Attempts => "attempts",
        Lock::Sessions => "sessions",
        Lock::Gateways => "gateways",
        Lock::Repeats => "repeats",
    };

    run!(tx, sqlx::query(TAKE).bind(name))?;

    Ok(())
}

#[cfg(test)]
mod tests;
