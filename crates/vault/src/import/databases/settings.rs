//! PAM settings of a database in a file: options, connection, port forwarding.

use std::collections::BTreeMap;
use std::ops::Range;

use protocol::errors::Refusal;
use protocol::forms::{Draft, FieldError};
use protocol::ids::RecordId;
use protocol::import::Problem;
use protocol::terminal::ColorScheme;
use protocol::vault::{AccountDraft, ConnectionDraft, GeneralDraft, RecordKind, Tri, TunnelingDraft};

use super::super::fields::Fields;
use super::super::placeholder;
use super::super::problems::{Place, Problems};
use super::super::users::ReadUser;
use super::Ids;
use crate::effective::Parent;
use crate::settings::Settings;

/// PAM settings to make. Users are numbers of the plan's list.
#[derive(Debug)]
pub struct PlannedSettings {
    administrative: Option<usize>,
    launch: Option<usize>,
    /// The database's own users beside those two.
    accounts: Vec<usize>,
    connection: ConnectionDraft,
    tunneling: TunnelingDraft,
    places: Places,
}

/// The users a database's credentials may name, its own among them.
pub(super) struct Named<'a> {
    pub(super) users: &'a [ReadUser],
    pub(super) own: Range<usize>,
}

/// Where each field of the forms comes from.
#[derive(Debug)]
struct Places {
    whole: Place,
    users: Place,
    fields: BTreeMap<&'static str, Place>,
}

/// Stands for a credential that nobody is: the problem is told already.
const NOBODY: usize = usize::MAX - 1;

const OPTIONS_NOT_BUILT: [(&str, &str); 7] = [
    ("rotation", "password rotation"),
    ("remote_browser_isolation", "remote browsers"),
    ("ai_threat_detection", "analysis of sessions"),
    ("ai_terminate_session_on_detection", "analysis of sessions"),
    ("ai_settings", "analysis of sessions"),
    ("jit_settings", "just-in-time access"),
    ("workflow", "approvals and check-out"),
];

const CONNECTION_NOT_BUILT: [(&str, &str); 1] = [("rotate_on_termination", "password rotation")];

const COLOR_SCHEMES: [(&str, ColorScheme); 4] = [
    ("gray-black", ColorScheme::GrayBlack),
    ("green-black", ColorScheme::GreenBlack),
    ("white-black", ColorScheme::WhiteBlack),
    ("black-white", ColorScheme::BlackWhite),
];

/// Fields of the forms with the keys they come from, by section.
const OPTIONS: [(&str, &str); 4] = [
    ("connections", "connections"),
    ("graphical_session_recording", "graphical_session_recording"),
    ("text_session_recording", "text_session_recording"),
    ("tunneling", "tunneling"),
];
const CONNECTION: [(&str, &str); 20] = [
    ("administrative_credential", "administrative_credentials"),
    ("launch_credential", "launch_credentials"),
    ("recording_include_keys", "recording_include_keys"),
    ("port", "port"),
    ("default_database", "default_database"),
    ("can_export", "disable_csv_export"),
    ("can_import", "disable_csv_import"),
    ("can_copy", "disable_copy"),
    ("can_paste", "disable_paste"),
    ("read_only", "read_only"),
    ("font_size", "font_size"),
    ("scrollback", "scrollback"),
    ("statement_timeout", "statement_timeout"),
    ("connect_timeout", "connect_timeout"),
    ("idle_timeout", "idle_timeout"),
    ("max_session_duration", "max_session_duration"),
    ("max_sessions_per_user", "max_sessions_per_user"),
    ("max_sessions_per_resource", "max_sessions_per_resource"),
    ("max_connections_per_session", "max_connections_per_session"),
    ("max_statements_per_session", "max_statements_per_session"),
];
const SETTINGS: [(&str, &str); 2] = [
    ("allow_supply_host", "allow_supply_host"),
    ("supplied_hosts", "supplied_hosts"),
];
const PORT_FORWARD: [(&str, &str); 1] = [("remote_port", "port")];

