//! Frames of the terminal's WebSocket (subprotocol `postern.terminal.v1`, binary, postcard) and its launch.

pub mod script;
pub mod watch;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::forms::{Draft, FieldError};
use crate::ids::{RecordId, SessionId};
use crate::people::UnknownWord;
use crate::time::Timestamp;
use crate::vault::Link;

/// Name of the WebSocket subprotocol; a new meaning of a frame is a new name.
pub const SUBPROTOCOL: &str = "postern.terminal.v1";

/// Longest frame a browser may send, in bytes; longer input is sent in pieces.
pub const MAX_CLIENT_FRAME: usize = 64 * 1024;

/// Output the server sends ahead of the browser's acknowledgement, in bytes.
pub const OUTPUT_WINDOW: u64 = 512 * 1024;

/// Lines above the screen that a terminal gets back when its session is resumed.
pub const RESUMED_LINES: usize = 1000;

/// Bytes of a file the browser may send ahead of [`ServerFrame::UploadTaken`].
pub const UPLOAD_WINDOW: u64 = 256 * 1024;

/// Bytes of a file the server sends ahead of [`ClientFrame::FileTaken`].
pub const DOWNLOAD_WINDOW: u64 = 512 * 1024;

/// Longest text of an editor pane, in bytes: it goes in one frame.
pub const MAX_EDIT: usize = 60 * 1024;

/// Longest reason to end somebody's session, in characters.
pub const MAX_REASON: usize = 200;

/// Prefix of the second subprotocol the browser offers: the ticket, so that it is in no URL and no log.
pub const TICKET_PREFIX: &str = "postern.ticket.";

/// What *Launch* asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchDraft {
    pub record: RecordId,
    /// The PAM User to launch with; `None` for the launch credential.
    #[serde(default)]
    pub account: Option<RecordId>,
    /// The host of a connection template, `host` or `host:port`; empty for a record that has one.
    #[serde(default)]
    pub host: String,
    /// The record whose host and port are taken instead.
    #[serde(default)]
    pub host_record: Option<RecordId>,
}

/// Said to who launches a connection template without a host (spec §9.4).
pub const HOST_REQUIRED: &str = "Host is required for this template.";

/// The host of a connection template, as the command line names it: one of the two, or none for a record that has a host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct To {
    /// `host` or `host:port`.
    pub host: Option<String>,
    /// The title or id of the record whose host and port are taken.
    pub record: Option<String>,
}

/// What *Launch* gives: good for 30 s and one session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchTicket {
    pub token: String,
}

impl std::fmt::Debug for LaunchTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LaunchTicket(..)")
    }
}

/// An account the person may launch with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchChoice {
    /// The PAM User.
    pub account: RecordId,
    pub title: String,
    pub login: String,
    pub is_launch_credential: bool,
    /// It belongs to the person.
    pub is_personal: bool,
}

/// What *Launch* offers before a session opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchView {
    pub record: RecordId,
    pub record_title: String,
    /// At least one; a person chooses when there are several.
    pub choices: Vec<LaunchChoice>,
    /// Where the record has no host and the person gives one: the records they see that have one.
    pub hosts: Option<Vec<Link>>,
    /// The person's own sessions of this record that are live: each may be resumed, here or in another window.
    pub live: Vec<LiveSession>,
    /// How the terminal looks: a session is told its size by the letters it will have.
    pub look: Look,
}

/// A live session its person may come back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSession {
    pub id: SessionId,
    /// Login of the account in use.
    pub account: String,
    pub started_at: Timestamp,
    /// A window shows it at this moment; resuming takes it over.
    pub is_attached: bool,
}

/// Why an administrator or auditor ends a session; its owner reads it in the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminateDraft {
    pub session: SessionId,
    #[serde(default)]
    pub reason: String,
}

impl Draft for TerminateDraft {
    fn check(&self) -> Vec<FieldError> {
        let reason = self.reason.trim();
        if reason.is_empty() {
            return vec![FieldError::new(
                "reason",
                "Enter a reason: the person reads it in the terminal.",
            )];
        }
        if reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control) {
            return vec![FieldError::new(
                "reason",
                "Use one line of at most 200 characters.",
            )];
        }

        Vec::new()
    }
}

