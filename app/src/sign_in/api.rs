//! Server functions of signing in and of one-time links; all work before sign-in.

use leptos::prelude::*;
use protocol::people::{Password, SetPasswordDraft, SetUpDraft, SignInDraft};

use super::LinkView;
use crate::errors::AppError;

/// Signs in and goes to `next`, a path of ours.
#[server(prefix = "/api", endpoint = "sign-in")]
pub async fn sign_in(draft: SignInDraft, #[server(default)] next: String) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    crate::ctx::check(&draft)?;
    let cookie = ctx.shared.operations.sign_in(draft, ctx.client.clone()).await?;
    crate::ctx::set_cookie(&cookie)?;
    leptos_axum::redirect(crate::ctx::own_path(&next).unwrap_or("/vault"));

    Ok(())
}

/// What a one-time link is for, if it is still good.
#[server(prefix = "/api", endpoint = "link")]
pub async fn link(token: Password) -> Result<LinkView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let link = ctx
        .shared
        .operations
        .look_at_link(token, ctx.client.clone())
        .await?;

    Ok(link)
}

/// Makes the first administrator.
#[server(prefix = "/api", endpoint = "set-up")]
pub async fn set_up(draft: SetUpDraft) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    crate::ctx::check(&draft)?;
    let cookie = ctx.shared.operations.set_up(draft, ctx.client.clone()).await?;
    crate::ctx::set_cookie(&cookie)?;
    leptos_axum::redirect("/vault");

    Ok(())
}

/// Sets a password through an invitation or a reset link.
#[server(prefix = "/api", endpoint = "use-link")]
pub async fn use_link(draft: SetPasswordDraft) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    crate::ctx::check(&draft)?;
    let cookie = ctx.shared.operations.use_link(draft, ctx.client.clone()).await?;
    crate::ctx::set_cookie(&cookie)?;
    leptos_axum::redirect("/vault");

    Ok(())
}
