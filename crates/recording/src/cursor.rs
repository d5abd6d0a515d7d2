//! Where a player is in a recording: which blocks it needs, and the frames to show once it has them.
//!
//! ```text
//! cursor.seek(at);                       // or cursor.play(after, until)
//! while let Some(id) = cursor.need() {
//!     cursor.give(id, fetch(id).await)?;
//! }
//! match cursor.show() { Some(Show::Scene(frames)) => .., Some(Show::Stretch(frames)) => .., None => .. }
//! ```
//!
//! Blocks stay unpacked as long as [`Cursor::new`]'s bound allows; those of the place last asked for
//! stay in any case.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::contents::{BlockId, Contents, unpack};
use crate::frame::{Body, Frame, Malformed};

/// A stretch of more blocks than this is shown from its last keyframe, if there is one.
const LONG_STRETCH: usize = 8;

/// A place in a recording.
pub struct Cursor {
    contents: Contents,
    target: Option<Target>,
    held: BTreeMap<BlockId, Held>,
    n_bytes: usize,
    limit: usize,
    clock: u64,
}

struct Held {
    frames: Vec<Frame>,
    n_bytes: usize,
    used: u64,
}

/// What is to be shown.
struct Target {
    kind: Kind,
    /// All blocks it needs, in order.
    blocks: Vec<BlockId>,
}

#[derive(Clone, Copy)]
enum Kind {
    /// From a keyframe, or from the start, up to a time.
    Scene { from_seq: u64, until: i64 },
    /// Behind a time up to another.
    Stretch { after: i64, until: i64 },
}

