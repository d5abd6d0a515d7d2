//! `GET /sessions/{session}/frames?segment=n&first=a&last=b`: frames of some blocks of a segment, for the player;
//! `&whole=true` instead of blocks: all of them.

use axum::extract::{Path, Query, Request, State};
use axum::response::Response;
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use recording::Frame;
use serde::Deserialize;

use super::closed::Closed;
use super::{answer, opened, read, unlike};
use crate::recorder::{Lies, aside};
use crate::state::AppState;
use crate::viewer::{Viewer, viewer_of};

/// Which blocks: both ends are included.
#[derive(Deserialize)]
pub struct Wanted {
    segment: u32,
    #[serde(default)]
    first: u32,
    #[serde(default)]
    last: u32,
    /// All frames, however the segment lies: one that was open when the player was told of it may be closed by now.
    #[serde(default)]
    whole: bool,
}

/// Most blocks one answer has: what a keyframe is followed by until the next, twice over.
const MAX_BLOCKS: u32 = 16;

/// The frames, as [`recording::player::encode`] writes them.
pub async fn frames(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Response {
    answer(write(&state, &session, &wanted, viewer_of(&request)).await)
}

async fn write(
    state: &AppState,
    session: &SessionId,
    wanted: &Wanted,
    viewer: Result<Viewer, Refusal>,
) -> Result<Vec<u8>, Refusal> {
    let (segments, key) = opened(state, viewer, session).await?;
    let stored = segments
        .iter()
        .find(|segment| segment.number == wanted.segment)
        .ok_or_else(super::missing)?;

    let frames = aside(|| {
        if stored.lies == Lies::Closed && !wanted.whole {
            return blocks(&Closed::open(stored, &key)?, wanted);
        }

        // A torn tail of a session that was cut off is no fault of what is before it.
        Ok(read(stored, &key)?.frames().map_while(Result::ok).collect())
    })?;

    recording::player::encode(&frames).map_err(|_| unlike(wanted.segment, &recording::ReadError::Altered))
}

fn blocks(segment: &Closed, wanted: &Wanted) -> Result<Vec<Frame>, Refusal> {
    let more = wanted.last.checked_sub(wanted.first);
    if more.is_none_or(|more| more >= MAX_BLOCKS) {
        return Err(Refusal::new(
            Code::Validation,
            format!("Ask for 1 to {MAX_BLOCKS} blocks."),
        ));
    }
    let mut frames = Vec::new();
    for block in wanted.first..=wanted.last {
        frames.extend(segment.frames(block)?);
    }

    Ok(frames)
}
