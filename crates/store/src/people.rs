//! People, and the service accounts among them: adding, finding and changing them. There is always an active
//! administrator once there was one.

use protocol::ids::PersonId;
use protocol::people::{PersonState, Role};
use protocol::time::Timestamp;
use vault::authorize::{Administer, Authorized};
use vault::passwords::Hash;
use vault::people::{Email, Handle, Person};

use crate::db::{Lock, Snapshot, Tx, on, run, take};
use crate::errors::{Error, column};

/// A person as stored, without the password's hash.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    id: String,
    email: String,
    name: String,
    role: String,
    state: String,
    created_at: i64,
}

impl TryFrom<Row> for Person {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: column("people", "id", &row.id, &row.id)?,
            handle: column("people", "email", &row.id, &row.email)?,
            role: column("people", "role", &row.id, &row.role)?,
            state: column("people", "state", &row.id, &row.state)?,
            created_at: Timestamp(row.created_at),
            name: row.name,
        })
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    Done(Person),
    /// Refused: nobody would be left to administer.
    LastAdministrator,
    /// No such person, or they are that already.
    Nothing,
}

const ADD: &str = r#"
    INSERT INTO people (id, email, name, role, state, created_at)
    VALUES ($1, $2, $3, $4, 'invited', $5)
"#;

/// Adds somebody who has no password yet and cannot sign in.
///
/// # Errors
/// [`Error::Taken`] when somebody has this address.
pub async fn invite(
    tx: &mut Tx,
    id: &PersonId,
    email: &Email,
    name: &str,
    role: Role,
    now: Timestamp,
) -> Result<Person, Error> {
    run!(
        tx,
        sqlx::query(ADD)
            .bind(id.as_str())
            .bind(email.as_str())
            .bind(name.trim())
            .bind(role.as_str())
            .bind(now.micros())
    )?;

    Ok(Person {
        id: id.clone(),
        handle: Handle::Email(email.clone()),
        name: name.trim().to_owned(),
        role,
        state: PersonState::Invited,
        created_at: now,
    })
}

const LOOKUP: &str = r#"
    SELECT id, email, name, role, state, created_at
    FROM people
    WHERE id = $1
"#;

pub async fn lookup(snapshot: &mut Snapshot, id: &PersonId) -> Result<Option<Person>, Error> {
    let row: Option<Row> = on!(snapshot, |conn| sqlx::query_as(LOOKUP)
        .bind(id.as_str())
        .fetch_optional(conn))?;

    row.map(Person::try_from).transpose()
}

/// Looks a person up and keeps role and state as they are until the transaction ends. Call it first: what is decided
/// by them is decided one at a time.
pub async fn hold(tx: &mut Tx, id: &PersonId) -> Result<Option<Person>, Error> {
    take(tx, Lock::People).await?;

    lookup(tx, id).await
}

const FIND: &str = r#"
    SELECT id, email, name, role, state, created_at
    FROM people
    WHERE email = $1
"#;

/// Finds a person by their address. A service account is nobody's address.
pub async fn find(snapshot: &mut Snapshot, email: &Email) -> Result<Option<Person>, Error> {
    let row: Option<Row> = on!(snapshot, |conn| sqlx::query_as(FIND)
        .bind(email.as_str())
        .fetch_optional(conn))?;

    row.map(Person::try_from).transpose()
}

const LIST: &str = r#"
    SELECT id, email, name, role, state, created_at
    FROM people
    ORDER BY email
"#;

/// Everybody, by address; service accounts by their name.
pub async fn list(snapshot: &mut Snapshot) -> Result<Vec<Person>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(LIST).fetch_all(conn))?;

    rows.into_iter().map(Person::try_from).collect()
}

const PASSWORD: &str = r#"
    SELECT password_hash
    FROM people
    WHERE id = $1
"#;

/// The hash of a person's password; none while they have not chosen one.
pub async fn password(snapshot: &mut Snapshot, id: &PersonId) -> Result<Option<Hash>, Error> {
    let hash: Option<Option<String>> = on!(snapshot, |conn| sqlx::query_scalar(PASSWORD)
        .bind(id.as_str())
        .fetch_optional(conn))?;

    Ok(hash.flatten().map(Hash::from_stored))
}

const HAS_ADMINISTRATOR: &str = r#"
    SELECT COUNT(*)
    FROM people
    WHERE role = 'administrator' AND state = 'active'
"#;

/// Whether anybody can administer: while not, the set-up link is offered.
pub async fn has_administrator(snapshot: &mut Snapshot) -> Result<bool, Error> {
    let count: i64 = on!(snapshot, |conn| sqlx::query_scalar(HAS_ADMINISTRATOR)
        .fetch_one(conn))?;

    Ok(count > 0)
}

const SET_PASSWORD: &str = r#"
    UPDATE people
    SET password_hash = $2, password_changed_at = $3, state = 'active'
    WHERE id = $1 AND kind = 'person' AND state <> 'off'
    RETURNING id, email, name, role, state, created_at
"#;

/// Gives a person a first or another password; who was invited becomes active. `None` when there is no person
/// like that or they are switched off.
pub async fn set_password(
    tx: &mut Tx,
    id: &PersonId,
    hash: &Hash,
    now: Timestamp,
) -> Result<Option<Person>, Error> {
    let row: Option<Row> = on!(tx, |conn| {
        sqlx::query_as(SET_PASSWORD)
            .bind(id.as_str())
            .bind(hash.as_str())
            .bind(now.micros())
            .fetch_optional(conn)
    })?;

    row.map(Person::try_from).transpose()
}

