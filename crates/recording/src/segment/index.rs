//! The footer of a closed segment: where in it is which time, keyframe and statement.

use serde::{Deserialize, Serialize};

use crate::body::TransferOutcome;
use crate::frame::Body;

/// A time between two frames from which on it counts as idle, in microseconds.
pub const IDLE_MICROS: i64 = 5_000_000;

/// What a closed segment holds, without reading its blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// In order; together they are the whole segment.
    pub blocks: Vec<Block>,
    /// Every keyframe, in order.
    pub keyframes: Vec<Position>,
    /// Every start of a statement, in order.
    pub statements: Vec<Position>,
    /// Whether the recording ends in this segment.
    pub ends: bool,
    /// What else a timeline shows, in order. Version 1 has none.
    pub marks: Vec<Mark>,
}

/// The footer as version 1 has it.
#[derive(Serialize, Deserialize)]
pub(crate) struct First {
    blocks: Vec<Block>,
    keyframes: Vec<Position>,
    statements: Vec<Position>,
    ends: bool,
}

impl From<First> for Index {
    fn from(first: First) -> Self {
        Self {
            blocks: first.blocks,
            keyframes: first.keyframes,
            statements: first.statements,
            ends: first.ends,
            marks: Vec::new(),
        }
    }
}

/// A block of whole frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Where its sealed bytes start in the segment.
    pub offset: u32,
    /// How many they are.
    pub len: u32,
    /// Sequence number of its first frame.
    pub first_seq: u64,
    /// Time of its first frame.
    pub first_at: i64,
    /// Time of its last frame.
    pub last_at: i64,
    /// How many frames it has.
    pub n_frames: u32,
}

/// Where a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Its time.
    pub at: i64,
    /// Its sequence number.
    pub seq: u64,
    /// Index into [`Index::blocks`].
    pub block: u32,
}

/// Something a timeline shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The frame that says more.
    pub position: Position,
    /// What it is.
    pub kind: MarkKind,
}

/// What a timeline shows besides statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarkKind {
    /// A result of a statement came, without an error.
    Result,
    /// A statement failed.
    Error,
    /// Data was moved by COPY.
    Transfer,
    /// A COPY failed or was refused.
    TransferFailed,
    /// A sentence for who replays.
    Marker,
    /// Something is missing.
    Gap,
    /// Nothing happened for so many microseconds before this frame, at least [`IDLE_MICROS`].
    Idle(u64),
}

impl Index {
    /// Time of the first and the last frame.
    pub fn span(&self) -> Option<(i64, i64)> {
        Some((self.blocks.first()?.first_at, self.blocks.last()?.last_at))
    }

    /// The last keyframe at or before a time: where a player that seeks starts.
    pub fn keyframe_before(&self, at: i64) -> Option<Position> {
        let after = self.keyframes.partition_point(|keyframe| keyframe.at <= at);
        self.keyframes.get(after.checked_sub(1)?).copied()
    }

    /// Indexes of the blocks with frames from `from` to `to`, both included.
    pub fn blocks_between(&self, from: i64, to: i64) -> std::ops::Range<usize> {
        let start = self.blocks.partition_point(|block| block.last_at < from);
        let end = self.blocks.partition_point(|block| block.first_at <= to);
        start..end.max(start)
    }

    /// Notes a frame of the block in the making; `last_at` is the time of the frame before it.
    pub(crate) fn note(&mut self, body: &Body, seq: u64, at: i64, last_at: Option<i64>) {
        let Ok(block) = u32::try_from(self.blocks.len()) else {
            return;
        };
        let position = Position { at, seq, block };
        let idle = last_at.map_or(0, |last_at| at.saturating_sub(last_at));
        if idle >= IDLE_MICROS {
            self.mark(position, MarkKind::Idle(idle.unsigned_abs()));
        }
        match body {
            Body::Keyframe(_) => self.keyframes.push(position),
            Body::StatementStart(_) => self.statements.push(position),
            Body::End { .. } => self.ends = true,
            Body::StatementEnd(end) => match end.error.is_some() || end.sqlstate.is_some() {
                true => self.mark(position, MarkKind::Error),
                false => self.mark(position, MarkKind::Result),
            },
            Body::Transfer(transfer) => match transfer.outcome {
                TransferOutcome::Finished { .. } => self.mark(position, MarkKind::Transfer),
                TransferOutcome::Failed { .. } | TransferOutcome::Refused => {
                    self.mark(position, MarkKind::TransferFailed);
                }
            },
            Body::Marker(_) => self.mark(position, MarkKind::Marker),
            Body::Gap(_) => self.mark(position, MarkKind::Gap),
            Body::Header(_)
            | Body::Output(_)
            | Body::Input(_)
            | Body::Resize { .. }
            | Body::Unknown { .. } => {}
        }
    }

    fn mark(&mut self, position: Position, kind: MarkKind) {
        self.marks.push(Mark { position, kind });
    }
}
