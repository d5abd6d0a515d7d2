//! Instances of gateways, and the tokens that are good for one each.

use protocol::ids::{GatewayId, InstanceId};
use protocol::time::Timestamp;
use vault::authorize::{Authorized, ManageGateways};

use crate::db::{Lock, Snapshot, Tx, on, run, take};
use crate::errors::{Error, column};
use crate::tokens::TokenHash;

/// One program of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    pub gateway: GatewayId,
    /// Ed25519, in hex.
    pub public_key: String,
    /// What it calls the machine it runs on.
    pub machine: String,
    pub version: String,
    /// Where it was enrolled from.
    pub address: String,
    pub enrolled_at: Timestamp,
    /// Exact to a minute.
    pub last_seen: Timestamp,
    pub is_revoked: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: String,
    gateway: String,
    public_key: String,
    machine: String,
    version: String,
    address: String,
    enrolled_at: i64,
    last_seen: i64,
    revoked_at: Option<i64>,
}

impl TryFrom<Row> for Instance {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: column("gateway_instances", "id", &row.id, &row.id)?,
            gateway: column("gateway_instances", "gateway", &row.id, &row.gateway)?,
            public_key: row.public_key,
            machine: row.machine,
            version: row.version,
            address: row.address,
            enrolled_at: Timestamp(row.enrolled_at),
            last_seen: Timestamp(row.last_seen),
            is_revoked: row.revoked_at.is_some(),
        })
    }
}

const ADD_TOKEN: &str = r#"
    INSERT INTO gateway_tokens (token_hash, gateway, created_by, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5)
"#;

/// Adds a token that enrolls one instance.
pub async fn add_token(
    tx: &mut Tx,
    manage: &Authorized<ManageGateways>,
    gateway: &GatewayId,
    hash: &TokenHash,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(ADD_TOKEN)
            .bind(hash.as_str())
            .bind(gateway.as_str())
            .bind(manage.person().as_str())
            .bind(now.micros())
            .bind(expires_at.micros())
    )?;

    Ok(())
}

const REDEEM: &str = r#"
    UPDATE gateway_tokens
    SET used_at = $2
    WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2
    RETURNING gateway
"#;

/// Uses a token up; answers whose it was, once. Until the transaction ends no other is used.
pub async fn redeem(tx: &mut Tx, hash: &TokenHash, now: Timestamp) -> Result<Option<GatewayId>, Error> {
    take(tx, Lock::Gateways).await?;
    let gateway: Option<String> = on!(tx, |conn| sqlx::query_scalar(REDEEM)
        .bind(hash.as_str())
        .bind(now.micros())
        .fetch_optional(conn))?;

    gateway
        .map(|gateway| column("gateway_tokens", "gateway", "", &gateway))
        .transpose()
}

/// A token that enrolls nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Unknown,
    /// It was used before.
    Used(GatewayId),
    Expired(GatewayId),
}

const LOOK_AT_TOKEN: &str = r#"
    SELECT gateway, used_at
    FROM gateway_tokens
    WHERE token_hash = $1
"#;

/// Why a token was not redeemed: the log tells the reasons apart, its caller does not.
pub async fn look_at_token(snapshot: &mut Snapshot, hash: &TokenHash) -> Result<Token, Error> {
    let row: Option<(String, Option<i64>)> = on!(snapshot, |conn| sqlx::query_as(LOOK_AT_TOKEN)
        .bind(hash.as_str())
        .fetch_optional(conn))?;
    let Some((gateway, used_at)) = row else {
        return Ok(Token::Unknown);
    };
    let gateway = column("gateway_tokens", "gateway", "", &gateway)?;

    Ok(match used_at {
        Some(_) => Token::Used(gateway),
        None => Token::Expired(gateway),
    })
}

const REMOVE_OLD_TOKENS: &str = r#"
    DELETE FROM gateway_tokens
    WHERE expires_at <= $1
"#;

/// Removes tokens that expired before a moment; the audit log remembers them.
pub async fn remove_old_tokens(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    run!(tx, sqlx::query(REMOVE_OLD_TOKENS).bind(before.micros()))
}

const COUNT: &str = r#"
    SELECT COUNT(*)
    FROM gateway_instances
    WHERE gateway = $1 AND revoked_at IS NULL
"#;

