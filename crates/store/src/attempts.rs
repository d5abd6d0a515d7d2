//! Attempts to sign in: each is counted as a failure before the password is looked at, and taken back when it
//! was right, so that many at once do not slip through together.

use std::net::IpAddr;

use protocol::people::normal_email;
use protocol::time::Timestamp;
use sha2::{Digest, Sha256};
use vault::throttle::{self, Failures, Verdict, WINDOW};

use crate::db::{Lock, Tx, on, run, take};
use crate::errors::Error;

/// Whether an attempt may go on to the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may; it counts as failed until [`succeeded`] takes it back.
    Admitted(Attempt),
    /// It may not; it was not counted, so that hammering does not lock for longer.
    Refused(Verdict),
}

/// One counted attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    account: String,
    network: String,
    at: Timestamp,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    count: i64,
    last: Option<i64>,
}

impl From<Row> for Failures {
    fn from(row: Row) -> Self {
        Self {
            count: u32::try_from(row.count).unwrap_or(u32::MAX),
            last: row.last.map(Timestamp),
        }
    }
}

const COUNT: &str = r#"
    SELECT COUNT(*) AS count, MAX(at) AS last
    FROM attempts
    WHERE scope = $1 AND subject = $2 AND at > $3
"#;

const ADD: &str = r#"
    INSERT INTO attempts (scope, subject, at)
    VALUES ('account', $1, $3), ('address', $2, $3)
"#;

const FORGET: &str = r#"
    DELETE FROM attempts
    WHERE at <= $1
"#;

/// Judges and counts an attempt with whatever was typed as the address. Commit before the password is
/// verified.
pub async fn admit(tx: &mut Tx, email: &str, address: IpAddr, now: Timestamp) -> Result<Admission, Error> {
    let attempt = Attempt {
        account: account(email),
        network: throttle::network(address),
        at: now,
    };
    take(tx, Lock::Attempts).await?;
    run!(tx, sqlx::query(FORGET).bind((now - WINDOW).micros()))?;

    let of_account = count(tx, "account", &attempt.account, now).await?;
    let of_network = count(tx, "address", &attempt.network, now).await?;
    let verdict = throttle::judge(of_account, of_network, now);
    if verdict != Verdict::Allowed {
        return Ok(Admission::Refused(verdict));
    }

    run!(
        tx,
        sqlx::query(ADD)
            .bind(&attempt.account)
            .bind(&attempt.network)
            .bind(now.micros())
    )?;

    Ok(Admission::Admitted(attempt))
}

async fn count(tx: &mut Tx, scope: &str, subject: &str, now: Timestamp) -> Result<Failures, Error> {
    let row: Row = on!(tx, |conn| {
        sqlx::query_as(COUNT)
            .bind(scope)
            .bind(subject)
            .bind((now - WINDOW).micros())
            .fetch_one(conn)
    })?;

    Ok(row.into())
}

const FORGIVE_ACCOUNT: &str = r#"
    DELETE FROM attempts
    WHERE scope = 'account' AND subject = $1
"#;

const TAKE_BACK: &str = r#"
    DELETE FROM attempts
    WHERE scope = 'address' AND subject = $1 AND at = $2
"#;

/// The password was right: the account starts anew. Of the network's attempts only this one is taken back,
/// or a good account of one's own would hide guesses at others.
pub async fn succeeded(tx: &mut Tx, attempt: &Attempt) -> Result<(), Error> {
    run!(tx, sqlx::query(FORGIVE_ACCOUNT).bind(&attempt.account))?;
    run!(
        tx,
        sqlx::query(TAKE_BACK)
            .bind(&attempt.network)
            .bind(attempt.at.micros())
    )?;

    Ok(())
}

/// Unlocks an account, e.g. when its person chose another password by a link.
pub async fn forgive(tx: &mut Tx, email: &str) -> Result<(), Error> {
    run!(tx, sqlx::query(FORGIVE_ACCOUNT).bind(account(email)))?;

    Ok(())
}

/// What is counted is a hash: people type passwords into the wrong field, and texts of any length.
fn account(email: &str) -> String {
    hex::encode(Sha256::digest(normal_email(email).as_bytes()))
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[COUNT, ADD, FORGET, FORGIVE_ACCOUNT, TAKE_BACK];

#[cfg(test)]
mod tests;
