//! Server functions of sessions and their recordings.

#[cfg(feature = "ssr")]
mod support;

#[cfg(feature = "ssr")]
pub use support::list;

use leptos::prelude::*;
use protocol::ids::{RecordId, SessionId};
use protocol::recordings::{RecordingView, TranscriptView, VerdictView};
use protocol::sessions::{SessionFilter, SessionList, SessionView};
use protocol::terminal::TerminateDraft;

use crate::errors::AppError;
use crate::sessions::ActivityDetail;

/// One page of sessions, live ones first, and the server's time, from which their age follows. Users get their own,
/// administrators and auditors everybody's.
#[server(prefix = "/api", endpoint = "list-sessions")]
pub async fn list_sessions(#[server(default)] filter: SessionFilter) -> Result<SessionList, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?;
    crate::ctx::check(&filter)?;
    let mut snapshot = ctx.shared.db.read().await?;

    list(&mut snapshot, &actor.person, &filter, ctx.now()).await
}

/// The sessions of one record: *Session Activity*. For administrators and auditors who may see the record.
#[server(prefix = "/api", endpoint = "session-activity")]
pub async fn session_activity(
    id: RecordId,
    #[server(default)] filter: SessionFilter,
) -> Result<ActivityDetail, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.evidence()?;
    crate::ctx::check(&filter)?;
    let record = crate::vault::api::record(id.clone()).await?.record;
    let mut snapshot = ctx.shared.db.read().await?;
    let filter = SessionFilter {
        record: id.to_string(),
        ..filter
    };
    let list = list(&mut snapshot, &actor.person, &filter, ctx.now()).await?;

    Ok(ActivityDetail { record, list })
}

/// A session, for the page that ends or watches it.
#[server(prefix = "/api", endpoint = "session")]
pub async fn session(session: SessionId) -> Result<SessionView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    ctx.evidence()?;
    let mut snapshot = ctx.shared.db.read().await?;
    let found = store::sessions::lookup(&mut snapshot, &session).await?;

    found.map(|found| found.view).ok_or_else(|| {
        use protocol::errors::{Code, Refusal};

        AppError(Refusal::new(Code::PamNotFound, "There is no such session."))
    })
}

/// A recording, for the player; that it was opened is audited.
#[server(prefix = "/api", endpoint = "recording-view")]
pub async fn look_at_recording(session: SessionId) -> Result<RecordingView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let view = ctx
        .shared
        .operations
        .look_at_recording(actor, session, ctx.client.clone())
        .await?;

    Ok(view)
}

/// The text of a recording from a segment on; that it was opened is audited.
#[server(prefix = "/api", endpoint = "transcript")]
pub async fn read_transcript(
    session: SessionId,
    #[server(default)] from: u32,
) -> Result<TranscriptView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let view = ctx
        .shared
        .operations
        .read_transcript(actor, session, from, ctx.client.clone())
        .await?;

    Ok(view)
}

/// Whether a recording is all there and as it was recorded.
#[server(prefix = "/api", endpoint = "verify-recording")]
pub async fn verify_recording(session: SessionId) -> Result<VerdictView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.evidence()?.clone();
    let verdict = ctx
        .shared
        .operations
        .verify_recording(actor, session, ctx.client.clone())
        .await?;

    Ok(verdict)
}

/// Ends a live session; its owner reads who did it and why.
#[server(prefix = "/api", endpoint = "terminate-session")]
pub async fn terminate_session(draft: TerminateDraft) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.evidence()?.clone();
    crate::ctx::check(&draft)?;
    ctx.shared
        .operations
        .terminate(actor, draft, ctx.client.clone())
        .await?;
    leptos_axum::redirect("/sessions");

    Ok(())
}
