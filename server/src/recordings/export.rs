//! `GET /sessions/{session}/export?format=…`: a recording for other programs, written piece by piece, and audited.

use std::{io, vec};

use app::ctx::Client;
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
use protocol::sessions::SessionKind;
use recording::{Export, Format, Frame, Frames, Gap, Keys, SessionKey};
use serde::Deserialize;
use store::audit;

use super::{key, lookup, read, segments};
use crate::clock;
use crate::http::pages;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::recorder::StoredSegment;
use crate::routes::refuse;
use crate::state::AppState;
use crate::viewer::{Viewer, viewer_of};

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
    match begin(&state, &session, &wanted, viewer_of(&request), &client).await {
        Ok(export) => download(&state, &session, export),
        Err(refusal) => refuse(&refusal),
    }
}

/// A recording about to be exported.
pub struct Exporting {
    segments: Vec<StoredSegment>,
    key: SessionKey,
    format: Format,
    keys: Keys,
}

async fn begin(
    state: &AppState,
    session: &SessionId,
    wanted: &Wanted,
    viewer: Result<Viewer, Refusal>,
    client: &Client,
) -> Result<Exporting, Refusal> {
    let viewer = viewer?;
    vault::authorize::audit(&viewer.person)?;
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
    let exporting = prepare(state, &found, format, keys)?;
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let event = event(
        EventName::SessionRecordingDownloaded,
        Outcome::Ok,
        client,
        clock::now(),
    )
    .by(&viewer.person)
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
/// `PamNotFound` where nothing was recorded, `PamConflict` where there is no such form of it.
pub fn prepare(
    state: &AppState,
    found: &store::sessions::Session,
    format: ExportFormat,
    keys: Keys,
) -> Result<Exporting, Refusal> {
    let kind = found.view.kind;
    if !format.is_of(kind) {
        return Err(Refusal::new(Code::PamConflict, needs_a_screen(format, kind)));
    }
    let segments = segments(state, found)?;
    if segments.is_empty() {
        return Err(super::missing());
    }

    Ok(Exporting {
        segments,
        key: key(state, found)?,
        format: format_of(format, kind),
        keys,
    })
}

/// Which formats there are, for who asked for another.
pub fn formats_sentence() -> String {
    let words: Vec<&str> = ExportFormat::ALL.into_iter().map(ExportFormat::as_str).collect();

    format!("The format is one of {}.", words.join(", "))
}

/// Why a session is not to be had in a format, and in which it is.
fn needs_a_screen(format: ExportFormat, kind: SessionKind) -> String {
    let words: Vec<&str> = ExportFormat::ALL
        .into_iter()
        .filter(|format| format.is_of(kind))
        .map(ExportFormat::as_str)
        .collect();

    format!(
        "This session had no screen, which {} shows. Choose {}.",
        format.as_str(),
        words.join(" or ")
    )
}

/// The format in the recording's own words.
pub fn format_of(format: ExportFormat, kind: SessionKind) -> Format {
    match format {
        ExportFormat::CastV2 => Format::CastV2,
        ExportFormat::CastV3 => Format::CastV3,
        ExportFormat::Typescript => Format::Typescript,
        ExportFormat::Timing => Format::Timing,
        ExportFormat::Text if kind.has_screen() => Format::Text,
        ExportFormat::Text => Format::Statements,
        ExportFormat::JsonLines => Format::JsonLines,
    }
}

/// Pieces are made as they are asked for: a slow reader holds a segment and a piece in memory, and no thread.
fn download(state: &AppState, session: &SessionId, exporting: Exporting) -> Response {
    let format = exporting.format;
    let tasks = state.tasks.clone();
    let pieces = unfold(Some(exporting.start()), move |writing| {
        let tasks = tasks.clone();

        async move {
            let mut writing = writing?;
            let made = tasks.spawn_blocking(move || writing.next_piece().map(|piece| (piece, writing)));
            match made.await {
                Ok(made) => made.map(|(piece, writing)| (Ok(Bytes::from(piece)), Some(writing))),
                // The transfer breaks off: what is short must not look whole.
                Err(error) => Some((Err(io::Error::other(error)), None)),
            }
        }
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

/// An export being written.
pub struct Writing {
    frames: AllFrames,
    /// `None` once its end is written.
    export: Option<Export>,
}

impl Exporting {
    pub fn start(self) -> Writing {
        Writing {
            export: Some(Export::new(self.format, self.keys)),
            frames: AllFrames {
                segments: self.segments.into_iter(),
                key: self.key,
                open: None,
                last: (0, 0),
            },
        }
    }
}

impl Writing {
    /// The next bytes of it, at least one; `None` behind its end.
    pub fn next_piece(&mut self) -> Option<Vec<u8>> {
        let mut piece = Vec::new();
        while piece.len() < PIECE
            && let Some(export) = &mut self.export
        {
            match self.frames.next() {
                Some(frame) => piece.extend(export.push(&frame)),
                None => piece.extend(self.export.take().map(Export::finish).unwrap_or_default()),
            }
        }

        (!piece.is_empty()).then_some(piece)
    }
}

/// The frames of a recording. What cannot be read is a gap that says why.
struct AllFrames {
    segments: vec::IntoIter<StoredSegment>,
    key: SessionKey,
    /// Number and frames of the segment that is read.
    open: Option<(u32, Frames)>,
    /// Sequence number and time of the last frame.
    last: (u64, i64),
}

impl AllFrames {
    fn gap(&self, reason: String) -> Frame {
        let (seq, at) = self.last;

        Frame {
            lane: 0,
            seq,
            at,
            body: recording::Body::Gap(Gap { since: at, reason }),
        }
    }
}

impl Iterator for AllFrames {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((number, frames)) = &mut self.open {
                match frames.next() {
                    Some(Ok(frame)) => {
                        self.last = (frame.seq, frame.at);

                        return Some(frame);
                    }
                    Some(Err(_)) => {
                        let reason = format!("Segment {number} is not as it was recorded from here on.");
                        self.open = None;

                        return Some(self.gap(reason));
                    }
                    None => self.open = None,
                }
            }
            let stored = self.segments.next()?;
            match read(&stored, &self.key) {
                Ok(segment) => self.open = Some((stored.number, segment.frames())),
                Err(refusal) => return Some(self.gap(refusal.sentence)),
            }
        }
    }
}
