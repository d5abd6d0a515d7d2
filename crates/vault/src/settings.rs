//! PAM settings of a database: which configuration and credentials, and how sessions behave (spec §6, §7, §13).

mod rules;

use std::collections::BTreeSet;

use protocol::gateways::targets::Targets;
use protocol::ids::{PersonId, RecordId};
use protocol::terminal::ColorScheme;
use protocol::vault::{
    AccountDraft, ConnectionDraft, FieldChange, GeneralDraft, Limits, LinkKind, MayLaunch, Protocol, Tri,
    TunnelingDraft, length_of_time,
};
use serde::{Deserialize, Serialize};

pub use rules::Linkable;
pub(crate) use rules::prerequisites;

/// PAM settings as stored. Links point at records that existed when they were saved and cannot be deleted since.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub configuration: Option<RecordId>,
    pub administrative: Option<RecordId>,
    /// Each PAM User once; the launch credential is among them.
    pub accounts: Vec<Account>,
    pub connection: Connection,
    pub tunneling: Tunneling,
}

/// A PAM User linked to a database, with its own list of who may launch with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub user: RecordId,
    pub launchers: Launchers,
}

/// Who may launch with an account, of those who hold a launch share on the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Launchers {
    Everyone,
    Persons(BTreeSet<PersonId>),
}

impl Launchers {
    /// The list every account but the launch credential starts with.
    pub fn nobody() -> Self {
        Self::Persons(BTreeSet::new())
    }

    pub fn includes(&self, person: &PersonId) -> bool {
        match self {
            Self::Everyone => true,
            Self::Persons(persons) => persons.contains(person),
        }
    }
}

/// The *Connection* tab as stored: `Inherit` and `None` take what the configuration or Postern says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Connection {
    pub protocol: Protocol,
    pub connections: Tri,
    pub graphical_session_recording: Tri,
    pub text_session_recording: Tri,
    pub recording_include_keys: Tri,
    pub replay_own_sessions: Tri,
    pub port: Option<u16>,
    pub launch_credential: Option<RecordId>,
    pub allow_supply_user: bool,
    pub allow_supply_host: bool,
    /// Rules, as they are written.
    pub supplied_hosts: Vec<String>,
    pub default_database: Option<String>,
    pub can_export: Tri,
    pub can_import: Tri,
    pub can_copy: Tri,
    pub can_paste: Tri,
    pub read_only: bool,
    pub color_scheme: Option<ColorScheme>,
    pub font_size: Option<u16>,
    pub scrollback: Option<u32>,
    pub limits: Limits,
}

impl Default for Connection {
    fn default() -> Self {
        Self::from(&ConnectionDraft::default())
    }
}

/// The *Tunnel* tab as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tunneling {
    pub tunneling: Tri,
    pub remote_port: Option<u16>,
    pub reuse_port: bool,
    pub inject_credentials: bool,
}

impl Default for Tunneling {
    fn default() -> Self {
        Self::from(&TunnelingDraft::default())
    }
}

/// Takes what the fields mean; a field `check` would refuse says nothing.
impl From<&TunnelingDraft> for Tunneling {
    fn from(draft: &TunnelingDraft) -> Self {
        Self {
            tunneling: draft.tunneling,
            remote_port: draft.remote_port(),
            reuse_port: draft.reuse_port,
            inject_credentials: draft.inject_credentials,
        }
    }
}

/// The draft an edit form starts from.
impl From<&Tunneling> for TunnelingDraft {
    fn from(tunneling: &Tunneling) -> Self {
        Self {
            tunneling: tunneling.tunneling,
            remote_port: number(tunneling.remote_port),
            reuse_port: tunneling.reuse_port,
            inject_credentials: tunneling.inject_credentials,
        }
    }
}

impl Connection {
    /// Whether people may replay their own sessions. Off unless the record says otherwise: a recording is evidence,
    /// not a convenience.
    pub fn may_replay_own_sessions(&self) -> bool {
        self.replay_own_sessions == Tri::On
    }

    /// The hosts people may give. A rule this server does not know admits nothing, and neither do the others then.
    pub fn supplied_hosts(&self) -> Targets {
        Targets::read(&self.supplied_hosts)
    }
}

