//! Access tokens: what programs act with, in a person's name or as a service account. A hash, an end, and when each was
//! used last.

use std::time::Duration;

use protocol::ids::{PersonId, RecordId, TokenId};
use protocol::time::Timestamp;
use protocol::tokens::Scope;
use vault::authorize::{Authorized, TakeToken};
use vault::people::Person;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};
use crate::people;
use crate::tokens::TokenHash;

/// A token is marked as used at most this often, so that connecting seldom writes.
pub const TOUCH: Duration = Duration::from_secs(60);

/// One access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    pub id: TokenId,
    pub person: PersonId,
    /// What its person calls it.
    pub name: String,
    pub scope: Scope,
    /// The one record it opens; none means all that its person may launch.
    pub record: Option<RecordId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When, exact to [`TOUCH`], and from where.
    pub last_use: Option<(Timestamp, String)>,
    pub revoked_at: Option<Timestamp>,
}

/// Whether a token opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Good,
    Expired,
    Revoked,
}

impl AccessToken {
    pub fn standing(&self, now: Timestamp) -> Standing {
        if self.revoked_at.is_some() {
            Standing::Revoked
        } else if self.expires_at <= now {
            Standing::Expired
        } else {
            Standing::Good
        }
    }

    /// Whether it is for this record. What its person may launch is the vault's to say.
    pub fn is_for(&self, record: &RecordId) -> bool {
        self.record.as_ref().is_none_or(|only| only == record)
    }

    /// Whether it is time to call [`touch`].
    pub fn wants_touch(&self, now: Timestamp) -> bool {
        self.last_use
            .as_ref()
            .is_none_or(|(last_used, _)| now.since(*last_used) >= TOUCH)
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    token: String,
    person: String,
    token_name: String,
    scope: String,
    record: Option<String>,
    made_at: i64,
    expires_at: i64,
    last_used: Option<i64>,
    last_address: Option<String>,
    revoked_at: Option<i64>,
}

impl TryFrom<Row> for AccessToken {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let record = row.record.as_deref();

        Ok(Self {
            id: column("access_tokens", "id", &row.token, &row.token)?,
            person: column("access_tokens", "person", &row.token, &row.person)?,
            record: record
                .map(|record| column("access_tokens", "record", &row.token, record))
                .transpose()?,
            scope: column("access_tokens", "scope", &row.token, &row.scope)?,
            name: row.token_name,
            created_at: Timestamp(row.made_at),
            expires_at: Timestamp(row.expires_at),
            last_use: row.last_used.map(Timestamp).zip(row.last_address),
            revoked_at: row.revoked_at.map(Timestamp),
        })
    }
}

/// A token with its person, as one query finds them.
#[derive(Debug, sqlx::FromRow)]
struct JoinedRow {
    #[sqlx(flatten)]
    token: Row,
    #[sqlx(flatten)]
    whose: people::Row,
}

impl TryFrom<JoinedRow> for (AccessToken, Person) {
    type Error = Error;

    fn try_from(row: JoinedRow) -> Result<Self, Error> {
        Ok((row.token.try_into()?, row.whose.try_into()?))
    }
}

