//! PAM settings as the *Set Up* page shows them: what is stored, what is in force, and where that comes from.

use serde::{Deserialize, Serialize};

use super::record::Link;
use super::settings::{ConnectionDraft, GeneralDraft, MayLaunch};
use super::tunneling::TunnelingDraft;
use crate::ids::PersonId;

/// Where the value in force comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Record,
    /// The PAM Configuration of this title.
    Configuration(String),
    Default,
}

impl Source {
    /// The end of the line beside a field, e.g. `from PAM Configuration "Prod"`.
    pub fn words(&self) -> String {
        match self {
            Self::Record => "set on this record".to_owned(),
            Self::Configuration(title) => format!("from PAM Configuration \"{title}\""),
            Self::Default => "Postern's default".to_owned(),
        }
    }
}

/// The value in force of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The form's name of the field.
    pub field: String,
    /// As a person reads it, e.g. `on`, `30 min`, `5`.
    pub in_force: String,
    pub source: Source,
    /// A sentence if the record's own value is not in force, e.g. because the configuration turned it off.
    pub denied: Option<String>,
}

/// An account with names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    pub user: Link,
    pub may_launch: MayLaunch,
    pub persons: Vec<(PersonId, String)>,
    /// The account a launch takes unless another is chosen.
    pub is_launch_credential: bool,
}

/// PAM settings of one database. The drafts hold what is stored; forms start from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsView {
    /// Sent back by an edit: somebody else may have saved first. 0 if nothing was saved yet.
    pub version: i64,
    pub general: GeneralDraft,
    pub connection: ConnectionDraft,
    pub tunneling: TunnelingDraft,
    pub configuration: Option<Link>,
    pub administrative: Option<Link>,
    pub launch: Option<Link>,
    pub accounts: Vec<AccountView>,
    pub resolved: Vec<Resolved>,
}

impl SettingsView {
    /// What is in force for a field of the *Connection* and *Tunnel* tabs.
    pub fn resolved(&self, field: &str) -> Option<&Resolved> {
        self.resolved.iter().find(|resolved| resolved.field == field)
    }

    /// Whether the other tabs may be used: configuration and administrative credential are chosen.
    pub fn is_general_complete(&self) -> bool {
        self.general.configuration.is_some() && self.general.administrative_credential.is_some()
    }
}
