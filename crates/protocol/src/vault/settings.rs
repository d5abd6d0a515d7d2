//! PAM settings of a database: the *General* tab (spec §6) and the *Connection* tab (spec §7).

use serde::{Deserialize, Serialize};

use super::checks::{Checks, checkbox, filled, within};
use super::limits::LimitTexts;
use crate::forms::{Draft, FieldError};
use crate::gateways::targets;
use crate::ids::{PersonId, RecordId};
use crate::terminal::ColorScheme;

/// Font sizes of the terminal; any other size becomes the nearest.
pub const FONT_SIZES: [u16; 14] = [8, 9, 10, 11, 12, 14, 18, 24, 30, 36, 48, 60, 72, 96];
/// Largest number the font size field takes before it becomes 96.
const MAX_FONT: u32 = 400;
/// Most lines of scrollback.
const MAX_SCROLLBACK: u32 = 100_000;
/// Most accounts on one database.
const MAX_ACCOUNTS: usize = 100;

/// A switch of a record: its own value, or that of its PAM Configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tri {
    #[default]
    Inherit,
    On,
    Off,
}

impl Tri {
    pub const ALL: [Self; 3] = [Self::Inherit, Self::On, Self::Off];

    pub fn label(self) -> &'static str {
        match self {
            Self::Inherit => "Default",
            Self::On => "On",
            Self::Off => "Off",
        }
    }
}

/// What the client speaks to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    #[default]
    Postgresql,
}

impl Protocol {
    pub const ALL: [Self; 1] = [Self::Postgresql];

    pub fn label(self) -> &'static str {
        match self {
            Self::Postgresql => "PostgreSQL",
        }
    }
}

/// Who may launch with an account, of those who hold a launch share on the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MayLaunch {
    /// Everyone with a launch share.
    Everyone,
    /// Those on the list; an empty list is nobody.
    #[default]
    Persons,
}

/// One row of the list of accounts. A row without a user is left out, which is how one is removed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountDraft {
    pub user: Option<RecordId>,
    pub may_launch: MayLaunch,
    pub persons: Vec<PersonId>,
}

/// What the *General* tab sends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GeneralDraft {
    pub configuration: Option<RecordId>,
    pub administrative_credential: Option<RecordId>,
    pub accounts: Vec<AccountDraft>,
}

impl Draft for GeneralDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut checks = Checks::default();
        if self.configuration.is_none() {
            checks.fail("configuration", "Select a PAM configuration.");
        }
        if self.administrative_credential.is_none() {
            checks.fail(
                "administrative_credential",
                "Select an administrative credential.",
            );
        }
        if self.accounts.len() > MAX_ACCOUNTS {
            checks.fail(
                "accounts",
                format!("A database has at most {MAX_ACCOUNTS} accounts."),
            );
        }
        for (idx, account) in self.accounts.iter().enumerate() {
            let earlier = self.accounts.iter().take(idx);
            if account.user.is_some() && earlier.into_iter().any(|other| other.user == account.user) {
                checks.fail(
                    &account_field(idx, "user"),
                    "This PAM User is on the list already.",
                );
            }
        }

        checks.into_errors()
    }
}

/// The name of a field of the account in a row, counted from 0.
pub fn account_field(idx: usize, field: &str) -> String {
    format!("accounts[{idx}][{field}]")
}

/// The sentence for connections that would be enabled with nothing to sign in with (spec §6).
pub const NO_CREDENTIAL: &str = "Select a launch credential, or allow users to select credentials from their vault: \
                                 connections cannot be enabled without one.";

/// What the *Connection* tab sends. An empty text and `Inherit` take the configuration's value, or Postern's default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionDraft {
    pub protocol: Protocol,
    /// *Enable Connection*.
    pub connections: Tri,
    pub graphical_session_recording: Tri,
    pub text_session_recording: Tri,
    pub recording_include_keys: Tri,
    pub replay_own_sessions: Tri,
    /// Overrides the record's port for connections only.
    pub port: String,
    pub launch_credential: Option<RecordId>,
    /// *Allow users to select credentials from their vault*: their personal credentials.
    #[serde(deserialize_with = "checkbox")]
    pub allow_supply_user: bool,
    /// People give the host: for connection templates, which have none.
    #[serde(deserialize_with = "checkbox")]
    pub allow_supply_host: bool,
    /// Which hosts they may give: rules, a line each.
    pub supplied_hosts: String,
    /// Empty is the record's database.
    pub default_database: String,
    pub can_export: Tri,
    pub can_import: Tri,
    pub can_copy: Tri,
    pub can_paste: Tri,
    /// Sessions read and do not write.
    pub read_only: bool,
    pub color_scheme: Option<ColorScheme>,
    pub font_size: String,
    pub scrollback: String,
    pub statement_timeout: String,
    pub connect_timeout: String,
    pub idle_timeout: String,
    pub max_session_duration: String,
    pub max_sessions_per_user: String,
    pub max_sessions_per_resource: String,
    pub max_connections_per_session: String,
    pub max_statements_per_session: String,
}

