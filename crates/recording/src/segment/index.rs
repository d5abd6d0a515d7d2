//! The footer of a closed segment: where in it is which time, keyframe and statement.

use serde::{Deserialize, Serialize};

#[cfg(feature = "write")]
use crate::frame::Body;

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

#[cfg(feature = "write")]
impl Index {
    /// Notes a frame of the block in the making.
    pub(crate) fn note(&mut self, body: &Body, seq: u64, at: i64) {
        let Ok(block) = u32::try_from(self.blocks.len()) else {
            return;
        };
        let position = Position { at, seq, block };
        match body {
            Body::Keyframe(_) => self.keyframes.push(position),
            Body::StatementStart(_) => self.statements.push(position),
            Body::End { .. } => self.ends = true,
            Body::Header(_)
            | Body::Output(_)
            | Body::Input(_)
            | Body::Resize { .. }
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Marker(_)
            | Body::Gap(_)
            | Body::Connected(_)
            | Body::Disconnected { .. }
            | Body::Unknown { .. } => {}
        }
    }
}
