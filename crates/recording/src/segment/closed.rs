//! Closed segments: the same frames in compressed blocks, each sealed whole, and an index.
//!
//! ```text
//! header | sealed block … | sealed index | index length 4 | length XOR header hash 4 | magic 8
//! ```
//!
//! A block has 64 KiB of whole frames, more where the last one is large. Associated data are the
//! header's hash and the block's number. The index says where blocks start, so that a reader fetches
//! only those it shows; from version 2 on it is packed as a block is.

use std::ops::Range;

use bytes::Bytes;

use super::block::{frames, unpack};
use super::index::Index;
use super::{Parts, ReadError, associated, check};
use crate::frame::Frame;
use crate::key::LAST;
#[cfg(feature = "write")]
use crate::{
    frame::{Body, Packed},
    key::{Cipher, Sealer, SessionKey, Unsealable},
    segment::{
        Hash, Head, Place, SegmentHeader, State, VERSION,
        block::{BLOCK_LEN, Columns, Packing, SLOW_BLOCK_LEN, pack},
        index::Block,
        sha256,
    },
};

const END_MAGIC: [u8; 8] = *b"PSTN-END";
pub(crate) const TRAILER_LEN: usize = 16;

/// A block that took so long to fill, in microseconds, is compressed hard.
#[cfg(feature = "write")]
const SLOW_MICROS: i64 = 30_000_000;

/// One that took no longer than this is part of a flood, more than 6 MB in a second.
#[cfg(feature = "write")]
const FLOOD_MICROS: i64 = 10_000;

/// A finished closed segment.
#[cfg(feature = "write")]
#[derive(Clone, Debug)]
pub struct Closed {
    /// The whole segment.
    pub bytes: Vec<u8>,
    /// Its number and hash, for the audit log.
    pub head: Head,
}

/// How a segment's blocks are compressed.
#[cfg(feature = "write")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    /// By how fast they fill.
    Adaptive,
    /// Not at all.
    None,
}

/// Packs and seals blocks while frames arrive, so that closing is cheap.
#[cfg(feature = "write")]
pub(crate) struct ClosedWriter {
    effort: Effort,
    segment: u32,
    sealer: Sealer,
    digest: Hash,
    out: Vec<u8>,
    pending: Columns,
    block: Option<Block>,
    index: Index,
}

#[cfg(feature = "write")]
impl ClosedWriter {
    pub(crate) fn start(key: &SessionKey, segment: u32, session: [u8; 16], previous: Hash) -> Self {
        let header = SegmentHeader {
            version: VERSION,
            state: State::Closed,
            segment,
            session,
            previous,
        };
        let out = header.encode();
        let digest = sha256(&[&out]);
        Self::new(Effort::Adaptive, segment, key.closed_cipher(), digest, out)
    }

    /// The segment a recovery adds, for the one frame of this place.
    pub(crate) fn footer(
        key: &SessionKey,
        segment: u32,
        session: [u8; 16],
        previous: Hash,
        place: Place,
    ) -> Self {
        let header = SegmentHeader {
            version: VERSION,
            state: State::Footer,
            segment,
            session,
            previous,
        };
        let mut out = header.encode();
        let digest = sha256(&[&out]);
        let place = place.encode();
        out.extend_from_slice(&place);
        let cipher = key.footer_cipher(&digest, &place);
        Self::new(Effort::None, segment, cipher, digest, out)
    }

    fn new(effort: Effort, segment: u32, cipher: Cipher, digest: Hash, out: Vec<u8>) -> Self {
        Self {
            effort,
            segment,
            sealer: Sealer::new(cipher, segment),
            digest,
            out,
            pending: Columns::default(),
            block: None,
            index: Index::default(),
        }
    }

    /// Takes a frame in both forms: for the index and for the block.
    pub(crate) fn push(
        &mut self,
        lane: u8,
        seq: u64,
        at: i64,
        body: &Body,
        packed: &Packed,
    ) -> Result<(), Unsealable> {
        self.index.note(body, seq, at);
        self.pending.push(lane, seq, at, packed);
        let block = self.block.get_or_insert(Block {
            offset: 0,
            len: 0,
            first_seq: seq,
            first_at: at,
            last_at: at,
            n_frames: 0,
        });
        block.last_at = at;
        block.n_frames += 1;
        let is_full = match is_slow(block) {
            true => self.pending.len() >= SLOW_BLOCK_LEN,
            false => self.pending.len() >= BLOCK_LEN,
        };
        if is_full {
            self.seal_block()?;
        }
        Ok(())
    }