const REPLACE_PASSWORD: &str = r#"
    UPDATE people
    SET password_hash = $3, password_changed_at = $4
    WHERE id = $1 AND kind = 'person' AND password_hash = $2 AND state = 'active'
    RETURNING id, email, name, role, state, created_at
"#;

/// Changes a password that was just verified against `present`: `None` when it was changed meanwhile.
pub async fn replace_password(
    tx: &mut Tx,
    id: &PersonId,
    present: &Hash,
    hash: &Hash,
    now: Timestamp,
) -> Result<Option<Person>, Error> {
    let row: Option<Row> = on!(tx, |conn| {
        sqlx::query_as(REPLACE_PASSWORD)
            .bind(id.as_str())
            .bind(present.as_str())
            .bind(hash.as_str())
            .bind(now.micros())
            .fetch_optional(conn)
    })?;

    row.map(Person::try_from).transpose()
}

const FORGET_PASSWORD: &str = r#"
    UPDATE people
    SET password_hash = $2
    WHERE id = $1 AND password_hash IS NOT NULL
"#;

/// Takes a person's password away: until they choose another by a link, none opens their account. Who is active
/// has a hash; theirs becomes the one no password has.
pub async fn forget_password(tx: &mut Tx, id: &PersonId) -> Result<(), Error> {
    let nobody = Hash::nobody();
    run!(
        tx,
        sqlx::query(FORGET_PASSWORD)
            .bind(id.as_str())
            .bind(nobody.as_str())
    )?;

    Ok(())
}

/// True when the change of person `$1` leaves an active administrator.
macro_rules! keeps_an_administrator {
    () => {
        r#"(
        role <> 'administrator'
        OR state <> 'active'
        OR EXISTS (
            SELECT 1
            FROM people AS other
            WHERE other.id <> $1 AND other.role = 'administrator' AND other.state = 'active'
        )
    )"#
    };
}

const SWITCH_OFF: &str = concat!(
    r#"
    UPDATE people
    SET state = 'off'
    WHERE id = $1 AND state <> 'off' AND "#,
    keeps_an_administrator!(),
    r#"
    RETURNING id, email, name, role, state, created_at
"#
);

/// Switches a person off. Ending their sign-ins and sessions is the caller's, in the same transaction.
pub async fn switch_off(
    tx: &mut Tx,
    _administer: &Authorized<Administer>,
    id: &PersonId,
) -> Result<Changed, Error> {
    take(tx, Lock::People).await?;
    let row: Option<Row> = on!(tx, |conn| sqlx::query_as(SWITCH_OFF)
        .bind(id.as_str())
        .fetch_optional(conn))?;
    if let Some(row) = row {
        return Ok(Changed::Done(row.try_into()?));
    }

    why_unchanged(tx, id, |person| person.state != PersonState::Off).await
}

const SWITCH_ON: &str = r#"
    UPDATE people
    SET state = CASE WHEN password_hash IS NULL THEN 'invited' ELSE 'active' END
    WHERE id = $1 AND state = 'off'
    RETURNING id, email, name, role, state, created_at
"#;

/// Switches a person on again: active with their old password, invited if they never had one.
pub async fn switch_on(
    tx: &mut Tx,
    _administer: &Authorized<Administer>,
    id: &PersonId,
) -> Result<Changed, Error> {
    take(tx, Lock::People).await?;
    let row: Option<Row> = on!(tx, |conn| sqlx::query_as(SWITCH_ON)
        .bind(id.as_str())
        .fetch_optional(conn))?;

    row.map_or(Ok(Changed::Nothing), |row| Ok(Changed::Done(row.try_into()?)))
}

const CHANGE_ROLE: &str = concat!(
    r#"
    UPDATE people
    SET role = $2
    WHERE id = $1 AND kind = 'person' AND role <> $2 AND "#,
    keeps_an_administrator!(),
    r#"
    RETURNING id, email, name, role, state, created_at
"#
);

/// Gives a person another role; a service account keeps the one it has.
pub async fn change_role(
    tx: &mut Tx,
    _administer: &Authorized<Administer>,
    id: &PersonId,
    role: Role,
) -> Result<Changed, Error> {
    take(tx, Lock::People).await?;
    let row: Option<Row> = on!(tx, |conn| sqlx::query_as(CHANGE_ROLE)
        .bind(id.as_str())
        .bind(role.as_str())
        .fetch_optional(conn))?;
    if let Some(row) = row {
        return Ok(Changed::Done(row.try_into()?));
    }

    why_unchanged(tx, id, |person| {
        person.role != role && !person.is_service_account()
    })
    .await
}

/// Tells a refused change from one that had nothing to do.
async fn why_unchanged(
    tx: &mut Tx,
    id: &PersonId,
    has_effect: impl FnOnce(&Person) -> bool,
) -> Result<Changed, Error> {
    let person = lookup(tx, id).await?;

    Ok(match person {
        Some(person) if has_effect(&person) => Changed::LastAdministrator,
        Some(_) | None => Changed::Nothing,
    })
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ADD,
    LOOKUP,
    FIND,
    LIST,
    PASSWORD,
    HAS_ADMINISTRATOR,
    SET_PASSWORD,
    REPLACE_PASSWORD,
    FORGET_PASSWORD,
    SWITCH_OFF,
    SWITCH_ON,
    CHANGE_ROLE,
];

#[cfg(test)]
mod tests;
