//! What a command line begins with, and how it reads out its script.

use serde::{Deserialize, Serialize};

use super::To;

/// Where a command line finds the terminal.
pub const PATH: &str = "/cli/terminal";

/// Longest piece of a script, in bytes: it goes in one frame.
pub const MAX_PIECE: usize = 60 * 1024;

/// What is to be opened, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// `record` or `record/account`, each by its title or id, an account by its login too.
    pub name: String,
    /// The title or id of the folder the record is in.
    pub folder: Option<String>,
    /// Where the record has no host: the one to connect to.
    #[serde(default)]
    pub to: To,
    /// In place of the record's.
    pub database: Option<String>,
    /// Size of the terminal; 0 where standard output is none.
    pub cols: u16,
    pub rows: u16,
    /// psql's flags that set something, in their order.
    pub flags: Vec<Flag>,
    /// What runs instead of what somebody types.
    pub script: Option<Script>,
}

/// One of psql's flags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flag {
    /// `-v`: a variable, or none of this name.
    Set { name: String, value: Option<String> },
    /// `-P`
    Pset { name: String, value: Option<String> },
}

/// A script, of which the texts are read when they are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    pub sources: Vec<Source>,
    /// `-1`
    pub is_one_transaction: bool,
}

/// A part of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// `-c`
    Command,
    /// `-f`, with the name it was given.
    File(String),
    /// Standard input, for want of anything else.
    Input,
    /// `-f -`
    Dash,
}

/// What is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// The source with this place in the list.
    Source(u32),
    Input,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// At most [`MAX_PIECE`] bytes.
    Bytes(Vec<u8>),
    End,
    /// It cannot be read: the system's word for why.
    Unread(String),
}
