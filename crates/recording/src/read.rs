//! Reading a segment: all of it in order, or the blocks a player needs.

use std::sync::Arc;
use std::vec;

use bytes::Bytes;

use crate::frame::Frame;
use crate::key::SessionKey;
use crate::segment::closed::{TRAILER_LEN, index_place, read_block, read_index, unseal_block};
use crate::segment::index::Index;
use crate::segment::open::OpenFrames;
use crate::segment::{
    HEADER_LEN, Hash, Head, Parts, ReadError, SegmentHeader, State, is_cut_by_zeros, sha256,
};

/// A segment whose start, and where it is closed whose index, was read and holds. A clone shares its bytes.
#[derive(Clone)]
pub struct Segment {
    parts: Parts,
    bytes: Bytes,
    index: Option<Arc<Index>>,
}

impl Segment {
    /// Reads header and index.
    ///
    /// # Errors
    /// [`ReadError::Empty`] for bytes that end within the header, or in zeros from there on.
    pub fn open(bytes: Bytes, key: &SessionKey) -> Result<Segment, ReadError> {
        let parts = match Parts::read(&bytes, key) {
            Err(ReadError::Altered) if is_cut_by_zeros(&bytes, HEADER_LEN) => return Err(ReadError::Empty),
            parts => parts?,
        };
        let index = match parts.header.state {
            State::Open => None,
            State::Closed | State::Footer => {
                let trailer: &[u8; TRAILER_LEN] = bytes.last_chunk().ok_or(ReadError::Altered)?;
                let len = u64::try_from(bytes.len()).map_err(|_| ReadError::Altered)?;
                let place = index_place(&parts, trailer, len)?;
                let sealed = slice(&bytes, place.start, place.end - place.start)?;
                Some(Arc::new(read_index(&parts, sealed, place.start)?))
            }
        };
        Ok(Segment { parts, bytes, index })
    }

    /// Its number within the recording.
    pub fn number(&self) -> u32 {
        self.parts.header.segment
    }

    /// The index of a closed segment; an open one has none.
    pub fn index(&self) -> Option<&Index> {
        self.index.as_deref()
    }

    /// Frames of one block, by its place in [`Index::blocks`].
    ///
    /// # Errors
    /// [`ReadError::Altered`] too where there is no such block.
    pub fn block(&self, number: usize) -> Result<Vec<Frame>, ReadError> {
        read_block(&self.parts, number, self.sealed_block(number)?)
    }

    /// Every frame in order.
    pub fn frames(&self) -> Frames {
        let cursor = match &self.index {
            Some(index) => Cursor::Closed {
                index: Arc::clone(index),
                next: 0,
                block: Vec::new().into_iter(),
            },
            None => Cursor::Open(Box::new(OpenFrames::new(&self.parts, &self.bytes))),
        };
        Frames {
            segment: self.clone(),
            cursor,
            failed: false,
        }
    }

    /// Whether a recovery added it.
    pub(crate) fn is_footer(&self) -> bool {
        self.parts.header.state == State::Footer
    }

    /// Whether a block is as it was sealed, without unpacking it.
    pub(crate) fn check_block(&self, number: usize) -> Result<(), ReadError> {
        unseal_block(&self.parts, number, self.sealed_block(number)?)?;
        Ok(())
    }

    fn sealed_block(&self, number: usize) -> Result<&[u8], ReadError> {
        let index = self.index.as_ref().ok_or(ReadError::Altered)?;
        let block = index.blocks.get(number).ok_or(ReadError::Altered)?;
        slice(&self.bytes, block.offset.into(), block.len.into())
    }

    /// Hash of all its bytes, which is the head of a closed segment.
    pub(crate) fn hash(&self) -> Hash {
        sha256(&[&self.bytes])
    }

    pub(crate) fn header(&self) -> &SegmentHeader {
        &self.parts.header
    }
}

fn slice(bytes: &[u8], start: u64, len: u64) -> Result<&[u8], ReadError> {
    let start = usize::try_from(start).map_err(|_| ReadError::Altered)?;
    let len = usize::try_from(len).map_err(|_| ReadError::Altered)?;
    let end = start.checked_add(len).ok_or(ReadError::Altered)?;
    bytes.get(start..end).ok_or(ReadError::Altered)
}

/// Frames of a segment in order. After an error there is nothing more. Holds the segment's bytes and one block.
pub struct Frames {
    segment: Segment,
    cursor: Cursor,
    failed: bool,
}

enum Cursor {
    Open(Box<OpenFrames>),
    Closed {
        index: Arc<Index>,
        next: usize,
        block: vec::IntoIter<Frame>,
    },
}

impl Frames {
    /// Whether nothing is left of the segment: of an open one, no torn record either.
    #[cfg(test)]
    pub(crate) fn is_at_end(&self) -> bool {
        match &self.cursor {
            Cursor::Open(frames) => frames.is_at_end(),
            Cursor::Closed { index, next, block } => *next >= index.blocks.len() && block.len() == 0,
        }
    }

    /// Hash of a closed segment, or of an open one up to the last frame read.
    pub fn head(&self) -> Head {
        let hash: Hash = match &self.cursor {
            Cursor::Open(frames) => frames.running(),
            Cursor::Closed { .. } => self.segment.hash(),
        };
        Head {
            segment: self.segment.number(),
            hash,
        }
    }

    fn advance(&mut self) -> Result<Option<Frame>, ReadError> {
        match &mut self.cursor {
            Cursor::Open(frames) => frames.next(),
            Cursor::Closed { index, next, block } => loop {
                if let Some(frame) = block.next() {
                    return Ok(Some(frame));
                }
                if *next >= index.blocks.len() {
                    return Ok(None);
                }
                *block = self.segment.block(*next)?.into_iter();
                *next += 1;
            },
        }
    }
}

impl Iterator for Frames {
    type Item = Result<Frame, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let frame = self.advance().transpose();
        self.failed = matches!(frame, Some(Err(_)));
        frame
    }
}