/// None where a file says nothing: the record is made without settings then.
pub(super) fn read(
    mut settings: Fields<'_, '_>,
    users: Place,
    named: &Named<'_>,
    problems: &mut Problems,
) -> Option<PlannedSettings> {
    if settings.is_empty() {
        return None;
    }

    let mut options = settings.object("options", problems);
    let mut connection = settings.object("connection", problems);
    let mut forward = settings.object("port_forward", problems);
    let places = Places::of(&settings, users, &options, &connection, &forward);
    options.not_built(&OPTIONS_NOT_BUILT, problems);
    connection.not_built(&CONNECTION_NOT_BUILT, problems);
    let administrative = named.credential(&mut connection, "administrative_credentials", problems);
    let launch = named.credential(&mut connection, "launch_credentials", problems);
    let tunneling = tunneling(&mut options, &mut forward, &mut connection, problems);
    let connection_draft = ConnectionDraft {
        allow_supply_host: settings.flag("allow_supply_host", problems).unwrap_or_default(),
        supplied_hosts: settings
            .texts("supplied_hosts", problems)
            .into_iter()
            .map(|(text, _)| text)
            .collect::<Vec<_>>()
            .join("\n"),
        ..connection_draft(&mut options, &mut connection, problems)
    };
    options.close(problems);
    connection.close(problems);
    forward.close(problems);
    settings.close(problems);

    Some(PlannedSettings {
        administrative,
        launch,
        accounts: named
            .own
            .clone()
            .filter(|user| ![administrative, launch].contains(&Some(*user)))
            .collect(),
        connection: connection_draft,
        tunneling,
        places,
    })
}

fn tunneling(
    options: &mut Fields<'_, '_>,
    forward: &mut Fields<'_, '_>,
    connection: &mut Fields<'_, '_>,
    problems: &mut Problems,
) -> TunnelingDraft {
    // Files have it at either place.
    let place = connection.place("allowKeeperDBProxy");
    let injects = forward.tri("allowKeeperDBProxy", problems);
    let injects_too = connection.tri("allowKeeperDBProxy", problems);
    if injects != Tri::Inherit && injects_too != Tri::Inherit && injects != injects_too {
        problems.add(&place, "\"port_forward\" says otherwise. Say it once.");
    }

    TunnelingDraft {
        tunneling: options.tri("tunneling", problems),
        remote_port: forward.number("port", problems),
        reuse_port: forward.flag("reuse_port", problems).unwrap_or_default(),
        inject_credentials: injects != Tri::Off && injects_too != Tri::Off,
    }
}

fn connection_draft(
    options: &mut Fields<'_, '_>,
    connection: &mut Fields<'_, '_>,
    problems: &mut Problems,
) -> ConnectionDraft {
    let offered = ConnectionDraft::default();
    connection.choice("protocol", &[("postgresql", ())], problems);
    let connections = if options.has("connections") {
        options.tri("connections", problems)
    } else {
        offered.connections
    };

    ConnectionDraft {
        connections,
        graphical_session_recording: options.tri("graphical_session_recording", problems),
        text_session_recording: options.tri("text_session_recording", problems),
        recording_include_keys: connection.tri("recording_include_keys", problems),
        port: connection.number("port", problems),
        allow_supply_user: connection.flag("allow_supply_user", problems).unwrap_or_default(),
        default_database: connection.text("default_database", problems),
        can_export: unless_disabled(connection, "disable_csv_export", problems),
        can_import: unless_disabled(connection, "disable_csv_import", problems),
        can_copy: unless_disabled(connection, "disable_copy", problems),
        can_paste: unless_disabled(connection, "disable_paste", problems),
        read_only: connection.flag("read_only", problems).unwrap_or_default(),
        color_scheme: connection.choice("color_scheme", &COLOR_SCHEMES, problems),
        font_size: connection.number("font_size", problems),
        scrollback: connection.number("scrollback", problems),
        statement_timeout: connection.number("statement_timeout", problems),
        connect_timeout: connection.number("connect_timeout", problems),
        idle_timeout: connection.number("idle_timeout", problems),
        max_session_duration: connection.number("max_session_duration", problems),
        max_sessions_per_user: connection.number("max_sessions_per_user", problems),
        max_sessions_per_resource: connection.number("max_sessions_per_resource", problems),
        max_connections_per_session: connection.number("max_connections_per_session", problems),
        max_statements_per_session: connection.number("max_statements_per_session", problems),
        ..offered
    }
}

/// What a record does not disable it leaves to its PAM Configuration.
fn unless_disabled(connection: &mut Fields<'_, '_>, key: &str, problems: &mut Problems) -> Tri {
    match connection.flag(key, problems) {
        Some(true) => Tri::Off,
        Some(false) | None => Tri::Inherit,
    }
}

