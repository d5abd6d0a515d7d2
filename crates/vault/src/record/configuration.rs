//! PAM Configuration: parental switches and defaults (spec §3).

use protocol::forms::{Draft, FieldError};
use protocol::vault::{ConfigurationDraft, ConfigurationView, Environment, Limits, Route, length_of_time};
use serde::{Deserialize, Serialize};

use super::{Body, Content};

/// The fields of a PAM Configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Configuration {
    pub environment: Environment,
    pub gateway: Route,
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
    pub limits: Limits,
    pub notes: String,
}

impl Default for Configuration {
    fn default() -> Self {
        Self::of(&ConfigurationDraft::default())
    }
}

impl Configuration {
    fn of(draft: &ConfigurationDraft) -> Self {
        Self {
            environment: draft.environment,
            gateway: draft.gateway.clone(),
            connections: draft.connections,
            tunneling: draft.tunneling,
            unguarded_tunnels: draft.unguarded_tunnels,
            graphical_session_recording: draft.graphical_session_recording,
            text_session_recording: draft.text_session_recording,
            recording_include_keys: draft.recording_include_keys,
            can_export: draft.can_export,
            can_import: draft.can_import,
            can_copy: draft.can_copy,
            can_paste: draft.can_paste,
            limits: draft.limits().limits(),
            notes: draft.notes.trim().to_owned(),
        }
    }

    pub(super) fn view(&self) -> ConfigurationView {
        let seconds = |limit: Option<u32>| limit.map(length_of_time::show).unwrap_or_default();
        let number = |limit: Option<u32>| limit.map(|limit| limit.to_string()).unwrap_or_default();

        ConfigurationView {
            environment: self.environment,
            gateway: self.gateway.clone(),
            gateway_name: None,
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
            statement_timeout: seconds(self.limits.statement_timeout),
            connect_timeout: seconds(self.limits.connect_timeout),
            idle_timeout: seconds(self.limits.idle_timeout),
            max_session_duration: seconds(self.limits.max_session_duration),
            max_sessions_per_user: number(self.limits.max_sessions_per_user),
            max_sessions_per_resource: number(self.limits.max_sessions_per_resource),
            max_connections_per_session: number(self.limits.max_connections_per_session),
            max_statements_per_session: number(self.limits.max_statements_per_session),
            notes: self.notes.clone(),
        }
    }

    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let on = |value: bool| if value { "on" } else { "off" }.to_owned();
        let view = self.view();

        vec![
            ("environment", self.environment.label().to_owned()),
            ("gateway", self.gateway.to_string()),
            ("connections", on(self.connections)),
            ("tunneling", on(self.tunneling)),
            ("unguarded_tunnels", on(self.unguarded_tunnels)),
            (
                "graphical_session_recording",
                on(self.graphical_session_recording),
            ),
            ("text_session_recording", on(self.text_session_recording)),
            ("recording_include_keys", on(self.recording_include_keys)),
            ("can_export", on(self.can_export)),
            ("can_import", on(self.can_import)),
            ("can_copy", on(self.can_copy)),
            ("can_paste", on(self.can_paste)),
            ("statement_timeout", view.statement_timeout),
            ("connect_timeout", view.connect_timeout),
            ("idle_timeout", view.idle_timeout),
            ("max_session_duration", view.max_session_duration),
            ("max_sessions_per_user", view.max_sessions_per_user),
            ("max_sessions_per_resource", view.max_sessions_per_resource),
            ("max_connections_per_session", view.max_connections_per_session),
            ("max_statements_per_session", view.max_statements_per_session),
            ("notes", view.notes),
        ]
    }
}

impl Content {
    /// What a configuration's form says.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn of_configuration(draft: &ConfigurationDraft) -> Result<Self, Vec<FieldError>> {
        let errors = draft.check();
        if !errors.is_empty() {
            return Err(errors);
        }

        let body = Body::Configuration(Configuration::of(draft));
        Ok(Self {
            title: draft.title.trim().to_owned(),
            folder: draft.folder.clone(),
            body,
        })
    }
}
