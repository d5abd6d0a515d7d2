//! Sessions: one launch of one record by one person, live or ended.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::dates::{check_range, end_of, start_of};
use crate::filters::{check_cursor, check_texts, check_word};
use crate::forms::{Draft, FieldError};
use crate::ids::{PersonId, RecordId, SessionId};
use crate::people::UnknownWord;
use crate::terminal::EndReason;
use crate::time::Timestamp;

/// Sessions on one page of the list.
pub const PAGE: u32 = 50;

/// Where a session is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Being dialled and authenticated.
    Starting,
    Live,
    Ended,
    /// Never became live: the target could not be reached or refused the credential.
    Failed,
}

impl SessionState {
    pub const ALL: [Self; 4] = [Self::Starting, Self::Live, Self::Ended, Self::Failed];

    /// The stable text: in the store and in filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Live => "live",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }

    /// Whether it has not ended.
    pub fn runs(self) -> bool {
        match self {
            Self::Starting | Self::Live => true,
            Self::Ended | Self::Failed => false,
        }
    }

    /// What a screen shows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Live => "Live",
            Self::Ended => "Ended",
            Self::Failed => "Not opened",
        }
    }
}

impl FromStr for SessionState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownWord)
    }
}

/// How the person came to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// In the browser's terminal: one connection and a screen.
    #[default]
    Terminal,
    /// With clients of their own through the listener: connections side by side, and no screen.
    Listener,
    /// With clients of their own through a tunnel of the command line.
    Tunnel,
}

impl SessionKind {
    pub const ALL: [Self; 3] = [Self::Terminal, Self::Listener, Self::Tunnel];

    /// The stable text: in the store and in filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Listener => "listener",
            Self::Tunnel => "tunnel",
        }
    }

    /// What a screen shows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Terminal => "Terminal",
            Self::Listener => "Listener",
            Self::Tunnel => "Tunnel",
        }
    }

    /// Why a session of this kind has ended, in a few words.
    pub fn why_ended(self, reason: EndReason) -> &'static str {
        match reason {
            EndReason::Goodbye => "ended by its person",
            EndReason::Duration => "duration complete",
            EndReason::Idle => "inactivity",
            EndReason::ConnectionLost => "database connection lost",
            EndReason::ClientGone => match self {
                Self::Terminal => "terminal gone",
                Self::Listener | Self::Tunnel => "command line lost",
            },
            EndReason::Terminated => "terminated",
            EndReason::PolicyChanged => "access taken away",
            EndReason::RecordingFailed => "recording failed",
            EndReason::Shutdown => "server stopped",
            EndReason::Crash => "server crashed",
        }
    }

    /// Whether there is a screen to watch and to replay.
    pub fn has_screen(self) -> bool {
        match self {
            Self::Terminal => true,
            Self::Listener | Self::Tunnel => false,
        }
    }
}

impl FromStr for SessionKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownWord)
    }
}

/// Which recordings a session has. Decided when it starts, from the record's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recordings {
    pub graphical: bool,
    pub text: bool,
    pub keys: bool,
}

impl Recordings {
    /// Whether anything of what happens is recorded; otherwise the list says *not recorded*.
    pub fn any(self) -> bool {
        self.graphical || self.text || self.keys
    }
}

/// One session, as lists and its page show it. Names are as they were when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    pub id: SessionId,
    pub kind: SessionKind,
    pub record: RecordId,
    pub record_title: String,
    pub person: PersonId,
    pub person_email: String,
    /// Login of the account that was used.
    pub account: String,
    pub database: String,
    pub remote_address: String,
    pub state: SessionState,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<EndReason>,
    pub recordings: Recordings,
    /// Bytes of the recording as stored.
    pub bytes: u64,
    pub statements: u64,
    pub errors: u64,
}

impl SessionView {
    /// Live, or what became of it, in a few words.
    pub fn standing(&self) -> &'static str {
        match (self.state, self.end_reason) {
            (SessionState::Starting, _) => "starting",
            (SessionState::Live, _) => "live",
            (SessionState::Failed, Some(EndReason::RecordingFailed)) => {
                "not opened: nothing could be recorded"
            }
            (SessionState::Failed, _) => "not opened",
            (SessionState::Ended, Some(reason)) => self.kind.why_ended(reason),
            (SessionState::Ended, None) => "ended",
        }
    }
}

/// One page of sessions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionPage {
    pub sessions: Vec<SessionView>,
    /// The `before` of the next page; `None` when this is the last.
    pub next: Option<String>,
}

/// The list as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// Sessions that run, where the first page is shown and no state is chosen; they are not in `sessions` then.
    pub live: Vec<SessionRow>,
    /// One page of the others, newest first.
    pub sessions: Vec<SessionRow>,
    /// The `before` of the next page; `None` when this is the last.
    pub next: Option<String>,
    /// The server's clock: how long live ones have been running follows from it.
    pub now: Timestamp,
}

/// A session in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub session: SessionView,
    /// Whether the viewer may replay it.
    pub may_replay: bool,
}

/// The filter form of the list, sent by GET: empty fields do not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionFilter {
    /// A day (`2026-11-21`) or minute (`2026-11-21T14:30`) of its start, UTC, inclusive.
    pub from: String,
    /// The same; a day counts to its end.
    pub to: String,
    /// A person's id, or part of their email address.
    pub person: String,
    /// A record's id, or part of its title.
    pub record: String,
    pub state: String,
    pub kind: String,
    /// The cursor of the next page, see [`SessionPage::next`].
    pub before: String,
}

/// A place in the list of sessions: the start and the id of the last one seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub started_at: Timestamp,
    pub id: SessionId,
}

impl Cursor {
    /// The text of [`SessionFilter::before`].
    pub fn text(&self) -> String {
        format!("{}-{}", self.started_at.micros(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let (started_at, id) = text.split_once('-').ok_or(UnknownWord)?;

        Ok(Self {
            started_at: Timestamp(started_at.parse().map_err(|_| UnknownWord)?),
            id: id.parse().map_err(|_| UnknownWord)?,
        })
    }
}

impl SessionFilter {
    /// First moment of a start that counts, if the filter has one. Call after `check`.
    pub fn start_time(&self) -> Option<Timestamp> {
        start_of(&self.from)
    }

    /// First moment that no longer counts.
    pub fn end_time(&self) -> Option<Timestamp> {
        end_of(&self.to)
    }
}

impl Draft for SessionFilter {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = check_range(&self.from, &self.to);

        errors.extend(check_texts(&[("person", &self.person), ("record", &self.record)]));
        errors.extend(check_word::<SessionState>(
            "state",
            &self.state,
            "Choose starting, live, ended or failed.",
        ));
        errors.extend(check_word::<SessionKind>(
            "kind",
            &self.kind,
            "Choose terminal, listener or tunnel.",
        ));
        errors.extend(check_cursor::<Cursor>(&self.before));

        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_cursors_survive_their_text() {
        let cursor = Cursor {
            started_at: Timestamp(17),
            id: SessionId::from_random([3; 16]),
        };

        assert_eq!(cursor.text().parse(), Ok(cursor));
        for state in SessionState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for kind in SessionKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }

    #[test]
    fn an_empty_filter_is_right_and_a_wrong_field_is_named() {
        let wrong = SessionFilter {
            to: "soon".into(),
            state: "asleep".into(),
            kind: "pigeon".into(),
            before: "17".into(),
            ..SessionFilter::default()
        };
        let fields: Vec<String> = wrong.check().into_iter().map(|error| error.field).collect();

        assert!(SessionFilter::default().check().is_empty());
        assert_eq!(fields, ["to", "state", "kind", "before"]);
    }
}
