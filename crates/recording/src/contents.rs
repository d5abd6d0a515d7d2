//! What a recording holds, for a player that fetches only what it shows.
//!
//! The server reads the footers of the closed segments ([`Footer`]), counts through an open one, and
//! sends the whole as [`Contents`]. A player asks for blocks by [`BlockId`] and gets them decrypted but
//! packed, as [`Footer::unseal`] and [`pack_open`] give them.

use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::frame::{Frame, Malformed};
use crate::key::SessionKey;
use crate::read::Segment;
use crate::segment::block::{self, BLOCK_LEN, Layout};
use crate::segment::closed::{TRAILER_LEN, index_place, read_index, unseal_block};
use crate::segment::index::{Block, Index, Mark, MarkKind, Position};
use crate::segment::{HEADER_LEN, Parts, ReadError, State};

/// Bytes at the start of a segment that [`Footer`] needs.
pub const SEGMENT_HEAD: usize = HEADER_LEN;
/// Bytes at the end of a closed segment that [`Footer`] needs first.
pub const SEGMENT_TAIL: usize = TRAILER_LEN;

/// A version of what is sent, so that a page from before an update is told to load again.
const VERSION: u8 = 1;

/// One block of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BlockId {
    /// Number of the segment.
    pub segment: u32,
    /// Place in its index.
    pub block: u32,
}

/// What is in a recording and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// In order, each with at least one block.
    pub sections: Vec<Section>,
}

/// What is in one segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Number of the segment.
    pub segment: u32,
    /// Its footer; of an open segment what its footer would say.
    pub index: Index,
}

impl Contents {
    /// Sections in the order of their numbers; empty ones are left out.
    pub fn new(sections: impl IntoIterator<Item = Section>) -> Self {
        let mut sections: Vec<Section> = sections
            .into_iter()
            .filter(|section| !section.index.blocks.is_empty())
            .collect();
        sections.sort_by_key(|section| section.segment);
        Self { sections }
    }

    /// As bytes for the player.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        // Integers and vectors of them: postcard has nothing to refuse.
        bytes.extend(postcard::to_allocvec(self).unwrap_or_default());
        bytes
    }

    /// What [`Contents::encode`] gave.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (version, rest) = bytes.split_first().ok_or(Malformed)?;
        if *version != VERSION {
            return Err(Malformed);
        }
        postcard::from_bytes(rest).map_err(|_| Malformed)
    }

    /// Time of the first and of the last frame.
    pub fn span(&self) -> Option<(i64, i64)> {
        let (first, _) = self.sections.first()?.index.span()?;
        let (_, last) = self.sections.last()?.index.span()?;
        Some((first, last))
    }

    /// Whether the end of the recording is in it.
    pub fn ends(&self) -> bool {
        self.sections.last().is_some_and(|section| section.index.ends)
    }

    /// Starts of statements, in order.
    pub fn statements(&self) -> impl Iterator<Item = Position> {
        self.sections
            .iter()
            .flat_map(|section| section.index.statements.iter().copied())
    }

    /// What else a timeline shows, idle stretches between segments included, in order.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        let mut last_at = None;
        self.sections.iter().flat_map(move |section| {
            let idle = idle_before(&section.index, last_at);
            last_at = section.index.span().map(|(_, last)| last);
            idle.into_iter().chain(section.index.marks.iter().copied())
        })
    }

    /// The blocks from one to another, both included, in order.
    pub(crate) fn blocks(&self, from: BlockId, to: BlockId) -> Vec<BlockId> {
        let start = self
            .sections
            .partition_point(|section| section.segment < from.segment);
        let mut blocks = Vec::new();
        for section in self.sections.iter().skip(start) {
            for block in 0..u32::try_from(section.index.blocks.len()).unwrap_or(u32::MAX) {
                let id = BlockId {
                    segment: section.segment,
                    block,
                };
                if id > to {
                    return blocks;
                }
                if id >= from {
                    blocks.push(id);
                }
            }
        }
        blocks
    }

    /// The last keyframe at or before a time; without one the first block.
    pub(crate) fn keyframe_before(&self, at: i64) -> Option<(BlockId, Option<Position>)> {
        let end = self
            .sections
            .partition_point(|section| section.index.span().is_some_and(|(first, _)| first <= at));
        let before = self.sections.get(..end)?;
        for section in before.iter().rev() {
            if let Some(keyframe) = section.index.keyframe_before(at) {
                let id = BlockId {
                    segment: section.segment,
                    block: keyframe.block,
                };
                return Some((id, Some(keyframe)));
            }
        }
        Some((first_block(self.sections.first()?), None))
    }

    /// The last block with a frame at or before a time.
    pub(crate) fn block_at(&self, at: i64) -> Option<BlockId> {
        let end = self
            .sections
            .partition_point(|section| section.index.span().is_some_and(|(first, _)| first <= at));
        let section = self.sections.get(..end)?.last()?;
        let block = section.index.blocks.partition_point(|block| block.first_at <= at);
        Some(BlockId {
            segment: section.segment,
            block: u32::try_from(block.checked_sub(1)?).ok()?,
        })
    }

    /// The first block that may have a frame after a time.
    pub(crate) fn block_after(&self, at: i64) -> Option<BlockId> {
        let start = self
            .sections
            .partition_point(|section| section.index.span().is_some_and(|(_, last)| last <= at));
        let section = self.sections.get(start)?;
        let block = section.index.blocks.partition_point(|block| block.last_at <= at);
        Some(BlockId {
            segment: section.segment,
            block: u32::try_from(block).ok()?,
        })
    }
}

