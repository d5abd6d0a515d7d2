//! Sealed secrets of PAM Users. Each way to get one asks for the proof that belongs to it.

use protocol::ids::RecordId;
use protocol::time::Timestamp;
use protocol::vault::TestedCredential;
use vault::authorize::{Authorized, Edit, Launch, Reveal, View};
use vault::envelope::{Sealed, SecretField};

use super::SecretWrites;
use crate::db::{Snapshot, Tx, on, run};
use crate::errors::Error;

#[derive(Debug, sqlx::FromRow)]
struct Row {
    field: String,
    wrapped_key: String,
    ciphertext: String,
}

const LIST: &str = r#"
    SELECT field, wrapped_key, ciphertext
    FROM record_secrets
    WHERE record = $1
    ORDER BY field
"#;

async fn list(snapshot: &mut Snapshot, record: &RecordId) -> Result<Vec<(SecretField, Sealed)>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(LIST)
        .bind(record.as_str())
        .fetch_all(conn))?;

    rows.into_iter()
        .map(|row| {
            let field = SecretField::ALL
                .into_iter()
                .find(|field| field.name() == row.field);
            let field = field.ok_or_else(|| Error::Inconsistent {
                table: "record_secrets",
                column: "field",
                row: record.to_string(),
            })?;

            Ok((
                field,
                Sealed {
                    wrapped_key: row.wrapped_key,
                    ciphertext: row.ciphertext,
                },
            ))
        })
        .collect()
}

/// Which secrets a record has, for its page.
pub async fn stored(snapshot: &mut Snapshot, view: &Authorized<View>) -> Result<Vec<SecretField>, Error> {
    let secrets = list(snapshot, view.record()).await?;

    Ok(secrets.into_iter().map(|(field, _)| field).collect())
}

/// What an edit needs: which secrets there are, and the private key to hold a new certificate against.
pub async fn for_edit(
    snapshot: &mut Snapshot,
    edit: &Authorized<Edit>,
) -> Result<Vec<(SecretField, Sealed)>, Error> {
    list(snapshot, edit.record()).await
}

/// The credential of a session's account.
pub async fn for_launch(
    snapshot: &mut Snapshot,
    launch: &Authorized<Launch>,
) -> Result<Vec<(SecretField, Sealed)>, Error> {
    list(snapshot, launch.account()).await
}

/// One secret somebody asked to see.
pub async fn for_reveal(
    snapshot: &mut Snapshot,
    reveal: &Authorized<Reveal>,
    field: SecretField,
) -> Result<Option<Sealed>, Error> {
    let secrets = list(snapshot, reveal.record()).await?;

    Ok(secrets
        .into_iter()
        .find(|(stored, _)| *stored == field)
        .map(|(_, sealed)| sealed))
}

const LINKED: &str = r#"
    SELECT target
    FROM record_links
    WHERE record = $1 AND kind = $2
"#;

/// The credential *Test connection* uses, by the link of the database that is tested; `None` without such a link.
pub async fn for_test(
    snapshot: &mut Snapshot,
    edit: &Authorized<Edit>,
    credential: TestedCredential,
) -> Result<Option<(RecordId, Vec<(SecretField, Sealed)>)>, Error> {
    let database = edit.record();
    let user: Option<String> = on!(snapshot, |conn| {
        sqlx::query_scalar(LINKED)
            .bind(database.as_str())
            .bind(credential.name())
            .fetch_optional(conn)
    })?;
    let Some(user) = user else {
        return Ok(None);
    };

    let user: RecordId = crate::errors::column("record_links", "target", database.as_str(), &user)?;
    let secrets = list(snapshot, &user).await?;

    Ok(Some((user, secrets)))
}

const SET: &str = r#"
    INSERT INTO record_secrets (record, field, wrapped_key, ciphertext, updated_at)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (record, field) DO UPDATE
    SET wrapped_key = $3, ciphertext = $4, updated_at = $5
"#;

const CLEAR: &str = r#"
    DELETE FROM record_secrets
    WHERE record = $1 AND field = $2
"#;

pub(super) async fn write(
    tx: &mut Tx,
    record: &RecordId,
    secrets: SecretWrites,
    now: Timestamp,
) -> Result<(), Error> {
    for (field, sealed) in secrets {
        match sealed {
            Some(Sealed {
                wrapped_key,
                ciphertext,
            }) => run!(
                tx,
                sqlx::query(SET)
                    .bind(record.as_str())
                    .bind(field.name())
                    .bind(&wrapped_key)
                    .bind(&ciphertext)
                    .bind(now.micros())
            )?,
            None => run!(tx, sqlx::query(CLEAR).bind(record.as_str()).bind(field.name()))?,
        };
    }

    Ok(())
}

#[cfg(test)]
pub(crate) const STATEMENTS: [&str; 4] = [LIST, LINKED, SET, CLEAR];
