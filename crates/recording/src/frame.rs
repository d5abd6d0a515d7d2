//! Frames and their bytes: `kind | lane | seq | time | length | body`.

use bytes::Bytes;

use crate::body::{Connection, Gap, Header, Keyframe, Statement, StatementEnd, Transfer};

/// The lane of the terminal, whose output is the screen.
pub(crate) const TERMINAL: u8 = 0;

/// One thing that happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Who wrote it: 0 is the terminal, then one for each connection. A number is used again once its connection ended.
    pub lane: u8,
    /// Counts the frames of a session from 0 without a gap, over all lanes and segments.
    pub seq: u64,
    /// Microseconds since 1970-01-01 UTC. Never runs backwards within a recording.
    pub at: i64,
    /// What happened.
    pub body: Body,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The recording starts. Its first frame and no other.
    Header(Box<Header>),
    /// Bytes shown to the person; may start and end within a character.
    Output(Bytes),
    /// Bytes the person typed.
    Input(Bytes),
    /// The screen has a new size.
    Resize {
        /// Columns from here on.
        cols: u16,
        /// Rows from here on.
        rows: u16,
    },
    /// A statement is about to be run.
    StatementStart(Statement),
    /// A result of a statement ended.
    StatementEnd(StatementEnd),
    /// Data was moved by COPY, or was not.
    Transfer(Transfer),
    /// A sentence for who replays the session.
    Marker(String),
    /// Something is missing before this frame.
    Gap(Gap),
    /// The screen after all frames before this one.
    Keyframe(Keyframe),
    /// The recording ends. Its last frame and no other.
    End {
        /// Why; [`CRASH`](crate::CRASH) where recovery wrote it.
        reason: String,
    },
    /// A client's connection begins on the frame's lane.
    Connected(Connection),
    /// The connection of the frame's lane ends.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// A kind this version does not know, kept as it is.
    Unknown {
        /// Its number in the format.
        kind: u8,
        /// Its body, not parsed.
        body: Bytes,
    },
}

/// Most bytes the body of one frame may have. A statement beyond it is refused, not cut.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

/// Most statements and their ends take no more than so many bytes: room for them is made at once.
const USUAL_BODY: usize = 256;

/// The body is larger than [`MAX_BODY`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are more than one frame of a recording can hold")]
pub struct TooLarge(pub usize);

/// The bytes are not those of a frame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frame of a recording")]
pub struct Malformed;

/// Postcard writes it; the body follows. Readers skip kinds they do not know by `len`.
#[derive(serde::Serialize, serde::Deserialize)]
struct Head {
    kind: u8,
    lane: u8,
    seq: u64,
    at: i64,
    len: u32,
}

mod kind {
    //! Numbers of the kinds. They are for ever: a new kind takes a new number.

    pub(super) const HEADER: u8 = 1;
    pub(super) const OUTPUT: u8 = 2;
    pub(super) const INPUT: u8 = 3;
    pub(super) const RESIZE: u8 = 4;
    pub(super) const STATEMENT_START: u8 = 5;
    pub(super) const STATEMENT_END: u8 = 6;
    pub(super) const TRANSFER: u8 = 7;
    pub(super) const MARKER: u8 = 8;
    pub(super) const GAP: u8 = 9;
    pub(super) const KEYFRAME: u8 = 10;
    pub(super) const END: u8 = 11;
    pub(super) const CONNECTED: u8 = 12;
    pub(super) const DISCONNECTED: u8 = 13;
}

/// A body in the form it is written in, so that it is made once however often it is copied.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    kind: u8,
    len: u32,
    bytes: Bytes,
}

impl Packed {
    #[cfg(feature = "write")]
    pub(crate) fn kind(&self) -> u8 {
        self.kind
    }

    #[cfg(feature = "write")]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn append(&self, lane: u8, seq: u64, at: i64, out: &mut Vec<u8>) {
        let head = Head {
            kind: self.kind,
            lane,
            seq,
            at,
            len: self.len,
        };
        // Five integers into a vector: postcard has nothing to refuse.
        if let Ok(grown) = postcard::to_extend(&head, std::mem::take(out)) {
            *out = grown;
        }
        out.extend_from_slice(&self.bytes);
    }
}