fn first_block(section: &Section) -> BlockId {
    BlockId {
        segment: section.segment,
        block: 0,
    }
}

fn idle_before(index: &Index, last_at: Option<i64>) -> Option<Mark> {
    let first = index.blocks.first()?;
    let idle = first.first_at.saturating_sub(last_at?);
    (idle >= crate::IDLE_MICROS).then_some(Mark {
        position: Position {
            at: first.first_at,
            seq: first.first_seq,
            block: 0,
        },
        kind: MarkKind::Idle(idle.unsigned_abs()),
    })
}

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
            State::Closed => index_place(&parts, tail, len).map(Some),
        }
    }

    /// Reads the footer, given the bytes of its place.
    pub fn read(head: &[u8], place: &Range<u64>, sealed: &[u8], key: &SessionKey) -> Result<Self, ReadError> {
        let parts = Parts::read(head, key)?;
        let index = read_index(&parts, sealed, place.start)?;
        Ok(Self { parts, index })
    }

    /// What it says, for [`Contents::new`].
    pub fn section(&self) -> Section {
        Section {
            segment: self.parts.header.segment,
            index: self.index.clone(),
        }
    }

    /// Where the sealed bytes of a block are in the segment. `None` where there is no such block.
    pub fn block_place(&self, block: u32) -> Option<Range<u64>> {
        let block: &Block = self.index.blocks.get(usize::try_from(block).ok()?)?;
        let start = u64::from(block.offset);
        Some(start..start + u64::from(block.len))
    }

    /// A block for the player, given the bytes of its place: decrypted, still packed.
    pub fn unseal(&self, block: u32, sealed: &[u8]) -> Result<Vec<u8>, ReadError> {
        let number = usize::try_from(block).map_err(|_| ReadError::Altered)?;
        let packed = unseal_block(&self.parts, number, sealed)?;
        Ok(for_player(self.parts.header.layout(), &packed))
    }
}

/// What an open segment holds, up to where it ends or is torn. Reads it whole; it is at most a little
/// over 1 MiB, but for one large frame.
pub fn open_section(segment: &Segment) -> Section {
    let mut index = Index::default();
    for frames in open_blocks(segment) {
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else {
            continue;
        };
        let before = index.blocks.last().map(|block: &Block| block.last_at);
        let mut last_at = before;
        for frame in &frames {
            index.note(&frame.body, frame.seq, frame.at, last_at);
            last_at = Some(frame.at);
        }
        index.blocks.push(Block {
            offset: 0,
            len: 0,
            first_seq: first.seq,
            first_at: first.at,
            last_at: last.at,
            n_frames: u32::try_from(frames.len()).unwrap_or(u32::MAX),
        });
    }
    Section {
        segment: segment.number(),
        index,
    }
}

/// A block of an open segment for the player, cut as [`open_section`] cuts. `None` where there is no
/// such block.
pub fn pack_open(segment: &Segment, block: u32) -> Option<Vec<u8>> {
    let frames = open_blocks(segment).nth(usize::try_from(block).ok()?)?;
    let mut packed = vec![ROWS, block::STORED];
    for frame in &frames {
        frame.encode(&mut packed).ok()?;
    }
    Some(packed)
}

/// The frames of an open segment in pieces near [`BLOCK_LEN`].
fn open_blocks(segment: &Segment) -> impl Iterator<Item = Vec<Frame>> {
    let mut frames = segment.frames().map_while(Result::ok);
    std::iter::from_fn(move || {
        let mut block = Vec::new();
        let mut len = 0;
        for frame in frames.by_ref() {
            len += frame.body.len() + HEAD_LEN;
            block.push(frame);
            if len >= BLOCK_LEN {
                break;
            }
        }
        (!block.is_empty()).then_some(block)
    })
}

/// About what a frame takes besides its body.
const HEAD_LEN: usize = 13;

const ROWS: u8 = 0;
const COLUMNS: u8 = 1;

/// A packed block that says how its frames lie.
fn for_player(layout: Layout, packed: &[u8]) -> Vec<u8> {
    let layout = match layout {
        Layout::Rows => ROWS,
        Layout::Columns => COLUMNS,
    };
    let mut bytes = Vec::with_capacity(packed.len() + 1);
    bytes.push(layout);
    bytes.extend_from_slice(packed);
    bytes
}

/// Frames of a block as [`Footer::unseal`] and [`pack_open`] give it, and how many bytes they hold.
pub fn unpack(mut bytes: Bytes) -> Result<(Vec<Frame>, usize), Malformed> {
    let layout = match bytes.first() {
        Some(&ROWS) => Layout::Rows,
        Some(&COLUMNS) => Layout::Columns,
        Some(_) | None => return Err(Malformed),
    };
    let plain = block::unpack(bytes.split_off(1)).map_err(|_| Malformed)?;
    let len = plain.len();
    let frames = block::frames(plain, layout)?;
    Ok((frames, len))
}