/// Takes what the fields mean; a field `check` would refuse says nothing.
impl From<&ConnectionDraft> for Connection {
    fn from(draft: &ConnectionDraft) -> Self {
        Self {
            protocol: draft.protocol,
            connections: draft.connections,
            graphical_session_recording: draft.graphical_session_recording,
            text_session_recording: draft.text_session_recording,
            recording_include_keys: draft.recording_include_keys,
            replay_own_sessions: draft.replay_own_sessions,
            port: draft.port(),
            launch_credential: draft.launch_credential.clone(),
            allow_supply_user: draft.allow_supply_user,
            allow_supply_host: draft.allow_supply_host,
            supplied_hosts: draft.supplied_hosts(),
            default_database: draft.default_database(),
            can_export: draft.can_export,
            can_import: draft.can_import,
            can_copy: draft.can_copy,
            can_paste: draft.can_paste,
            read_only: draft.read_only,
            color_scheme: draft.color_scheme,
            font_size: draft.font_size(),
            scrollback: draft.scrollback(),
            limits: draft.limits().limits(),
        }
    }
}

/// The draft an edit form starts from.
impl From<&Connection> for ConnectionDraft {
    fn from(connection: &Connection) -> Self {
        let limits = &connection.limits;

        Self {
            protocol: connection.protocol,
            connections: connection.connections,
            graphical_session_recording: connection.graphical_session_recording,
            text_session_recording: connection.text_session_recording,
            recording_include_keys: connection.recording_include_keys,
            replay_own_sessions: connection.replay_own_sessions,
            port: number(connection.port),
            launch_credential: connection.launch_credential.clone(),
            allow_supply_user: connection.allow_supply_user,
            allow_supply_host: connection.allow_supply_host,
            supplied_hosts: connection.supplied_hosts.join("\n"),
            default_database: connection.default_database.clone().unwrap_or_default(),
            can_export: connection.can_export,
            can_import: connection.can_import,
            can_copy: connection.can_copy,
            can_paste: connection.can_paste,
            read_only: connection.read_only,
            color_scheme: connection.color_scheme,
            font_size: number(connection.font_size),
            scrollback: number(connection.scrollback),
            statement_timeout: seconds(limits.statement_timeout),
            connect_timeout: seconds(limits.connect_timeout),
            idle_timeout: seconds(limits.idle_timeout),
            max_session_duration: seconds(limits.max_session_duration),
            max_sessions_per_user: number(limits.max_sessions_per_user),
            max_sessions_per_resource: number(limits.max_sessions_per_resource),
            max_connections_per_session: number(limits.max_connections_per_session),
            max_statements_per_session: number(limits.max_statements_per_session),
        }
    }
}

fn number<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn seconds(value: Option<u32>) -> String {
    value.map(length_of_time::show).unwrap_or_default()
}

impl Settings {
    /// Where the settings point, for the store's table of links.
    pub fn links(&self) -> BTreeSet<(LinkKind, RecordId)> {
        let one = |kind, id: &Option<RecordId>| id.clone().map(|id| (kind, id));
        let accounts = self
            .accounts
            .iter()
            .map(|account| (LinkKind::Account, account.user.clone()));

        accounts
            .chain(one(LinkKind::Configuration, &self.configuration))
            .chain(one(LinkKind::Administrative, &self.administrative))
            .chain(one(LinkKind::Launch, &self.connection.launch_credential))
            .collect()
    }

    pub fn account(&self, user: &RecordId) -> Option<&Account> {
        self.accounts.iter().find(|account| account.user == *user)
    }

    /// The *General* tab an edit form starts from.
    pub fn general_draft(&self) -> GeneralDraft {
        let accounts = self.accounts.iter().map(|account| {
            let (may_launch, persons) = match &account.launchers {
                Launchers::Everyone => (MayLaunch::Everyone, Vec::new()),
                Launchers::Persons(persons) => (MayLaunch::Persons, persons.iter().cloned().collect()),
            };
            AccountDraft {
                user: Some(account.user.clone()),
                may_launch,
                persons,
            }
        });

        GeneralDraft {
            configuration: self.configuration.clone(),
            administrative_credential: self.administrative.clone(),
            accounts: accounts.collect(),
        }
    }

