//! Server functions of a launch: what may be launched, and the ticket for one session.

use leptos::prelude::*;
use protocol::ids::{RecordId, SessionId};
use protocol::terminal::{LaunchDraft, LaunchTicket, LaunchView};

use crate::errors::AppError;

/// The accounts the person may launch the record with.
#[server(prefix = "/api", endpoint = "launch-view")]
pub async fn look_at_launch(record: RecordId) -> Result<LaunchView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let view = ctx
        .shared
        .operations
        .look_at_launch(actor, record, ctx.client.clone())
        .await?;

    Ok(view)
}

/// A ticket for one session; the WebSocket redeems it.
#[server(prefix = "/api", endpoint = "launch")]
pub async fn launch(draft: LaunchDraft) -> Result<LaunchTicket, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let ticket = ctx
        .shared
        .operations
        .issue_ticket(actor, draft, ctx.client.clone())
        .await?;

    Ok(ticket)
}

/// A ticket to come back to one's own live session; the WebSocket redeems it like that of a launch.
#[server(prefix = "/api", endpoint = "resume")]
pub async fn resume(session: SessionId) -> Result<LaunchTicket, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let ticket = ctx
        .shared
        .operations
        .issue_resume_ticket(actor, session, ctx.client.clone())
        .await?;

    Ok(ticket)
}
