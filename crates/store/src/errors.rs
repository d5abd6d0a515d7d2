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
    #[error("the database refused a statement")]
    Internal(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => Self::Taken,
            // SQLITE_BUSY, and PostgreSQL's classes "connection", "operator intervention" and "rollback".
            sqlx::Error::Database(refusal)
                if refusal.code().is_some_and(|code| {
                    code == "5"
                        || ["08", "57", "40"]
                            .iter()
                            .any(|class| code.len() == 5 && code.starts_with(class))
                }) =>
            {
                Self::Unavailable(error)
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            #[expect(
                clippy::wildcard_enum_match_arm,
                reason = "sqlx's enum grows; the rest is ours to repair"
            )]
            _ => Self::Internal(error),
        }
    }
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
