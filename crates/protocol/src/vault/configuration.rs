//! PAM Configuration: what the records linked to it inherit and what they may do at most (spec §3).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::checks::{Checks, checkbox};
use super::limits::LimitTexts;
use crate::forms::{Draft, FieldError};
use crate::ids::{FolderId, GatewayId, InvalidId};

/// Where the targets of a configuration live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    #[default]
    Local,
}

impl Environment {
    pub const ALL: [Self; 1] = [Self::Local];

    pub fn label(self) -> &'static str {
        match self {
            Self::Local => "Local network",
        }
    }
}

/// How the targets of a configuration are reached. As text `direct`, or the id of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Route {
    /// The server dials them.
    #[default]
    Direct,
    Gateway(GatewayId),
}

/// The text of [`Route::Direct`]; no id is this short.
const DIRECT: &str = "direct";

impl Route {
    /// The gateway, where there is one.
    pub fn gateway(&self) -> Option<&GatewayId> {
        match self {
            Self::Direct => None,
            Self::Gateway(id) => Some(id),
        }
    }
}

impl TryFrom<String> for Route {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        if text == DIRECT {
            return Ok(Self::Direct);
        }

        text.parse().map(Self::Gateway)
    }
}

impl From<Route> for String {
    fn from(route: Route) -> Self {
        route.to_string()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str(DIRECT),
            Self::Gateway(id) => write!(f, "{id}"),
        }
    }
}

/// What the form of a PAM Configuration sends.
///
/// `connections`, `tunneling`, `unguarded_tunnels`, both recordings and the four gates are parental: off here is off on every linked record.
/// Key events and the limits are what a record gets that says nothing of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationDraft {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub folder: Option<FolderId>,
    #[serde(default)]
    pub environment: Environment,
    #[serde(default)]
    pub gateway: Route,
    #[serde(default, deserialize_with = "checkbox")]
    pub connections: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub tunneling: bool,
    /// Tunnels whose local port takes no token, or can be reached from other machines.
    #[serde(default, deserialize_with = "checkbox")]
    pub unguarded_tunnels: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub graphical_session_recording: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub text_session_recording: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub recording_include_keys: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub can_export: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub can_import: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub can_copy: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub can_paste: bool,
    #[serde(default)]
    pub statement_timeout: String,
    #[serde(default)]
    pub connect_timeout: String,
    #[serde(default)]
    pub idle_timeout: String,
    #[serde(default)]
    pub max_session_duration: String,
    #[serde(default)]
    pub max_sessions_per_user: String,
    #[serde(default)]
    pub max_sessions_per_resource: String,
    #[serde(default)]
    pub max_connections_per_session: String,
    #[serde(default)]
    pub max_statements_per_session: String,
    #[serde(default)]
    pub notes: String,
}

/// A new configuration as its form first shows it.
impl Default for ConfigurationDraft {
    fn default() -> Self {
        Self {
            title: String::new(),
            folder: None,
            environment: Environment::Local,
            gateway: Route::Direct,
            connections: true,
            tunneling: true,
            unguarded_tunnels: false,
            graphical_session_recording: true,
            text_session_recording: true,
            recording_include_keys: false,
            can_export: true,
            can_import: true,
            can_copy: true,
            can_paste: true,
            statement_timeout: String::new(),
            connect_timeout: String::new(),
            idle_timeout: String::new(),
            max_session_duration: String::new(),
            max_sessions_per_user: String::new(),
            max_sessions_per_resource: String::new(),
            max_connections_per_session: String::new(),
            max_statements_per_session: String::new(),
            notes: String::new(),
        }
    }
}

impl ConfigurationDraft {
    /// The limits as typed; `limits()` of it says what they mean.
    pub fn limits(&self) -> LimitTexts<'_> {
        LimitTexts {
            statement_timeout: &self.statement_timeout,
            connect_timeout: &self.connect_timeout,
            idle_timeout: &self.idle_timeout,
            max_session_duration: &self.max_session_duration,
            max_sessions_per_user: &self.max_sessions_per_user,
            max_sessions_per_resource: &self.max_sessions_per_resource,
            max_connections_per_session: &self.max_connections_per_session,
            max_statements_per_session: &self.max_statements_per_session,
        }
    }
}

