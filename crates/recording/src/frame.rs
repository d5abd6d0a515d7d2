//! Frames and their bytes: `kind | lane | seq | time | length | body`.

use bytes::Bytes;

use crate::body::{Gap, Header, Keyframe, Statement, StatementEnd, Transfer};

/// One thing that happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Who wrote it: 0 is the terminal, then one for each connection.
    pub lane: u8,
    /// Counts the frames of a session from 0 without a gap, over all lanes and segments.
    pub seq: u64,
    /// Microseconds since 1970-01-01 UTC. Never runs backwards within a recording.
    pub at: i64,
    pub body: Body,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Header(Box<Header>),
    Output(Bytes),
    Input(Bytes),
    Resize {
        cols: u16,
        rows: u16,
    },
    StatementStart(Statement),
    StatementEnd(StatementEnd),
    Transfer(Transfer),
    Marker(String),
    Gap(Gap),
    Keyframe(Keyframe),
    End {
        reason: String,
    },
    /// A kind this version does not know, kept as it is.
    Unknown {
        kind: u8,
        body: Bytes,
    },
}
