//! A segment: a stretch of a recording in one file, open while it is written and closed after; or the footer that a
//! recovery adds, which is a closed one with seals of its own.
//!
//! All of them start with the same 68 bytes, not encrypted and bound to everything after them:
//!
//! ```text
//! magic 8 | version 1 | version inverted 1 | state 1 | 0 | number 4 | session 16 | previous 32 | check 4
//! ```
//!
//! `session` is the start of the SHA-256 of the session's id, `previous` the hash of the segment
//! before (zeros in the first), `check` the start of the SHA-256 of the bytes before it: it tells an
//! accident from another file, the tags tell an attack. Integers are big-endian.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::key::{SessionKey, TAG_LEN, WrongTag};

pub(crate) mod block;
pub(crate) mod closed;
pub(crate) mod index;
pub(crate) mod open;

/// Version this crate writes. It reads every version before it.
///
/// | Version | Closed segments |
/// |---|---|
/// | 1 | frames one after the other, a plain footer |
/// | 2 | frames in columns, a packed index |
/// | 3 | the same; the footer of a crash is sealed under a key of its own |
pub const VERSION: u8 = 3;

pub(crate) const HEADER_LEN: usize = 68;

/// Bytes behind the header of a crash's footer: [`Place`].
pub(crate) const PLACE_LEN: usize = 16;

const MAGIC: [u8; 8] = *b"\x89PSTN\r\n\x1a";

/// SHA-256.
pub(crate) type Hash = [u8; 32];

/// Hash of a segment, in which the hashes of all segments before it are contained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// Number of the segment.
    pub segment: u32,
    /// SHA-256 of a closed segment's bytes.
    pub hash: [u8; 32],
}

/// Why a segment, or the rest of one, cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Nothing was recorded into it: the write of its header was cut short.
    #[error("the segment ends before its header")]
    Empty,
    /// A later version of Postern wrote it.
    #[error("the segment has version {0} of the format, this reader knows up to {VERSION}")]
    Newer(u8),
    /// Or the key is another session's.
    #[error("the segment is not as it was recorded")]
    Altered,
}

impl From<WrongTag> for ReadError {
    fn from(_: WrongTag) -> Self {
        ReadError::Altered
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Closed,
    /// Closed, and all that is in it follows from its first [`HEADER_LEN`] and [`PLACE_LEN`] bytes.
    Footer,
}

/// Where the end that a recovery writes is in the recording: sequence number and time.
#[cfg(feature = "write")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) seq: u64,
    pub(crate) at: i64,
}

#[cfg(feature = "write")]
impl Place {
    pub(crate) fn encode(self) -> [u8; PLACE_LEN] {
        let mut bytes = [0; PLACE_LEN];
        let (seq, at) = bytes.split_at_mut(8);
        seq.copy_from_slice(&self.seq.to_be_bytes());
        at.copy_from_slice(&self.at.to_be_bytes());
        bytes
    }
}

/// The start of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) version: u8,
    pub(crate) state: State,
    pub(crate) segment: u32,
    pub(crate) session: [u8; 16],
    pub(crate) previous: Hash,
}

impl SegmentHeader {
    /// How frames lie in the blocks of a closed segment.
    pub(crate) fn layout(&self) -> block::Layout {
        match self.version {
            1 => block::Layout::Rows,
            _ => block::Layout::Columns,
        }
    }