impl Draft for ConfigurationDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut checks = Checks::default();
        checks.title("title", "Title", &self.title);
        if self.recording_include_keys && !self.graphical_session_recording && !self.text_session_recording {
            checks.fail(
                "recording_include_keys",
                "Key events are part of a recording. Turn on graphical or text session recording too.",
            );
        }
        self.limits().check(&mut checks);
        checks.prose("notes", "Notes", &self.notes);

        checks.into_errors()
    }
}

/// A configuration as its page shows it. Limits are texts; an empty one is Postern's default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationView {
    pub environment: Environment,
    pub gateway: Route,
    /// The name of the gateway, where there is one.
    pub gateway_name: Option<String>,
    pub connections: bool,
    pub tunneling: bool,
    pub unguarded_tunnels: bool,
    pub graphical_session_recording: bool,
    pub text_session_recording: bool,
    pub recording_include_keys: bool,
    pub can_export: bool,
    pub can_import: bool,
    pub can_copy: bool,
    pub can_paste: bool,
    pub statement_timeout: String,
    pub connect_timeout: String,
    pub idle_timeout: String,
    pub max_session_duration: String,
    pub max_sessions_per_user: String,
    pub max_sessions_per_resource: String,
    pub max_connections_per_session: String,
    pub max_statements_per_session: String,
    pub notes: String,
}

impl ConfigurationView {
    /// The draft an edit form starts from.
    pub fn draft(&self, title: &str, folder: Option<&FolderId>) -> ConfigurationDraft {
        ConfigurationDraft {
            title: title.to_owned(),
            folder: folder.cloned(),
            environment: self.environment,
            gateway: self.gateway.clone(),
            connections: self.connections,
            tunneling: self.tunneling,
            unguarded_tunnels: self.unguarded_tunnels,
            graphical_session_recording: self.graphical_session_recording,
            text_session_recording: self.text_session_recording,
            recording_include_keys: self.recording_include_keys,
            can_export: self.can_export,
            can_import: self.can_import,
            can_copy: self.can_copy,
            can_paste: self.can_paste,
            statement_timeout: self.statement_timeout.clone(),
            connect_timeout: self.connect_timeout.clone(),
            idle_timeout: self.idle_timeout.clone(),
            max_session_duration: self.max_session_duration.clone(),
            max_sessions_per_user: self.max_sessions_per_user.clone(),
            max_sessions_per_resource: self.max_sessions_per_resource.clone(),
            max_connections_per_session: self.max_connections_per_session.clone(),
            max_statements_per_session: self.max_statements_per_session.clone(),
            notes: self.notes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_configuration_needs_only_a_title() {
        let mut draft = ConfigurationDraft::default();
        assert_eq!(draft.check(), [FieldError::new("title", "Enter a title.")]);

        draft.title = "Production".to_owned();
        assert_eq!(draft.check(), []);
    }

    #[test]
    fn key_events_without_a_recording_are_refused() {
        let draft = ConfigurationDraft {
            title: "Production".to_owned(),
            graphical_session_recording: false,
            text_session_recording: false,
            recording_include_keys: true,
            ..ConfigurationDraft::default()
        };

        assert_eq!(draft.check()[0].field, "recording_include_keys");
    }

    #[test]
    fn an_absent_checkbox_is_off() {
        let draft: ConfigurationDraft =
            serde_qs::from_str("title=Production&connections=on&can_copy=true&folder=").unwrap();

        assert!(draft.connections && draft.can_copy);
        assert!(!draft.can_paste && !draft.text_session_recording);
        assert_eq!(draft.folder, None);
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(serde_qs::from_str::<ConfigurationDraft>("title=Production&supply_host=on").is_err());
    }
}
