//! Gateways: what their forms send and their pages show. What an instance and the server say to each other is in [`words`].

pub mod targets;
pub mod words;

use serde::{Deserialize, Serialize};

use crate::forms::{Draft, FieldError};
use crate::ids::{FolderId, GatewayId, InstanceId};
use crate::time::Timestamp;
use crate::vault::{Link, host};
use targets::Targets;

/// What a token for a new instance begins with.
pub const PREFIX: &str = "pgw_";

/// Instances a gateway has at most.
pub const MAX_INSTANCES: u32 = 20;

/// Longest name, in characters.
const MAX_NAME: usize = 100;

/// How long a token is good, in minutes: at most, and where nobody says.
const MAX_MINUTES: u32 = 24 * 60;
const MINUTES: u32 = 60;

/// *New gateway*, and what is changed of one later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayDraft {
    pub name: String,
    /// The folders whose records it may serve.
    pub folders: Vec<FolderId>,
    /// Rules, a line each.
    pub targets: String,
    /// An instance connects from the address it was enrolled from, and from no other.
    #[serde(default, deserialize_with = "crate::vault::checkbox")]
    pub address_lock: bool,
    pub max_instances: String,
}

impl Default for GatewayDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            folders: Vec::new(),
            targets: String::new(),
            address_lock: true,
            max_instances: "1".to_owned(),
        }
    }
}

impl GatewayDraft {
    /// What it may connect to. A draft that was checked has no line that is no rule.
    pub fn allowed(&self) -> Targets {
        targets::rules(&self.targets)
            .map(Targets::new)
            .unwrap_or_default()
    }

    /// How many instances it may have. A draft that was checked says a number.
    pub fn instances(&self) -> u32 {
        self.max_instances.trim().parse().unwrap_or(1)
    }
}

impl Draft for GatewayDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let name = self.name.trim();
        if name.is_empty() {
            errors.push(FieldError::new("name", "Enter a name."));
        } else if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            errors.push(FieldError::new(
                "name",
                format!("Name must be one line of at most {MAX_NAME} characters."),
            ));
        }
        if self.folders.is_empty() {
            errors.push(FieldError::new(
                "folders",
                "Choose the folders it may serve: a gateway without one reaches nothing.",
            ));
        }
        if let Err(sentence) = targets::rules(&self.targets) {
            errors.push(FieldError::new("targets", sentence));
        }
        let n_instances = self.max_instances.trim().parse::<u32>();
        if !n_instances.is_ok_and(|n| (1..=MAX_INSTANCES).contains(&n)) {
            errors.push(FieldError::new(
                "max_instances",
                format!("Enter a number from 1 to {MAX_INSTANCES}."),
            ));
        }

        errors
    }
}

/// *Add an instance*: a token that enrolls one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnrolDraft {
    /// How long the token is good.
    pub minutes: String,
}

impl Default for EnrolDraft {
    fn default() -> Self {
        Self {
            minutes: MINUTES.to_string(),
        }
    }
}

impl EnrolDraft {
    /// Minutes the token is good. A draft that was checked says a number.
    pub fn minutes(&self) -> u32 {
        self.minutes.trim().parse().unwrap_or(MINUTES)
    }
}

impl Draft for EnrolDraft {
    fn check(&self) -> Vec<FieldError> {
        let minutes = self.minutes.trim().parse::<u32>();
        if minutes.is_ok_and(|n| (1..=MAX_MINUTES).contains(&n)) {
            return Vec::new();
        }

        vec![FieldError::new(
            "minutes",
            format!("Enter a number of minutes from 1 to {MAX_MINUTES}."),
        )]
    }
}

/// *Test*: whether a gateway reaches a target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReachDraft {
    pub host: String,
    pub port: String,
}

impl ReachDraft {
    /// The port. A draft that was checked says one.
    pub fn port(&self) -> u16 {
        self.port.trim().parse().unwrap_or_default()
    }
}

impl Draft for ReachDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if let Err(problem) = host::parse(&self.host) {
            errors.push(FieldError::new("host", problem));
        }
        if !self.port.trim().parse::<u16>().is_ok_and(|port| port > 0) {
            errors.push(FieldError::new("port", "Enter a port from 1 to 65535."));
        }

        errors
    }
}

/// A gateway as lists and its page show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayView {
    pub id: GatewayId,
    pub name: String,
    /// Folders it may serve, by name.
    pub folders: Vec<(FolderId, String)>,
    /// Rules, as they are written.
    pub targets: Vec<String>,
    pub address_lock: bool,
    pub max_instances: u32,
    /// Newest first; none that was revoked.
    pub instances: Vec<InstanceView>,
    /// The PAM Configurations that use it.
    pub configurations: Vec<Link>,
}

impl GatewayView {
    /// Whether an instance is connected that takes calls.
    pub fn is_online(&self) -> bool {
        self.instances
            .iter()
            .any(|instance| instance.live.is_some_and(|live| !live.is_leaving))
    }

    /// The draft an edit form starts from.
    pub fn draft(&self) -> GatewayDraft {
        GatewayDraft {
            name: self.name.clone(),
            folders: self.folders.iter().map(|(id, _)| id.clone()).collect(),
            targets: self.targets.join("\n"),
            address_lock: self.address_lock,
            max_instances: self.max_instances.to_string(),
        }
    }
}

/// An instance of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceView {
    pub id: InstanceId,
    /// What it calls the machine it runs on.
    pub machine: String,
    /// Its program's version.
    pub version: String,
    /// Where it was enrolled from.
    pub address: String,
    pub enrolled_at: Timestamp,
    /// Exact to a minute.
    pub last_seen: Timestamp,
    pub live: Option<LiveView>,
}

/// What an instance does that is connected to the server that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveView {
    /// Connections to targets that are open through it.
    pub n_connections: u32,
    /// It stops, and takes no new ones.
    pub is_leaving: bool,
}

/// What enrolls one instance, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInstance {
    pub gateway: GatewayId,
    /// The gateway's name.
    pub name: String,
    /// What to run where it is to be, token included.
    pub command: String,
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests;