impl Body {
    pub(crate) fn pack(&self) -> Result<Packed, TooLarge> {
        let (kind, bytes) = match self {
            Body::Header(header) => (kind::HEADER, postcard(header)),
            Body::Output(bytes) => (kind::OUTPUT, bytes.clone()),
            Body::Input(bytes) => (kind::INPUT, bytes.clone()),
            Body::Resize { cols, rows } => (kind::RESIZE, postcard(&(cols, rows))),
            Body::StatementStart(statement) => (kind::STATEMENT_START, postcard(statement)),
            Body::StatementEnd(end) => (kind::STATEMENT_END, postcard(end)),
            Body::Transfer(transfer) => (kind::TRANSFER, postcard(transfer)),
            Body::Marker(text) => (kind::MARKER, postcard(text)),
            Body::Gap(gap) => (kind::GAP, postcard(gap)),
            Body::Keyframe(keyframe) => (kind::KEYFRAME, postcard(keyframe)),
            Body::End { reason } => (kind::END, postcard(reason)),
            Body::Connected(connection) => (kind::CONNECTED, postcard(connection)),
            Body::Disconnected { reason } => (kind::DISCONNECTED, postcard(reason)),
            Body::Unknown { kind, body } => (*kind, body.clone()),
        };
        let len = u32::try_from(bytes.len())
            .ok()
            .filter(|_| bytes.len() <= MAX_BODY);
        let len = len.ok_or(TooLarge(bytes.len()))?;
        Ok(Packed { kind, len, bytes })
    }

    /// Fields a later version appends to a known body are left unread.
    fn unpack(kind: u8, body: Bytes) -> Result<Body, Malformed> {
        Ok(match kind {
            kind::HEADER => Body::Header(Box::new(parse(&body)?)),
            kind::OUTPUT => Body::Output(body),
            kind::INPUT => Body::Input(body),
            kind::RESIZE => {
                let (cols, rows) = parse(&body)?;
                Body::Resize { cols, rows }
            }
            kind::STATEMENT_START => Body::StatementStart(parse(&body)?),
            kind::STATEMENT_END => Body::StatementEnd(parse(&body)?),
            kind::TRANSFER => Body::Transfer(parse(&body)?),
            kind::MARKER => Body::Marker(parse(&body)?),
            kind::GAP => Body::Gap(parse(&body)?),
            kind::KEYFRAME => Body::Keyframe(parse(&body)?),
            kind::END => Body::End {
                reason: parse(&body)?,
            },
            kind::CONNECTED => Body::Connected(parse(&body)?),
            kind::DISCONNECTED => Body::Disconnected {
                reason: parse(&body)?,
            },
            kind => Body::Unknown { kind, body },
        })
    }
}

impl Frame {
    /// A frame whose head was read apart from its body.
    pub(crate) fn from_parts(kind: u8, lane: u8, seq: u64, at: i64, body: Bytes) -> Result<Frame, Malformed> {
        Ok(Frame {
            lane,
            seq,
            at,
            body: Body::unpack(kind, body)?,
        })
    }

    /// Appends the frame's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        self.body.pack()?.append(self.lane, self.seq, self.at, out);
        Ok(())
    }

    /// Takes the first frame off `bytes`. Nothing is allocated by a length the bytes only claim.
    pub fn decode(bytes: &mut Bytes) -> Result<Frame, Malformed> {
        let (head, rest): (Head, &[u8]) = postcard::take_from_bytes(bytes).map_err(|_| Malformed)?;
        let Head {
            kind,
            lane,
            seq,
            at,
            len,
        } = head;
        let len = usize::try_from(len).map_err(|_| Malformed)?;
        if len > rest.len() || len > MAX_BODY {
            return Err(Malformed);
        }
        let start = bytes.len() - rest.len();
        let body = bytes.slice(start..start + len);
        *bytes = bytes.slice(start + len..);
        Frame::from_parts(kind, lane, seq, at, body)
    }
}

/// Our own structs of integers, strings and vectors: postcard has nothing to refuse in them.
fn postcard<T: serde::Serialize>(value: &T) -> Bytes {
    let room = Vec::with_capacity(USUAL_BODY);

    postcard::to_extend(value, room)
        .map(Bytes::from)
        .unwrap_or_default()
}

fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Malformed> {
    let (value, _appended): (T, &[u8]) = postcard::take_from_bytes(body).map_err(|_| Malformed)?;
    Ok(value)
}
