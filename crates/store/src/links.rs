//! One-time links: the first set-up, an invitation, a reset. Each works once, and for a day.

use std::time::Duration;

use protocol::ids::{LinkId, PersonId};
use protocol::time::Timestamp;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};
use crate::tokens::TokenHash;

/// How long a link works.
pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Makes the first administrator.
    Setup,
    /// Lets an invited person choose a first password.
    Invite(PersonId),
    /// Lets a person choose another password.
    Reset(PersonId),
}

impl Purpose {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invite(_) => "invite",
            Self::Reset(_) => "reset",
        }
    }

    /// Whose link it is.
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Setup => None,
            Self::Invite(person) | Self::Reset(person) => Some(person),
        }
    }
}

/// A link that works, or just did for the one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub id: LinkId,
    pub purpose: Purpose,
    pub expires_at: Timestamp,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: String,
    purpose: String,
    person: Option<String>,
    expires_at: i64,
}

impl TryFrom<Row> for Link {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let person: Option<PersonId> = row
            .person
            .as_deref()
            .map(|text| column("links", "person", &row.id, text))
            .transpose()?;
        let purpose = match (row.purpose.as_str(), person) {
            ("setup", None) => Purpose::Setup,
            ("invite", Some(person)) => Purpose::Invite(person),
            ("reset", Some(person)) => Purpose::Reset(person),
            (_, _) => {
                return Err(Error::Inconsistent {
                    table: "links",
                    column: "purpose",
                    row: row.id,
                });
            }
        };

        Ok(Self {
            id: column("links", "id", &row.id, &row.id)?,
            purpose,
            expires_at: Timestamp(row.expires_at),
        })
    }
}

const ADD: &str = r#"
    INSERT INTO links (id, token_hash, purpose, person, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"#;

/// Adds a link that works until `now` + [`LIFETIME`]. Earlier ones of the same person, or for the set-up,
/// stop working: the last one sent is the one that counts.
pub async fn add(
    tx: &mut Tx,
    id: &LinkId,
    token: &TokenHash,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Link, Error> {
    revoke(tx, purpose.person(), now).await?;

    let expires_at = now + LIFETIME;
    run!(
        tx,
        sqlx::query(ADD)
            .bind(id.as_str())
            .bind(token.as_str())
            .bind(purpose.as_str())
            .bind(purpose.person().map(PersonId::as_str))
            .bind(now.micros())
            .bind(expires_at.micros())
    )?;

    Ok(Link {
        id: id.clone(),
        purpose,
        expires_at,
    })
}

const LOOKUP: &str = r#"
    SELECT id, purpose, person, expires_at
    FROM links
    WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2
"#;

/// The link of a token if it works, without using it: opening the page is not choosing a password.
pub async fn lookup(
    snapshot: &mut Snapshot,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<Link>, Error> {
    let row: Option<Row> = on!(snapshot, |conn| {
        sqlx::query_as(LOOKUP)
            .bind(token.as_str())
            .bind(now.micros())
            .fetch_optional(conn)
    })?;

    row.map(Link::try_from).transpose()
}

const USE: &str = r#"
    UPDATE links
    SET used_at = $2
    WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2
    RETURNING id, purpose, person, expires_at
"#;

/// Uses a link, for the one time it works. What it allows is done in the same transaction.
pub async fn consume(tx: &mut Tx, token: &TokenHash, now: Timestamp) -> Result<Option<Link>, Error> {
    let row: Option<Row> = on!(tx, |conn| sqlx::query_as(USE)
        .bind(token.as_str())
        .bind(now.micros())
        .fetch_optional(conn))?;

    row.map(Link::try_from).transpose()
}

const REVOKE: &str = r#"
    UPDATE links
    SET expires_at = $2
    WHERE person = $1 AND used_at IS NULL AND expires_at > $2
"#;

const REVOKE_SETUP: &str = r#"
    UPDATE links
    SET expires_at = $1
    WHERE person IS NULL AND used_at IS NULL AND expires_at > $1
"#;

/// Stops every unused link of a person, or of the set-up, from working; says how many there were.
pub async fn revoke(tx: &mut Tx, person: Option<&PersonId>, now: Timestamp) -> Result<u64, Error> {
    match person {
        Some(person) => run!(tx, sqlx::query(REVOKE).bind(person.as_str()).bind(now.micros())),
        None => run!(tx, sqlx::query(REVOKE_SETUP).bind(now.micros())),
    }
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ADD, LOOKUP, USE, REVOKE, REVOKE_SETUP];

#[cfg(test)]
mod tests;
