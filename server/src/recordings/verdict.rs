//! Whether a recording is all there and as it was recorded: asked for by the player, by `posternd recordings verify`.

use app::ctx::Client;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::recordings::{Fault, VerdictView};
use protocol::sessions::SessionView;
use protocol::time::Timestamp;
use recording::{Stored, Verdict, Verifier};
use store::audit;
use store::sessions::Session;
use vault::audit::Event;

use super::{Noted, key, lookup, segments_with, unreadable};
use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::recorder::{self, Lies, aside};
use crate::state::AppState;
use crate::viewer::Viewer;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// The session never opened, so there is nothing.
    Empty,
    Found(VerdictView),
}

/// *Verify* by who may replay every session. One that was altered is in the audit log.
pub async fn verify(
    state: &AppState,
    viewer: &Viewer,
    session: &SessionId,
    client: &Client,
) -> Result<(SessionView, Checked), Refusal> {
    vault::authorize::audit(&viewer.person)?;
    let found = lookup(state, session).await?;
    let checked = check(state, &found).await?;
    if let Checked::Found(VerdictView::Altered { segment, fault }) = &checked {
        let by = event(
            EventName::SessionRecordingIntegrityFailed,
            Outcome::Failed,
            client,
            clock::now(),
        )
        .by(&viewer.person);
        let mut tx = state.db.write().await.map_err(store_failed)?;
        audit::append(&mut tx, about(by, &found, fault.told(*segment)))
            .await
            .map_err(store_failed)?;
        tx.commit().await.map_err(store_failed)?;
    }

    Ok((found.view, checked))
}

/// The same for a page, where nothing at all is *incomplete* from the session's start on.
pub async fn verify_for_page(
    state: &AppState,
    viewer: &Viewer,
    session: &SessionId,
    client: &Client,
) -> Result<VerdictView, Refusal> {
    let (session, checked) = verify(state, viewer, session, client).await?;

    Ok(match checked {
        Checked::Empty => VerdictView::Incomplete {
            since: session.started_at.micros(),
        },
        Checked::Found(view) => view,
    })
}

/// The event that a recording is not intact, noticed by nobody in particular.
pub fn not_intact(found: &Session, problem: String, now: Timestamp) -> Event {
    let event = Event::new(EventName::SessionRecordingIntegrityFailed, Outcome::Failed, now);

    about(event, found, problem)
}

fn about(event: Event, found: &Session, problem: String) -> Event {
    event
        .about(&found.view.record, found.view.record_title.clone())
        .in_session(&found.view.id)
        .with("problem", problem)
}

/// Reads every byte of a recording, one segment at a time, and holds it against what was noted before.
pub async fn check(state: &AppState, found: &Session) -> Result<Checked, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let noted = Noted::lookup(&mut snapshot, found).await.map_err(store_failed)?;
    drop(snapshot);

    aside(|| hold(state, found, noted))
}

fn hold(state: &AppState, found: &Session, noted: Noted) -> Result<Checked, Refusal> {
    let segments = segments_with(state, found, &noted)?;
    if segments.is_empty() && !noted.is_garbled {
        return Ok(Checked::Empty);
    }
    let newer = |newer| Refusal::new(Code::Internal, format!("This recording cannot be read: {newer}."));
    // Asked first: one that ends while it is read is whole.
    let runs = runs(state, found)?;
    let (is_garbled, last) = (noted.is_garbled, noted.known.last_segment());
    let mut verifier = Verifier::new(key(state, found)?, noted.known);
    for stored in &segments {
        // The verifier misses it by its number.
        if let Lies::Nowhere { .. } = stored.lies {
            continue;
        }
        let bytes = match stored.read() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(unreadable(error)),
        };
        let segment = stored.number;
        verifier.push(Stored { segment, bytes }).map_err(newer)?;
    }

    let mut view = view_of(verifier.finish());
    if runs && matches!(view, VerdictView::Incomplete { .. }) {
        view = VerdictView::Running;
    }

    Ok(Checked::Found(match is_garbled {
        true => garbled(view, last),
        false => view,
    }))
}

/// Whether the session goes on: its row alone would say so for ever.
fn runs(state: &AppState, found: &Session) -> Result<bool, Refusal> {
    let recordings = state.config.data.recordings();
    let is_held = recorder::is_held(&recordings, &found.view.id).map_err(unreadable)?;

    Ok(is_held && found.view.ended_at.is_none())
}

/// Where nothing else is wrong, what was noted is: nobody can say what it was.
pub fn garbled(view: VerdictView, last: Option<u32>) -> VerdictView {
    match view {
        VerdictView::Altered { .. } => view,
        VerdictView::Intact { .. } | VerdictView::Incomplete { .. } | VerdictView::Running => {
            VerdictView::Altered {
                segment: last.unwrap_or_default(),
                fault: Fault::Note,
            }
        }
    }
}

/// A verdict in the words of pages.
pub fn view_of(verdict: Verdict) -> VerdictView {
    match verdict {
        Verdict::Intact { segments } => VerdictView::Intact { segments },
        Verdict::Incomplete { since } => VerdictView::Incomplete { since },
        Verdict::Altered { segment, fault } => VerdictView::Altered {
            segment,
            fault: match fault {
                recording::Fault::Changed => Fault::Changed,
                recording::Fault::Missing => Fault::Missing,
                recording::Fault::Short => Fault::Short,
            },
        },
    }
}