/// Frames to show, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Show<'a> {
    /// On an empty screen: the first is a keyframe or the recording's first frame.
    Scene(Vec<&'a Frame>),
    /// On the screen as it is.
    Stretch(Vec<&'a Frame>),
}

impl Cursor {
    /// `limit` bounds the memory of unpacked blocks, in bytes; 16 MiB is plenty for a player.
    pub fn new(contents: Contents, limit: usize) -> Self {
        Self {
            contents,
            target: None,
            held: BTreeMap::new(),
            n_bytes: 0,
            limit,
            clock: 0,
        }
    }

    /// What the recording holds.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// A recording that goes on has more; what is held stays.
    pub fn update(&mut self, contents: Contents) {
        // The last block of an open segment may have grown.
        if let Some(last) = self.contents.sections.last() {
            let segment = last.segment;
            self.held.retain(|id, _| id.segment != segment);
            self.n_bytes = self.held.values().map(|held| held.n_bytes).sum();
        }
        self.contents = contents;
        self.target = None;
    }

    /// Asks for the screen as it was at a time, every frame of that time included.
    pub fn seek(&mut self, at: i64) {
        // Not `clamp`: contents from outside may end before they start.
        let span = self.contents.span();
        let at = span.map_or(at, |(first, last)| at.max(first).min(last));
        let place = self.contents.keyframe_before(at).zip(self.contents.block_at(at));
        self.target = place.map(|((from, keyframe), to)| Target {
            kind: Kind::Scene {
                from_seq: keyframe.map_or(0, |keyframe| keyframe.seq),
                until: at,
            },
            blocks: self.contents.blocks(from, to),
        });
    }

    /// Asks for what came after a time up to another. A long stretch becomes the scene at its end.
    pub fn play(&mut self, after: i64, until: i64) {
        let place = self
            .contents
            .block_after(after)
            .zip(self.contents.block_at(until));
        let blocks = place.map_or_else(Vec::new, |(from, to)| self.contents.blocks(from, to));
        let has_keyframe = || {
            let keyframe = self.contents.keyframe_before(until);
            keyframe.is_some_and(|(_, keyframe)| keyframe.is_some_and(|keyframe| keyframe.at > after))
        };
        if blocks.len() > LONG_STRETCH && has_keyframe() {
            return self.seek(until);
        }
        self.target = Some(Target {
            kind: Kind::Stretch { after, until },
            blocks,
        });
    }

    /// The next block to fetch; `None` when what was asked for can be shown.
    pub fn need(&self) -> Option<BlockId> {
        self.needs().next()
    }

    /// All blocks to fetch, in order, so that one request can ask for them.
    pub fn needs(&self) -> impl Iterator<Item = BlockId> {
        let blocks = self.target.iter().flat_map(|target| &target.blocks);
        blocks.copied().filter(|id| !self.held.contains_key(id))
    }

    /// The first of the next `n` blocks behind a time that is not held: to be fetched before it is
    /// needed.
    pub fn ahead(&self, at: i64, n: usize) -> Option<BlockId> {
        let from = self.contents.block_after(at)?;
        let last = self.contents.sections.last()?;
        let to = BlockId {
            segment: last.segment,
            block: u32::MAX,
        };
        let blocks = self.contents.blocks(from, to);
        blocks.into_iter().take(n).find(|id| !self.held.contains_key(id))
    }

    /// Takes a block that was fetched.
    pub fn give(&mut self, id: BlockId, bytes: Bytes) -> Result<(), Malformed> {
        let (frames, len) = unpack(bytes)?;
        let n_bytes = len + frames.len() * size_of::<Frame>();
        self.clock += 1;
        let held = Held {
            frames,
            n_bytes,
            used: self.clock,
        };
        if let Some(before) = self.held.insert(id, held) {
            self.n_bytes -= before.n_bytes;
        }
        self.n_bytes += n_bytes;
        self.shrink(id);
        Ok(())
    }

    /// What was asked for; `None` while a block is missing, and before anything was asked for.
    pub fn show(&mut self) -> Option<Show<'_>> {
        let target = self.target.as_ref()?;
        self.clock += 1;
        for id in &target.blocks {
            self.held.get_mut(id)?.used = self.clock;
        }
        let held = target.blocks.iter().filter_map(|id| self.held.get(id));
        let frames = held.flat_map(|held| &held.frames);
        Some(match target.kind {
            Kind::Scene { from_seq, until } => Show::Scene(
                frames
                    .filter(|frame| frame.seq >= from_seq && frame.at <= until)
                    .filter(|frame| frame.seq == from_seq || !matches!(frame.body, Body::Keyframe(_)))
                    .collect(),
            ),
            Kind::Stretch { after, until } => Show::Stretch(
                frames
                    .filter(|frame| frame.at > after && frame.at <= until)
                    .filter(|frame| !matches!(frame.body, Body::Keyframe(_)))
                    .collect(),
            ),
        })
    }

    /// Time of the first frame after a time, as far as blocks are held; of a block that is not, the
    /// time it starts. Where a player that skips idle time goes.
    pub fn next_after(&self, at: i64) -> Option<i64> {
        let id = self.contents.block_after(at)?;
        if let Some(held) = self.held.get(&id) {
            return held.frames.iter().map(|frame| frame.at).find(|next| *next > at);
        }
        let sections = &self.contents.sections;
        let section = sections.iter().find(|section| section.segment == id.segment)?;
        let block = section.index.blocks.get(usize::try_from(id.block).ok()?)?;
        (block.first_at > at).then_some(block.first_at)
    }

    /// Bytes of the blocks held.
    pub fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Lets go of what was not used for longest, but for the target and what has just come.
    fn shrink(&mut self, given: BlockId) {
        if self.n_bytes <= self.limit {
            return;
        }
        let mut kept: BTreeSet<BlockId> = BTreeSet::from([given]);
        kept.extend(self.target.iter().flat_map(|target| &target.blocks));
        while self.n_bytes > self.limit {
            let oldest = self
                .held
                .iter()
                .filter(|(id, _)| !kept.contains(id))
                .min_by_key(|(_, held)| held.used)
                .map(|(id, _)| *id);
            let Some(dropped) = oldest.and_then(|id| self.held.remove(&id)) else {
                return;
            };
            self.n_bytes -= dropped.n_bytes;
        }
    }
}
