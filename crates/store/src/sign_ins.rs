//! Sign-ins: one per person and browser. Each request reads its own; it ends by rest, by age or by revocation.

use std::time::Duration;

use protocol::ids::{PersonId, SignInId};
use protocol::time::Timestamp;
use vault::passwords::Hash;
use vault::people::Person;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};
use crate::people;
use crate::tokens::TokenHash;

/// A sign-in is marked as seen at most this often, so that reading a page seldom writes.
pub const TOUCH: Duration = Duration::from_secs(60);

/// One sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    pub id: SignInId,
    pub person: PersonId,
    pub created_at: Timestamp,
    /// Exact to [`TOUCH`].
    pub last_seen: Timestamp,
    pub absolute_end: Timestamp,
    pub remote_address: String,
    pub user_agent: String,
    /// When the password was last given, at sign-in or again for an action that asks for it.
    pub reauthenticated_at: Timestamp,
}

impl SignIn {
    /// Whether it is time to call [`touch`].
    pub fn wants_touch(&self, now: Timestamp) -> bool {
        now.since(self.last_seen) >= TOUCH
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: String,
    person: String,
    created_at: i64,
    last_seen: i64,
    absolute_end: i64,
    remote_address: String,
    user_agent: String,
    reauthenticated_at: i64,
}

impl TryFrom<Row> for SignIn {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: column("sign_ins", "id", &row.id, &row.id)?,
            person: column("sign_ins", "person", &row.id, &row.person)?,
            created_at: Timestamp(row.created_at),
            last_seen: Timestamp(row.last_seen),
            absolute_end: Timestamp(row.absolute_end),
            remote_address: row.remote_address,
            user_agent: row.user_agent,
            reauthenticated_at: Timestamp(row.reauthenticated_at),
        })
    }
}

/// A sign-in with its person, as one query finds them.
#[derive(Debug, sqlx::FromRow)]
struct JoinedRow {
    sign_in_id: String,
    person: String,
    signed_in_at: i64,
    last_seen: i64,
    absolute_end: i64,
    remote_address: String,
    user_agent: String,
    reauthenticated_at: i64,
    #[sqlx(flatten)]
    whose: people::Row,
}

impl TryFrom<JoinedRow> for (SignIn, Person) {
    type Error = Error;

    fn try_from(row: JoinedRow) -> Result<Self, Error> {
        let sign_in = Row {
            id: row.sign_in_id,
            person: row.person,
            created_at: row.signed_in_at,
            last_seen: row.last_seen,
            absolute_end: row.absolute_end,
            remote_address: row.remote_address,
            user_agent: row.user_agent,
            reauthenticated_at: row.reauthenticated_at,
        };

        Ok((sign_in.try_into()?, row.whose.try_into()?))
    }
}

const HOLD_PASSWORD: &str = r#"
    UPDATE people
    SET password_hash = password_hash
    WHERE id = $1 AND kind = 'person' AND password_hash = $2 AND state = 'active'
"#;

const ADD: &str = r#"
    INSERT INTO sign_ins (
        id, token_hash, person, created_at, last_seen, absolute_end, remote_address, user_agent,
        reauthenticated_at
    )
    VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $4)
"#;

/// Signs a person in whose password was right against `hash`; false when they were switched off or have another
/// password by now, and for a service account, which nobody signs in as. Who takes the password away waits for this
/// transaction or was waited for, and then revokes what it added.
pub async fn add(tx: &mut Tx, token: &TokenHash, sign_in: &SignIn, hash: &Hash) -> Result<bool, Error> {
    let held = run!(
        tx,
        sqlx::query(HOLD_PASSWORD)
            .bind(sign_in.person.as_str())
            .bind(hash.as_str())
    )?;
    if held == 0 {
        return Ok(false);
    }
    run!(
        tx,
        sqlx::query(ADD)
            .bind(sign_in.id.as_str())
            .bind(token.as_str())
            .bind(sign_in.person.as_str())
            .bind(sign_in.created_at.micros())
            .bind(sign_in.absolute_end.micros())
            .bind(&sign_in.remote_address)
            .bind(&sign_in.user_agent)
    )?;

    Ok(true)
}

const LOOKUP: &str = r#"
    SELECT
        sign_ins.id AS sign_in_id,
        sign_ins.person,
        sign_ins.created_at AS signed_in_at,
        sign_ins.last_seen,
        sign_ins.absolute_end,
        sign_ins.remote_address,
        sign_ins.user_agent,
        sign_ins.reauthenticated_at,
        people.id,
        people.email,
        people.name,
        people.role,
        people.state,
        people.created_at
    FROM sign_ins
    JOIN people ON people.id = sign_ins.person
    WHERE sign_ins.token_hash = $1
        AND sign_ins.revoked_at IS NULL
        AND sign_ins.absolute_end > $2
        AND sign_ins.last_seen > $3
        AND people.state = 'active'
"#;

