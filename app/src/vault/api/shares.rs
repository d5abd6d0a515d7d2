//! Shares of one record; for administrators.

use leptos::prelude::*;
use protocol::ids::{PersonId, RecordId};
use protocol::vault::ShareDraft;

use crate::errors::AppError;
use crate::vault::SharingDetail;

/// Everybody's shares that reach a record.
#[server(prefix = "/api", endpoint = "shares")]
pub async fn shares(id: RecordId) -> Result<SharingDetail, AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let person = &ctx.signed_in()?.person;
    let mut snapshot = ctx.shared.db.read().await?;
    let (found, held) = support::found(&mut snapshot, person, &id).await?;
    let location = found.location();
    let view = vault::authorize::view(person, &location, &held)?;
    let configure = vault::authorize::configure(person, &location, &held)?;
    let record = store::records::view(&mut snapshot, person, &view, ctx.now()).await?;
    let record = record.ok_or_else(protocol::errors::Refusal::not_found)?;
    let shares = store::shares::list(&mut snapshot, &configure, &location).await?;
    let people = support::people(&mut snapshot).await?;

    Ok(SharingDetail {
        record,
        shares,
        people,
    })
}

/// Shares a record with a person, or changes what they may do.
#[server(prefix = "/api", endpoint = "share-record")]
pub async fn share_record(id: RecordId, draft: ShareDraft) -> Result<(), AppError> {
    use protocol::audit::EventName;

    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    crate::ctx::check(&draft)?;
    let mut tx = ctx.shared.db.write().await?;
    let actor = ctx.held(&mut tx).await?;
    let (record, held) = support::found(&mut tx, &actor, &id).await?;
    let configure = vault::authorize::configure(&actor, &record.location(), &held)?;
    let event = ctx.event(EventName::RecordShared).about(&id, record.title());
    let event = support::grant(&mut tx, &configure, &draft, event, ctx.now()).await?;
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    ctx.shared.operations.rights_changed();
    leptos_axum::redirect(&format!("/vault/{id}/sharing"));

    Ok(())
}

/// Takes a person's share of a record away.
#[server(prefix = "/api", endpoint = "unshare-record")]
pub async fn unshare_record(id: RecordId, person: PersonId) -> Result<(), AppError> {
    use protocol::audit::EventName;

    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let actor = ctx.held(&mut tx).await?;
    let (record, held) = support::found(&mut tx, &actor, &id).await?;
    let configure = vault::authorize::configure(&actor, &record.location(), &held)?;
    if store::shares::revoke(&mut tx, &configure, &person, ctx.now()).await? {
        let event = ctx.event(EventName::RecordUnshared).about(&id, record.title());
        let event = support::with_person(&mut tx, event, &person).await?;
        store::audit::append(&mut tx, event).await?;
        tx.commit().await?;
        ctx.shared.operations.rights_changed();
    }
    leptos_axum::redirect(&format!("/vault/{id}/sharing"));

    Ok(())
}
