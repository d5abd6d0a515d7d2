//! Server functions of the person's own page.

use leptos::prelude::*;
use protocol::people::{PasswordDraft, SignInView};

use crate::errors::AppError;

/// The person's open sign-ins, newest first.
#[server(prefix = "/api", endpoint = "sign-ins")]
pub async fn sign_ins() -> Result<Vec<SignInView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?;
    let mut snapshot = ctx.shared.db.read().await?;
    let idle = ctx.shared.sign_in_idle;
    let open = store::sign_ins::list(&mut snapshot, &actor.person.id, idle, ctx.now()).await?;

    Ok(open
        .into_iter()
        .map(|open| SignInView {
            is_current: open.id == actor.sign_in,
            id: open.id,
            created_at: open.created_at,
            last_seen: open.last_seen,
            ends_at: open.absolute_end,
            remote_address: open.remote_address,
            user_agent: open.user_agent,
        })
        .collect())
}

/// Changes the person's own password; every other sign-in of theirs ends.
#[server(prefix = "/api", endpoint = "change-password")]
pub async fn change_password(draft: PasswordDraft) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    crate::ctx::check(&draft)?;
    ctx.shared
        .operations
        .change_password(actor, draft, ctx.client.clone())
        .await?;
    leptos_axum::redirect("/account?changed=true");

    Ok(())
}

/// Ends this sign-in.
#[server(prefix = "/api", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let cookie = ctx.shared.operations.sign_out(actor, ctx.client.clone()).await?;
    crate::ctx::set_cookie(&cookie)?;
    leptos_axum::redirect("/sign-in");

    Ok(())
}

/// Ends every sign-in of the person, and the sessions opened with them.
#[server(prefix = "/api", endpoint = "sign-out-everywhere")]
pub async fn sign_out_everywhere() -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let cookie = ctx
        .shared
        .operations
        .sign_out_everywhere(actor, ctx.client.clone())
        .await?;
    crate::ctx::set_cookie(&cookie)?;
    leptos_axum::redirect("/sign-in");

    Ok(())
}
