//! The ledger of sessions: a row is written before something is acquired, so that after a crash it is known
//! what may have to be given back.

use protocol::ids::SessionId;
use protocol::time::Timestamp;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};

/// Something a session holds, or may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquisition {
    pub session: SessionId,
    /// The caller's word, once per session, e.g. `recording`.
    pub what: String,
    pub acquired_at: Timestamp,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    session: String,
    what: String,
    acquired_at: i64,
}

impl TryFrom<Row> for Acquisition {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            session: column("acquisitions", "session", &row.session, &row.session)?,
            what: row.what,
            acquired_at: Timestamp(row.acquired_at),
        })
    }
}

const ADD: &str = r#"
    INSERT INTO acquisitions (session, what, acquired_at)
    VALUES ($1, $2, $3)
"#;

/// Notes that something is about to be acquired. Commit before acquiring it.
///
/// # Errors
/// [`Error::Taken`] when the session acquired the same before.
pub async fn add(tx: &mut Tx, session: &SessionId, what: &str, now: Timestamp) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(ADD)
            .bind(session.as_str())
            .bind(what)
            .bind(now.micros())
    )?;

    Ok(())
}

const RELEASE: &str = r#"
    UPDATE acquisitions
    SET released_at = $3
    WHERE session = $1 AND what = $2 AND released_at IS NULL
"#;

/// Notes that something was given back; false when it had been.
pub async fn release(tx: &mut Tx, session: &SessionId, what: &str, now: Timestamp) -> Result<bool, Error> {
    Ok(run!(
        tx,
        sqlx::query(RELEASE)
            .bind(session.as_str())
            .bind(what)
            .bind(now.micros())
    )? == 1)
}

const OPEN: &str = r#"
    SELECT session, what, acquired_at
    FROM acquisitions
    WHERE released_at IS NULL
    ORDER BY session, acquired_at DESC, what
"#;

/// Everything that was not given back, by session, latest first: the order to release in.
pub async fn open(snapshot: &mut Snapshot) -> Result<Vec<Acquisition>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(OPEN).fetch_all(conn))?;

    rows.into_iter().map(Acquisition::try_from).collect()
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ADD, RELEASE, OPEN];
