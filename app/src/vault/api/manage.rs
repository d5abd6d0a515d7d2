//! What is done to a record as a whole: duplicate, move, delete.

use leptos::prelude::*;
use protocol::ids::{FolderId, RecordId};

use crate::errors::AppError;

/// Makes a copy without secrets and shares; for administrators who see the record.
#[server(prefix = "/api", endpoint = "duplicate-record")]
pub async fn duplicate_record(id: RecordId) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    let (source, shares) = support::found(&mut tx, &person, &id).await?;
    let view = vault::authorize::view(&person, &source.location(), &shares)?;
    let create = vault::authorize::create(&person)?;
    let copy = RecordId::from_random(ctx.shared.draw());
    let record = store::records::duplicate(&mut tx, &create, &view, &source, &copy, ctx.now()).await?;
    let event = ctx
        .event(protocol::audit::EventName::RecordDuplicated)
        .about(&copy, record.title())
        .with("source", id.to_string());
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    leptos_axum::redirect(&format!("/vault/{copy}"));

    Ok(())
}

/// Puts a record into another folder, or into none; for administrators.
#[server(prefix = "/api", endpoint = "move-record")]
pub async fn move_record(id: RecordId, folder: Option<FolderId>) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let editing = support::Editing::begin_move(&ctx, &id).await?;
    let content = vault::record::Content {
        folder,
        ..editing.record.content.clone()
    };
    let version = editing.record.version;
    editing.save(&ctx, content, Vec::new(), version).await?;
    leptos_axum::redirect(&format!("/vault/{id}"));

    Ok(())
}

/// Deletes a record nothing links to; for administrators, and for the owner of a personal credential.
#[server(prefix = "/api", endpoint = "delete-record")]
pub async fn delete_record(id: RecordId) -> Result<(), AppError> {
    use store::records::Removed;

    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    let (record, shares) = support::found(&mut tx, &person, &id).await?;
    let delete = vault::authorize::delete(&person, &record.location(), &shares)?;
    match store::records::remove(&mut tx, &delete, ctx.now()).await? {
        Removed::Done => {}
        Removed::Linked(links) => return Err(support::linked(&links)),
        Removed::Nothing => return Err(protocol::errors::Refusal::not_found().into()),
    }
    let event = ctx
        .event(support::deleted(record.content.body.kind()))
        .about(&id, support::logged(&record, record.title()));
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    ctx.shared.operations.rights_changed();
    leptos_axum::redirect("/vault");

    Ok(())
}
