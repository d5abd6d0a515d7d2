//! The audit log: appending in the transaction of what happened, reading, exporting, verifying.

pub mod export;
pub mod recordings;
pub mod repeats;
pub mod verify;

use protocol::audit::{AuditFilter, EventName, EventPage, EventView, Outcome, PAGE};
use protocol::time::Timestamp;
use vault::audit::Event;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};
use crate::search::Pattern;

pub use repeats::append_unless_repeated;

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) seq: i64,
    at: i64,
    name: String,
    outcome: String,
    person: Option<String>,
    person_email: Option<String>,
    remote_address: Option<String>,
    record: Option<String>,
    record_title: Option<String>,
    session: Option<String>,
    request: Option<String>,
    details: String,
    prev_hash: String,
    hash: String,
}

impl TryFrom<Row> for EventView {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let seq = row.seq.to_string();
        let name: EventName = column("audit_events", "name", &seq, &row.name)?;
        let outcome: Outcome = column("audit_events", "outcome", &seq, &row.outcome)?;

        Ok(Self {
            seq: row.seq,
            at: Timestamp(row.at),
            name,
            outcome,
            person: row
                .person
                .map(|text| column("audit_events", "person", &seq, &text))
                .transpose()?,
            person_email: row.person_email,
            remote_address: row.remote_address,
            record: row
                .record
                .map(|text| column("audit_events", "record", &seq, &text))
                .transpose()?,
            record_title: row.record_title,
            session: row
                .session
                .map(|text| column("audit_events", "session", &seq, &text))
                .transpose()?,
            request: row
                .request
                .map(|text| column("audit_events", "request", &seq, &text))
                .transpose()?,
            details: serde_json::from_str(&row.details).map_err(|_| Error::Inconsistent {
                table: "audit_events",
                column: "details",
                row: seq,
            })?,
            hash: row.hash,
            prev_hash: row.prev_hash,
        })
    }
}

#[derive(Debug, sqlx::FromRow)]
struct HeadRow {
    seq: i64,
    hash: String,
}

const LOCK_HEAD: &str = r#"
    UPDATE audit_head
    SET seq = seq + 1
    WHERE name = 'head'
    RETURNING seq, hash
"#;

const ADD: &str = r#"
    INSERT INTO audit_events (
        seq, at, name, outcome, person, person_email, remote_address, record, record_title, session, request,
        details, prev_hash, hash
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"#;

const MOVE_HEAD: &str = r#"
    UPDATE audit_head
    SET hash = $1
    WHERE name = 'head'
"#;

/// Appends an event. Call it last in a transaction: on PostgreSQL the log's head is locked from here to the
/// commit, so that there is one chain without gaps.
pub async fn append(tx: &mut Tx, event: Event) -> Result<EventView, Error> {
    let head: HeadRow = on!(tx, |conn| sqlx::query_as(LOCK_HEAD).fetch_one(conn))?;
    let event = event.chained(head.seq, head.hash);
    let details = serde_json::to_string(&event.details).map_err(|_| Error::Inconsistent {
        table: "audit_events",
        column: "details",
        row: event.seq.to_string(),
    })?;

    run!(
        tx,
        sqlx::query(ADD)
            .bind(event.seq)
            .bind(event.at.micros())
            .bind(event.name.as_str())
            .bind(event.outcome.as_str())
            .bind(event.person.as_ref().map(|id| id.as_str()))
            .bind(&event.person_email)
            .bind(&event.remote_address)
            .bind(event.record.as_ref().map(|id| id.as_str()))
            .bind(&event.record_title)
            .bind(event.session.as_ref().map(|id| id.as_str()))
            .bind(event.request.as_ref().map(|id| id.as_str()))
            .bind(&details)
            .bind(&event.prev_hash)
            .bind(&event.hash)
    )?;
    run!(tx, sqlx::query(MOVE_HEAD).bind(&event.hash))?;

    Ok(event)
}

/// What a reader filters by, as parameters: `None` does not filter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters {
    from: Option<i64>,
    until: Option<i64>,
    person: Option<Pattern>,
    event: Option<String>,
    record: Option<Pattern>,
    outcome: Option<String>,
    text: Option<Pattern>,
}

impl From<&AuditFilter> for Parameters {
    fn from(filter: &AuditFilter) -> Self {
        let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());

