//! The five bytes every message after startup begins with, and what can be wrong with a message.

use bytes::{Buf, Bytes, BytesMut};

/// Bytes of tag and length before a message's body.
pub const LEN: usize = 5;

/// Why bytes are not a message. The connection they came from cannot be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The length field counts itself, so it is at least 4.
    #[error("message length {0} is impossible")]
    Length(i32),
    #[error("message of {len} bytes is longer than the limit of {limit}")]
    TooLong { len: usize, limit: usize },
    #[error("message type 0x{0:02x} is unknown")]
    Tag(u8),
    #[error("message of type 0x{0:02x} ends too early")]
    Truncated(u8),
    #[error("message of type 0x{0:02x} has bytes left over")]
    Trailing(u8),
    #[error("message of type 0x{0:02x} holds a value the protocol does not have")]
    Value(u8),
}

/// Type and body length of a message, read before its body has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub tag: u8,
    /// Bytes that follow the header.
    pub body: usize,
}

impl Header {
    /// Reads the header at the start of `bytes`; `None` when fewer than [`LEN`] are there.
    pub fn peek(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some(&[tag, a, b, c, d]) = bytes.first_chunk::<LEN>() else {
            return Ok(None);
        };
        let body = body_len(i32::from_be_bytes([a, b, c, d]))?;

        Ok(Some(Self { tag, body }))
    }
}

/// Takes one whole message off the front of `bytes`. Its length is checked against `limit` before its body
/// has arrived, so that a caller which buffers never buffers more than `limit` and a header.
pub(crate) fn split(bytes: &mut BytesMut, limit: usize) -> Result<Option<(u8, Bytes)>, Malformed> {
    let Some(Header { tag, body }) = Header::peek(bytes)? else {
        return Ok(None);
    };
    if body > limit {
        return Err(Malformed::TooLong { len: body, limit });
    }
    if bytes.len() < LEN + body {
        return Ok(None);
    }
    bytes.advance(LEN);

    Ok(Some((tag, bytes.split_to(body).freeze())))
}

/// Bytes after a length field that says `len`.
pub(crate) fn body_len(len: i32) -> Result<usize, Malformed> {
    match usize::try_from(len) {
        Ok(len @ 4..) => Ok(len - 4),
        Ok(_) | Err(_) => Err(Malformed::Length(len)),
    }
}
