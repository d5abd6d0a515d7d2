//! Live sessions: the recipe that opens one, the task that runs it, the recipe that closes it, and the list of all.

pub mod bound;
pub mod close;
pub mod ends;
mod fanout;
pub mod join;
pub mod knocks;
pub mod limits;
pub mod native;
pub mod open;
mod outlet;
mod registry;
mod spool;
pub mod supervise;
pub mod task;

use std::time::Duration;

use app::ctx::Client;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::terminal::{EndReason, TerminateDraft};
use store::audit;

pub use registry::{Orders, Place, Registry, Seat};
pub use spool::Space;

use crate::clock;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::state::AppState;
use crate::viewer::Viewer;

/// How long who ends a session waits for it to be over: the list that is shown next says so.
const OVER: Duration = Duration::from_secs(5);

/// *End session* by who may watch it; its owner reads who did it and why.
pub async fn terminate(
    state: &AppState,
    viewer: &Viewer,
    draft: &TerminateDraft,
    client: &Client,
) -> Result<(), Refusal> {
    vault::authorize::terminate(&viewer.person)?;
    let (session, reason) = (&draft.session, draft.reason.trim());
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let found = store::sessions::lookup(&mut snapshot, session)
        .await
        .map_err(store_failed)?;
    drop(snapshot);
    let session_view = found.ok_or_else(not_live)?.view;
    let sentence = format!("Terminated by {}: {reason}", viewer.person.handle);
    if !state.sessions.is_live(session) {
        return Err(not_live());
    }
    // What is not on the trail does not happen.
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let event = event(EventName::ConnectionTerminated, Outcome::Ok, client, clock::now())
        .by(&viewer.person)
        .about(&session_view.record, session_view.record_title)
        .in_session(session)
        .with("reason", reason);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    if !state.sessions.end(session, EndReason::Terminated, &sentence) {
        return Err(not_live());
    }
    state.sessions.gone(session, OVER).await;

    Ok(())
}

fn not_live() -> Refusal {
    Refusal::new(Code::PamNotFound, "This session is not live.")
}
