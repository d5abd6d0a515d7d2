//! A block: frames put together, compressed where that makes them smaller.
//!
//! ```text
//! packing 1 | body
//! ```
//!
//! Version 1 has the frames one after the other. Version 2 has them in columns, which compress better:
//!
//! ```text
//! count | kind … | lane … | length … | time … | sequence number … | bodies
//! ```
//!
//! Numbers are varints; times and sequence numbers are zigzag differences, the first from 0, a
//! sequence number from the one that was to come.

#[cfg(feature = "write")]
use std::cell::RefCell;
use std::io::Read;

use bytes::Bytes;

use super::ReadError;
#[cfg(feature = "write")]
use crate::frame::Packed;
use crate::frame::{Frame, MAX_BODY, Malformed};

/// Frames are put into a block until it has so many bytes.
pub(crate) const BLOCK_LEN: usize = 64 * 1024;

/// The same where they come slowly: what repeats within a block is stored once.
#[cfg(feature = "write")]
pub(crate) const SLOW_BLOCK_LEN: usize = 256 * 1024;

/// Most bytes a block unpacks to: all but the largest frame fit below 256 KiB, and what the
/// columns say of a frame is less than the frame itself.
const MAX_BLOCK: usize = 4 * BLOCK_LEN + MAX_BODY + 64;

pub(crate) const STORED: u8 = 0;
const ZSTD: u8 = 1;

/// How frames lie in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Rows,
    Columns,
}

/// How hard a block is compressed.
#[cfg(feature = "write")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Output pours: the processor is wanted elsewhere.
    Flood,
    /// Lists and results, a screen or many at a time.
    Fast,
    /// A person types: a block in minutes.
    Small,
    /// The same bytes whatever the version of zstd.
    Stored,
}

/// Frames on their way into a block.
#[cfg(feature = "write")]
#[derive(Default)]
pub(crate) struct Columns {
    n_frames: u64,
    kinds: Vec<u8>,
    lanes: Vec<u8>,
    lens: Vec<u8>,
    times: Vec<u8>,
    seqs: Vec<u8>,
    bodies: Vec<u8>,
    last_at: i64,
    next_seq: u64,
}

#[cfg(feature = "write")]
impl Columns {
    pub(crate) fn push(&mut self, lane: u8, seq: u64, at: i64, packed: &Packed) {
        self.n_frames += 1;
        self.kinds.push(packed.kind());
        self.lanes.push(lane);
        put(packed.bytes().len() as u64, &mut self.lens);
        put(zigzag(at.wrapping_sub(self.last_at)), &mut self.times);
        put(zigzag(seq.wrapping_sub(self.next_seq) as i64), &mut self.seqs);
        self.bodies.extend_from_slice(packed.bytes());
        self.last_at = at;
        self.next_seq = seq.wrapping_add(1);
    }

    /// Bytes of the block so far, before compression.
    pub(crate) fn len(&self) -> usize {
        self.bodies.len() + self.kinds.len() * 2 + self.lens.len() + self.times.len() + self.seqs.len()
    }

    /// Empties itself into a packed block behind `out`.
    pub(crate) fn pack(&mut self, packing: Packing, out: &mut Vec<u8>) {
        let mut plain = Vec::with_capacity(self.len() + 10);
        put(self.n_frames, &mut plain);
        for column in [
            &self.kinds,
            &self.lanes,
            &self.lens,
            &self.times,
            &self.seqs,
            &self.bodies,
        ] {
            plain.extend_from_slice(column);
        }
        // Its memory goes too: one large frame must not hold it for the rest of the segment.
        *self = Self::default();
        pack(&plain, packing, out);
    }
}

/// Packs bytes behind `out`; stores what compression would not make smaller.
#[cfg(feature = "write")]
pub(crate) fn pack(plain: &[u8], packing: Packing, out: &mut Vec<u8>) {
    let level = match packing {
        Packing::Flood => Some(-1),
        Packing::Fast => Some(1),
        Packing::Small => Some(9),
        Packing::Stored => None,
    };
    let start = out.len();
    out.push(ZSTD);
    if !level.is_some_and(|level| compress(plain, level, out)) {
        out.truncate(start);
        out.push(STORED);
        out.extend_from_slice(plain);
    }
}