/// Who holds this token, if it is still good: not revoked, not older than its end, not at rest for `idle`,
/// of a person who is active.
pub async fn lookup(
    snapshot: &mut Snapshot,
    token: &TokenHash,
    idle: Duration,
    now: Timestamp,
) -> Result<Option<(SignIn, Person)>, Error> {
    let row: Option<JoinedRow> = on!(snapshot, |conn| {
        sqlx::query_as(LOOKUP)
            .bind(token.as_str())
            .bind(now.micros())
            .bind((now - idle).micros())
            .fetch_optional(conn)
    })?;

    row.map(TryInto::try_into).transpose()
}

const TOUCH_ROW: &str = r#"
    UPDATE sign_ins
    SET last_seen = $2
    WHERE id = $1 AND last_seen <= $3 AND revoked_at IS NULL
"#;

/// Marks a sign-in as seen, unless that was done within [`TOUCH`].
pub async fn touch(tx: &mut Tx, id: &SignInId, now: Timestamp) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(TOUCH_ROW)
            .bind(id.as_str())
            .bind(now.micros())
            .bind((now - TOUCH).micros())
    )?;

    Ok(())
}

const CONFIRM: &str = r#"
    UPDATE sign_ins
    SET reauthenticated_at = $2
    WHERE id = $1 AND revoked_at IS NULL
"#;

/// Notes that the password was given again.
pub async fn confirm(tx: &mut Tx, id: &SignInId, now: Timestamp) -> Result<(), Error> {
    run!(tx, sqlx::query(CONFIRM).bind(id.as_str()).bind(now.micros()))?;

    Ok(())
}

const HOLD: &str = r#"
    UPDATE sign_ins
    SET revoked_at = revoked_at
    WHERE id = $1 AND person = $2 AND revoked_at IS NULL
"#;

/// Keeps a sign-in of a person from being revoked until the transaction ends; false when it was. Who ends the sign-ins
/// of a person and then what they made with them waits for this transaction, or was waited for.
pub async fn hold(tx: &mut Tx, id: &SignInId, person: &PersonId) -> Result<bool, Error> {
    let held = run!(tx, sqlx::query(HOLD).bind(id.as_str()).bind(person.as_str()))?;

    Ok(held == 1)
}

const REVOKE: &str = r#"
    UPDATE sign_ins
    SET revoked_at = $3
    WHERE id = $1 AND person = $2 AND revoked_at IS NULL
"#;

/// Ends one sign-in of a person; false when it had ended, or is somebody else's.
pub async fn revoke(tx: &mut Tx, id: &SignInId, person: &PersonId, now: Timestamp) -> Result<bool, Error> {
    let revoked = run!(
        tx,
        sqlx::query(REVOKE)
            .bind(id.as_str())
            .bind(person.as_str())
            .bind(now.micros())
    )?;

    Ok(revoked == 1)
}

const REVOKE_ALL: &str = r#"
    UPDATE sign_ins
    SET revoked_at = $2
    WHERE person = $1 AND revoked_at IS NULL
"#;

/// Ends every sign-in of a person; says how many.
pub async fn revoke_all(tx: &mut Tx, person: &PersonId, now: Timestamp) -> Result<u64, Error> {
    run!(
        tx,
        sqlx::query(REVOKE_ALL).bind(person.as_str()).bind(now.micros())
    )
}

const REVOKE_OTHERS: &str = r#"
    UPDATE sign_ins
    SET revoked_at = $3
    WHERE person = $1 AND id <> $2 AND revoked_at IS NULL
"#;

/// Ends every sign-in of a person but the one that asks; says how many.
pub async fn revoke_others(
    tx: &mut Tx,
    person: &PersonId,
    keep: &SignInId,
    now: Timestamp,
) -> Result<u64, Error> {
    run!(
        tx,
        sqlx::query(REVOKE_OTHERS)
            .bind(person.as_str())
            .bind(keep.as_str())
            .bind(now.micros())
    )
}

const LIST: &str = r#"
    SELECT id, person, created_at, last_seen, absolute_end, remote_address, user_agent, reauthenticated_at
    FROM sign_ins
    WHERE person = $1 AND revoked_at IS NULL AND absolute_end > $2 AND last_seen > $3
    ORDER BY created_at DESC, id
"#;

/// The good sign-ins of a person, newest first.
pub async fn list(
    snapshot: &mut Snapshot,
    person: &PersonId,
    idle: Duration,
    now: Timestamp,
) -> Result<Vec<SignIn>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| {
        sqlx::query_as(LIST)
            .bind(person.as_str())
            .bind(now.micros())
            .bind((now - idle).micros())
            .fetch_all(conn)
    })?;

    rows.into_iter().map(SignIn::try_from).collect()
}

const REMOVE_OLD: &str = r#"
    DELETE FROM sign_ins
    WHERE absolute_end <= $1
"#;

/// Removes sign-ins whose absolute end is before a moment; the audit log remembers them.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    run!(tx, sqlx::query(REMOVE_OLD).bind(before.micros()))
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    HOLD_PASSWORD,
    ADD,
    LOOKUP,
    TOUCH_ROW,
    CONFIRM,
    HOLD,
    REVOKE,
    REVOKE_ALL,
    REVOKE_OTHERS,
    LIST,
    REMOVE_OLD,
];

#[cfg(test)]
mod tests;
