//! Server functions of people and service accounts; for administrators.

use leptos::prelude::*;
use protocol::ids::PersonId;
use protocol::people::{InviteDraft, PersonView, RoleDraft};
use protocol::service_accounts::ServiceAccountDraft;

use super::{NewLink, PersonDetail};
use crate::errors::AppError;

/// Everybody, by address or name.
#[server(prefix = "/api", endpoint = "people")]
pub async fn people() -> Result<Vec<PersonView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    ctx.administrator()?;
    let mut snapshot = ctx.shared.db.read().await?;
    let people = store::people::list(&mut snapshot).await?;

    Ok(people.iter().map(PersonView::from).collect())
}

/// One person or service account.
#[server(prefix = "/api", endpoint = "person")]
pub async fn person(id: PersonId) -> Result<PersonDetail, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.administrator()?;
    let mut snapshot = ctx.shared.db.read().await?;
    let person = store::people::lookup(&mut snapshot, &id)
        .await?
        .ok_or_else(refusals::unknown)?;

    let idle = ctx.shared.sign_in_idle;
    let sign_ins = store::sign_ins::list(&mut snapshot, &person.id, idle, ctx.now()).await?;

    Ok(PersonDetail {
        is_viewer: person.id == actor.person.id,
        n_sign_ins: sign_ins.len(),
        person: PersonView::from(&person),
    })
}

/// Adds a person; answers the link to pass on.
#[server(prefix = "/api", endpoint = "invite")]
pub async fn invite(draft: InviteDraft) -> Result<NewLink, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.administrator()?.clone();
    crate::ctx::check(&draft)?;
    let email = draft.email.trim().to_owned();
    let link = ctx
        .shared
        .operations
        .invite(actor, draft, ctx.client.clone())
        .await?;

    Ok(NewLink { email, link })
}

/// Adds a service account, to which nothing is shared yet.
#[server(prefix = "/api", endpoint = "add-service-account")]
pub async fn add_service_account(draft: ServiceAccountDraft) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    ctx.administrator()?;
    crate::ctx::check(&draft)?;
    let name = draft.name.parse().map_err(|_| refusals::no_name())?;
    let id = PersonId::from_random(ctx.shared.draw());
    let mut tx = ctx.shared.db.write().await?;
    let administer = vault::authorize::administer(&ctx.held(&mut tx).await?)?;
    let account = store::service_accounts::add(&mut tx, &administer, &id, &name, ctx.now())
        .await
        .map_err(refusals::name_taken)?;
    let event = ctx
        .event(protocol::audit::EventName::ServiceAccountAdded)
        .with("email", account.handle.to_string());
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    leptos_axum::redirect(&format!("/people/{id}?saved=added"));

    Ok(())
}

/// Ends a person's sign-ins; answers the link by which they choose another password.
#[server(prefix = "/api", endpoint = "reset-person")]
pub async fn reset_person(id: PersonId) -> Result<NewLink, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.administrator()?.clone();
    let mut snapshot = ctx.shared.db.read().await?;
    let person = store::people::lookup(&mut snapshot, &id)
        .await?
        .ok_or_else(refusals::unknown)?;
    drop(snapshot);
    let link = ctx.shared.operations.reset(actor, id, ctx.client.clone()).await?;

    Ok(NewLink {
        email: person.handle.to_string(),
        link,
    })
}

/// Gives a person another role.
#[server(prefix = "/api", endpoint = "change-role")]
pub async fn change_role(draft: RoleDraft) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let administer = vault::authorize::administer(&ctx.held(&mut tx).await?)?;
    let before = store::people::lookup(&mut tx, &draft.id)
        .await?
        .ok_or_else(refusals::unknown)?;
    before.check_is_human()?;
    let changed = store::people::change_role(&mut tx, &administer, &draft.id, draft.role).await?;
    if refusals::is_done(changed)? {
        let event = ctx
            .event(protocol::audit::EventName::PersonRoleChanged)
            .with("email", before.handle.to_string())
            .with("before", before.role.as_str())
            .with("after", draft.role.as_str());
        store::audit::append(&mut tx, event).await?;
        tx.commit().await?;
        ctx.shared.operations.rights_changed();
    }
    leptos_axum::redirect(&format!("/people/{}?saved=role", draft.id));

    Ok(())
}

