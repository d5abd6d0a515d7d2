//! Gateways, their instances, and the tokens that enroll those.

mod instances;

use protocol::gateways::targets::Targets;
use protocol::ids::{FolderId, GatewayId};
use protocol::time::Timestamp;
use vault::authorize::{Authorized, ManageGateways};
use vault::gateway::Gateway;
use vault::record::Record;

use crate::db::{Snapshot, Tx, on, run};
use crate::errors::{Error, column};
use crate::json;

pub use instances::{
    Instance, NewInstance, Token, add_instance, add_token, instance, instances, look_at_token, redeem,
    remove_old_tokens, revoke, touch,
};

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    targets: String,
    address_lock: bool,
    max_instances: i64,
}

impl Row {
    fn into_gateway(self, folders: Vec<FolderId>) -> Result<Gateway, Error> {
        let texts: Vec<String> = json::read("gateways", "targets", &self.id, &self.targets)?;
        let rules = texts
            .iter()
            .map(|text| column("gateways", "targets", &self.id, text))
            .collect::<Result<_, _>>()?;

        Ok(Gateway {
            id: column("gateways", "id", &self.id, &self.id)?,
            name: self.name,
            folders,
            targets: Targets::new(rules),
            address_lock: self.address_lock,
            max_instances: u32::try_from(self.max_instances).unwrap_or(1),
        })
    }
}

const ADD: &str = r#"
    INSERT INTO gateways (id, name, targets, address_lock, max_instances, created_by, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
"#;

/// # Errors
/// [`Error::Taken`] when a gateway has this name.
pub async fn add(
    tx: &mut Tx,
    manage: &Authorized<ManageGateways>,
    gateway: &Gateway,
    now: Timestamp,
) -> Result<(), Error> {
    let targets = json::write(&gateway.targets.texts())?;
    run!(
        tx,
        sqlx::query(ADD)
            .bind(gateway.id.as_str())
            .bind(gateway.name.as_str())
            .bind(&targets)
            .bind(gateway.address_lock)
            .bind(i64::from(gateway.max_instances))
            .bind(manage.person().as_str())
            .bind(now.micros())
    )?;

    write_folders(tx, gateway).await
}

const SAVE: &str = r#"
    UPDATE gateways
    SET name = $2, targets = $3, address_lock = $4, max_instances = $5
    WHERE id = $1
"#;

/// Says whether there is such a gateway.
///
/// # Errors
/// [`Error::Taken`] when another gateway has this name.
pub async fn save(
    tx: &mut Tx,
    _manage: &Authorized<ManageGateways>,
    gateway: &Gateway,
) -> Result<bool, Error> {
    let targets = json::write(&gateway.targets.texts())?;
    let n_rows = run!(
        tx,
        sqlx::query(SAVE)
            .bind(gateway.id.as_str())
            .bind(gateway.name.as_str())
            .bind(&targets)
            .bind(gateway.address_lock)
            .bind(i64::from(gateway.max_instances))
    )?;
    if n_rows == 0 {
        return Ok(false);
    }
    write_folders(tx, gateway).await?;

    Ok(true)
}

const FORGET_FOLDERS: &str = r#"
    DELETE FROM gateway_folders
    WHERE gateway = $1
"#;

const ADD_FOLDER: &str = r#"
    INSERT INTO gateway_folders (gateway, folder)
    VALUES ($1, $2)
    ON CONFLICT DO NOTHING
"#;

async fn write_folders(tx: &mut Tx, gateway: &Gateway) -> Result<(), Error> {
    run!(tx, sqlx::query(FORGET_FOLDERS).bind(gateway.id.as_str()))?;
    for folder in &gateway.folders {
        run!(
            tx,
            sqlx::query(ADD_FOLDER)
                .bind(gateway.id.as_str())
                .bind(folder.as_str())
        )?;
    }

    Ok(())
}

const FORGET_TOKENS: &str = r#"
    DELETE FROM gateway_tokens
    WHERE gateway = $1
"#;

const FORGET_INSTANCES: &str = r#"
    DELETE FROM gateway_instances
    WHERE gateway = $1
"#;

const REMOVE: &str = r#"
    DELETE FROM gateways
    WHERE id = $1
"#;

/// Removes a gateway with its instances and tokens. That no PAM Configuration uses it is the caller's, in the same
/// transaction. Says whether there was one.
pub async fn remove(
    tx: &mut Tx,
    _manage: &Authorized<ManageGateways>,
    id: &GatewayId,
) -> Result<bool, Error> {
    for statement in [FORGET_FOLDERS, FORGET_TOKENS, FORGET_INSTANCES] {
        run!(tx, sqlx::query(statement).bind(id.as_str()))?;
    }
    let n_rows = run!(tx, sqlx::query(REMOVE).bind(id.as_str()))?;

    Ok(n_rows > 0)
}

const LOOKUP: &str = r#"
    SELECT id, name, targets, address_lock, max_instances
    FROM gateways
    WHERE id = $1
"#;

const FOLDERS: &str = r#"
    SELECT folder
    FROM gateway_folders
    WHERE gateway = $1
    ORDER BY folder
"#;

/// Looks a gateway up.
pub async fn lookup(snapshot: &mut Snapshot, id: &GatewayId) -> Result<Option<Gateway>, Error> {
    let row: Option<Row> = on!(snapshot, |conn| sqlx::query_as(LOOKUP)
        .bind(id.as_str())
        .fetch_optional(conn))?;
    let Some(row) = row else {
        return Ok(None);
    };

    whole(snapshot, row).await.map(Some)
}

async fn whole(snapshot: &mut Snapshot, row: Row) -> Result<Gateway, Error> {
    let folders: Vec<String> = on!(snapshot, |conn| sqlx::query_scalar(FOLDERS)
        .bind(row.id.as_str())
        .fetch_all(conn))?;
    let folders = folders
        .iter()
        .map(|folder| column("gateway_folders", "folder", &row.id, folder))
        .collect::<Result<_, _>>()?;

    row.into_gateway(folders)
}

const LIST: &str = r#"
    SELECT id, name, targets, address_lock, max_instances
    FROM gateways
    ORDER BY name
"#;

/// Every gateway, by name.
pub async fn list(snapshot: &mut Snapshot) -> Result<Vec<Gateway>, Error> {
    let rows: Vec<Row> = on!(snapshot, |conn| sqlx::query_as(LIST).fetch_all(conn))?;
    let mut gateways = Vec::with_capacity(rows.len());
    for row in rows {
        gateways.push(whole(snapshot, row).await?);
    }

    Ok(gateways)
}

/// The gateway a PAM Configuration names.
pub async fn of(snapshot: &mut Snapshot, configuration: Option<&Record>) -> Result<Option<Gateway>, Error> {
    let id = configuration
        .and_then(Record::configuration)
        .and_then(|configuration| configuration.gateway.gateway());
    match id {
        Some(id) => lookup(snapshot, id).await,
        None => Ok(None),
    }
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[
    ADD,
    SAVE,
    FORGET_FOLDERS,
    ADD_FOLDER,
    FORGET_TOKENS,
    FORGET_INSTANCES,
    REMOVE,
    LOOKUP,
    FOLDERS,
    LIST,
];

#[cfg(test)]
pub(crate) use instances::STATEMENTS as INSTANCE_STATEMENTS;

#[cfg(test)]
mod tests;
