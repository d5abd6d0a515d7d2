//! Server functions of device login. Each takes the code anew: who has it may look, whose it is nobody knows before.

use leptos::prelude::*;
use protocol::device::{ApprovalDraft, LoginView};

use super::Decided;
use crate::errors::AppError;

/// Who waits with a code. Looking decides nothing.
#[server(prefix = "/api", endpoint = "look-at-login")]
pub async fn look_at_login(code: String) -> Result<LoginView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let code = support::entered(&code)?;
    let login = ctx
        .shared
        .operations
        .look_at_login(actor, code, ctx.client.clone())
        .await?;

    Ok(login)
}

/// Approves it, with the person's own password once more.
#[server(prefix = "/api", endpoint = "approve-login")]
pub async fn approve_login(draft: ApprovalDraft) -> Result<Decided, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    crate::ctx::check(&draft)?;
    let login = ctx
        .shared
        .operations
        .approve_login(actor, draft, ctx.client.clone())
        .await?;

    Ok(Decided::Approved(login))
}

/// Denies it.
#[server(prefix = "/api", endpoint = "deny-login")]
pub async fn deny_login(code: String) -> Result<Decided, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let code = support::entered(&code)?;
    ctx.shared
        .operations
        .deny_login(actor, code, ctx.client.clone())
        .await?;

    Ok(Decided::Denied)
}

#[cfg(feature = "ssr")]
mod support {
    use protocol::device::{UserCode, entered_code};
    use protocol::errors::Refusal;

    use crate::errors::AppError;

    pub(super) fn entered(code: &str) -> Result<UserCode, AppError> {
        entered_code(code).map_err(|error| AppError(Refusal::invalid(vec![error])))
    }
}