const ADD: &str = r#"
    INSERT INTO access_tokens (id, token_hash, person, name, scope, record, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"#;

/// Adds a token to whom and for what it was allowed. That the sign-in by which it was asked for is still good is the
/// caller's, in the same transaction: [`crate::sign_ins::hold`].
pub async fn add(
    tx: &mut Tx,
    take: &Authorized<TakeToken>,
    id: &TokenId,
    hash: &TokenHash,
    name: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<AccessToken, Error> {
    run!(
        tx,
        sqlx::query(ADD)
            .bind(id.as_str())
            .bind(hash.as_str())
            .bind(take.whose().as_str())
            .bind(name.trim())
            .bind(take.scope().as_str())
            .bind(take.record().map(RecordId::as_str))
            .bind(now.micros())
            .bind(expires_at.micros())
    )?;

    Ok(AccessToken {
        id: id.clone(),
        person: take.whose().clone(),
        name: name.trim().to_owned(),
        scope: take.scope(),
        record: take.record().cloned(),
        created_at: now,
        expires_at,
        last_use: None,
        revoked_at: None,
    })
}

/// The columns of a token, named so that those of its person can stand beside them.
macro_rules! columns {
    () => {
        r#"
        access_tokens.id AS token,
        access_tokens.person,
        access_tokens.name AS token_name,
        access_tokens.scope,
        access_tokens.record,
        access_tokens.created_at AS made_at,
        access_tokens.expires_at,
        access_tokens.last_used,
        access_tokens.last_address,
        access_tokens.revoked_at"#
    };
}

/// A token with its person, who is active.
macro_rules! with_person {
    ($condition:literal) => {
        concat!(
            "SELECT",
            columns!(),
            r#",
        people.id,
        people.email,
        people.name,
        people.role,
        people.state,
        people.created_at
    FROM access_tokens
    JOIN people ON people.id = access_tokens.person
    WHERE people.state = 'active' AND "#,
            $condition
        )
    };
}

const FIND: &str = with_person!("access_tokens.token_hash = $1");

/// Finds a token by its text's hash, with its person, who is active. Whether it is still good its standing says:
/// the log tells the reasons apart, its caller does not.
pub async fn find(snapshot: &mut Snapshot, hash: &TokenHash) -> Result<Option<(AccessToken, Person)>, Error> {
    let row: Option<JoinedRow> = on!(snapshot, |conn| sqlx::query_as(FIND)
        .bind(hash.as_str())
        .fetch_optional(conn))?;

    row.map(TryInto::try_into).transpose()
}

const LOOKUP: &str = with_person!("access_tokens.id = $1");

/// Looks a token up with its person, who is active: what a session opened with it asks again and again.
pub async fn lookup(snapshot: &mut Snapshot, id: &TokenId) -> Result<Option<(AccessToken, Person)>, Error> {
    let row: Option<JoinedRow> = on!(snapshot, |conn| sqlx::query_as(LOOKUP)
        .bind(id.as_str())
        .fetch_optional(conn))?;

    row.map(TryInto::try_into).transpose()
}

const TOUCH_ROW: &str = r#"
    UPDATE access_tokens
    SET last_used = $2, last_address = $3
    WHERE id = $1 AND (last_used IS NULL OR last_used <= $4) AND revoked_at IS NULL
"#;

/// Marks a token as used, unless that was done within [`TOUCH`].
pub async fn touch(tx: &mut Tx, id: &TokenId, address: &str, now: Timestamp) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(TOUCH_ROW)
            .bind(id.as_str())
            .bind(now.micros())
            .bind(address)
            .bind((now - TOUCH).micros())
    )?;

    Ok(())
}

const LIST: &str = concat!(
    "SELECT",
    columns!(),
    r#"
    FROM access_tokens
    WHERE person = $1 AND revoked_at IS NULL
    ORDER BY created_at DESC, id
"#
);

/// The tokens of a person that were not revoked, newest first; also those that have expired.
pub async fn list(snapshot: &mut Snapshot, person: &PersonId) -> Result<Vec<AccessToken>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(LIST)
        .bind(person.as_str())
        .fetch_all(conn))?;

    rows.into_iter().map(AccessToken::try_from).collect()
}

const COUNT_GOOD: &str = r#"
    SELECT COUNT(*)
    FROM access_tokens
    WHERE person = $1 AND revoked_at IS NULL AND expires_at > $2
"#;

/// Counts the tokens of a person that are good.
pub async fn count_good(snapshot: &mut Snapshot, person: &PersonId, now: Timestamp) -> Result<usize, Error> {
    let n_good: i64 = on!(snapshot, |conn| sqlx::query_scalar(COUNT_GOOD)
        .bind(person.as_str())
        .bind(now.micros())
        .fetch_one(conn))?;

    Ok(usize::try_from(n_good).unwrap_or(usize::MAX))
}

const REVOKE: &str = concat!(
    r#"
    UPDATE access_tokens
    SET revoked_at = $3
    WHERE id = $1 AND person = $2 AND revoked_at IS NULL
    RETURNING"#,
    columns!()
);

/// Revokes a token of a person; `None` when it was, or is somebody else's.
pub async fn revoke(
    tx: &mut Tx,
    id: &TokenId,
    person: &PersonId,
    now: Timestamp,
) -> Result<Option<AccessToken>, Error> {
    let row: Option<Row> = on!(tx, |conn| {
        sqlx::query_as(REVOKE)
            .bind(id.as_str())
            .bind(person.as_str())
            .bind(now.micros())
            .fetch_optional(conn)
    })?;

    row.map(AccessToken::try_from).transpose()
}

const REVOKE_ALL: &str = r#"
    UPDATE access_tokens
    SET revoked_at = $2
    WHERE person = $1 AND revoked_at IS NULL
"#;

/// Revokes every token of a person; says how many. The person's sign-ins are ended before, in the same transaction.
pub async fn revoke_all(tx: &mut Tx, person: &PersonId, now: Timestamp) -> Result<u64, Error> {
    run!(
        tx,
        sqlx::query(REVOKE_ALL).bind(person.as_str()).bind(now.micros())
    )
}

const REMOVE_OLD: &str = r#"
    DELETE FROM access_tokens
    WHERE expires_at <= $1 OR revoked_at <= $1
"#;

/// Removes tokens that expired or were revoked before a moment; the audit log remembers them.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    run!(tx, sqlx::query(REMOVE_OLD).bind(before.micros()))
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ADD, FIND, LOOKUP, TOUCH_ROW, LIST, COUNT_GOOD, REVOKE, REVOKE_ALL, REMOVE_OLD,
];

#[cfg(test)]
mod tests;
