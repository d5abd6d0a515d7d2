//! A closed segment by its footer, for who reads only the blocks that are asked for.

use std::ops::Range;

use bytes::Bytes;

use crate::frame::Frame;
use crate::key::SessionKey;
use crate::segment::block::{self, Layout};
use crate::segment::closed::{TRAILER_LEN, index_place, read_block, read_index};
use crate::segment::index::{Block, Index};
use crate::segment::{HEADER_LEN, PLACE_LEN, Parts, ReadError, State};

/// Bytes at the start of a segment that [`Footer`] needs.
pub const SEGMENT_HEAD: usize = HEADER_LEN + PLACE_LEN;
/// Bytes at the end of a closed segment that [`Footer`] needs first.
pub const SEGMENT_TAIL: usize = TRAILER_LEN;

/// A closed segment by its first and last bytes, without the blocks between.
///
/// Read the first [`SEGMENT_HEAD`] and the last [`SEGMENT_TAIL`] bytes, then what [`Footer::place`]
/// names; then each block by [`Footer::block_place`].
pub struct Footer {
    parts: Parts,
    index: Index,
}

impl Footer {
    /// Where in a segment of `len` bytes the footer is. `None` for an open segment, which has none.
    pub fn place(
        head: &[u8],
        tail: &[u8; SEGMENT_TAIL],
        len: u64,
        key: &SessionKey,
    ) -> Result<Option<Range<u64>>, ReadError> {
        let parts = Parts::read(head, key)?;
        match parts.header.state {
            State::Open => Ok(None),
            State::Closed | State::Footer => index_place(&parts, tail, len).map(Some),
        }
    }

    /// Reads the footer, given the bytes of its place.
    pub fn read(head: &[u8], place: &Range<u64>, sealed: &[u8], key: &SessionKey) -> Result<Self, ReadError> {
        let parts = Parts::read(head, key)?;
        let index = read_index(&parts, sealed, place.start)?;
        Ok(Self { parts, index })
    }

    /// What it says.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Where the sealed bytes of a block are in the segment. `None` where there is no such block.
    pub fn block_place(&self, block: u32) -> Option<Range<u64>> {
        let block: &Block = self.index.blocks.get(usize::try_from(block).ok()?)?;
        let start = u64::from(block.offset);
        Some(start..start + u64::from(block.len))
    }

    /// The frames of a block, given the bytes of its place.
    pub fn frames(&self, block: u32, sealed: &[u8]) -> Result<Vec<Frame>, ReadError> {
        let number = usize::try_from(block).map_err(|_| ReadError::Altered)?;
        read_block(&self.parts, number, sealed)
    }
}

/// Frames of a block of the present version, as it lies below its seal.
pub fn unpack(packed: Bytes) -> Result<Vec<Frame>, ReadError> {
    block::frames(block::unpack(packed)?, Layout::Columns).map_err(|_| ReadError::Altered)
}
