//! Recordings for who may replay them: what there is, and its frames segment by segment, decrypted here.

mod viewings;

use std::fs;

use app::ctx::{Actor, Client};
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::recordings::{RecordingView, VerdictView};
use recording::{Head, Segment, SessionKey, Stored, Verdict};
use serde::Deserialize;
use store::audit;
use tracing::error;

use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::recorder::{self, StoredSegment};
use crate::routes::refuse;
use crate::state::AppState;

pub use viewings::Viewings;

/// A recording, for the player. Whoever opens one is in the audit log.
pub async fn look_at(
    state: &AppState,
    actor: &Actor,
    session: &SessionId,
    client: &Client,
) -> Result<RecordingView, Refusal> {
    vault::authorize::audit(&actor.person)?;
    let (found, key) = open(state, session).await?;
    let anchor = found.chain_head.as_deref().and_then(head_of);
    let (segments, verdict) = recorder::aside(|| verify(state, session, &key, anchor.as_ref()))?;
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let event = event(
        EventName::SessionRecordingPlayed,
        Outcome::Ok,
        client,
        clock::now(),
    )
    .by(&actor.person)
    .about(&found.view.record, found.view.record_title.clone())
    .in_session(session);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    state.viewings.note(&actor.sign_in, session);

    Ok(RecordingView {
        session: found.view,
        segments,
        verdict: verdict_view(verdict),
    })
}

/// Reads a recording whole: its segments' numbers, and whether it is as it was recorded.
fn verify(
    state: &AppState,
    session: &SessionId,
    key: &SessionKey,
    anchor: Option<&Head>,
) -> Result<(Vec<u32>, Verdict), Refusal> {
    let stored = read(recorder::segments(&state.config.data.recordings(), session).map_err(unreadable)?)?;
    let verdict = recording::verify(&stored, key, anchor)
        .map_err(|newer| Refusal::new(Code::Internal, format!("This recording cannot be read: {newer}.")))?;

    Ok((stored.iter().map(|segment| segment.segment).collect(), verdict))
}

/// Which segment.
#[derive(Deserialize)]
pub struct Wanted {
    segment: u32,
}

/// `GET /sessions/{session}/frames?segment=n`: the frames of one segment, for the player.
pub async fn frames(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Response {
    let Some(actor) = request.extensions().get::<Actor>() else {
        return refuse(&Refusal::new(
            Code::SignedOut,
            "You are signed out. Sign in and try again.",
        ));
    };
    match segment_frames(&state, actor, &session, wanted.segment).await {
        Ok(frames) => (
            [(header::CONTENT_TYPE, "application/octet-stream")],
            Body::from(frames),
        )
            .into_response(),
        Err(refusal) => refuse(&refusal),
    }
}

async fn segment_frames(
    state: &AppState,
    actor: &Actor,
    session: &SessionId,
    number: u32,
) -> Result<Vec<u8>, Refusal> {
    vault::authorize::audit(&actor.person)?;
    if !state.viewings.contains(&actor.sign_in, session) {
        return Err(Refusal::new(
            Code::PamConflict,
            "Open the recording first: each opening is noted in the audit log.",
        ));
    }
    let (_, key) = open(state, session).await?;
    let segments = recorder::segments(&state.config.data.recordings(), session).map_err(unreadable)?;
    let wanted = segments
        .into_iter()
        .filter(|segment| segment.number == number)
        .collect();
    let stored = read(wanted)?.pop().ok_or_else(missing)?;
    let segment = Segment::open(stored.bytes, &key).map_err(|_| altered(number))?;
    // A torn tail of a session that was cut off is no fault of what is before it; `look_at` says what is missing.
    let frames: Vec<recording::Frame> = segment.frames().map_while(Result::ok).collect();

    recording::player::encode(&frames).map_err(|_| altered(number))
}

/// The session's row and its recording's key.
async fn open(
    state: &AppState,
    session: &SessionId,
) -> Result<(store::sessions::Session, SessionKey), Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let found = store::sessions::lookup(&mut snapshot, session)
        .await
        .map_err(store_failed)?
        .ok_or_else(missing)?;
    let key = vault::envelope::unwrap_session_key(&state.master, session, &found.recording_key).map_err(|error| {
        error!(error = &error as &dyn std::error::Error, session.id = %session, "recording key not unwrapped");

        Refusal::new(Code::Internal, "The key of this recording cannot be unwrapped with the server's master key.")
    })?;

    Ok((found, SessionKey::new(*key)))
}

fn read(segments: Vec<StoredSegment>) -> Result<Vec<Stored>, Refusal> {
    segments
        .into_iter()
        .map(|segment| {
            let bytes = fs::read(&segment.path).map_err(unreadable)?;

            Ok(Stored {
                segment: segment.number,
                bytes: Bytes::from(bytes),
            })
        })
        .collect()
}

/// `n:hash`, as the session's row keeps the last head.
pub fn head_text(head: &Head) -> String {
    format!("{}:{}", head.segment, hex::encode(head.hash))
}

/// The head a row keeps; `None` for what is none.
pub fn head_of(text: &str) -> Option<Head> {
    let (segment, hash) = text.split_once(':')?;
    let hash = hex::decode(hash).ok()?.try_into().ok()?;

    Some(Head {
        segment: segment.parse().ok()?,
        hash,
    })
}

fn verdict_view(verdict: Verdict) -> VerdictView {
    match verdict {
        Verdict::Intact { segments } => VerdictView::Intact { segments },
        Verdict::Incomplete { .. } => VerdictView::Incomplete,
        Verdict::Altered { segment } => VerdictView::Altered { segment },
    }
}

fn missing() -> Refusal {
    Refusal::new(Code::PamNotFound, "There is no such recording.")
}

fn altered(segment: u32) -> Refusal {
    Refusal::new(
        Code::Internal,
        format!("Segment {segment} of this recording is not as it was recorded."),
    )
}

fn unreadable(error: std::io::Error) -> Refusal {
    error!(error = &error as &dyn std::error::Error, "recording not read");

    Refusal::new(
        Code::Internal,
        "The files of this recording cannot be read. Tell an administrator.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_survives_its_text() {
        let head = Head {
            segment: 7,
            hash: [0xa5; 32],
        };

        assert_eq!(head_of(&head_text(&head)), Some(head));
        assert_eq!(head_of("7:zz"), None);
    }
}
