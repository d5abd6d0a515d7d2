//! Words between `postern tunnel` and the server: a WebSocket with many streams. The first carries these words, a line of
//! JSON each; each of the others is one connection of a client.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::errors::Refusal;
use crate::ids::{RecordId, SessionId};
use crate::terminal::{Ended, To};
use crate::time::Timestamp;

/// Name of the WebSocket's subprotocol; a new meaning of a word is a new name.
pub const SUBPROTOCOL: &str = "postern.tunnel.v1";

/// The door.
pub const PATH: &str = "/cli/tunnel";

/// Streams the command line opens at one time: more than a session has connections, for those that cancel.
pub const MOST_STREAMS: usize = 300;

/// Longest line, in bytes.
pub const MAX_LINE: usize = 16 * 1024;

/// How often each side says that it is there.
pub const ALIVE_EVERY: Duration = Duration::from_secs(15);

/// How long a side may say nothing before the other takes it for lost.
pub const LOST_AFTER: Duration = Duration::from_secs(45);

/// How long a tunnel stands where nobody says.
pub const DURATION: Duration = Duration::from_secs(60 * 60);

/// What tunnel is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunnelDraft {
    /// `record` or `record/account`, by title or id, an account by its login too.
    pub record: String,
    /// The account, where it is not named with the record.
    #[serde(default)]
    pub account: Option<String>,
    /// The title or id of the folder the record is in, where several have its title.
    #[serde(default)]
    pub folder: Option<String>,
    /// Where the record has no host: the one to connect to.
    #[serde(default)]
    pub to: To,
    /// In seconds.
    #[serde(default)]
    pub duration: Option<u32>,
    /// Clients give no token: whoever reaches the local port is let in.
    #[serde(default)]
    pub goes_without_token: bool,
    /// The local address can be reached from other machines.
    #[serde(default)]
    pub is_open_to_others: bool,
}

/// What the command line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientLine {
    /// First, and once.
    Open(TunnelDraft),
    Alive,
    /// Somebody has ended it.
    Close,
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerLine {
    /// There is no tunnel. The last line.
    Refused(Refusal),
    /// There is: streams may be opened.
    Ready(Ready),
    Alive,
    /// A sentence for the person, before something happens.
    Warning(String),
    /// The tunnel's session is over. The last line.
    Ended(Ended),
}

/// A tunnel that stands.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    pub session: SessionId,
    pub record: RecordId,
    pub record_title: String,
    /// The login of the account.
    pub account: String,
    /// The account's credential is given for the client; otherwise it signs in as whom it likes.
    pub injects: bool,
    pub database: String,
    /// What clients give for a password; none where the tunnel goes without.
    pub token: Option<String>,
    pub ends_at: Option<Timestamp>,
    /// The server's clock.
    pub now: Timestamp,
    /// A sentence where the tunnel does not stand as long as was asked for.
    pub shortened: Option<String>,
    pub max_connections: u32,
    pub is_recorded: bool,
    /// The record wants the same local port every time.
    pub reuses_port: bool,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ready")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
