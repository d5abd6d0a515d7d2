//! What the player needs to know of a recording before it fetches frames.

use serde::{Deserialize, Serialize};

use crate::sessions::SessionView;

/// A recording, as the player opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingView {
    pub session: SessionView,
    /// Numbers of the segments, in order; frames are fetched segment by segment.
    pub segments: Vec<u32>,
    pub verdict: VerdictView,
}

/// What the hash chain says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictView {
    Intact {
        segments: u32,
    },
    /// Cut short, e.g. the server was killed or the session is live.
    Incomplete,
    Altered {
        segment: u32,
    },
}
