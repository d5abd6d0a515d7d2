//! Sessions: who launched what, when it ended and why, and the key and head of its recording.

use protocol::ids::{NodeId, PersonId, RecordId, SessionId};
use protocol::sessions::{
    Cursor, PAGE, Recordings, SessionFilter, SessionKind, SessionPage, SessionState, SessionView,
};
use protocol::terminal::EndReason;
use protocol::time::Timestamp;

use crate::db::{Lock, Snapshot, Tx, on, run, take};
use crate::errors::{Error, column};
use crate::search::Pattern;

/// What is known of a session before anything is dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub id: SessionId,
    pub kind: SessionKind,
    /// The server it runs on, which alone recovers it after a crash.
    pub node: NodeId,
    pub record: RecordId,
    pub record_title: String,
    pub person: PersonId,
    pub person_email: String,
    pub account: String,
    pub database: String,
    pub remote_address: String,
    pub started_at: Timestamp,
    pub recordings: Recordings,
    /// The recording's key, wrapped by the master key, as text.
    pub recording_key: String,
}

/// How many sessions may be open at once on one record; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    pub per_record: Option<u32>,
    pub per_person: Option<u32>,
}

/// Whether there was room for one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    Yes,
    TooManyOnRecord,
    TooManyOfPerson,
}

/// A session with what only the server may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub view: SessionView,
    /// The server it runs on, where its recording is; `None` when it began before that was noted.
    pub node: Option<NodeId>,
    pub recording_key: String,
    /// Hash of the recording's last closed segment.
    pub chain_head: Option<String>,
    /// How far its open segment was when it was last noted.
    pub chain_running: Option<String>,
}

/// What a session has counted so far, and how far its recording is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    pub bytes: u64,
    pub statements: u64,
    pub errors: u64,
    /// `None` leaves the head as it is.
    pub chain_head: Option<String>,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: String,
    record: String,
    record_title: String,
    person: String,
    person_email: String,
    account: String,
    database: String,
    remote_address: String,
    state: String,
    started_at: i64,
    ended_at: Option<i64>,
    end_reason: Option<String>,
    graphical: bool,
    text: bool,
    keys: bool,
    recording_key: String,
    chain_head: Option<String>,
    chain_running: Option<String>,
    bytes: i64,
    statements: i64,
    errors: i64,
    node: String,
    kind: String,
}

impl TryFrom<Row> for Session {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let end_reason = row
            .end_reason
            .as_deref()
            .map(|text| column("sessions", "end_reason", &row.id, text))
            .transpose()?;
        let node = match row.node.is_empty() {
            true => None,
            false => Some(column("sessions", "node", &row.id, &row.node)?),
        };
        let view = SessionView {
            id: column("sessions", "id", &row.id, &row.id)?,
            kind: column("sessions", "kind", &row.id, &row.kind)?,
            record: column("sessions", "record", &row.id, &row.record)?,
            person: column("sessions", "person", &row.id, &row.person)?,
            state: column("sessions", "state", &row.id, &row.state)?,
            record_title: row.record_title,
            person_email: row.person_email,
            account: row.account,
            database: row.database,
            remote_address: row.remote_address,
            started_at: Timestamp(row.started_at),
            ended_at: row.ended_at.map(Timestamp),
            end_reason,
            recordings: Recordings {
                graphical: row.graphical,
                text: row.text,
                keys: row.keys,
            },
            bytes: row.bytes.unsigned_abs(),
            statements: row.statements.unsigned_abs(),
            errors: row.errors.unsigned_abs(),
        };

