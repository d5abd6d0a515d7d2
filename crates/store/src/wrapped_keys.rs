//! Keys the master key wraps, wherever they are kept: for the command that replaces the master key.

use protocol::ids::{RecordId, SessionId};
use vault::envelope::SecretField;

use crate::db::{Tx, on, run};
use crate::errors::{Error, column};

/// Session keys read at a time.
pub const PAGE: i64 = 1000;

/// The wrapped data key of a record's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey {
    pub record: RecordId,
    pub field: SecretField,
    pub wrapped: String,
}

/// The wrapped key of a session's recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingKey {
    pub session: SessionId,
    pub wrapped: String,
}

const SECRETS: &str = r#"
    SELECT record, field, wrapped_key
    FROM record_secrets
    ORDER BY record, field
"#;

/// Every secret's key: at most two a record.
pub async fn secrets(tx: &mut Tx) -> Result<Vec<SecretKey>, Error> {
    let rows: Vec<(String, String, String)> = on!(tx, |conn| sqlx::query_as(SECRETS).fetch_all(conn))?;

    rows.into_iter()
        .map(|(record, name, wrapped)| {
            let field = SecretField::ALL.into_iter().find(|field| field.name() == name);

            Ok(SecretKey {
                field: field.ok_or_else(|| Error::Inconsistent {
                    table: "record_secrets",
                    column: "field",
                    row: record.clone(),
                })?,
                record: column("record_secrets", "record", &record, &record)?,
                wrapped,
            })
        })
        .collect()
}

const REPLACE_SECRET: &str = r#"
    UPDATE record_secrets
    SET wrapped_key = $1
    WHERE record = $2
    AND field = $3
"#;

/// Keeps the key as it is now wrapped.
pub async fn replace_secret(tx: &mut Tx, key: &SecretKey) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(REPLACE_SECRET)
            .bind(&key.wrapped)
            .bind(key.record.as_str())
            .bind(key.field.name())
    )?;

    Ok(())
}

const RECORDINGS: &str = r#"
    SELECT id, recording_key
    FROM sessions
    WHERE id > $1
    ORDER BY id
    LIMIT $2
"#;

/// The next [`PAGE`] keys of recordings, after that of `after`.
pub async fn recordings(tx: &mut Tx, after: Option<&SessionId>) -> Result<Vec<RecordingKey>, Error> {
    let after = after.map_or("", SessionId::as_str);
    let rows: Vec<(String, String)> = on!(tx, |conn| sqlx::query_as(RECORDINGS)
        .bind(after)
        .bind(PAGE)
        .fetch_all(conn))?;

    rows.into_iter()
        .map(|(session, wrapped)| {
            Ok(RecordingKey {
                session: column("sessions", "id", &session, &session)?,
                wrapped,
            })
        })
        .collect()
}

const REPLACE_RECORDING: &str = r#"
    UPDATE sessions
    SET recording_key = $1
    WHERE id = $2
"#;

/// Keeps the key as it is now wrapped.
pub async fn replace_recording(tx: &mut Tx, key: &RecordingKey) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(REPLACE_RECORDING)
            .bind(&key.wrapped)
            .bind(key.session.as_str())
    )?;

    Ok(())
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[SECRETS, REPLACE_SECRET, RECORDINGS, REPLACE_RECORDING];
