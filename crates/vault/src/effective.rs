//! What is in force for a record, and where each value comes from: record, PAM Configuration or Postern's default.
//!
//! Parental switches (connections, tunneling, recordings, gates): `configuration off → off; record inherits → configuration;
//! else record` (spec §3). Key events and limits only inherit.

use std::time::Duration;

use protocol::terminal::{ColorScheme, Look, Recorded};
use protocol::vault::{Limits, Resolved, Source, Tri, length_of_time};

use crate::record::{Configuration, Database};
use crate::settings::{Connection, Settings};

/// A PAM Configuration with the title sentences name it by.
#[derive(Debug, Clone, Copy)]
pub struct Parent<'a> {
    pub title: &'a str,
    pub configuration: &'a Configuration,
}

/// What nobody set.
const STATEMENT_TIMEOUT: u32 = 0;
const CONNECT_TIMEOUT: u32 = 30;
const IDLE_TIMEOUT: u32 = 30 * 60;
const MAX_SESSION_DURATION: u32 = 8 * 3_600;
const MAX_SESSIONS_PER_USER: u32 = 5;
const MAX_SESSIONS_PER_RESOURCE: u32 = 0;
const MAX_CONNECTIONS_PER_SESSION: u32 = 100;
const MAX_STATEMENTS_PER_SESSION: u32 = 0;
const FONT_SIZE: u16 = 12;
const SCROLLBACK: u32 = 1_000;

impl Parent<'_> {
    /// The value in force of a parental switch.
    pub fn decide(&self, record: Tri, allowed: bool) -> bool {
        allowed && record != Tri::Off
    }

    /// The sentence for a switch the configuration turned off.
    pub fn denied(&self, field: &str) -> String {
        let (subject, verb) = match field {
            "connections" => ("Connections", "are"),
            "tunneling" => ("Tunneling", "is"),
            "unguarded_tunnels" => ("Tunnels without a token or open to other machines", "are"),
            "graphical_session_recording" => ("Graphical session recording", "is"),
            "text_session_recording" => ("Text session recording", "is"),
            "can_export" => ("CSV export", "is"),
            "can_import" => ("CSV import", "is"),
            "can_copy" => ("Copying to the clipboard", "is"),
            "can_paste" => ("Pasting from the clipboard", "is"),
            _ => ("This", "is"),
        };

        format!(
            "{subject} {verb} turned off in PAM Configuration \"{}\".",
            self.title
        )
    }

    fn source(&self) -> Source {
        Source::Configuration(self.title.to_owned())
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub source: Source,
    /// A sentence if the record says otherwise and does not get it.
    pub denied: Option<String>,
}

impl<T> Sourced<T> {
    fn new(value: T, source: Source) -> Self {
        Self {
            value,
            source,
            denied: None,
        }
    }

    fn of(record: Option<T>, default: T) -> Self {
        match record {
            Some(value) => Self::new(value, Source::Record),
            None => Self::new(default, Source::Default),
        }
    }
}

/// Everything a session goes by. Times in seconds, 0 is none; sessions and statements, 0 is unlimited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    pub connections: Sourced<bool>,
    pub tunneling: Sourced<bool>,
    /// Tunnels may go without a token, and listen where other machines reach them.
    pub unguarded_tunnels: Sourced<bool>,
    pub tunnel_port: Sourced<u16>,
    pub reuse_port: Sourced<bool>,
    /// Otherwise clients of tunnels sign in as whom they like.
    pub inject_credentials: Sourced<bool>,
    pub graphical_session_recording: Sourced<bool>,
    pub text_session_recording: Sourced<bool>,
    pub recording_include_keys: Sourced<bool>,
    /// People may replay their own sessions.
    pub replay_own_sessions: Sourced<bool>,
    pub can_export: Sourced<bool>,
    pub can_import: Sourced<bool>,
    pub can_copy: Sourced<bool>,
    pub can_paste: Sourced<bool>,
    pub allow_supply_user: Sourced<bool>,
    pub allow_supply_host: Sourced<bool>,
    /// Rules, as they are written.
    pub supplied_hosts: Sourced<Vec<String>>,
    pub read_only: Sourced<bool>,
    pub port: Sourced<u16>,
    pub default_database: Sourced<String>,
    pub color_scheme: Sourced<ColorScheme>,
    pub font_size: Sourced<u16>,
    pub scrollback: Sourced<u32>,
    pub statement_timeout: Sourced<u32>,
    pub connect_timeout: Sourced<u32>,
    pub idle_timeout: Sourced<u32>,
    pub max_session_duration: Sourced<u32>,
    pub max_sessions_per_user: Sourced<u32>,
    pub max_sessions_per_resource: Sourced<u32>,
    pub max_connections_per_session: Sourced<u32>,
    pub max_statements_per_session: Sourced<u32>,
}