/// What the browser sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// What the person typed or pasted, as xterm.js encodes it.
    Input(Vec<u8>),
    Resize {
        cols: u16,
        rows: u16,
    },
    /// Bytes of [`ServerFrame::Output`] and [`ServerFrame::Screen`] parsed by the terminal since this connection
    /// began: the server's credit.
    Ack {
        parsed: u64,
    },
    /// The *End* button.
    End,
    /// The next bytes of the file that [`ServerFrame::Upload`] asked for, at most 60 KiB, within
    /// [`UPLOAD_WINDOW`].
    UploadChunk(Vec<u8>),
    /// The file has been sent whole.
    UploadEnd,
    /// No file was chosen, it could not be read, or the person stopped it.
    UploadCancel,
    /// Bytes of [`ServerFrame::File`] the browser has put away since its [`ServerFrame::Download`].
    FileTaken {
        taken: u64,
    },
    /// The person stopped a download.
    DownloadCancel,
    /// What an editor pane was closed with, at most [`MAX_EDIT`] bytes; `None` when nothing is to change.
    Edited(Option<String>),
    /// First frame of a command line.
    Begin(script::Begin),
    /// The answer to [`ServerFrame::Read`].
    Read(script::Piece),
    /// Ctrl-C while a script runs.
    Interrupt,
    /// The file that [`ServerFrame::Upload`] named cannot be read: why.
    UploadFailed(String),
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// First frame of every connection.
    Hello(Hello),
    /// Everything that is shown: the terminal is reset, then these bytes are written. Follows the `Hello` of a
    /// resumed session; may come in several frames, of which all but the first are `Output`.
    Screen(Vec<u8>),
    Output(Vec<u8>),
    /// Sent when something of it changed.
    Status(Status),
    /// A sentence shown above the terminal, e.g. ten minutes before the end.
    Warning(String),
    /// Last frame; the connection closes after it.
    Ended(Ended),
    /// Last frame; the connection closes after it, the session goes on in another window. A sentence.
    TakenOver(String),
    /// A file is wanted for `\copy … from` or `COPY … FROM STDIN`: the page asks for one.
    Upload {
        /// The name in the command, if there is one: a hint.
        name: Option<String>,
    },
    /// Bytes of the upload that PostgreSQL has taken.
    UploadTaken {
        taken: u64,
    },
    /// No more of the upload is wanted, whether or not all was sent; the terminal says how it ended.
    UploadOver,
    /// A file follows in [`ServerFrame::File`] frames.
    Download {
        name: String,
    },
    /// The next bytes of the download, within [`DOWNLOAD_WINDOW`].
    File(Vec<u8>),
    FileEnd(FileEnd),
    /// An editor pane with this text is wanted; answered by [`ClientFrame::Edited`].
    Edit {
        text: String,
    },
    /// The editor pane is to be closed without an answer.
    EditOver,
    /// What a script writes to standard error; [`Self::Output`] is what it writes to standard output.
    Complaint(Vec<u8>),
    /// The next bytes of a script are wanted: answered by [`ClientFrame::Read`].
    Read(script::Reading),
    /// What the command line is to end with. [`Self::Ended`] follows.
    Exit(u8),
}

/// How a download ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileEnd {
    /// The file is whole.
    Whole,
    /// It is not, and is thrown away; the terminal says why.
    Broken,
}

/// What the bars around the terminal show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// What the page resumes by after a reload.
    pub session: SessionId,
    /// The session was running already: its screen follows.
    pub resumed: bool,
    pub record_title: String,
    /// Login of the account in use.
    pub account: String,
    /// Recordings that are on; empty means not recorded and no badge.
    pub recordings: Vec<Recorded>,
    /// How the target was reached, e.g. `direct · TLS verify-full`.
    pub reached: String,
    pub ends_at: Option<Timestamp>,
    /// The server's clock, so that the countdown does not depend on the browser's.
    pub now: Timestamp,
    pub look: Look,
}

/// A recording that is on, as the badge names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recorded {
    Graphical,
    Text,
    Keys,
}

/// Appearance and clipboard rules of the record (spec §7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub color_scheme: ColorScheme,
    pub font_size: u16,
    pub scrollback: u32,
    pub can_copy: bool,
    pub can_paste: bool,
}

/// Colours of the terminal, in Keeper's words (foreground-background).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorScheme {
    #[default]
    GrayBlack,
    GreenBlack,
    WhiteBlack,
    BlackWhite,
}

/// What the quiet bar below the terminal shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub database: String,
    pub transaction: Transaction,
    pub backend_pid: Option<i32>,
}

/// PostgreSQL's transaction status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::enum_variant_names, reason = "PostgreSQL's own words")]
pub enum Transaction {
    Idle,
    InTransaction,
    Failed,
    /// A statement is running.
    Running,
}

/// Why a session ended, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// `\q`, Ctrl-D or the *End* button.
    Goodbye,
    Duration,
    Idle,
    ConnectionLost,
    /// The browser went away and did not come back.
    ClientGone,
    /// Somebody who may watch it ended it.
    Terminated,
    /// A change of share, role, setting, person or configuration took the right away.
    PolicyChanged,
    /// The recording could not be written.
    RecordingFailed,
    /// The server stopped.
    Shutdown,
    /// The server was killed; set by recovery.
    Crash,
}

impl EndReason {
    pub const ALL: [Self; 10] = [
        Self::Goodbye,
        Self::Duration,
        Self::Idle,
        Self::ConnectionLost,
        Self::ClientGone,
        Self::Terminated,
        Self::PolicyChanged,
        Self::RecordingFailed,
        Self::Shutdown,
        Self::Crash,
    ];

    /// The stable text: in the store, in events, at the end of a recording.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Goodbye => "goodbye",
            Self::Duration => "duration",
            Self::Idle => "idle",
            Self::ConnectionLost => "connection_lost",
            Self::ClientGone => "client_gone",
            Self::Terminated => "terminated",
            Self::PolicyChanged => "policy_changed",
            Self::RecordingFailed => "recording_failed",
            Self::Shutdown => "shutdown",
            Self::Crash => "crash",
        }
    }
}

impl FromStr for EndReason {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or(UnknownWord)
    }
}

/// The end, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub reason: EndReason,
    /// A full sentence (spec §8), e.g. `Session closed due to inactivity.`
    pub sentence: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_why_a_session_ended_survives_its_text() {
        for reason in EndReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
            // The browser gets the same word.
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }

    #[test]
    fn a_reason_is_one_line_somebody_can_read() {
        let faults = |reason: &str| {
            let draft = TerminateDraft {
                session: SessionId::from_random([1; 16]),
                reason: reason.to_owned(),
            };

            draft.check().len()
        };

        assert_eq!(faults("This query locks the shop."), 0);
        assert_eq!(faults(" "), 1);
        assert_eq!(faults("two\nlines"), 1);
        assert_eq!(faults(&"ż".repeat(MAX_REASON)), 0);
        assert_eq!(faults(&"ż".repeat(MAX_REASON + 1)), 1);
    }
}
