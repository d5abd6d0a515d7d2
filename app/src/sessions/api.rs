//! Server functions of sessions and their recordings.

use leptos::prelude::*;
use protocol::ids::SessionId;
use protocol::recordings::RecordingView;
use protocol::sessions::{SessionFilter, SessionPage};
use protocol::terminal::TerminateDraft;
use protocol::time::Timestamp;

use crate::errors::AppError;

/// One page of sessions, newest first, and the server's time, from which the age of live ones follows. Users get
/// their own, administrators and auditors everybody's.
#[server(prefix = "/api", endpoint = "list-sessions")]
pub async fn list_sessions(
    #[server(default)] filter: SessionFilter,
) -> Result<(SessionPage, Timestamp), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?;
    crate::ctx::check(&filter)?;
    let scope = match ctx.evidence() {
        Ok(_) => store::sessions::Scope::Everybody,
        Err(_) => store::sessions::Scope::Own(&actor.person.id),
    };
    let mut snapshot = ctx.shared.db.read().await?;
    let page = store::sessions::list(&mut snapshot, scope, &filter).await?;

    Ok((page, ctx.now()))
}

/// A recording, for the player; that it was opened is audited.
#[server(prefix = "/api", endpoint = "recording-view")]
pub async fn look_at_recording(session: SessionId) -> Result<RecordingView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.evidence()?.clone();
    let view = ctx
        .shared
        .operations
        .look_at_recording(actor, session, ctx.client.clone())
        .await?;

    Ok(view)
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

    Ok(())
}