        Ok(Self {
            view,
            node,
            recording_key: row.recording_key,
            chain_head: row.chain_head,
            chain_running: row.chain_running,
        })
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

const COUNT_OPEN: &str = r#"
    SELECT COUNT(*)
    FROM sessions
    WHERE state IN ('starting', 'live')
        AND (CAST($1 AS TEXT) IS NULL OR record = $1)
        AND (CAST($2 AS TEXT) IS NULL OR person = $2)
"#;

async fn count_open(
    snapshot: &mut Snapshot,
    record: &RecordId,
    person: Option<&PersonId>,
) -> Result<u64, Error> {
    let open: i64 = on!(snapshot, |conn| {
        sqlx::query_scalar(COUNT_OPEN)
            .bind(record.as_str())
            .bind(person.map(PersonId::as_str))
            .fetch_one(conn)
    })?;

    Ok(open.unsigned_abs())
}

/// Sessions of a record that are starting or live.
pub async fn count_open_of_record(snapshot: &mut Snapshot, record: &RecordId) -> Result<u64, Error> {
    count_open(snapshot, record, None).await
}

/// Sessions of a person on a record that are starting or live.
pub async fn count_open_of_person(
    snapshot: &mut Snapshot,
    record: &RecordId,
    person: &PersonId,
) -> Result<u64, Error> {
    count_open(snapshot, record, Some(person)).await
}

const ADD: &str = r#"
    INSERT INTO sessions (
        id, record, record_title, person, person_email, account, database, remote_address, state, started_at,
        graphical, text, keys, recording_key, bytes, statements, errors, node, kind
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'starting', $9, $10, $11, $12, $13, 0, 0, 0, $14, $15)
"#;

/// Adds a session that is starting, if the limits leave room: launches that race are counted one by one.
pub async fn add(tx: &mut Tx, new: &NewSession, limits: Limits) -> Result<Added, Error> {
    take(tx, Lock::Sessions).await?;
    if let Some(limit) = limits.per_person
        && count_open_of_person(tx, &new.record, &new.person).await? >= u64::from(limit)
    {
        return Ok(Added::TooManyOfPerson);
    }
    if let Some(limit) = limits.per_record
        && count_open_of_record(tx, &new.record).await? >= u64::from(limit)
    {
        return Ok(Added::TooManyOnRecord);
    }

    run!(
        tx,
        sqlx::query(ADD)
            .bind(new.id.as_str())
            .bind(new.record.as_str())
            .bind(&new.record_title)
            .bind(new.person.as_str())
            .bind(&new.person_email)
            .bind(&new.account)
            .bind(&new.database)
            .bind(&new.remote_address)
            .bind(new.started_at.micros())
            .bind(new.recordings.graphical)
            .bind(new.recordings.text)
            .bind(new.recordings.keys)
            .bind(&new.recording_key)
            .bind(new.node.as_str())
            .bind(new.kind.as_str())
    )?;

    Ok(Added::Yes)
}

const GO_LIVE: &str = r#"
    UPDATE sessions
    SET state = 'live', database = $2
    WHERE id = $1 AND state = 'starting'
"#;

/// The target let us in, to this database; false when the session was ended meanwhile.
pub async fn go_live(tx: &mut Tx, id: &SessionId, database: &str) -> Result<bool, Error> {
    Ok(run!(tx, sqlx::query(GO_LIVE).bind(id.as_str()).bind(database))? == 1)
}

const CHANGE_DATABASE: &str = r#"
    UPDATE sessions
    SET database = $2
    WHERE id = $1 AND state = 'live'
"#;

/// The session has worked in these databases, written as they are listed.
pub async fn change_database(tx: &mut Tx, id: &SessionId, databases: &str) -> Result<(), Error> {
    run!(tx, sqlx::query(CHANGE_DATABASE).bind(id.as_str()).bind(databases))?;

    Ok(())
}

const PROGRESS: &str = r#"
    UPDATE sessions
    SET bytes = $2, statements = $3, errors = $4, chain_head = COALESCE($5, chain_head)
    WHERE id = $1
"#;

/// Notes what was counted and where the recording ended.
pub async fn progress(tx: &mut Tx, id: &SessionId, progress: &Progress) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(PROGRESS)
            .bind(id.as_str())
            .bind(count(progress.bytes))
            .bind(count(progress.statements))
            .bind(count(progress.errors))
            .bind(&progress.chain_head)
    )?;

    Ok(())
}

const NOTE_HEAD: &str = r#"
    UPDATE sessions
    SET chain_head = $2
    WHERE id = $1 AND state = 'live'
"#;

/// Notes how far a live session's recording is closed.
pub async fn note_head(tx: &mut Tx, id: &SessionId, head: &str) -> Result<(), Error> {
    run!(tx, sqlx::query(NOTE_HEAD).bind(id.as_str()).bind(head))?;

    Ok(())
}

const NOTE_RUNNING: &str = r#"
    UPDATE sessions
    SET chain_running = $2
    WHERE id = $1 AND state = 'live'
"#;

/// Notes how far the open segment of a live session's recording is.
pub async fn note_running(tx: &mut Tx, id: &SessionId, running: &str) -> Result<(), Error> {
    run!(tx, sqlx::query(NOTE_RUNNING).bind(id.as_str()).bind(running))?;

    Ok(())
}

const FINISH: &str = r#"
    UPDATE sessions
    SET state = CASE WHEN state = 'live' THEN 'ended' ELSE 'failed' END, ended_at = $2, end_reason = $3
    WHERE id = $1 AND state IN ('starting', 'live')
"#;

/// Ends a session, once: false when it had ended. One that never became live is *failed*.
pub async fn finish(tx: &mut Tx, id: &SessionId, reason: EndReason, now: Timestamp) -> Result<bool, Error> {
    Ok(run!(
        tx,
        sqlx::query(FINISH)
            .bind(id.as_str())
            .bind(now.micros())
            .bind(reason.as_str())
    )? == 1)
}

const LOOKUP: &str = r#"
    SELECT
        id, record, record_title, person, person_email, account, database, remote_address, state, started_at,
        ended_at, end_reason, graphical, text, keys, recording_key, chain_head, chain_running, bytes, statements, errors,
        node, kind
    FROM sessions
    WHERE id = $1
"#;

