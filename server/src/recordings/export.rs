//! `GET /sessions/{session}/export?format=…`: a recording for other programs, written piece by piece, and audited.

use std::io;

use app::ctx::{Actor, Client};
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use http::header;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::recordings::ExportFormat;
use recording::{Export, Format, Frame, Gap, Keys, SessionKey};
use serde::Deserialize;
use store::audit;
use tokio::sync::mpsc;

use super::{actor_of, key, lookup, read, segments};
use crate::clock;
use crate::http::pages;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::recorder::StoredSegment;
use crate::routes::refuse;
use crate::state::AppState;

/// Pieces on their way to the browser; who reads slowly makes the export wait.
const PIECES: usize = 4;
/// A piece is sent when it has so many bytes.
const PIECE: usize = 64 * 1024;

/// What to export.
#[derive(Deserialize)]
pub struct Wanted {
    format: String,
    /// `on`: what was typed is in it, where it was recorded.
    #[serde(default)]
    keys: String,
}

/// For administrators and auditors; each export is in the audit log before its first byte leaves.
pub async fn export(
    State(state): State<AppState>,
    Path(session): Path<SessionId>,
    Query(wanted): Query<Wanted>,
    request: Request,
) -> Response {
    let client = pages::context(&state, &request).client;
    match begin(&state, &session, &wanted, actor_of(&request), &client).await {
        Ok(export) => download(&state, &session, export),
        Err(refusal) => refuse(&refusal),
    }
}

/// A recording about to be exported.
pub struct Exporting {
    segments: Vec<StoredSegment>,
    key: SessionKey,
    format: ExportFormat,
    keys: Keys,
}

async fn begin(
    state: &AppState,
    session: &SessionId,
    wanted: &Wanted,
    actor: Result<Actor, Refusal>,
    client: &Client,
) -> Result<Exporting, Refusal> {
    let actor = actor?;
    vault::authorize::audit(&actor.person)?;
    let format: ExportFormat = wanted
        .format
        .parse()
        .map_err(|_| Refusal::new(Code::Validation, formats_sentence()))?;
    let found = lookup(state, session).await?;
    let keys = if wanted.keys == "on" {
        Keys::Kept
    } else {
        Keys::LeftOut
    };
    let exporting = prepare(state, session, &found, format, keys)?;
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let event = event(
        EventName::SessionRecordingDownloaded,
        Outcome::Ok,
        client,
        clock::now(),
    )
    .by(&actor.person)
    .about(&found.view.record, found.view.record_title)
    .in_session(session)
    .with("format", format.as_str())
    .with("keys", if keys == Keys::Kept { "on" } else { "off" });
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(exporting)
}

/// What is needed to write an export; nothing is read yet.
///
/// # Errors
/// `PamNotFound` where nothing was recorded.
pub fn prepare(
    state: &AppState,
    session: &SessionId,
    found: &store::sessions::Session,
    format: ExportFormat,
    keys: Keys,
) -> Result<Exporting, Refusal> {
    let segments = segments(state, session)?;
    if segments.is_empty() {
        return Err(super::missing());
    }

    Ok(Exporting {
        segments,
        key: key(state, session, found)?,
        format,
        keys,
    })
}

/// Which formats there are, for who asked for another.
pub fn formats_sentence() -> String {
    let words: Vec<&str> = ExportFormat::ALL.into_iter().map(ExportFormat::as_str).collect();

    format!("The format is one of {}.", words.join(", "))
}

/// The format in the recording's own words.
pub fn format_of(format: ExportFormat) -> Format {
    match format {
        ExportFormat::CastV2 => Format::CastV2,
        ExportFormat::CastV3 => Format::CastV3,
        ExportFormat::Typescript => Format::Typescript,
        ExportFormat::Timing => Format::Timing,
        ExportFormat::Text => Format::Text,
        ExportFormat::JsonLines => Format::JsonLines,
    }
}

/// A reader that goes away ends the writing.
fn download(state: &AppState, session: &SessionId, exporting: Exporting) -> Response {
    let format = format_of(exporting.format);
    let (sender, receiver) = mpsc::channel::<Bytes>(PIECES);
    state.tasks.spawn_blocking(move || {
        let sent = write(&exporting, |piece| {
            sender
                .blocking_send(Bytes::from(piece))
                .map_err(|_| io::ErrorKind::BrokenPipe.into())
        });
        // The one error is a reader that went away, and nobody is left to tell.
        drop(sent);
    });
    let pieces = unfold(receiver, |mut receiver| async move {
        let piece = receiver.recv().await?;

        Some((Ok::<Bytes, io::Error>(piece), receiver))
    });
    let name = format!("postern-{session}.{}", format.extension());

    (
        [
            (header::CONTENT_TYPE, format.media_type().to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ),
        ],
        Body::from_stream(pieces),
    )
        .into_response()
}

/// Hands the export to `sink`, piece by piece. A segment that cannot be read becomes a gap that says why.
///
/// # Errors
/// Those of `sink`.
pub fn write(exporting: &Exporting, mut sink: impl FnMut(Vec<u8>) -> io::Result<()>) -> io::Result<()> {
    let mut export = Export::new(format_of(exporting.format), exporting.keys);
    let mut piece = Vec::new();
    let mut last = (0_u64, 0_i64);
    for stored in &exporting.segments {
        let mut fault = None;
        match read(stored, &exporting.key) {
            Ok(segment) => {
                for frame in segment.frames() {
                    let Ok(frame) = frame else {
                        fault = Some(format!(
                            "Segment {} is not as it was recorded from here on.",
                            stored.number
                        ));
                        break;
                    };
                    last = (frame.seq, frame.at);
                    piece.extend(export.push(&frame));
                    if piece.len() >= PIECE {
                        sink(std::mem::take(&mut piece))?;
                    }
                }
            }
            Err(refusal) => fault = Some(refusal.sentence),
        }
        if let Some(reason) = fault {
            piece.extend(export.push(&gap(last, reason)));
        }
    }
    piece.extend(export.finish());

    sink(piece)
}

fn gap((seq, at): (u64, i64), reason: String) -> Frame {
    Frame {
        lane: 0,
        seq,
        at,
        body: recording::Body::Gap(Gap { since: at, reason }),
    }
}