/// Connection settings nobody has touched: everything inherits, but connections are off until somebody enables them.
impl Default for ConnectionDraft {
    fn default() -> Self {
        Self {
            protocol: Protocol::Postgresql,
            connections: Tri::Off,
            graphical_session_recording: Tri::Inherit,
            text_session_recording: Tri::Inherit,
            recording_include_keys: Tri::Inherit,
            replay_own_sessions: Tri::Inherit,
            port: String::new(),
            launch_credential: None,
            allow_supply_user: false,
            allow_supply_host: false,
            supplied_hosts: String::new(),
            default_database: String::new(),
            can_export: Tri::Inherit,
            can_import: Tri::Inherit,
            can_copy: Tri::Inherit,
            can_paste: Tri::Inherit,
            read_only: false,
            color_scheme: None,
            font_size: String::new(),
            scrollback: String::new(),
            statement_timeout: String::new(),
            connect_timeout: String::new(),
            idle_timeout: String::new(),
            max_session_duration: String::new(),
            max_sessions_per_user: String::new(),
            max_sessions_per_resource: String::new(),
            max_connections_per_session: String::new(),
            max_statements_per_session: String::new(),
        }
    }
}

impl ConnectionDraft {
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

    pub fn port(&self) -> Option<u16> {
        within(&self.port, 1, 65_535).and_then(|port| u16::try_from(port).ok())
    }

    /// The hosts people may give. A draft that was checked has no line that is no rule.
    pub fn supplied_hosts(&self) -> Vec<String> {
        targets::rules(&self.supplied_hosts)
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    pub fn default_database(&self) -> Option<String> {
        filled(&self.default_database)
    }

    /// One of `FONT_SIZES`, the nearest to what was typed; of two equally near ones the smaller.
    pub fn font_size(&self) -> Option<u16> {
        let typed = within(&self.font_size, 1, MAX_FONT)?;

        FONT_SIZES
            .into_iter()
            .min_by_key(|size| u32::from(*size).abs_diff(typed))
    }

    pub fn scrollback(&self) -> Option<u32> {
        within(&self.scrollback, 1, MAX_SCROLLBACK)
    }
}

impl Draft for ConnectionDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut checks = Checks::default();
        let recordings = [self.graphical_session_recording, self.text_session_recording];
        if self.recording_include_keys == Tri::On && recordings == [Tri::Off, Tri::Off] {
            checks.fail(
                "recording_include_keys",
                "Key events are part of a recording. Turn on graphical or text session recording too.",
            );
        }
        checks.number("port", "Connection port", &self.port, 1, 65_535);
        if self.connections == Tri::On && self.launch_credential.is_none() && !self.allow_supply_user {
            checks.fail("launch_credential", NO_CREDENTIAL);
        }
        match targets::rules(&self.supplied_hosts) {
            Ok(rules) if rules.is_empty() && self.allow_supply_host => checks.fail(
                "supplied_hosts",
                "Enter the hosts people may supply, for example 10.0.0.0/24 or *.internal: credentials are sent there.",
            ),
            Ok(_) => {}
            Err(sentence) => checks.fail("supplied_hosts", sentence),
        }
        checks.database_name(
            "default_database",
            "Default database",
            self.default_database.trim(),
        );
        checks.number("font_size", "Font size", &self.font_size, 1, MAX_FONT);
        checks.number("scrollback", "Scrollback", &self.scrollback, 1, MAX_SCROLLBACK);
        self.limits().check(&mut checks);

        checks.into_errors()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> RecordId {
        RecordId::from_random([byte; 16])
    }