/// Switches a person or service account off: their sign-ins and sessions end, their tokens are revoked.
#[server(prefix = "/api", endpoint = "switch-off")]
pub async fn switch_off(id: PersonId) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let administer = vault::authorize::administer(&ctx.held(&mut tx).await?)?;
    let before = store::people::lookup(&mut tx, &id)
        .await?
        .ok_or_else(refusals::unknown)?;
    let changed = store::people::switch_off(&mut tx, &administer, &id).await?;
    if refusals::is_done(changed)? {
        let ended = store::sign_ins::revoke_all(&mut tx, &id, ctx.now()).await?;
        let revoked = store::access_tokens::revoke_all(&mut tx, &id, ctx.now()).await?;
        let event = ctx
            .event(protocol::audit::EventName::PersonSwitchedOff)
            .with("email", before.handle.to_string())
            .with("sign_ins_ended", ended.to_string())
            .with("tokens_revoked", revoked.to_string());
        store::audit::append(&mut tx, event).await?;
        tx.commit().await?;
        ctx.shared.operations.rights_changed();
    }
    leptos_axum::redirect(&format!("/people/{id}?saved=off"));

    Ok(())
}

/// Switches a person on again, with the password they had; a service account, to be given tokens.
#[server(prefix = "/api", endpoint = "switch-on")]
pub async fn switch_on(id: PersonId) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let administer = vault::authorize::administer(&ctx.held(&mut tx).await?)?;
    let before = store::people::lookup(&mut tx, &id)
        .await?
        .ok_or_else(refusals::unknown)?;
    let changed = store::people::switch_on(&mut tx, &administer, &id).await?;
    if refusals::is_done(changed)? {
        let event = ctx
            .event(protocol::audit::EventName::PersonSwitchedOn)
            .with("email", before.handle.to_string());
        store::audit::append(&mut tx, event).await?;
        tx.commit().await?;
    }
    leptos_axum::redirect(&format!("/people/{id}?saved=on"));

    Ok(())
}

#[cfg(feature = "ssr")]
mod refusals {
    use protocol::errors::{Code, Refusal};
    use protocol::forms::FieldError;
    use store::people::Changed;

    use crate::errors::AppError;

    pub(super) fn unknown() -> AppError {
        AppError(Refusal::new(Code::PamNotFound, "There is no such person."))
    }

    pub(super) fn no_name() -> AppError {
        of_name("Enter a name such as nightly-export.")
    }

    pub(super) fn name_taken(error: store::Error) -> AppError {
        match error {
            store::Error::Taken => of_name("There is a service account of this name already."),
            store::Error::Unavailable(_)
            | store::Error::Inconsistent { .. }
            | store::Error::Address
            | store::Error::Migration(_)
            | store::Error::Copy(_)
            | store::Error::NotACopy(_)
            | store::Error::Internal(_) => error.into(),
        }
    }

    fn of_name(message: &str) -> AppError {
        AppError(Refusal::invalid(vec![FieldError::new("name", message)]))
    }

    /// Whether there is something to write; a change that leaves nobody to administer is refused.
    pub(super) fn is_done(changed: Changed) -> Result<bool, AppError> {
        match changed {
            Changed::Done(_) => Ok(true),
            Changed::Nothing => Ok(false),
            Changed::LastAdministrator => Err(AppError(Refusal::new(
                Code::PamConflict,
                "This is the last active administrator. Make somebody else an administrator first.",
            ))),
        }
    }
}
