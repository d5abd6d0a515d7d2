//! Frames of the terminal's WebSocket (subprotocol `postern.terminal.v1`, binary, postcard) and its launch.

use serde::{Deserialize, Serialize};

use crate::ids::{RecordId, SessionId};
use crate::time::Timestamp;

/// Name of the WebSocket subprotocol; a new meaning of a frame is a new name.
pub const SUBPROTOCOL: &str = "postern.terminal.v1";

/// Longest frame a browser may send, in bytes; longer input is sent in pieces.
pub const MAX_CLIENT_FRAME: usize = 64 * 1024;

/// Output the server sends ahead of the browser's acknowledgement, in bytes.
pub const OUTPUT_WINDOW: u64 = 512 * 1024;

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
}

/// What *Launch* offers before a session opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchView {
    pub record: RecordId,
    pub record_title: String,
    /// At least one; a person chooses when there are several.
    pub choices: Vec<LaunchChoice>,
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
    /// Bytes of output parsed by the terminal since the session began: the server's credit.
    Ack {
        parsed: u64,
    },
    /// The *End* button.
    End,
}

/// What the server sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// First frame of every connection.
    Hello(Hello),
    Output(Vec<u8>),
    /// Sent when something of it changed.
    Status(Status),
    /// A sentence shown above the terminal, e.g. ten minutes before the end.
    Warning(String),
    /// Last frame; the connection closes after it.
    Ended(Ended),
}

/// What the bars around the terminal show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub session: SessionId,
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
    /// An administrator ended it.
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

/// The end, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub reason: EndReason,
    /// A full sentence (spec §8), e.g. `Session closed due to inactivity.`
    pub sentence: String,
}