impl Effective {
    /// What is in force for a database with these settings. Without a configuration connections are off.
    pub fn of(settings: &Settings, database: &Database, parent: Option<Parent<'_>>) -> Self {
        let own = &settings.connection;
        let limit = |pick: fn(&Limits) -> Option<u32>, default| limit(own, parent, pick, default);
        let switch = |field, record, pick: fn(&Configuration) -> bool| switch(field, record, parent, pick);
        let graphical = switch(
            "graphical_session_recording",
            own.graphical_session_recording,
            |c| c.graphical_session_recording,
        );
        let text = switch("text_session_recording", own.text_session_recording, |c| {
            c.text_session_recording
        });
        let recorded = graphical.value || text.value;

        Self {
            connections: match parent {
                Some(_) => switch("connections", own.connections, |c| c.connections),
                None => Sourced::new(false, Source::Default),
            },
            tunneling: switch("tunneling", settings.tunneling.tunneling, |c| c.tunneling),
            unguarded_tunnels: switch("unguarded_tunnels", Tri::Inherit, |c| c.unguarded_tunnels),
            tunnel_port: Sourced::new(
                settings.tunneling.remote_port.unwrap_or(database.port),
                Source::Record,
            ),
            reuse_port: Sourced::new(settings.tunneling.reuse_port, Source::Record),
            inject_credentials: Sourced::new(settings.tunneling.inject_credentials, Source::Record),
            recording_include_keys: keys(own.recording_include_keys, parent, recorded),
            replay_own_sessions: Sourced::new(
                own.may_replay_own_sessions(),
                match own.replay_own_sessions {
                    Tri::Inherit => Source::Default,
                    Tri::On | Tri::Off => Source::Record,
                },
            ),
            graphical_session_recording: graphical,
            text_session_recording: text,
            can_export: switch("can_export", own.can_export, |c| c.can_export),
            can_import: switch("can_import", own.can_import, |c| c.can_import),
            can_copy: switch("can_copy", own.can_copy, |c| c.can_copy),
            can_paste: switch("can_paste", own.can_paste, |c| c.can_paste),
            allow_supply_user: Sourced::new(own.allow_supply_user, Source::Record),
            allow_supply_host: Sourced::new(own.allow_supply_host, Source::Record),
            supplied_hosts: Sourced::new(own.supplied_hosts.clone(), Source::Record),
            read_only: Sourced::new(own.read_only, Source::Record),
            port: Sourced::new(own.port.unwrap_or(database.port), Source::Record),
            default_database: Sourced::new(
                own.default_database
                    .clone()
                    .unwrap_or_else(|| database.database.clone()),
                Source::Record,
            ),
            color_scheme: Sourced::of(own.color_scheme, ColorScheme::default()),
            font_size: Sourced::of(own.font_size, FONT_SIZE),
            scrollback: Sourced::of(own.scrollback, SCROLLBACK),
            statement_timeout: limit(|l| l.statement_timeout, STATEMENT_TIMEOUT),
            connect_timeout: limit(|l| l.connect_timeout, CONNECT_TIMEOUT),
            idle_timeout: limit(|l| l.idle_timeout, IDLE_TIMEOUT),
            max_session_duration: limit(|l| l.max_session_duration, MAX_SESSION_DURATION),
            max_sessions_per_user: limit(|l| l.max_sessions_per_user, MAX_SESSIONS_PER_USER),
            max_sessions_per_resource: limit(|l| l.max_sessions_per_resource, MAX_SESSIONS_PER_RESOURCE),
            max_connections_per_session: limit(
                |l| l.max_connections_per_session,
                MAX_CONNECTIONS_PER_SESSION,
            ),
            max_statements_per_session: limit(|l| l.max_statements_per_session, MAX_STATEMENTS_PER_SESSION),
        }
    }