    #[cfg(feature = "write")]
    pub(crate) fn encode(&self) -> Vec<u8> {
        let state = match self.state {
            State::Open => b'O',
            State::Closed => b'C',
            State::Footer => b'F',
        };
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[self.version, !self.version, state, 0]);
        bytes.extend_from_slice(&self.segment.to_be_bytes());
        bytes.extend_from_slice(&self.session);
        bytes.extend_from_slice(&self.previous);
        let check = check(&sha256(&[&bytes]));
        bytes.extend_from_slice(&check.to_be_bytes());
        bytes
    }

    pub(crate) fn decode(mut bytes: &[u8]) -> Result<Self, ReadError> {
        let header = bytes;
        let magic: [u8; 8] = take(&mut bytes)?;
        let [version, inverted, state, zero] = take(&mut bytes)?;
        if magic != MAGIC || version != !inverted {
            return Err(ReadError::Altered);
        }
        if !(1..=VERSION).contains(&version) {
            return Err(ReadError::Newer(version));
        }
        let segment = u32::from_be_bytes(take(&mut bytes)?);
        let session = take(&mut bytes)?;
        let previous = take(&mut bytes)?;
        let covered = header
            .get(..header.len() - bytes.len())
            .ok_or(ReadError::Altered)?;
        let written = u32::from_be_bytes(take(&mut bytes)?);
        let state = match state {
            b'O' => State::Open,
            b'C' => State::Closed,
            b'F' if version >= 3 => State::Footer,
            _ => return Err(ReadError::Altered),
        };
        if zero != 0 || written != check(&sha256(&[covered])) {
            return Err(ReadError::Altered);
        }
        Ok(SegmentHeader {
            version,
            state,
            segment,
            session,
            previous,
        })
    }
}

/// Start of the SHA-256 of a session's id: fixed in length, and all a stored file tells of it.
#[cfg(feature = "write")]
pub(crate) fn session_mark(session: &str) -> [u8; 16] {
    let hash = sha256(&[session.as_bytes()]);
    let mut mark = [0; 16];
    mark.iter_mut().zip(hash).for_each(|(mark, byte)| *mark = byte);
    mark
}

/// Whether a power failure kept the rest of what starts here from the disk: from somewhere within its first `len` bytes
/// on there are only zeros, and more of them than chance leaves, as many as a tag has.
pub(crate) fn is_cut_by_zeros(bytes: &[u8], len: usize) -> bool {
    let n_written = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    n_written < len && bytes.len() - n_written >= TAG_LEN
}

pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// First four bytes of a hash. XORed with a length it shows an altered length at once.
pub(crate) fn check(hash: &Hash) -> u32 {
    let [a, b, c, d, ..] = *hash;
    u32::from_be_bytes([a, b, c, d])
}

/// What a sealed piece is bound to: the hash of what comes before it, and its place.
pub(crate) fn associated(hash: &Hash, counter: u64) -> [u8; 40] {
    let mut associated = [0; 40];
    let (before, place) = associated.split_at_mut(32);
    before.copy_from_slice(hash);
    place.copy_from_slice(&counter.to_be_bytes());
    associated
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], ReadError> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(ReadError::Empty)?;
    *bytes = rest;
    Ok(*taken)
}

/// A segment as it was found: the number its name says and its bytes.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Number by its name.
    pub segment: u32,
    /// What is in it.
    pub bytes: Bytes,
}

/// A segment's start, read and ready for the rest.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) header: SegmentHeader,
    /// Hash of the header: what all after it is bound to.
    pub(crate) digest: Hash,
    pub(crate) cipher: crate::key::Cipher,
    /// How many bytes it has: what is sealed follows.
    pub(crate) len: usize,
}

impl Parts {
    pub(crate) fn read(bytes: &[u8], key: &SessionKey) -> Result<Self, ReadError> {
        let header = SegmentHeader::decode(bytes)?;
        let (start, rest) = bytes.split_at_checked(HEADER_LEN).ok_or(ReadError::Empty)?;
        let digest = sha256(&[start]);
        let (cipher, len) = match header.state {
            State::Open => (key.open_cipher(), HEADER_LEN),
            State::Closed => (key.closed_cipher(), HEADER_LEN),
            State::Footer => {
                let place: &[u8; PLACE_LEN] = rest.first_chunk().ok_or(ReadError::Altered)?;
                (key.footer_cipher(&digest, place), HEADER_LEN + PLACE_LEN)
            }
        };
        Ok(Parts {
            header,
            digest,
            cipher,
            len,
        })
    }
}