pub async fn lookup(snapshot: &mut Snapshot, id: &SessionId) -> Result<Option<Session>, Error> {
    let row: Option<Row> = on!(snapshot, |conn| sqlx::query_as(LOOKUP)
        .bind(id.as_str())
        .fetch_optional(conn))?;

    row.map(Session::try_from).transpose()
}

const IDS: &str = r#"
    SELECT id
    FROM sessions
    ORDER BY started_at, id
"#;

/// Every session there ever was, oldest first.
pub async fn ids(snapshot: &mut Snapshot) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<String> = on!(snapshot, |conn| sqlx::query_scalar(IDS).fetch_all(conn))?;

    ids.iter().map(|id| column("sessions", "id", id, id)).collect()
}

const UNFINISHED: &str = r#"
    SELECT
        id, record, record_title, person, person_email, account, database, remote_address, state, started_at,
        ended_at, end_reason, graphical, text, keys, recording_key, chain_head, chain_running, bytes, statements, errors,
        node, kind
    FROM sessions
    WHERE state IN ('starting', 'live') AND node IN ($1, '')
    ORDER BY started_at, id
"#;

/// Sessions of a node that are starting or live; after it crashed, the ones to recover. Those that began when no node
/// was noted are everybody's.
pub async fn unfinished(snapshot: &mut Snapshot, node: &NodeId) -> Result<Vec<Session>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(UNFINISHED)
        .bind(node.as_str())
        .fetch_all(conn))?;

    rows.into_iter().map(Session::try_from).collect()
}

const LIST: &str = r#"
    SELECT
        id, record, record_title, person, person_email, account, database, remote_address, state, started_at,
        ended_at, end_reason, graphical, text, keys, recording_key, chain_head, chain_running, bytes, statements, errors,
        node, kind
    FROM sessions
    WHERE (CAST($1 AS BIGINT) IS NULL OR started_at >= $1)
        AND (CAST($2 AS BIGINT) IS NULL OR started_at < $2)
        AND (CAST($3 AS TEXT) IS NULL OR person = $3 OR LOWER(person_email) LIKE $4 ESCAPE '\')
        AND (CAST($5 AS TEXT) IS NULL OR record = $5 OR LOWER(record_title) LIKE $6 ESCAPE '\')
        AND (CAST($7 AS TEXT) IS NULL OR state = $7)
        AND (CAST($8 AS TEXT) IS NULL OR person = $8)
        AND (CAST($12 AS TEXT) IS NULL OR kind = $12)
        AND (CAST($9 AS BIGINT) IS NULL OR started_at < $9 OR (started_at = $9 AND id < $10))
    ORDER BY started_at DESC, id DESC
    LIMIT $11
"#;

/// Whose sessions a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    Everybody,
    Own(&'a PersonId),
}

/// One page of sessions, newest first. Check the filter before: what cannot be read does not filter.
pub async fn list(
    snapshot: &mut Snapshot,
    scope: Scope<'_>,
    filter: &SessionFilter,
) -> Result<SessionPage, Error> {
    let (person, record) = (Pattern::of(&filter.person), Pattern::of(&filter.record));
    let state: Option<SessionState> = filter.state.parse().ok();
    let kind: Option<SessionKind> = filter.kind.parse().ok();
    let cursor: Option<Cursor> = filter.before.parse().ok();
    let own = match scope {
        Scope::Everybody => None,
        Scope::Own(person) => Some(person.as_str()),
    };

    let rows: Vec<Row> = on!(snapshot, |conn| {
        sqlx::query_as(LIST)
            .bind(filter.start_time().map(Timestamp::micros))
            .bind(filter.end_time().map(Timestamp::micros))
            .bind(person.as_ref().map(Pattern::exact))
            .bind(person.as_ref().map(Pattern::part))
            .bind(record.as_ref().map(Pattern::exact))
            .bind(record.as_ref().map(Pattern::part))
            .bind(state.map(SessionState::as_str))
            .bind(own)
            .bind(cursor.as_ref().map(|cursor| cursor.started_at.micros()))
            .bind(cursor.as_ref().map(|cursor| cursor.id.as_str()))
            .bind(i64::from(PAGE) + 1)
            .bind(kind.map(SessionKind::as_str))
            .fetch_all(conn)
    })?;

    let is_last = rows.len() <= PAGE as usize;
    let mut sessions = Vec::with_capacity(PAGE as usize);
    for row in rows.into_iter().take(PAGE as usize) {
        sessions.push(Session::try_from(row)?.view);
    }
    let last = if is_last { None } else { sessions.last() };
    let next = last.map(|view| {
        Cursor {
            started_at: view.started_at,
            id: view.id.clone(),
        }
        .text()
    });

    Ok(SessionPage { sessions, next })
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    COUNT_OPEN,
    ADD,
    GO_LIVE,
    PROGRESS,
    NOTE_HEAD,
    NOTE_RUNNING,
    FINISH,
    LOOKUP,
    IDS,
    UNFINISHED,
    LIST,
];

#[cfg(test)]
mod tests;
