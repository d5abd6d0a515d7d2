//! Gateways: which records are reached through one, and which of those it may serve (spec §2).

use protocol::errors::{Code, Refusal};
use protocol::gateways::targets::Targets;
use protocol::ids::{FolderId, GatewayId};
use protocol::vault::Route;

use crate::record::{Configuration, Record};

/// A gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    pub id: GatewayId,
    pub name: String,
    /// The folders whose records it may serve.
    pub folders: Vec<FolderId>,
    /// What it may connect to.
    pub targets: Targets,
    /// Its instances connect from where they were enrolled.
    pub address_lock: bool,
    pub max_instances: u32,
}

/// The gateway a record is reached through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    pub id: GatewayId,
    /// As people know it.
    pub name: String,
}

impl Gateway {
    /// What of it a session and the log remember.
    pub fn via(&self) -> Via {
        Via {
            id: self.id.clone(),
            name: self.name.clone(),
        }
    }
}

/// What a list or page says of a record that none may serve.
pub const NOT_REACHABLE: &str = "Not reachable by any gateway";

/// The gateway a record is reached through under a configuration; `None` for one the server dials itself. `gateway` is the
/// one the configuration names.
///
/// # Errors
/// `PamPrereq`: the gateway may not serve the record's folder, or is no more.
pub fn via(
    record: &Record,
    configuration: &Configuration,
    gateway: Option<&Gateway>,
) -> Result<Option<Via>, Refusal> {
    let Route::Gateway(id) = &configuration.gateway else {
        return Ok(None);
    };
    let folder = record.content.folder.as_ref();
    let Some(gateway) = gateway.filter(|gateway| gateway.id == *id) else {
        return Err(Refusal::new(
            Code::PamPrereq,
            format!("{NOT_REACHABLE}: the gateway of this record's PAM Configuration was removed."),
        ));
    };
    let serves = folder.is_some_and(|folder| gateway.folders.contains(folder));
    if !serves {
        let why = match folder {
            Some(_) => "the record's folder is not one of those it may serve",
            None => "the record is in none of the folders it may serve",
        };
        return Err(Refusal::new(
            Code::PamPrereq,
            format!(
                "{NOT_REACHABLE}: \"{}\" is the one of its PAM Configuration, and {why}.",
                gateway.name
            ),
        ));
    }

    Ok(Some(gateway.via()))
}
