//! Frames of a live view, `GET /sessions/{session}/watch` (subprotocol [`SUBPROTOCOL`], binary, postcard).

use serde::{Deserialize, Serialize};

use super::{Ended, Look, Recorded};
use crate::ids::SessionId;
use crate::time::Timestamp;

/// Name of the WebSocket subprotocol; a new meaning of a frame is a new name.
pub const SUBPROTOCOL: &str = "postern.watch.v1";

/// Longest frame a watcher may send, in bytes.
pub const MAX_WATCHER_FRAME: usize = 64;

/// Output sent ahead of a watcher's acknowledgement, in bytes. Beyond it output is left out, and the watcher gets
/// a new [`WatchFrame::Snapshot`] when it has caught up.
pub const WATCH_WINDOW: u64 = 256 * 1024;

/// What a watcher sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WatcherFrame {
    /// Bytes of [`WatchFrame::Snapshot`] and [`WatchFrame::Output`] parsed since the connection began.
    Ack { parsed: u64 },
}

/// What a watcher is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WatchFrame {
    /// First frame of every connection.
    Hello(WatchHello),
    /// Everything that is shown: the terminal takes this size, is reset, then these bytes are written. The second
    /// frame, and again whenever the watcher has fallen behind.
    Snapshot {
        cols: u16,
        rows: u16,
        screen: Vec<u8>,
    },
    Output(Vec<u8>),
    Resize {
        cols: u16,
        rows: u16,
    },
    /// A statement has been recorded and runs.
    StatementStart {
        /// Its number in the recording.
        seq: u64,
        at: Timestamp,
        /// A command of the terminal asks the catalog.
        is_interfaces: bool,
        /// The beginning of it, whole characters; the recording holds all.
        sql: String,
    },
    /// One result of it has ended; a statement may have several.
    StatementEnd {
        /// The number of its start.
        statement: u64,
        at: Timestamp,
        /// PostgreSQL's command tag; empty when it failed.
        tag: String,
        rows: u64,
        /// Microseconds.
        duration: u64,
        /// PostgreSQL's message.
        error: Option<String>,
    },
    /// Whether a browser shows the session to its person at this moment.
    Attached(bool),
    /// The session's last word; the connection closes after it.
    Ended(Ended),
    /// The watcher was too slow, or its right is gone: the connection closes, the session goes on. A sentence.
    Dropped(String),
}

/// What the bars around a live view show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchHello {
    pub session: SessionId,
    pub record_title: String,
    pub person_email: String,
    /// Login of the account in use.
    pub account: String,
    /// How the target was reached, e.g. `direct · TLS verify-full`.
    pub reached: String,
    /// Recordings that are on; empty means not recorded.
    pub recordings: Vec<Recorded>,
    pub started_at: Timestamp,
    pub ends_at: Option<Timestamp>,
    /// The server's clock.
    pub now: Timestamp,
    pub look: Look,
    pub is_attached: bool,
}
