//! `GET /sessions/{session}/contents`: where in a recording is what, from the indexes of its segments.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use protocol::errors::Refusal;
use protocol::ids::SessionId;
use protocol::recordings::{Contents, Part};
use recording::{Body, Index, Segment, SessionKey};

use super::closed::Closed;
use super::{answer, encoded, opened, read};
use crate::recorder::{Lies, StoredSegment, aside};
use crate::state::AppState;
use crate::viewer::{Viewer, viewer_of};

/// For the player: what it needs to fetch only what it shows.
pub async fn contents(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    request: Request,
) -> Response {
    answer(write(&state, &session, viewer_of(&request)).await)
}

async fn write(
    state: &AppState,
    session: &SessionId,
    viewer: Result<Viewer, Refusal>,
) -> Result<Vec<u8>, Refusal> {
    let (segments, key) = opened(state, viewer, session).await?;
    let contents = aside(|| contents_of(&segments, &key));

    encoded(&contents)
}

/// A segment that cannot be read is named, and the others are there.
fn contents_of(segments: &[StoredSegment], key: &SessionKey) -> Contents {
    let mut contents = Contents::default();
    for stored in segments {
        match parts(stored, key) {
            Ok(parts) => contents.parts.extend(parts),
            Err(refusal) => contents.missing.push((stored.number, refusal.sentence)),
        }
    }

    contents
}

fn parts(stored: &StoredSegment, key: &SessionKey) -> Result<Vec<Part>, Refusal> {
    if stored.lies == Lies::Closed {
        return Ok(closed_parts(stored.number, Closed::open(stored, key)?.index()));
    }
    let segment = read(stored, key)?;

    Ok(match segment.index() {
        // Closed since the folder was read.
        Some(index) => closed_parts(stored.number, index),
        None => open_part(stored.number, &segment).into_iter().collect(),
    })
}

fn closed_parts(number: u32, index: &Index) -> Vec<Part> {
    let blocks = index.blocks.iter().zip(0_u32..);

    blocks
        .map(|(block, idx)| Part {
            segment: number,
            block: idx,
            is_whole_segment: false,
            first_at: block.first_at,
            last_at: block.last_at,
            n_frames: block.n_frames,
            keyframes: index
                .keyframes
                .iter()
                .filter(|keyframe| keyframe.block == idx)
                .map(|keyframe| keyframe.at)
                .collect(),
        })
        .collect()
}

/// An open segment has no index: it is read, up to where it is torn.
fn open_part(number: u32, segment: &Segment) -> Option<Part> {
    let mut part: Option<Part> = None;
    for frame in segment.frames().map_while(Result::ok) {
        let part = part.get_or_insert(Part {
            segment: number,
            block: 0,
            is_whole_segment: true,
            first_at: frame.at,
            last_at: frame.at,
            n_frames: 0,
            keyframes: Vec::new(),
        });
        part.last_at = frame.at;
        part.n_frames = part.n_frames.saturating_add(1);
        if let Body::Keyframe(_) = frame.body {
            part.keyframes.push(frame.at);
        }
    }

    part
}