impl Named<'_> {
    /// The user a key names, if it names one.
    fn credential(&self, fields: &mut Fields<'_, '_>, key: &str, problems: &mut Problems) -> Option<usize> {
        let place = fields.place(key);
        let names = fields.texts(key, problems);
        let (name, place) = match names.as_slice() {
            [] => return None,
            [only] => only,
            [_, _, ..] => {
                problems.add(&place, "Name one user here.");
                return Some(NOBODY);
            }
        };
        let user = self.find(name.trim());

        Some(user.unwrap_or_else(|sentence| {
            problems.add(place, sentence);

            NOBODY
        }))
    }

    /// By title, then by login; the database's own users before those of others.
    fn find(&self, name: &str) -> Result<usize, String> {
        let by_title = |user: &ReadUser| user.title == name;
        let by_login = |user: &ReadUser| user.login == name;
        let all = 0..self.users.len();
        for found in [
            self.all(self.own.clone(), by_title),
            self.all(all.clone(), by_title),
            self.all(self.own.clone(), by_login),
            self.all(all, by_login),
        ] {
            match found.as_slice() {
                [] => {}
                [only] => return Ok(*only),
                [_, _, ..] => {
                    return Err(format!(
                        "Several users of this file are called \"{name}\". Name one by its title."
                    ));
                }
            }
        }

        Err(format!(
            "No user of this file has the title or login \"{name}\". Correct it, or add the user."
        ))
    }

    fn all(&self, among: Range<usize>, is_meant: impl Fn(&ReadUser) -> bool) -> Vec<usize> {
        let first = among.start;
        let users = self.users.get(among).unwrap_or_default();

        users
            .iter()
            .enumerate()
            .filter(|(_, user)| is_meant(user))
            .map(|(idx, _)| first + idx)
            .collect()
    }
}

impl PlannedSettings {
    /// Whether who launches may give the host.
    pub(super) fn supplies_host(&self) -> bool {
        self.connection.allow_supply_host
    }

    /// What the rules make of them. Users without an id get one that means nothing.
    pub(in crate::import) fn with(
        &self,
        ids: &Ids<'_>,
        parent: Option<Parent<'_>>,
    ) -> Result<Settings, Vec<Problem>> {
        let user = |idx: usize| ids.users.get(idx).cloned().unwrap_or_else(|| placeholder(idx));
        let linkable = |id: &RecordId| {
            Some(if id == ids.configuration {
                RecordKind::Configuration
            } else {
                RecordKind::User
            })
        };
        let general = GeneralDraft {
            configuration: Some(ids.configuration.clone()),
            administrative_credential: self.administrative.map(user),
            accounts: self
                .accounts
                .iter()
                .map(|idx| AccountDraft {
                    user: Some(user(*idx)),
                    ..AccountDraft::default()
                })
                .collect(),
        };
        let connection = ConnectionDraft {
            launch_credential: self.launch.map(user),
            ..self.connection.clone()
        };

        let settings = Settings::default()
            .with_general(&general, &linkable)
            .map_err(|refusal| {
                let mut errors = refusal.fields;
                errors.extend(connection.check());
                errors.extend(self.tunneling.check());
                self.places.problems(errors)
            })?;
        let connected = settings.with_connection(&connection, parent, &linkable);
        let tunneled = settings.with_tunneling(&self.tunneling, parent);
        let problems: Vec<Problem> = [connected.as_ref().err(), tunneled.err().as_ref()]
            .into_iter()
            .flatten()
            .flat_map(|refusal| self.places.refused(refusal))
            .collect();
        match connected {
            Ok(settings) if problems.is_empty() => settings
                .with_tunneling(&self.tunneling, parent)
                .map_err(|refusal| self.places.refused(&refusal)),
            Ok(_) | Err(_) => Err(problems),
        }
    }
}

impl Places {
    fn of(
        settings: &Fields<'_, '_>,
        users: Place,
        options: &Fields<'_, '_>,
        connection: &Fields<'_, '_>,
        forward: &Fields<'_, '_>,
    ) -> Self {
        let of = |section: &Fields<'_, '_>, table: &[(&'static str, &str)]| {
            table
                .iter()
                .map(|(field, key)| (*field, section.place(key)))
                .collect::<Vec<_>>()
        };

        Self {
            whole: settings.place.clone(),
            users,
            fields: of(options, &OPTIONS)
                .into_iter()
                .chain(of(settings, &SETTINGS))
                .chain(of(connection, &CONNECTION))
                .chain(of(forward, &PORT_FORWARD))
                .collect(),
        }
    }

    fn problems(&self, errors: Vec<FieldError>) -> Vec<Problem> {
        errors
            .into_iter()
            .map(|error| self.place(&error.field).problem(error.message))
            .collect()
    }

    /// A refusal that is about no field is about the whole.
    fn refused(&self, refusal: &Refusal) -> Vec<Problem> {
        if refusal.fields.is_empty() {
            return vec![self.whole.problem(refusal.sentence.clone())];
        }

        self.problems(refusal.fields.clone())
    }

    fn place(&self, field: &str) -> &Place {
        if field.starts_with("accounts") {
            return &self.users;
        }

        self.fields.get(field).unwrap_or(&self.whole)
    }
}