/// Compresses bytes behind `out`; false where that does not make them smaller.
#[cfg(feature = "write")]
fn compress(plain: &[u8], level: i32, out: &mut Vec<u8>) -> bool {
    // Making a compressor takes as long as a sixth of a block: a thread keeps its own, of less than 2 MiB.
    thread_local! {
        static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    }

    COMPRESSOR.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some(compressor) => compressor,
            None => match zstd::bulk::Compressor::new(level) {
                Ok(compressor) => kept.insert(compressor),
                Err(_) => return false,
            },
        };
        let start = out.len();
        out.resize(start + plain.len(), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        // What does not fit into the room is not smaller.
        let compressed = compressor
            .set_compression_level(level)
            .and_then(|()| compressor.compress_to_buffer(plain, room));
        let Some(len) = compressed.ok().filter(|len| *len < plain.len()) else {
            return false;
        };
        out.truncate(start + len);

        true
    })
}

/// What was packed.
pub(crate) fn unpack(mut plain: Bytes) -> Result<Bytes, ReadError> {
    let packing = *plain.first().ok_or(ReadError::Altered)?;
    let packed = plain.split_off(1);
    match packing {
        STORED => Ok(packed),
        ZSTD => {
            let decoder =
                ruzstd::decoding::StreamingDecoder::new(packed.as_ref()).map_err(|_| ReadError::Altered)?;
            let bound = u64::try_from(MAX_BLOCK).map_err(|_| ReadError::Altered)?;
            let mut unpacked = Vec::new();
            decoder
                .take(bound)
                .read_to_end(&mut unpacked)
                .map_err(|_| ReadError::Altered)?;
            Ok(Bytes::from(unpacked))
        }
        _ => Err(ReadError::Altered),
    }
}

/// Frames of an unpacked block.
pub(crate) fn frames(plain: Bytes, layout: Layout) -> Result<Vec<Frame>, Malformed> {
    match layout {
        Layout::Rows => rows(plain),
        Layout::Columns => columns(&plain),
    }
}

fn rows(mut rest: Bytes) -> Result<Vec<Frame>, Malformed> {
    let mut frames = Vec::new();
    while !rest.is_empty() {
        frames.push(Frame::decode(&mut rest)?);
    }
    Ok(frames)
}

fn columns(plain: &Bytes) -> Result<Vec<Frame>, Malformed> {
    let mut rest: &[u8] = plain;
    let n_frames = usize::try_from(take(&mut rest)?).map_err(|_| Malformed)?;
    // Two bytes of every frame follow, so a count the block only claims allocates nothing.
    let (kinds, after) = rest.split_at_checked(n_frames).ok_or(Malformed)?;
    let (lanes, after) = after.split_at_checked(n_frames).ok_or(Malformed)?;
    rest = after;
    let mut lens = Vec::with_capacity(n_frames);
    for _ in 0..n_frames {
        let len = usize::try_from(take(&mut rest)?).map_err(|_| Malformed)?;
        lens.push(Some(len).filter(|len| *len <= MAX_BODY).ok_or(Malformed)?);
    }
    let mut at = 0i64;
    let mut times = Vec::with_capacity(n_frames);
    for _ in 0..n_frames {
        at = at.wrapping_add(unzigzag(take(&mut rest)?));
        times.push(at);
    }
    let mut seqs = Vec::with_capacity(n_frames);
    let mut next = 0u64;
    for _ in 0..n_frames {
        let seq = next.wrapping_add_signed(unzigzag(take(&mut rest)?));
        seqs.push(seq);
        next = seq.wrapping_add(1);
    }

    let mut bodies = plain.slice(plain.len() - rest.len()..);
    let mut frames = Vec::with_capacity(n_frames);
    let heads = kinds.iter().zip(lanes).zip(lens).zip(times).zip(seqs);
    for ((((kind, lane), len), at), seq) in heads {
        if len > bodies.len() {
            return Err(Malformed);
        }
        let body = bodies.split_to(len);
        frames.push(Frame::from_parts(*kind, *lane, seq, at, body)?);
    }
    bodies.is_empty().then_some(frames).ok_or(Malformed)
}

/// LEB128, as postcard writes its integers.
#[cfg(feature = "write")]
fn put(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Malformed)?;
        *bytes = rest;
        let low = u64::from(byte & 0x7f);
        if shift == 63 && low > 1 {
            return Err(Malformed);
        }
        number |= low << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Malformed)
}

#[cfg(feature = "write")]
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