    /// Field by field what changes, with names instead of ids.
    pub fn changes(&self, after: &Self, names: &impl Names) -> Vec<FieldChange> {
        let before = self.described(names);
        let after = after.described(names);
        let value = |fields: &[(String, String)], name: &str| {
            fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value.clone())
                .filter(|value| !value.is_empty())
        };
        let mut fields: Vec<&String> = before.iter().chain(&after).map(|(field, _)| field).collect();
        let mut seen = BTreeSet::new();
        fields.retain(|field| seen.insert(*field));

        fields
            .into_iter()
            .map(|field| FieldChange::new(field, value(&before, field), value(&after, field)))
            .filter(|change| change.before != change.after)
            .collect()
    }

    fn described(&self, names: &impl Names) -> Vec<(String, String)> {
        let record = |id: &Option<RecordId>| id.as_ref().map(|id| names.record(id)).unwrap_or_default();
        let draft = ConnectionDraft::from(&self.connection);
        let tunneling = TunnelingDraft::from(&self.tunneling);
        let on = |value: bool| if value { "on" } else { "off" }.to_owned();
        let tri = |value: Tri| value.label().to_lowercase();
        let mut fields = vec![
            ("configuration", record(&self.configuration)),
            ("administrative_credential", record(&self.administrative)),
            ("connections", tri(draft.connections)),
            (
                "graphical_session_recording",
                tri(draft.graphical_session_recording),
            ),
            ("text_session_recording", tri(draft.text_session_recording)),
            ("recording_include_keys", tri(draft.recording_include_keys)),
            ("replay_own_sessions", tri(draft.replay_own_sessions)),
            ("port", draft.port),
            ("launch_credential", record(&self.connection.launch_credential)),
            ("allow_supply_user", on(draft.allow_supply_user)),
            ("allow_supply_host", on(draft.allow_supply_host)),
            ("supplied_hosts", draft.supplied_hosts.replace('\n', ", ")),
            ("default_database", draft.default_database),
            ("can_export", tri(draft.can_export)),
            ("can_import", tri(draft.can_import)),
            ("can_copy", tri(draft.can_copy)),
            ("can_paste", tri(draft.can_paste)),
            ("read_only", on(draft.read_only)),
            (
                "color_scheme",
                draft
                    .color_scheme
                    .map(crate::effective::color_words)
                    .unwrap_or_default()
                    .to_owned(),
            ),
            ("font_size", draft.font_size),
            ("scrollback", draft.scrollback),
            ("statement_timeout", draft.statement_timeout),
            ("connect_timeout", draft.connect_timeout),
            ("idle_timeout", draft.idle_timeout),
            ("max_session_duration", draft.max_session_duration),
            ("max_sessions_per_user", draft.max_sessions_per_user),
            ("max_sessions_per_resource", draft.max_sessions_per_resource),
            ("max_connections_per_session", draft.max_connections_per_session),
            ("max_statements_per_session", draft.max_statements_per_session),
            ("tunneling", tri(tunneling.tunneling)),
            ("remote_port", tunneling.remote_port),
            ("reuse_port", on(tunneling.reuse_port)),
            ("inject_credentials", on(tunneling.inject_credentials)),
        ]
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value))
        .collect::<Vec<_>>();
        fields.extend(self.accounts.iter().map(|account| {
            let launchers = match &account.launchers {
                Launchers::Everyone => "everyone with a launch share".to_owned(),
                Launchers::Persons(persons) if persons.is_empty() => "nobody".to_owned(),
                Launchers::Persons(persons) => persons
                    .iter()
                    .map(|person| names.person(person))
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            (format!("account {}", names.record(&account.user)), launchers)
        }));

        fields
    }
}

/// Names for ids, so that a history can be read after its records are gone.
pub trait Names {
    fn record(&self, id: &RecordId) -> String;
    fn person(&self, id: &PersonId) -> String;
}

/// Ids in place of names, where only names of fields are told: in events.
#[derive(Debug, Clone, Copy)]
pub struct Ids;

impl Names for Ids {
    fn record(&self, id: &RecordId) -> String {
        id.to_string()
    }

    fn person(&self, id: &PersonId) -> String {
        id.to_string()
    }
}