    /// The recordings that are on; empty means not recorded.
    pub fn recordings(&self) -> Vec<Recorded> {
        [
            (self.graphical_session_recording.value, Recorded::Graphical),
            (self.text_session_recording.value, Recorded::Text),
            (self.recording_include_keys.value, Recorded::Keys),
        ]
        .into_iter()
        .filter_map(|(on, recorded)| on.then_some(recorded))
        .collect()
    }

    /// Whether any of them is on.
    pub fn records(&self) -> bool {
        !self.recordings().is_empty()
    }

    pub fn look(&self) -> Look {
        Look {
            color_scheme: self.color_scheme.value,
            font_size: self.font_size.value,
            scrollback: self.scrollback.value,
            can_copy: self.can_copy.value,
            can_paste: self.can_paste.value,
        }
    }

    /// `None` lets a statement run for as long as it takes.
    pub fn statement_timeout(&self) -> Option<Duration> {
        time(self.statement_timeout.value)
    }

    pub fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout.value.into())
    }

    /// `None` lets a session be idle forever. A running statement is not idle.
    pub fn idle_timeout(&self) -> Option<Duration> {
        time(self.idle_timeout.value)
    }

    pub fn max_session_duration(&self) -> Option<Duration> {
        time(self.max_session_duration.value)
    }

    /// Connections a native client may have open at one time in one session.
    pub fn max_connections_per_session(&self) -> u32 {
        self.max_connections_per_session.value
    }

    /// Statements a native client may run in one session; `None` is as many as it likes.
    pub fn max_statements(&self) -> Option<u64> {
        let most = self.max_statements_per_session.value;

        (most > 0).then(|| most.into())
    }

    /// Every field of the *Connection* and *Tunnel* tabs as a person reads it.
    pub fn resolved(&self) -> Vec<Resolved> {
        let on = |value: &bool| if *value { "on" } else { "off" }.to_owned();
        let seconds = |value: &u32| length_of_time::show(*value);
        let unlimited = |value: &u32| {
            if *value == 0 {
                "unlimited".to_owned()
            } else {
                value.to_string()
            }
        };

        vec![
            resolved("connections", &self.connections, on),
            resolved(
                "graphical_session_recording",
                &self.graphical_session_recording,
                on,
            ),
            resolved("text_session_recording", &self.text_session_recording, on),
            resolved("recording_include_keys", &self.recording_include_keys, on),
            resolved("replay_own_sessions", &self.replay_own_sessions, on),
            resolved("port", &self.port, u16::to_string),
            resolved("allow_supply_user", &self.allow_supply_user, on),
            resolved("allow_supply_host", &self.allow_supply_host, on),
            resolved("supplied_hosts", &self.supplied_hosts, |hosts| {
                match hosts.as_slice() {
                    [] => "none".to_owned(),
                    hosts => hosts.join(", "),
                }
            }),
            resolved("default_database", &self.default_database, String::clone),
            resolved("can_export", &self.can_export, on),
            resolved("can_import", &self.can_import, on),
            resolved("can_copy", &self.can_copy, on),
            resolved("can_paste", &self.can_paste, on),
            resolved("read_only", &self.read_only, on),
            resolved("color_scheme", &self.color_scheme, |scheme| {
                color_words(*scheme).to_owned()
            }),
            resolved("font_size", &self.font_size, u16::to_string),
            resolved("scrollback", &self.scrollback, u32::to_string),
            resolved("statement_timeout", &self.statement_timeout, seconds),
            resolved("connect_timeout", &self.connect_timeout, seconds),
            resolved("idle_timeout", &self.idle_timeout, seconds),
            resolved("max_session_duration", &self.max_session_duration, seconds),
            resolved("max_sessions_per_user", &self.max_sessions_per_user, unlimited),
            resolved(
                "max_sessions_per_resource",
                &self.max_sessions_per_resource,
                unlimited,
            ),
            resolved(
                "max_connections_per_session",
                &self.max_connections_per_session,
                u32::to_string,
            ),
            resolved(
                "max_statements_per_session",
                &self.max_statements_per_session,
                unlimited,
            ),
            resolved("tunneling", &self.tunneling, on),
            resolved("unguarded_tunnels", &self.unguarded_tunnels, on),
            resolved("remote_port", &self.tunnel_port, u16::to_string),
            resolved("reuse_port", &self.reuse_port, on),
            resolved("inject_credentials", &self.inject_credentials, on),
        ]
    }
}

