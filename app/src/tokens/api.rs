//! Server functions of access tokens: one's own, and for administrators those of a person or service account.

use leptos::prelude::*;
use protocol::ids::{PersonId, TokenId};
use protocol::tokens::{TokenDraft, TokenView};
use protocol::vault::Link;

use super::{NewToken, OfAccount};
use crate::errors::AppError;

/// The person's own tokens, newest first.
#[server(prefix = "/api", endpoint = "access-tokens")]
pub async fn access_tokens() -> Result<Vec<TokenView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?;
    let mut snapshot = ctx.shared.db.read().await?;

    support::listed(&ctx, &mut snapshot, &actor.person.id).await
}

/// The tokens of a person or service account; for administrators.
#[server(prefix = "/api", endpoint = "tokens-of")]
pub async fn tokens_of(person: PersonId) -> Result<Vec<TokenView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    ctx.administrator()?;
    let mut snapshot = ctx.shared.db.read().await?;
    let person = support::somebody(&mut snapshot, &person).await?;

    support::listed(&ctx, &mut snapshot, &person.id).await
}

/// The records a token can be for; none to who launches nothing.
#[server(prefix = "/api", endpoint = "token-records")]
pub async fn token_records() -> Result<Vec<Link>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?;
    let mut snapshot = ctx.shared.db.read().await?;

    support::launchable(&mut snapshot, &actor.person).await
}

/// Makes a token for the person, who has just given their own password again.
#[server(prefix = "/api", endpoint = "create-token")]
pub async fn create_token(draft: TokenDraft) -> Result<NewToken, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    crate::ctx::check(&draft)?;
    let expires_at = draft.expires_at(ctx.now()).map_err(support::invalid)?;
    let mut snapshot = ctx.shared.db.read().await?;
    // Whoever may not have one is told so before a password is counted.
    support::may_take(&mut snapshot, support::Asked::of(&actor.person, None), &draft).await?;
    drop(snapshot);
    ctx.shared
        .operations
        .confirm_password(actor, draft.password.clone(), ctx.client.clone())
        .await?;

    support::make(&ctx, None, &draft, expires_at).await
}

/// What a token of a service account can be for; for administrators.
#[server(prefix = "/api", endpoint = "token-records-of")]
pub async fn token_records_of(person: PersonId) -> Result<OfAccount, AppError> {
    use vault::authorize::{Password, Wanted};

    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.administrator()?;
    let mut snapshot = ctx.shared.db.read().await?;
    let account = support::somebody(&mut snapshot, &person).await?;
    support::Asked::of(&actor.person, Some(&account)).weigh(Wanted::CommandLine, Password::GivenAgain)?;
    let records = support::launchable(&mut snapshot, &account).await?;

    Ok(OfAccount {
        name: account.handle.to_string(),
        records,
    })
}

/// Makes a token for a service account; for administrators, who give their own password again.
#[server(prefix = "/api", endpoint = "create-token-of")]
pub async fn create_token_of(person: PersonId, draft: TokenDraft) -> Result<NewToken, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.administrator()?.clone();
    crate::ctx::check(&draft)?;
    let expires_at = draft.expires_at(ctx.now()).map_err(support::invalid)?;
    let mut snapshot = ctx.shared.db.read().await?;
    let account = support::somebody(&mut snapshot, &person).await?;
    let asked = support::Asked::of(&actor.person, Some(&account));
    support::may_take(&mut snapshot, asked, &draft).await?;
    drop(snapshot);
    ctx.shared
        .operations
        .confirm_password(actor, draft.password.clone(), ctx.client.clone())
        .await?;

    support::make(&ctx, Some(&person), &draft, expires_at).await
}

/// Revokes one of the person's own tokens; sessions opened with it end.
#[server(prefix = "/api", endpoint = "revoke-token")]
pub async fn revoke_token(id: TokenId) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    support::revoke(&ctx, tx, &person, &id).await?;
    leptos_axum::redirect("/account?saved=token");

    Ok(())
}

/// Revokes a token of a person or service account; for administrators.
#[server(prefix = "/api", endpoint = "revoke-token-of")]
pub async fn revoke_token_of(person: PersonId, id: TokenId) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    vault::authorize::administer(&ctx.held(&mut tx).await?)?;
    let whose = support::somebody(&mut tx, &person).await?;
    support::revoke(&ctx, tx, &whose, &id).await?;
    leptos_axum::redirect(&format!("/people/{person}?saved=token"));

    Ok(())
}

#[cfg(feature = "ssr")]
mod support;