        Self {
            from: filter.start_time().map(Timestamp::micros),
            until: filter.end_time().map(Timestamp::micros),
            person: Pattern::of(&filter.person),
            event: word(&filter.event),
            record: Pattern::of(&filter.record),
            outcome: word(&filter.outcome),
            text: Pattern::of(&filter.text),
        }
    }
}

/// The columns and conditions that a page and an export share; `$1` to `$10` are [`Parameters`].
macro_rules! select_matching {
    () => {
        r#"
    SELECT
        seq, at, name, outcome, person, person_email, remote_address, record, record_title, session, request,
        details, prev_hash, hash
    FROM audit_events
    WHERE (CAST($1 AS BIGINT) IS NULL OR at >= $1)
        AND (CAST($2 AS BIGINT) IS NULL OR at < $2)
        AND (CAST($3 AS TEXT) IS NULL OR person = $3 OR LOWER(person_email) LIKE $4 ESCAPE '\')
        AND (CAST($5 AS TEXT) IS NULL OR name = $5)
        AND (CAST($6 AS TEXT) IS NULL OR record = $6 OR LOWER(record_title) LIKE $7 ESCAPE '\')
        AND (CAST($8 AS TEXT) IS NULL OR outcome = $8)
        AND (
            CAST($9 AS TEXT) IS NULL
            OR session = $9
            OR request = $9
            OR LOWER(remote_address) LIKE $10 ESCAPE '\'
            OR LOWER(person_email) LIKE $10 ESCAPE '\'
            OR LOWER(record_title) LIKE $10 ESCAPE '\'
            OR LOWER(details) LIKE $10 ESCAPE '\'
        )"#
    };
}

/// Binds [`Parameters`] to the statement that begins with [`select_matching!`].
macro_rules! bind_matching {
    ($statement:expr, $parameters:expr) => {
        sqlx::query_as($statement)
            .bind($parameters.from)
            .bind($parameters.until)
            .bind($parameters.person.as_ref().map(|pattern| pattern.exact()))
            .bind($parameters.person.as_ref().map(|pattern| pattern.part()))
            .bind($parameters.event.as_deref())
            .bind($parameters.record.as_ref().map(|pattern| pattern.exact()))
            .bind($parameters.record.as_ref().map(|pattern| pattern.part()))
            .bind($parameters.outcome.as_deref())
            .bind($parameters.text.as_ref().map(|pattern| pattern.exact()))
            .bind($parameters.text.as_ref().map(|pattern| pattern.part()))
    };
}
pub(crate) use {bind_matching, select_matching};

const LIST: &str = concat!(
    select_matching!(),
    r#"
        AND (CAST($11 AS BIGINT) IS NULL OR seq < $11)
    ORDER BY seq DESC
    LIMIT $12
"#
);

/// One page of the log, newest first. Check the filter before: what cannot be read does not filter.
pub async fn list(snapshot: &mut Snapshot, filter: &AuditFilter) -> Result<EventPage, Error> {
    let parameters = Parameters::from(filter);
    let before: Option<i64> = filter.before.parse().ok();
    let rows: Vec<Row> = on!(snapshot, |conn| {
        bind_matching!(LIST, parameters)
            .bind(before)
            .bind(i64::from(PAGE) + 1)
            .fetch_all(conn)
    })?;

    let mut events: Vec<EventView> = rows
        .into_iter()
        .map(EventView::try_from)
        .collect::<Result<_, _>>()?;
    let is_last = events.len() <= PAGE as usize;
    events.truncate(PAGE as usize);
    let next = if is_last {
        None
    } else {
        events.last().map(|event| event.seq)
    };

    Ok(EventPage { events, next })
}

const HEAD: &str = r#"
    SELECT seq, hash
    FROM audit_head
    WHERE name = 'head'
"#;

/// How many events there are and the hash of the last one.
pub async fn head(snapshot: &mut Snapshot) -> Result<(i64, String), Error> {
    let head: HeadRow = on!(snapshot, |conn| sqlx::query_as(HEAD).fetch_one(conn))?;

    Ok((head.seq, head.hash))
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    LOCK_HEAD,
    ADD,
    MOVE_HEAD,
    LIST,
    HEAD,
    export::AFTER,
    recordings::AFTER,
    recordings::WITHOUT_ROW,
    verify::SCAN,
];

#[cfg(test)]
mod tests;
