//! Closed segments: the same frames in compressed blocks, each sealed whole, and an index.
//!
//! ```text
//! header | sealed block … | sealed index | index length 4 | length XOR header hash 4 | magic 8
//! ```
//!
//! A block is one byte for its packing, then 64 KiB of whole frames (more where the last one is
//! large), stored or compressed with zstd. Associated data are the header's hash and the block's
//! number. The index says where blocks start, so that a reader fetches only those it shows.

use std::io::Read;

use bytes::Bytes;

use super::index::Index;
use super::{HEADER_LEN, Parts, ReadError, associated, check};
use crate::frame::{Frame, MAX_BODY};
use crate::key::LAST;
#[cfg(feature = "write")]
use crate::{
    frame::Body,
    key::{Sealer, SessionKey, Unsealable},
    segment::{Hash, Head, SegmentHeader, State, index::Block, sha256},
};

/// Frames are put into a block until it has so many bytes.
pub const BLOCK_LEN: usize = 64 * 1024;

const END_MAGIC: [u8; 8] = *b"PSTN-END";
const TRAILER_LEN: usize = 16;

const STORED: u8 = 0;
const ZSTD: u8 = 1;

/// Most bytes a block unpacks to: all but the largest frame fit below [`BLOCK_LEN`].
const MAX_BLOCK: usize = BLOCK_LEN + MAX_BODY + 64;

/// How the blocks of a segment are packed.
#[cfg(feature = "write")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Zstd,
    /// The same bytes whatever the version of zstd.
    Stored,
}

/// A finished closed segment.
#[cfg(feature = "write")]
#[derive(Clone, Debug)]
pub struct Closed {
    /// The whole segment.
    pub bytes: Vec<u8>,
    /// Its number and hash, for the audit log.
    pub head: Head,
}

/// Packs and seals blocks while frames arrive, so that closing is cheap.
#[cfg(feature = "write")]
pub(crate) struct ClosedWriter {
    packing: Packing,
    segment: u32,
    sealer: Sealer,
    digest: Hash,
    out: Vec<u8>,
    pending: Vec<u8>,
    block: Option<Block>,
    index: Index,
}

#[cfg(feature = "write")]
impl ClosedWriter {
    pub(crate) fn start(
        key: &SessionKey,
        segment: u32,
        session: [u8; 16],
        previous: Hash,
        packing: Packing,
    ) -> Self {
        let out = SegmentHeader {
            state: State::Closed,
            segment,
            session,
            previous,
        }
        .encode();
        Self {
            packing,
            segment,
            sealer: Sealer::new(key.closed_cipher(), segment),
            digest: sha256(&[&out]),
            out,
            pending: Vec::new(),
            block: None,
            index: Index::default(),
        }
    }

    /// Takes the bytes of a frame, and of its content what the index needs.
    pub(crate) fn push(&mut self, body: &Body, seq: u64, at: i64, frame: &[u8]) -> Result<(), Unsealable> {
        self.index.note(body, seq, at);
        self.pending.extend_from_slice(frame);
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
        if self.pending.len() >= BLOCK_LEN {
            self.seal_block()?;
        }
        Ok(())
    }

    /// Bytes of the closed segment and its hash.
    pub(crate) fn finish(mut self) -> Result<Closed, Unsealable> {
        self.seal_block()?;
        let mut index = postcard::to_allocvec(&self.index).map_err(|_| Unsealable)?;
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
        let start = self.out.len();
        self.pack();
        let place = associated(&self.digest, self.sealer.counter());
        let plain = self.out.get_mut(start..).ok_or(Unsealable)?;
        let tag = self.sealer.seal(&place, plain)?;
        self.out.extend_from_slice(&tag);
        block.offset = u32::try_from(start).map_err(|_| Unsealable)?;
        block.len = u32::try_from(self.out.len() - start).map_err(|_| Unsealable)?;
        self.index.blocks.push(block);
        self.pending.clear();
        // One large frame must not hold its memory for the rest of the segment.
        self.pending.shrink_to(2 * BLOCK_LEN);
        Ok(())
    }

    /// Stores what compression would not make smaller.
    fn pack(&mut self) {
        let compressed = match self.packing {
            Packing::Zstd => zstd::bulk::compress(&self.pending, 3).ok(),
            Packing::Stored => None,
        };
        match compressed.filter(|compressed| compressed.len() < self.pending.len()) {
            Some(compressed) => {
                self.out.push(ZSTD);
                self.out.extend_from_slice(&compressed);
            }
            None => {
                self.out.push(STORED);
                self.out.extend_from_slice(&self.pending);
            }
        }
    }
}

/// Reads the index, and checks that the blocks it names are all there is between header and index.
pub(crate) fn read_index(parts: &Parts, bytes: &Bytes) -> Result<Index, ReadError> {
    let trailer: &[u8; TRAILER_LEN] = bytes.last_chunk().ok_or(ReadError::Altered)?;
    let [a, b, c, d, e, f, g, h, magic @ ..] = *trailer;
    let len = u32::from_be_bytes([a, b, c, d]);
    if magic != END_MAGIC || u32::from_be_bytes([e, f, g, h]) != len ^ check(&parts.digest) {
        return Err(ReadError::Altered);
    }
    let end = bytes.len() - TRAILER_LEN;
    let start = usize::try_from(len)
        .ok()
        .and_then(|len| end.checked_sub(len))
        .ok_or(ReadError::Altered)?;
    let sealed = bytes.get(start..end).ok_or(ReadError::Altered)?;
    let plain = parts.cipher.unseal(
        parts.header.segment,
        LAST,
        &associated(&parts.digest, LAST),
        sealed,
    )?;
    let index: Index = postcard::from_bytes(&plain).map_err(|_| ReadError::Altered)?;

    let mut offset = u32::try_from(HEADER_LEN).ok();
    for block in &index.blocks {
        if offset != Some(block.offset) {
            return Err(ReadError::Altered);
        }
        offset = block.offset.checked_add(block.len);
    }
    if offset.and_then(|offset| usize::try_from(offset).ok()) != Some(start) {
        return Err(ReadError::Altered);
    }
    Ok(index)
}

/// Frames of one block.
pub(crate) fn read_block(
    parts: &Parts,
    bytes: &Bytes,
    index: &Index,
    number: usize,
) -> Result<Vec<Frame>, ReadError> {
    let block = index.blocks.get(number).ok_or(ReadError::Altered)?;
    let start = usize::try_from(block.offset).map_err(|_| ReadError::Altered)?;
    let len = usize::try_from(block.len).map_err(|_| ReadError::Altered)?;
    let sealed = start
        .checked_add(len)
        .and_then(|end| bytes.get(start..end))
        .ok_or(ReadError::Altered)?;
    let counter = u64::try_from(number).map_err(|_| ReadError::Altered)?;
    let place = associated(&parts.digest, counter);
    let plain = parts
        .cipher
        .unseal(parts.header.segment, counter, &place, sealed)?;

    let mut rest = unpack(Bytes::from(plain))?;
    let mut frames = Vec::new();
    while !rest.is_empty() {
        frames.push(Frame::decode(&mut rest).map_err(|_| ReadError::Altered)?);
    }
    Ok(frames)
}

fn unpack(mut plain: Bytes) -> Result<Bytes, ReadError> {
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
