//! Attempts to sign in: each is counted as a failure before the password is looked at, and taken back when it
//! was right, so that many at once do not slip through together.

use std::net::IpAddr;

use protocol::people::normal_email;
use protocol::time::Timestamp;
use sha2::{Digest, Sha256};
use vault::throttle::{self, Failures, KNOWN, Past, Verdict, WINDOW};

use crate::db::{Lock, Tx, on, run, take};
use crate::errors::Error;

/// Whether an attempt may go on to the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may; it counts as failed until [`succeeded`] takes it back.
    Admitted(Attempt),
    /// It may not; it was not counted, so that hammering does not lock for longer.
    Refused(Attempt, Verdict),
}

/// One attempt, as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    account: String,
    network: String,
    at: Timestamp,
}

impl Attempt {
    /// The account that was named, as a hash.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The network it came from.
    pub fn network(&self) -> &str {
        &self.network
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    here: i64,
    here_last: Option<i64>,
    everywhere: i64,
    everywhere_last: Option<i64>,
    network: i64,
    network_last: Option<i64>,
}

fn failures(count: i64, last: Option<i64>) -> Failures {
    Failures {
        count: u32::try_from(count).unwrap_or(u32::MAX),
        last: last.map(Timestamp),
    }
}

const COUNT: &str = r#"
    SELECT
        COUNT(CASE WHEN account = $1 AND network = $2 AND NOT forgiven THEN 1 END) AS here,
        MAX(CASE WHEN account = $1 AND network = $2 AND NOT forgiven THEN at END) AS here_last,
        COUNT(CASE WHEN account = $1 AND NOT forgiven THEN 1 END) AS everywhere,
        MAX(CASE WHEN account = $1 AND NOT forgiven THEN at END) AS everywhere_last,
        COUNT(CASE WHEN network = $2 THEN 1 END) AS network,
        MAX(CASE WHEN network = $2 THEN at END) AS network_last
    FROM attempts
    WHERE (account = $1 OR network = $2) AND at > $3
"#;

const IS_KNOWN: &str = r#"
    SELECT COUNT(*)
    FROM known_networks
    WHERE account = $1 AND network = $2 AND last_at > $3
"#;

const ADD: &str = r#"
    INSERT INTO attempts (account, network, at, forgiven)
    VALUES ($1, $2, $3, FALSE)
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

    let past = past(tx, &attempt).await?;
    let verdict = throttle::judge(&past, now);
    if verdict != Verdict::Allowed {
        return Ok(Admission::Refused(attempt, verdict));
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

async fn past(tx: &mut Tx, attempt: &Attempt) -> Result<Past, Error> {
    let row: Row = on!(tx, |conn| {
        sqlx::query_as(COUNT)
            .bind(&attempt.account)
            .bind(&attempt.network)
            .bind((attempt.at - WINDOW).micros())
            .fetch_one(conn)
    })?;
    let known: i64 = on!(tx, |conn| {
        sqlx::query_scalar(IS_KNOWN)
            .bind(&attempt.account)
            .bind(&attempt.network)
            .bind((attempt.at - KNOWN).micros())
            .fetch_one(conn)
    })?;

    Ok(Past {
        here: failures(row.here, row.here_last),
        everywhere: failures(row.everywhere, row.everywhere_last),
        network: failures(row.network, row.network_last),
        is_known: known > 0,
    })
}

const FORGIVE_HERE: &str = r#"
    UPDATE attempts
    SET forgiven = TRUE
    WHERE account = $1 AND network = $2
"#;

const TAKE_BACK: &str = r#"
    DELETE FROM attempts
    WHERE account = $1 AND network = $2 AND at = $3
"#;

const REMEMBER: &str = r#"
    INSERT INTO known_networks (account, network, last_at)
    VALUES ($1, $2, $3)
    ON CONFLICT (account, network) DO UPDATE SET last_at = excluded.last_at
"#;

const FORGET_NETWORKS: &str = r#"
    DELETE FROM known_networks
    WHERE last_at <= $1
"#;

/// The password was right: the account starts anew at this network, which is its owner's from here on. Of the
/// network's attempts only this one is taken back, or a good account of one's own would hide guesses at others.
pub async fn succeeded(tx: &mut Tx, attempt: &Attempt) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(TAKE_BACK)
            .bind(&attempt.account)
            .bind(&attempt.network)
            .bind(attempt.at.micros())
    )?;
    run!(
        tx,
        sqlx::query(FORGIVE_HERE)
            .bind(&attempt.account)
            .bind(&attempt.network)
    )?;
    run!(
        tx,
        sqlx::query(REMEMBER)
            .bind(&attempt.account)
            .bind(&attempt.network)
            .bind(attempt.at.micros())
    )?;
    run!(
        tx,
        sqlx::query(FORGET_NETWORKS).bind((attempt.at - KNOWN).micros())
    )?;

    Ok(())
}

const FORGIVE: &str = r#"
    UPDATE attempts
    SET forgiven = TRUE
    WHERE account = $1
"#;

const FORGET_KNOWN: &str = r#"
    DELETE FROM known_networks
    WHERE account = $1
"#;

/// Unlocks an account whose person chose another password by a link. Where it was signed in from before no longer
/// counts: somebody else may have known the password.
pub async fn forgive(tx: &mut Tx, email: &str) -> Result<(), Error> {
    let account = account(email);
    run!(tx, sqlx::query(FORGIVE).bind(&account))?;
    run!(tx, sqlx::query(FORGET_KNOWN).bind(&account))?;

    Ok(())
}

/// What is counted is a hash: people type passwords into the wrong field, and texts of any length.
fn account(email: &str) -> String {
    hex::encode(Sha256::digest(normal_email(email).as_bytes()))
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    COUNT,
    IS_KNOWN,
    ADD,
    FORGET,
    FORGIVE_HERE,
    TAKE_BACK,
    REMEMBER,
    FORGET_NETWORKS,
    FORGIVE,
    FORGET_KNOWN,
];

#[cfg(test)]
mod tests;