/// A colour scheme as a person reads it.
pub(crate) fn color_words(scheme: ColorScheme) -> &'static str {
    match scheme {
        ColorScheme::GrayBlack => "gray on black",
        ColorScheme::GreenBlack => "green on black",
        ColorScheme::WhiteBlack => "white on black",
        ColorScheme::BlackWhite => "black on white",
    }
}

fn switch(
    field: &str,
    record: Tri,
    parent: Option<Parent<'_>>,
    pick: fn(&Configuration) -> bool,
) -> Sourced<bool> {
    let Some(parent) = parent else {
        let default = pick(&Configuration::default());
        return match record {
            Tri::Inherit => Sourced::new(default, Source::Default),
            Tri::On => Sourced::new(true, Source::Record),
            Tri::Off => Sourced::new(false, Source::Record),
        };
    };

    let allowed = pick(parent.configuration);
    match record {
        Tri::Inherit => Sourced::new(allowed, parent.source()),
        Tri::Off => Sourced::new(false, Source::Record),
        Tri::On if allowed => Sourced::new(true, Source::Record),
        Tri::On => Sourced {
            value: false,
            source: parent.source(),
            denied: Some(parent.denied(field)),
        },
    }
}

/// Key events are off by default, a record may ask for them, and without a recording there are none.
fn keys(record: Tri, parent: Option<Parent<'_>>, recorded: bool) -> Sourced<bool> {
    let wanted = match (record, parent) {
        (Tri::On, _) => Sourced::new(true, Source::Record),
        (Tri::Off, _) => Sourced::new(false, Source::Record),
        (Tri::Inherit, Some(parent)) => {
            Sourced::new(parent.configuration.recording_include_keys, parent.source())
        }
        (Tri::Inherit, None) => Sourced::new(false, Source::Default),
    };
    if !wanted.value || recorded {
        return wanted;
    }

    Sourced {
        value: false,
        denied: Some("No recording is on that could hold key events.".to_owned()),
        ..wanted
    }
}

fn limit(
    own: &Connection,
    parent: Option<Parent<'_>>,
    pick: fn(&Limits) -> Option<u32>,
    default: u32,
) -> Sourced<u32> {
    if let Some(value) = pick(&own.limits) {
        return Sourced::new(value, Source::Record);
    }
    if let Some(parent) = parent
        && let Some(value) = pick(&parent.configuration.limits)
    {
        return Sourced::new(value, parent.source());
    }

    Sourced::new(default, Source::Default)
}

fn time(seconds: u32) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

fn resolved<T>(field: &str, sourced: &Sourced<T>, words: impl Fn(&T) -> String) -> Resolved {
    Resolved {
        field: field.to_owned(),
        in_force: words(&sourced.value),
        source: sourced.source.clone(),
        denied: sourced.denied.clone(),
    }
}

#[cfg(test)]
mod tests;
