//! Recordings for who may replay them: what there is, its frames part by part, decrypted here, and whether it holds.

mod chapters;
mod closed;
mod contents;
pub mod export;
mod frames;
mod noted;
mod transcript;
mod verdict;
mod viewings;

use app::ctx::Client;
use axum::response::Response;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::recordings::RecordingView;
use protocol::sessions::SessionView;
use recording::{Segment, SessionKey};
use store::{audit, launching};
use tracing::error;
use vault::authorize;

use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::recorder::{self, Lies, StoredSegment};
use crate::routes::refuse;
use crate::state::AppState;
use crate::viewer::Viewer;

pub use chapters::chapters;
pub use contents::contents;
pub use frames::frames;
pub use noted::{Noted, begun, head_text, running_text, segment_closed};
pub use transcript::transcript;
pub use verdict::{Checked, check, garbled, not_intact, verify, verify_for_page, view_of};
pub use viewings::Viewings;

/// A recording, for the player. Whoever opens one is in the audit log.
pub async fn look_at(
    state: &AppState,
    viewer: &Viewer,
    session: &SessionId,
    client: &Client,
) -> Result<RecordingView, Refusal> {
    let found = lookup(state, session).await?;
    may_replay(state, viewer, &found.view).await?;
    let first = segments(state, &found)?.first().map(|segment| segment.number);
    note(state, viewer, &found.view, client).await?;

    Ok(RecordingView {
        session: found.view,
        first,
        is_evidence: viewer.role().sees_evidence(),
    })
}

/// Writes into the audit log that a recording was opened, before anything of it is shown.
async fn note(
    state: &AppState,
    viewer: &Viewer,
    session: &SessionView,
    client: &Client,
) -> Result<(), Refusal> {
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let event = event(
        EventName::SessionRecordingPlayed,
        Outcome::Ok,
        client,
        clock::now(),
    )
    .by(&viewer.person)
    .about(&session.record, session.record_title.clone())
    .in_session(&session.id);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    state.viewings.note(&viewer.by, &session.id, clock::now());

    Ok(())
}

/// Administrators and auditors replay every session; people their own, while the record is shared with them and its
/// settings allow it.
async fn may_replay(state: &AppState, viewer: &Viewer, session: &SessionView) -> Result<(), Refusal> {
    if viewer.role().sees_evidence() {
        authorize::audit(&viewer.person)?;

        return Ok(());
    }
    // Whose session it is tells nobody else that there is one.
    if session.person != viewer.person.id {
        return Err(missing());
    }
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let own = launching::lookup(&mut snapshot, &session.record, &viewer.person.id)
        .await
        .map_err(store_failed)?
        .ok_or_else(authorize::not_shared)?;
    authorize::replay_own(
        &viewer.person,
        &own.record.location(),
        &own.shares,
        &own.settings.connection,
    )?;

    Ok(())
}

/// Who asks at a door of frames, with a recording they have opened: its segments and its key.
async fn opened(
    state: &AppState,
    viewer: Result<Viewer, Refusal>,
    session: &SessionId,
) -> Result<(Vec<StoredSegment>, SessionKey), Refusal> {
    let viewer = viewer?;
    let found = lookup(state, session).await?;
    may_replay(state, &viewer, &found.view).await?;
    if !state.viewings.contains(&viewer.by, session, clock::now()) {
        return Err(Refusal::new(
            Code::PamConflict,
            "Open the recording first: each opening is noted in the audit log.",
        ));
    }
    let segments = segments(state, &found)?;
    let key = key(state, &found)?;

    Ok((segments, key))
}

async fn lookup(state: &AppState, session: &SessionId) -> Result<store::sessions::Session, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;

    store::sessions::lookup(&mut snapshot, session)
        .await
        .map_err(store_failed)?
        .ok_or_else(missing)
}

fn key(state: &AppState, found: &store::sessions::Session) -> Result<SessionKey, Refusal> {
    let session = &found.view.id;
    let key = vault::envelope::unwrap_session_key(&state.master, session, &found.recording_key).map_err(|error| {
        error!(error = &error as &dyn std::error::Error, session.id = %session, "recording key not unwrapped");

        Refusal::new(Code::Internal, "The key of this recording cannot be unwrapped with the server's master key.")
    })?;

    Ok(SessionKey::new(*key))
}

/// The segments of a recording in order, also those that by the session's row must be there and are not. A session that
/// failed before anything was recorded has none.
fn segments(state: &AppState, found: &store::sessions::Session) -> Result<Vec<StoredSegment>, Refusal> {
    segments_with(state, found, &noted::by_row(found))
}

/// The same, by what was noted.
fn segments_with(
    state: &AppState,
    found: &store::sessions::Session,
    noted: &Noted,
) -> Result<Vec<StoredSegment>, Refusal> {
    let session = &found.view.id;
    let recordings = state.config.data.recordings();
    let is_of_another = noted.server.as_ref().is_some_and(|server| *server != state.node);
    if is_of_another && !recordings.join(session.as_str()).exists() {
        return Err(Refusal::new(
            Code::Unavailable,
            "This session was recorded by another server of this house, and its recording is there.",
        ));
    }

    recorder::segments(&recordings, session, noted.known.last_segment()).map_err(unreadable)
}

/// Reads one segment: its header, and where it is closed its index.
fn read(stored: &StoredSegment, key: &SessionKey) -> Result<Segment, Refusal> {
    if let Lies::Nowhere { until } = stored.lies {
        return Err(gone(stored.number, until));
    }
    let bytes = match stored.read() {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(gone(stored.number, stored.number));
        }
        Err(error) => return Err(unreadable(error)),
    };

    Segment::open(bytes, key).map_err(|error| unlike(stored.number, &error))
}

/// A door's answer: the bytes, or why there are none.
fn answer(result: Result<Vec<u8>, Refusal>) -> Response {
    use axum::response::IntoResponse;

    match result {
        Ok(bytes) => ([(http::header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
        Err(refusal) => refuse(&refusal),
    }
}

/// What a door answers with, as its page reads it.
fn encoded(what: &impl serde::Serialize) -> Result<Vec<u8>, Refusal> {
    postcard::to_allocvec(what).map_err(|error| {
        error!(error = &error as &dyn std::error::Error, "answer not encoded");

        Refusal::new(Code::Internal, "The answer could not be written.")
    })
}

fn missing() -> Refusal {
    Refusal::new(Code::PamNotFound, "There is no such recording.")
}

fn gone(first: u32, until: u32) -> Refusal {
    let sentence = match first == until {
        true => format!("Segment {first} of this recording is missing."),
        false => format!("Segments {first} to {until} of this recording are missing."),
    };

    Refusal::new(Code::RecordingDamaged, sentence)
}

fn unlike(segment: u32, error: &recording::ReadError) -> Refusal {
    let sentence = match error {
        recording::ReadError::Newer(_) => {
            format!(
                "Segment {segment} of this recording says that a later version of Postern wrote it. Verify the recording."
            )
        }
        recording::ReadError::Empty => format!("Segment {segment} of this recording is empty."),
        recording::ReadError::Altered => {
            format!("Segment {segment} of this recording is not as it was recorded.")
        }
    };

    Refusal::new(Code::RecordingDamaged, sentence)
}

fn unreadable(error: std::io::Error) -> Refusal {
    error!(error = &error as &dyn std::error::Error, "recording not read");

    Refusal::new(
        Code::Internal,
        "The files of this recording cannot be read. Tell an administrator.",
    )
}
