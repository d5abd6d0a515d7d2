//! What a frame can say: the header, statements and their ends, transfers, resizes, keyframes.

use serde::{Deserialize, Serialize};

/// What a recording keeps, decided before the session starts and the same until it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// Output, resizes and keyframes: what the player shows.
    pub graphical: bool,
    /// Output as a transcript with its timing.
    pub text: bool,
    /// What was typed, secrets included.
    pub key_events: bool,
}

impl Switches {
    /// Everything is kept.
    pub const ALL: Switches = Switches {
        graphical: true,
        text: true,
        key_events: true,
    };
    /// Nothing but header, markers and end is kept.
    pub const NONE: Switches = Switches {
        graphical: false,
        text: false,
        key_events: false,
    };

    /// Whether bytes shown to the person are kept.
    pub fn keep_output(self) -> bool {
        self.graphical || self.text
    }

    /// Whether sizes of the screen and keyframes are kept.
    pub fn keep_screen(self) -> bool {
        self.graphical
    }

    /// Whether typed bytes are kept.
    pub fn keep_input(self) -> bool {
        self.key_events
    }

    /// Whether connections, statements and transfers are kept. The session is listed as *not recorded* when not.
    pub fn keep_statements(self) -> bool {
        self.graphical || self.text || self.key_events
    }
}

/// First frame of a recording: whose session it was, on what, and what is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Id of the session; segments are bound to it.
    pub session: String,
    /// Title of the record that was launched.
    pub record_title: String,
    /// Who launched.
    pub person: String,
    /// The account launched with.
    pub account: String,
    /// Database connected to at the start.
    pub database: String,
    /// Version the database server reported.
    pub server_version: String,
    /// Version of Postern that recorded.
    pub recorder_version: String,
    /// Columns of the screen at the start; 0 where there is no screen.
    pub cols: u16,
    /// Rows of the screen at the start; 0 where there is no screen.
    pub rows: u16,
    /// What of the session is kept.
    pub switches: Switches,
}

/// How a statement reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatementKind {
    /// Query message: a string of one or more statements.
    Simple,
    /// Parse, Bind, Execute.
    Extended,
    /// The fast-path function call.
    FunctionCall,
    /// A CancelRequest.
    Cancel,
}

/// Who wrote a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The person of the session.
    Person,
    /// The terminal on the person's behalf, as psql does for `\d`.
    Interface,
    /// Postern itself.
    System,
}

/// One parameter of an extended statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// OID of its type; 0 when the client left it to the server.
    pub type_oid: u32,
    /// What was bound.
    pub value: ParameterValue,
}

/// Value of a parameter, as it was sent; of well-known types decoded to text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterValue {
    /// SQL's null.
    Null,
    /// In the text format; what is not UTF-8 is replaced.
    Text(String),
    /// In the binary format of its type.
    Binary(Vec<u8>),
    /// The first bytes of a value too long to be kept, in the format it was sent in.
    Cut {
        /// What is kept.
        start: Vec<u8>,
        /// Bytes the value had.
        len: u64,
    },
}

/// A statement about to be sent to the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The text as sent; what is not UTF-8 is replaced.
    pub sql: String,
    /// How it is sent.
    pub kind: StatementKind,
    /// Who wrote it.
    pub origin: Origin,
    /// What is bound to `$1` and on, in order.
    pub parameters: Vec<Parameter>,
    /// Process id of the server's backend, where it is known.
    pub backend_pid: Option<i32>,
}

impl Statement {
    /// A Query message the person wrote.
    pub fn simple(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            kind: StatementKind::Simple,
            origin: Origin::Person,
            parameters: Vec::new(),
            backend_pid: None,
        }
    }
}

/// How one result of a statement ended. A Query message with several statements has several ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementEnd {
    /// Sequence number of the statement's frame: [`Recorded::seq`](crate::Recorded::seq).
    pub statement: u64,
    /// Which result of the statement this is, from 0.
    pub result: u32,
    /// Command tag; empty when there is none, as after an error.
    pub tag: String,
    /// Rows returned or affected.
    pub rows: u64,
    /// Bytes of the rows received.
    pub bytes: u64,
    /// Microseconds from the start to the end.
    pub duration: u64,
    /// SQLSTATE of the error, where it failed.
    pub sqlstate: Option<String>,
    /// Primary message of the error, where it failed.
    pub error: Option<String>,
}

/// Which way the data of a COPY goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// COPY FROM STDIN.
    ToDatabase,
    /// COPY TO STDOUT.
    FromDatabase,
    /// CopyBoth, as replication has it.
    Both,
}

/// What became of a COPY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferOutcome {
    /// All of it was moved.
    Finished {
        /// Rows by the command tag.
        rows: u64,
        /// Bytes of CopyData.
        bytes: u64,
    },
    /// Cut short by an error or a cancel after so many bytes.
    Failed {
        /// Bytes of CopyData until then.
        bytes: u64,
    },
    /// A gate forbade it; nothing was moved.
    Refused,
}

/// A movement of data by COPY. The data itself is never recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Sequence number of the statement's frame: [`Recorded::seq`](crate::Recorded::seq).
    pub statement: u64,
    /// Which way the data was to go.
    pub direction: Direction,
    /// What became of it.
    pub outcome: TransferOutcome,
}

/// The screen as it was: what to print on an empty terminal of this size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyframe {
    /// Columns of the terminal to print on.
    pub cols: u16,
    /// Rows of the terminal to print on.
    pub rows: u16,
    /// Control sequences and text; may end within a character that the next output completes.
    pub screen: Vec<u8>,
}

/// A client's connection to the database, as it begins on a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Database it is to.
    pub database: String,
    /// What the client calls itself; empty where it does not.
    pub application_name: String,
    /// Where the client is.
    pub remote_address: String,
    /// Process id of the server's backend, where it is known.
    pub backend_pid: Option<i32>,
    /// Whether the client reached Postern through TLS.
    pub tls: bool,
    /// Settings the client asked for in its startup message, by name: under them its statements mean what they mean.
    pub settings: Vec<(String, String)>,
}

/// A stretch of which the recording knows that it has nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Start of the stretch; the frame's own time is its end.
    pub since: i64,
    /// Why there is nothing, as a sentence for who replays the session.
    pub reason: String,
}
