//! Words between an instance of a gateway and the server: a WebSocket that the instance opens.
//!
//! First, each as one text message: the server's [`Challenge`], the instance's [`Greeting`], the server's [`Reply`]. Then
//! many streams, which the server opens. The first carries lines of JSON, [`ServerLine`] and [`InstanceLine`]; each of the
//! others is one connection to a target.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::entered::Entered;
use crate::errors::Refusal;
use crate::ids::InstanceId;

/// Name of the WebSocket's subprotocol; a new meaning of a word is a new name.
pub const SUBPROTOCOL: &str = "postern.gateway.v1";

/// The door.
pub const PATH: &str = "/gateway";

/// Streams that are open at one time: connections, those that cancel, and the one with lines.
pub const MOST_STREAMS: usize = 1_000;

/// Longest message of the greeting, and longest line, in bytes: all the rules there may be.
pub const MAX_WORD: usize = 64 * 1024;

/// How often each side says that it is there.
pub const ALIVE_EVERY: Duration = Duration::from_secs(10);

/// How long a side may say nothing before the other takes it for lost.
pub const LOST_AFTER: Duration = Duration::from_secs(30);

/// What the server has drawn for this connection alone, in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    pub challenge: String,
}

/// Who greets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Somebody with a token, which makes their key an instance's.
    Newcomer {
        token: Entered,
        /// In hex.
        public_key: String,
    },
    Instance(InstanceId),
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newcomer { public_key, .. } => write!(f, "Newcomer({public_key})"),
            Self::Instance(id) => write!(f, "Instance({id})"),
        }
    }
}

/// The first word of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    pub who: Who,
    /// The server's address as the instance knows it, the challenge, and who greets, signed with the instance's key; in hex.
    pub signature: String,
    pub version: String,
    pub machine: String,
}

/// What the server says to a greeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Welcome(Welcome),
    Refused(Refusal),
}

/// A greeting was good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    pub instance: InstanceId,
    /// The gateway's name.
    pub gateway: String,
    /// Rules, as they are written.
    pub targets: Vec<String>,
}

/// What the server says later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerLine {
    Alive,
    /// The rules from now on, for new connections.
    Targets(Vec<String>),
    /// It is over, and coming back does not help. The last line.
    Revoked(String),
}

/// What an instance says later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceLine {
    Alive,
    /// It stops as soon as its connections have ended, and takes no new ones.
    Leaving,
}
