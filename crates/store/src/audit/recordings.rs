//! What the log has on one recording: as what it was begun, and the head of each segment that was closed.

use protocol::audit::{EventName, EventView};
use protocol::ids::SessionId;

use super::Row;
use crate::db::{Snapshot, on};
use crate::errors::{Error, column};

/// Rows of one page.
const CHUNK: i64 = 1_000;

pub(super) const AFTER: &str = r#"
    SELECT
        seq, at, name, outcome, person, person_email, remote_address, record, record_title, session, request,
        details, prev_hash, hash
    FROM audit_events
    WHERE session = $1 AND seq > $2 AND name IN ($3, $4)
    ORDER BY seq
    LIMIT $5
"#;

pub(super) const WITHOUT_ROW: &str = r#"
    SELECT DISTINCT session
    FROM audit_events
    WHERE name IN ($1, $2)
        AND session IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = audit_events.session)
    ORDER BY session
    LIMIT $3
"#;

/// Sessions that were recorded by what the log says and of which there is no row: somebody removed it. So many that they
/// may be held; the others show once these are back.
pub async fn without_row(snapshot: &mut Snapshot) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<String> = on!(snapshot, |conn| {
        sqlx::query_scalar(WITHOUT_ROW)
            .bind(EventName::SessionRecordingStarted.as_str())
            .bind(EventName::SessionRecordingSegmentClosed.as_str())
            .bind(CHUNK)
            .fetch_all(conn)
    })?;

    ids.iter()
        .map(|id| column("audit_events", "session", id, id))
        .collect()
}

/// The events about a session's recording that come after `seq`, oldest first; so many that they may be held. There are
/// no more when there are none.
pub async fn after(snapshot: &mut Snapshot, session: &SessionId, seq: i64) -> Result<Vec<EventView>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| {
        sqlx::query_as(AFTER)
            .bind(session.as_str())
            .bind(seq)
            .bind(EventName::SessionRecordingStarted.as_str())
            .bind(EventName::SessionRecordingSegmentClosed.as_str())
            .bind(CHUNK)
            .fetch_all(conn)
    })?;

    rows.into_iter().map(EventView::try_from).collect()
}
