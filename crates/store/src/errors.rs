//! What can go wrong in the store, by what the caller does about it.

/// A statement that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another row has this email, hash or id.
    #[error("there is one like it already")]
    Taken,
    /// No connection in time, the database is gone, or somebody else holds it: worth trying again.
    #[error("the store cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// A row holds what this version never writes.
    #[error("{table}.{column} of row {row} cannot be read")]
    Inconsistent {
        table: &'static str,
        column: &'static str,
        row: String,
    },
    /// The address in the configuration is neither `sqlite:` nor `postgres:`.
    #[error("the store's address must begin with sqlite: or postgres:")]
    Address,
    /// The schema could not be brought up to date, or is of a newer version.
    #[error("the store's schema cannot be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// What a copy of the store is written to or read from failed.
    #[error("the copy of the store cannot be read or written")]
    Copy(#[from] std::io::Error),
    /// A file that is no whole copy of a store this version can read.
    #[error("this is no copy of the store: {0}")]
    NotACopy(String),
    #[error("the database refused a statement")]
    Internal(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(refusal) = &error {
            if refusal.is_unique_violation() {
                return Self::Taken;
            }
            if refusal.code().is_some_and(|code| is_worth_a_retry(&code)) {
                return Self::Unavailable(error);
            }
        }
        if matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        ) {
            return Self::Unavailable(error);
        }

        Self::Internal(error)
    }
}

/// SQLITE_BUSY, and PostgreSQL's classes "connection", "transaction rollback" and "operator intervention"
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn is_worth_a_retry(code: &str) -> bool {
    code == "5" || (code.len() == 5 && ["08", "40", "57"].iter().any(|class| code.starts_with(class)))
}

/// Reads a column that holds one of our words, or says which row does not.
pub(crate) fn column<T: std::str::FromStr>(
    table: &'static str,
    column: &'static str,
    row: &str,
    text: &str,
) -> Result<T, Error> {
    text.parse().map_err(|_| Error::Inconsistent {
        table,
        column,
        row: row.to_owned(),
    })
}
