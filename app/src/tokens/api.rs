//! Server functions of access tokens: one's own, and for administrators those of a person.

use leptos::prelude::*;
use protocol::ids::{PersonId, TokenId};
use protocol::tokens::{TokenDraft, TokenView};
use protocol::vault::Link;

use super::NewToken;
use crate::errors::AppError;

/// The person's own tokens, newest first.
#[server(prefix = "/api", endpoint = "access-tokens")]
pub async fn access_tokens() -> Result<Vec<TokenView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?;
    let mut snapshot = ctx.shared.db.read().await?;

    support::listed(&ctx, &mut snapshot, &actor.person.id).await
}

/// A person's tokens; for administrators.
#[server(prefix = "/api", endpoint = "tokens-of")]
pub async fn tokens_of(person: PersonId) -> Result<Vec<TokenView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    ctx.administrator()?;
    let mut snapshot = ctx.shared.db.read().await?;
    let person = store::people::lookup(&mut snapshot, &person)
        .await?
        .ok_or_else(support::nobody)?;

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
    support::may_take(&mut snapshot, &actor.person, &draft).await?;
    drop(snapshot);
    ctx.shared
        .operations
        .confirm_password(actor, draft.password.clone(), ctx.client.clone())
        .await?;

    support::make(&ctx, &draft, expires_at).await
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

/// Revokes a token of a person; for administrators.
#[server(prefix = "/api", endpoint = "revoke-token-of")]
pub async fn revoke_token_of(person: PersonId, id: TokenId) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    vault::authorize::administer(&ctx.held(&mut tx).await?)?;
    let whose = store::people::lookup(&mut tx, &person)
        .await?
        .ok_or_else(support::nobody)?;
    support::revoke(&ctx, tx, &whose, &id).await?;
    leptos_axum::redirect(&format!("/people/{person}?saved=token"));

    Ok(())
}

#[cfg(feature = "ssr")]
mod support {
    use protocol::audit::EventName;
    use protocol::dates::rfc3339;
    use protocol::errors::{Code, Refusal};
    use protocol::forms::FieldError;
    use protocol::ids::{PersonId, RecordId, TokenId};
    use protocol::time::Timestamp;
    use protocol::tokens::{LastUse, Reach, Scope, TokenDraft, TokenView};
    use protocol::vault::{Link, RecordKind};
    use store::access_tokens::{AccessToken, Standing};
    use store::records::RecordFilter;
    use store::tokens::TokenHash;
    use store::{Snapshot, Tx};
    use vault::audit::Event;
    use vault::authorize::{self, Authorized, Password, TakeToken, Wanted};
    use vault::people::Person;
    use vault::record::Record;
    use vault::share::Share;

    use super::NewToken;
    use crate::ctx::RequestCtx;
    use crate::errors::AppError;

    /// A person's tokens, with the titles of the records whoever asks may see.
    pub(super) async fn listed(
        ctx: &RequestCtx,
        snapshot: &mut Snapshot,
        whose: &PersonId,
    ) -> Result<Vec<TokenView>, AppError> {
        let viewer = &ctx.signed_in()?.person;
        let tokens = store::access_tokens::list(snapshot, whose).await?;
        let mut views = Vec::with_capacity(tokens.len());
        for token in tokens {
            let reach = match &token.record {
                None => Reach::Everything,
                Some(record) => reach(snapshot, viewer, record).await?,
            };
            views.push(view(token, reach, ctx.now()));
        }

        Ok(views)
    }

    async fn reach(snapshot: &mut Snapshot, viewer: &Person, id: &RecordId) -> Result<Reach, AppError> {
        let Some((record, shares)) = found(snapshot, viewer, id).await? else {
            return Ok(Reach::Hidden);
        };
        let permissions = authorize::permissions(viewer, &record.location(), &shares);
        if !permissions.view {
            return Ok(Reach::Hidden);
        }

        Ok(Reach::Record {
            id: id.clone(),
            title: record.title().to_owned(),
        })
    }

    fn view(token: AccessToken, reach: Reach, now: Timestamp) -> TokenView {
        TokenView {
            is_expired: token.standing(now) == Standing::Expired,
            id: token.id,
            name: token.name,
            scope: token.scope,
            reach,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_use: token.last_use.map(|(at, address)| LastUse { at, address }),
        }
    }

    async fn found(
        snapshot: &mut Snapshot,
        person: &Person,
        id: &RecordId,
    ) -> Result<Option<(Record, Vec<Share>)>, AppError> {
        let Some(record) = store::records::lookup(snapshot, id).await? else {
            return Ok(None);
        };
        let shares = store::shares::held(snapshot, &person.id, &record.location()).await?;

        Ok(Some((record, shares)))
    }

