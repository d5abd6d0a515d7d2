//! The history of records: one numbered line per change. It outlives its record.

use protocol::ids::{PersonId, RecordId};
use protocol::time::Timestamp;
use protocol::vault::{FieldChange, HistoryAction, HistoryEntry};
use vault::authorize::{Authorized, Edit, Reveal};
use vault::envelope::SecretField;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};

/// Most lines a page shows.
const PAGE: i64 = 200;

#[derive(Debug, sqlx::FromRow)]
struct Row {
    number: i64,
    at: i64,
    person_name: String,
    action: String,
    changes: String,
}

const HOLD: &str = r#"
    UPDATE records
    SET version = version
    WHERE id = $1
"#;

const ADD: &str = r#"
    INSERT INTO record_history (record, number, at, person, action, changes)
    SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5
    FROM record_history
    WHERE record = $1
"#;

/// Writes a line, holding the record's row so that two writers never take one number.
pub(crate) async fn add(
    tx: &mut Tx,
    record: &RecordId,
    person: &PersonId,
    action: HistoryAction,
    changes: &[FieldChange],
    now: Timestamp,
) -> Result<(), Error> {
    let changes = crate::json::write(changes)?;
    run!(tx, sqlx::query(HOLD).bind(record.as_str()))?;
    run!(
        tx,
        sqlx::query(ADD)
            .bind(record.as_str())
            .bind(now.micros())
            .bind(person.as_str())
            .bind(action.name())
            .bind(&changes)
    )?;

    Ok(())
}

/// Writes that somebody saw a secret; in the transaction that audits it, before it is shown.
pub async fn revealed(
    tx: &mut Tx,
    reveal: &Authorized<Reveal>,
    field: SecretField,
    now: Timestamp,
) -> Result<(), Error> {
    let change = FieldChange::new(field.name(), None, None);

    add(
        tx,
        reveal.record(),
        reveal.person(),
        HistoryAction::Revealed,
        &[change],
        now,
    )
    .await
}

const LIST: &str = r#"
    SELECT h.number, h.at, p.name AS person_name, h.action, h.changes
    FROM record_history AS h
    JOIN people AS p ON p.id = h.person
    WHERE h.record = $1
    ORDER BY h.number DESC
    LIMIT $2
"#;

/// The latest 200 lines, newest first. For who may edit: it names hosts and people of earlier days.
pub async fn list(snapshot: &mut Snapshot, edit: &Authorized<Edit>) -> Result<Vec<HistoryEntry>, Error> {
    let record = edit.record().as_str();
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(LIST)
        .bind(record)
        .bind(PAGE)
        .fetch_all(conn))?;

    rows.into_iter()
        .map(|row| {
            Ok(HistoryEntry {
                number: row.number,
                at: Timestamp(row.at),
                action: column("record_history", "action", record, &row.action)?,
                changes: crate::json::read("record_history", "changes", record, &row.changes)?,
                person_name: row.person_name,
            })
        })
        .collect()
}

#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[HOLD, ADD, LIST];