    /// A form's prefix and depth as a server function sees them.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sent<D> {
        draft: D,
    }

    #[test]
    fn the_general_tab_needs_a_configuration_and_an_administrative_credential() {
        let fields: Vec<String> = GeneralDraft::default()
            .check()
            .into_iter()
            .map(|error| error.field)
            .collect();

        assert_eq!(fields, ["configuration", "administrative_credential"]);
    }

    #[test]
    fn an_account_is_on_the_list_once() {
        let row = |byte| AccountDraft {
            user: Some(id(byte)),
            ..AccountDraft::default()
        };
        let draft = GeneralDraft {
            configuration: Some(id(1)),
            administrative_credential: Some(id(2)),
            accounts: vec![
                row(3),
                row(4),
                row(3),
                AccountDraft::default(),
                AccountDraft::default(),
            ],
        };

        assert_eq!(
            draft.check(),
            [FieldError::new(
                "accounts[2][user]",
                "This PAM User is on the list already."
            )]
        );
    }

    #[test]
    fn a_form_of_accounts_becomes_a_draft() {
        let config = serde_qs::Config::new(5, false);
        let body = format!(
            "draft[configuration]={a}&draft[administrative_credential]={b}\
             &draft[accounts][0][user]={c}&draft[accounts][0][may_launch]=everyone\
             &draft[accounts][1][user]={b}&draft[accounts][1][may_launch]=persons&draft[accounts][1][persons][]={a}\
             &draft[accounts][2][user]=",
            a = id(1),
            b = id(2),
            c = id(3)
        );

        let Sent { draft }: Sent<GeneralDraft> = config.deserialize_str(&body).unwrap();

        assert_eq!(draft.accounts.len(), 3);
        assert_eq!(draft.accounts[0].may_launch, MayLaunch::Everyone);
        assert_eq!(draft.accounts[1].persons.len(), 1);
        assert_eq!(draft.accounts[2], AccountDraft::default());
    }

    #[test]
    fn what_the_browser_encodes_the_server_reads() {
        let config = serde_qs::Config::new(5, false);
        let account = AccountDraft {
            user: Some(id(3)),
            may_launch: MayLaunch::Persons,
            persons: vec![PersonId::from_random([8; 16]), PersonId::from_random([9; 16])],
        };
        let sent = Sent {
            draft: GeneralDraft {
                configuration: Some(id(1)),
                administrative_credential: Some(id(2)),
                accounts: vec![
                    account.clone(),
                    AccountDraft {
                        persons: vec![],
                        ..account
                    },
                ],
            },
        };

        let body = serde_qs::to_string(&sent).unwrap();

        assert_eq!(
            config.deserialize_str::<Sent<GeneralDraft>>(&body).unwrap(),
            sent,
            "{body}"
        );
    }

    #[test]
    fn each_wrong_field_of_a_connection_gets_a_sentence() {
        let cases = [
            (
                ConnectionDraft {
                    connections: Tri::On,
                    ..ConnectionDraft::default()
                },
                "launch_credential",
            ),
            (
                ConnectionDraft {
                    port: "70000".to_owned(),
                    ..ConnectionDraft::default()
                },
                "port",
            ),
            (
                ConnectionDraft {
                    default_database: "template0".to_owned(),
                    ..ConnectionDraft::default()
                },
                "default_database",
            ),
            (
                ConnectionDraft {
                    font_size: "big".to_owned(),
                    ..ConnectionDraft::default()
                },
                "font_size",
            ),
            (
                ConnectionDraft {
                    scrollback: "0".to_owned(),
                    ..ConnectionDraft::default()
                },
                "scrollback",
            ),
            (
                ConnectionDraft {
                    idle_timeout: "soon".to_owned(),
                    ..ConnectionDraft::default()
                },
                "idle_timeout",
            ),
            (
                ConnectionDraft {
                    recording_include_keys: Tri::On,
                    graphical_session_recording: Tri::Off,
                    text_session_recording: Tri::Off,
                    ..ConnectionDraft::default()
                },
                "recording_include_keys",
            ),
        ];
        for (draft, field) in cases {
            let fields: Vec<String> = draft.check().into_iter().map(|error| error.field).collect();

            assert_eq!(fields, [field]);
        }
    }

    #[test]
    fn a_font_size_snaps_to_the_list() {
        for (typed, size) in [
            ("", None),
            ("13", Some(12)),
            ("15", Some(14)),
            ("1", Some(8)),
            ("200", Some(96)),
            ("x", None),
        ] {
            let draft = ConnectionDraft {
                font_size: typed.to_owned(),
                ..ConnectionDraft::default()
            };

            assert_eq!(draft.font_size(), size, "{typed:?}");
        }
    }

    #[test]
    fn an_empty_connection_form_is_the_default_but_for_the_switches() {
        let draft: ConnectionDraft = serde_qs::from_str(
            "protocol=postgresql&connections=off&port=&launch_credential=&default_database=&color_scheme=&font_size=",
        )
        .unwrap();

        assert_eq!(draft, ConnectionDraft::default());
        assert!(serde_qs::from_str::<ConnectionDraft>("unheard_of=on").is_err());
    }

    #[test]
    fn a_box_that_is_not_ticked_is_not_sent() {
        let read = |form| serde_qs::from_str::<ConnectionDraft>(form).unwrap().read_only;

        assert!(!read("connections=on"));
        assert!(read("connections=on&read_only=true"));
    }
}
