//! Whether a recording is all there and as it was recorded: asked for by the player, by `posternd recordings verify`.

use std::fs;

use app::ctx::{Actor, Client};
use bytes::Bytes;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SessionId;
use protocol::recordings::VerdictView;
use recording::{Stored, Verdict, Verifier};
use store::audit;

use super::{head_of, key, lookup, unreadable};
use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::recorder::{self, aside};
use crate::state::AppState;

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Nothing was ever written of it.
    Empty,
    Found(Verdict),
}

/// *Verify* by who may replay every session. One that is not intact is in the audit log.
pub async fn verify(
    state: &AppState,
    actor: &Actor,
    session: &SessionId,
    client: &Client,
) -> Result<VerdictView, Refusal> {
    vault::authorize::audit(&actor.person)?;
    let found = lookup(state, session).await?;
    let checked = aside(|| check(state, session, &found))?;
    let view = match checked {
        Checked::Empty => VerdictView::Incomplete {
            since: found.view.started_at.micros(),
        },
        Checked::Found(Verdict::Intact { segments }) => VerdictView::Intact { segments },
        Checked::Found(Verdict::Incomplete { since }) => VerdictView::Incomplete { since },
        Checked::Found(Verdict::Altered { segment }) => VerdictView::Altered { segment },
    };
    if let VerdictView::Altered { segment } = &view {
        let mut tx = state.db.write().await.map_err(store_failed)?;
        let event = event(
            EventName::SessionRecordingIntegrityFailed,
            Outcome::Failed,
            client,
            clock::now(),
        )
        .by(&actor.person)
        .about(&found.view.record, found.view.record_title)
        .in_session(session)
        .with("problem", format!("altered in segment {segment}"));
        audit::append(&mut tx, event).await.map_err(store_failed)?;
        tx.commit().await.map_err(store_failed)?;
    }

    Ok(view)
}

/// Reads every byte of a recording, one segment at a time, and holds the chain against the head the store remembers.
pub fn check(
    state: &AppState,
    session: &SessionId,
    found: &store::sessions::Session,
) -> Result<Checked, Refusal> {
    let anchor = found.chain_head.as_deref().and_then(head_of);
    let folder = state.config.data.recordings();
    if anchor.is_none() && !folder.join(session.as_str()).exists() {
        return Ok(Checked::Empty);
    }
    let segments = match recorder::segments(&folder, session) {
        Ok(segments) => segments,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(unreadable(error)),
    };
    let newer = |newer| Refusal::new(Code::Internal, format!("This recording cannot be read: {newer}."));
    let mut verifier = Verifier::new(key(state, session, found)?);
    for segment in segments {
        let bytes = fs::read(&segment.path).map_err(unreadable)?;
        verifier
            .push(Stored {
                segment: segment.number,
                bytes: Bytes::from(bytes),
            })
            .map_err(newer)?;
    }

    Ok(Checked::Found(verifier.finish(anchor.as_ref())))
}