    /// Bytes of the closed segment and its hash.
    pub(crate) fn finish(mut self) -> Result<Closed, Unsealable> {
        self.seal_block()?;
        let plain = postcard::to_allocvec(&self.index).map_err(|_| Unsealable)?;
        let mut index = Vec::new();
        let packing = match self.effort {
            Effort::Adaptive => Packing::Fast,
            Effort::None => Packing::Stored,
        };
        pack(&plain, packing, &mut index);
        let tag = self
            .sealer
            .seal_last(&associated(&self.digest, LAST), &mut index)?;
        index.extend_from_slice(&tag);
        let len = u32::try_from(index.len()).map_err(|_| Unsealable)?;
        let mut bytes = self.out;
        bytes.extend_from_slice(&index);
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(&(len ^ check(&self.digest)).to_be_bytes());
        bytes.extend_from_slice(&END_MAGIC);
        let hash = sha256(&[&bytes]);
        Ok(Closed {
            bytes,
            head: Head {
                segment: self.segment,
                hash,
            },
        })
    }

    fn seal_block(&mut self) -> Result<(), Unsealable> {
        let Some(mut block) = self.block.take() else {
            return Ok(());
        };
        let packing = match self.effort {
            Effort::None => Packing::Stored,
            Effort::Adaptive if is_slow(&block) => Packing::Small,
            Effort::Adaptive if is_flood(&block) => Packing::Flood,
            Effort::Adaptive => Packing::Fast,
        };
        let start = self.out.len();
        self.pending.pack(packing, &mut self.out);
        let place = associated(&self.digest, self.sealer.counter());
        let plain = self.out.get_mut(start..).ok_or(Unsealable)?;
        let tag = self.sealer.seal(&place, plain)?;
        self.out.extend_from_slice(&tag);
        block.offset = u32::try_from(start).map_err(|_| Unsealable)?;
        block.len = u32::try_from(self.out.len() - start).map_err(|_| Unsealable)?;
        self.index.blocks.push(block);
        Ok(())
    }
}

/// Whether a block fills at the pace of a person, so that time for compression is not missed.
#[cfg(feature = "write")]
fn is_slow(block: &Block) -> bool {
    block.last_at.saturating_sub(block.first_at) >= SLOW_MICROS
}

/// Whether a block fills faster than anybody reads.
#[cfg(feature = "write")]
fn is_flood(block: &Block) -> bool {
    block.last_at.saturating_sub(block.first_at) <= FLOOD_MICROS
}

/// Where the sealed index of a segment of `len` bytes is, by the segment's last bytes.
pub(crate) fn index_place(
    parts: &Parts,
    trailer: &[u8; TRAILER_LEN],
    len: u64,
) -> Result<Range<u64>, ReadError> {
    let [a, b, c, d, e, f, g, h, magic @ ..] = *trailer;
    let index_len = u32::from_be_bytes([a, b, c, d]);
    if magic != END_MAGIC || u32::from_be_bytes([e, f, g, h]) != index_len ^ check(&parts.digest) {
        return Err(ReadError::Altered);
    }
    let trailer_len = u64::try_from(TRAILER_LEN).map_err(|_| ReadError::Altered)?;
    let end = len.checked_sub(trailer_len).ok_or(ReadError::Altered)?;
    let start = end.checked_sub(u64::from(index_len)).ok_or(ReadError::Altered)?;
    Ok(start..end)
}

/// Reads the index, and checks that the blocks it names are all there is between header and index.
pub(crate) fn read_index(parts: &Parts, sealed: &[u8], start: u64) -> Result<Index, ReadError> {
    let plain = parts.cipher.unseal(
        parts.header.segment,
        LAST,
        &associated(&parts.digest, LAST),
        sealed,
    )?;
    let plain = match parts.header.version {
        1 => Bytes::from(plain),
        _ => unpack(Bytes::from(plain))?,
    };
    let index: Index = postcard::from_bytes(&plain).map_err(|_| ReadError::Altered)?;

    let mut offset = u32::try_from(parts.len).ok();
    for block in &index.blocks {
        if offset != Some(block.offset) {
            return Err(ReadError::Altered);
        }
        offset = block.offset.checked_add(block.len);
    }
    if offset.map(u64::from) != Some(start) {
        return Err(ReadError::Altered);
    }
    Ok(index)
}

/// The packed bytes of one block, by its number and its sealed bytes.
pub(crate) fn unseal_block(parts: &Parts, number: usize, sealed: &[u8]) -> Result<Vec<u8>, ReadError> {
    let counter = u64::try_from(number).map_err(|_| ReadError::Altered)?;
    let place = associated(&parts.digest, counter);
    let packed = parts
        .cipher
        .unseal(parts.header.segment, counter, &place, sealed)?;
    Ok(packed)
}

/// Frames of one block.
pub(crate) fn read_block(parts: &Parts, number: usize, sealed: &[u8]) -> Result<Vec<Frame>, ReadError> {
    let packed = unseal_block(parts, number, sealed)?;
    let plain = unpack(Bytes::from(packed))?;
    frames(plain, parts.header.layout()).map_err(|_| ReadError::Altered)
}