const ADD: &str = r#"
    INSERT INTO gateway_instances (id, gateway, public_key, machine, version, address, enrolled_at, last_seen)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
"#;

/// What a newcomer says of itself.
#[derive(Debug, Clone, Copy)]
pub struct NewInstance<'a> {
    pub id: &'a InstanceId,
    pub gateway: &'a GatewayId,
    pub public_key: &'a str,
    pub machine: &'a str,
    pub version: &'a str,
    pub address: &'a str,
}

/// Adds an instance; `false` when the gateway has `most` already.
///
/// # Errors
/// [`Error::Taken`] when the key is another instance's.
pub async fn add_instance(
    tx: &mut Tx,
    new: NewInstance<'_>,
    most: u32,
    now: Timestamp,
) -> Result<bool, Error> {
    let n_instances: i64 = on!(tx, |conn| sqlx::query_scalar(COUNT)
        .bind(new.gateway.as_str())
        .fetch_one(conn))?;
    if n_instances >= i64::from(most) {
        return Ok(false);
    }
    run!(
        tx,
        sqlx::query(ADD)
            .bind(new.id.as_str())
            .bind(new.gateway.as_str())
            .bind(new.public_key)
            .bind(new.machine)
            .bind(new.version)
            .bind(new.address)
            .bind(now.micros())
    )?;

    Ok(true)
}

const LOOKUP: &str = r#"
    SELECT id, gateway, public_key, machine, version, address, enrolled_at, last_seen, revoked_at
    FROM gateway_instances
    WHERE id = $1
"#;

/// Looks an instance up, also one that was revoked.
pub async fn instance(snapshot: &mut Snapshot, id: &InstanceId) -> Result<Option<Instance>, Error> {
    let row: Option<Row> = on!(snapshot, |conn| sqlx::query_as(LOOKUP)
        .bind(id.as_str())
        .fetch_optional(conn))?;

    row.map(Instance::try_from).transpose()
}

const LIST: &str = r#"
    SELECT id, gateway, public_key, machine, version, address, enrolled_at, last_seen, revoked_at
    FROM gateway_instances
    WHERE gateway = $1 AND revoked_at IS NULL
    ORDER BY enrolled_at DESC, id
"#;

/// The instances of a gateway that were not revoked, newest first.
pub async fn instances(snapshot: &mut Snapshot, gateway: &GatewayId) -> Result<Vec<Instance>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(LIST)
        .bind(gateway.as_str())
        .fetch_all(conn))?;

    rows.into_iter().map(Instance::try_from).collect()
}

const TOUCH_ROW: &str = r#"
    UPDATE gateway_instances
    SET last_seen = $2, machine = $3, version = $4
    WHERE id = $1 AND revoked_at IS NULL
"#;

/// Marks an instance as seen, with what it says of itself.
pub async fn touch(
    tx: &mut Tx,
    id: &InstanceId,
    machine: &str,
    version: &str,
    now: Timestamp,
) -> Result<(), Error> {
    run!(
        tx,
        sqlx::query(TOUCH_ROW)
            .bind(id.as_str())
            .bind(now.micros())
            .bind(machine)
            .bind(version)
    )?;

    Ok(())
}

const REVOKE: &str = r#"
    UPDATE gateway_instances
    SET revoked_at = $3
    WHERE id = $1 AND gateway = $2 AND revoked_at IS NULL
    RETURNING id, gateway, public_key, machine, version, address, enrolled_at, last_seen, revoked_at
"#;

/// Takes an instance's place away; `None` when it has none in this gateway.
pub async fn revoke(
    tx: &mut Tx,
    _manage: &Authorized<ManageGateways>,
    gateway: &GatewayId,
    id: &InstanceId,
    now: Timestamp,
) -> Result<Option<Instance>, Error> {
    let row: Option<Row> = on!(tx, |conn| sqlx::query_as(REVOKE)
        .bind(id.as_str())
        .bind(gateway.as_str())
        .bind(now.micros())
        .fetch_optional(conn))?;

    row.map(Instance::try_from).transpose()
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ADD_TOKEN,
    REDEEM,
    LOOK_AT_TOKEN,
    REMOVE_OLD_TOKENS,
    COUNT,
    ADD,
    LOOKUP,
    LIST,
    TOUCH_ROW,
    REVOKE,
];