    /// The databases a person may launch, by title.
    pub(super) async fn launchable(snapshot: &mut Snapshot, person: &Person) -> Result<Vec<Link>, AppError> {
        let filter = RecordFilter {
            kind: Some(RecordKind::Database),
            ..RecordFilter::default()
        };
        let records = store::records::list(snapshot, person, &filter).await?;

        Ok(records
            .into_iter()
            .filter(|record| record.permissions.launch)
            .map(|record| Link {
                id: record.id,
                title: record.title,
                subtitle: record.subtitle,
            })
            .collect())
    }

    /// Whether a person may have such a token, but for their password.
    pub(super) async fn may_take(
        snapshot: &mut Snapshot,
        person: &Person,
        draft: &TokenDraft,
    ) -> Result<(), AppError> {
        match weigh(snapshot, person, draft, Password::NotGiven).await {
            Err(AppError(refusal)) if refusal.code == Code::PamPasswordRequired => Ok(()),
            Err(refused) => Err(refused),
            Ok(_) => Ok(()),
        }
    }

    async fn weigh(
        snapshot: &mut Snapshot,
        person: &Person,
        draft: &TokenDraft,
        password: Password,
    ) -> Result<Authorized<TakeToken>, AppError> {
        let all = match draft.scope {
            Scope::Launch => Wanted::Everything,
            Scope::CommandLine => Wanted::CommandLine,
        };
        let Some(id) = &draft.record else {
            return Ok(authorize::take_token(person, all, password)?);
        };
        // The role first: an auditor is not told which records there are.
        authorize::take_token(person, Wanted::Everything, Password::GivenAgain)?;
        let (record, shares) = found(snapshot, person, id)
            .await?
            .ok_or_else(Refusal::not_found)?;

        Ok(authorize::take_token(
            person,
            Wanted::Record(&record.location(), &shares),
            password,
        )?)
    }

    /// Makes a token and writes who made which into the log; its text is in the answer and nowhere else.
    pub(super) async fn make(
        ctx: &RequestCtx,
        draft: &TokenDraft,
        expires_at: Timestamp,
    ) -> Result<NewToken, AppError> {
        let text = vault::tokens::text(ctx.shared.draw());
        let hash = TokenHash::of(text.expose());
        let mut tx = ctx.shared.db.write().await?;
        let person = ctx.held(&mut tx).await?;
        // With the sign-in goes what was asked for through it: a reset under way is not outlived.
        let sign_in = &ctx.signed_in()?.sign_in;
        if !store::sign_ins::hold(&mut tx, sign_in, &person.id).await? {
            return Err(Refusal::signed_out().into());
        }
        let take = weigh(&mut tx, &person, draft, Password::GivenAgain).await?;
        let n_good = store::access_tokens::count_good(&mut tx, &person.id, ctx.now()).await?;
        vault::tokens::check_room(n_good)?;
        let id = TokenId::from_random(ctx.shared.draw());
        let token =
            store::access_tokens::add(&mut tx, &take, &id, &hash, &draft.name, expires_at, ctx.now()).await?;
        let event = created(ctx, &mut tx, &person, &token).await?;
        store::audit::append(&mut tx, event).await?;
        tx.commit().await?;

        Ok(NewToken {
            name: token.name,
            scope: token.scope,
            token: text.expose().to_owned(),
        })
    }

    /// What a new token is in the audit log.
    async fn created(
        ctx: &RequestCtx,
        tx: &mut Tx,
        person: &Person,
        token: &AccessToken,
    ) -> Result<Event, AppError> {
        let event = ctx
            .event(EventName::AccessTokenCreated)
            .with("email", person.email.to_string())
            .with("token", token.id.to_string())
            .with("name", token.name.clone())
            .with("scope", token.scope.as_str())
            .with("expires", rfc3339(token.expires_at));
        let Some(id) = &token.record else {
            return Ok(event);
        };
        let record = store::records::lookup(tx, id).await?;
        let title = record.map(|record| record.title().to_owned()).unwrap_or_default();

        Ok(event.about(id, title))
    }

    /// Revokes a token of a person; sessions opened with it look again at once.
    pub(super) async fn revoke(
        ctx: &RequestCtx,
        mut tx: Tx,
        whose: &Person,
        id: &TokenId,
    ) -> Result<(), AppError> {
        let token = store::access_tokens::revoke(&mut tx, id, &whose.id, ctx.now())
            .await?
            .ok_or_else(|| {
                Refusal::new(
                    Code::PamNotFound,
                    "There is no such token, or it was revoked already.",
                )
            })?;
        let event = ctx
            .event(EventName::AccessTokenRevoked)
            .with("email", whose.email.to_string())
            .with("token", token.id.to_string())
            .with("name", token.name);
        store::audit::append(&mut tx, event).await?;
        tx.commit().await?;
        ctx.shared.operations.rights_changed();

        Ok(())
    }

    pub(super) fn nobody() -> AppError {
        AppError(Refusal::new(Code::PamNotFound, "There is no such person."))
    }

    pub(super) fn invalid(error: FieldError) -> AppError {
        AppError(Refusal::invalid(vec![error]))
    }
}
