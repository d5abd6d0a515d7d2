//! Folders and their shares.

use leptos::prelude::*;
use protocol::ids::{FolderId, PersonId};
use protocol::vault::{FolderDraft, FolderView, ShareDraft};

use crate::errors::AppError;
use crate::vault::FolderDetail;

/// The folders the person may see.
#[server(prefix = "/api", endpoint = "folders")]
pub async fn folders() -> Result<Vec<FolderView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let person = &ctx.signed_in()?.person;
    let mut snapshot = ctx.shared.db.read().await?;
    let folders = store::folders::list(&mut snapshot, person).await?;

    Ok(folders)
}

/// One folder the person may see; its shares for administrators.
#[server(prefix = "/api", endpoint = "folder")]
pub async fn folder(id: FolderId) -> Result<FolderDetail, AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let person = &ctx.signed_in()?.person;
    let mut snapshot = ctx.shared.db.read().await?;
    let folder = support::visible_folder(&mut snapshot, person, &id).await?;
    let Ok(configure) = vault::authorize::configure_folder(person, &id) else {
        return Ok(FolderDetail {
            folder,
            shares: Vec::new(),
            people: Vec::new(),
            may_configure: false,
        });
    };
    let shares = store::shares::list_folder(&mut snapshot, &configure).await?;
    let people = support::people(&mut snapshot).await?;

    Ok(FolderDetail {
        folder,
        shares,
        people,
        may_configure: true,
    })
}

/// Makes a folder; for administrators.
#[server(prefix = "/api", endpoint = "create-folder")]
pub async fn create_folder(draft: FolderDraft) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let create = vault::authorize::create(&ctx.held(&mut tx).await?)?;
    crate::ctx::check(&draft)?;
    let id = FolderId::from_random(ctx.shared.draw());
    let added = store::folders::add(&mut tx, &create, &id, &draft.name(), ctx.now()).await;
    added.map_err(super::support::unless_taken)?;
    let event = ctx
        .event(protocol::audit::EventName::FolderCreated)
        .with("folder", id.to_string())
        .with("name", draft.name());
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    leptos_axum::redirect(&format!("/folders/{id}"));

    Ok(())
}

/// Gives a folder another name; for administrators.
#[server(prefix = "/api", endpoint = "rename-folder")]
pub async fn rename_folder(id: FolderId, draft: FolderDraft) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    let configure = vault::authorize::configure_folder(&person, &id)?;
    crate::ctx::check(&draft)?;
    let before = support::visible_folder(&mut tx, &person, &id).await?;
    store::folders::rename(&mut tx, &configure, &draft.name())
        .await
        .map_err(support::unless_taken)?;
    let event = ctx
        .event(protocol::audit::EventName::FolderUpdated)
        .with("folder", id.to_string())
        .with("name_before", before.name)
        .with("name_after", draft.name());
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    leptos_axum::redirect(&format!("/folders/{id}?saved=name"));

    Ok(())
}

/// Deletes an empty folder; for administrators.
#[server(prefix = "/api", endpoint = "delete-folder")]
pub async fn delete_folder(id: FolderId) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    let configure = vault::authorize::configure_folder(&person, &id)?;
    let folder = support::visible_folder(&mut tx, &person, &id).await?;
    support::unless_full(store::folders::remove(&mut tx, &configure).await?)?;
    let event = ctx
        .event(protocol::audit::EventName::FolderDeleted)
        .with("folder", id.to_string())
        .with("name", folder.name);
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    leptos_axum::redirect("/vault");

    Ok(())
}

/// Shares a folder with a person, or changes what they may do; for administrators.
#[server(prefix = "/api", endpoint = "share-folder")]
pub async fn share_folder(id: FolderId, draft: ShareDraft) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let actor = ctx.held(&mut tx).await?;
    let configure = vault::authorize::configure_folder(&actor, &id)?;
    crate::ctx::check(&draft)?;
    let folder = support::visible_folder(&mut tx, &actor, &id).await?;
    let event = ctx
        .event(protocol::audit::EventName::FolderShared)
        .with("folder", id.to_string())
        .with("name", folder.name);
    let event = support::grant(&mut tx, &configure, &draft, event, ctx.now()).await?;
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    ctx.shared.operations.rights_changed();
    leptos_axum::redirect(&format!("/folders/{id}"));

    Ok(())
}

/// Takes a person's share of a folder away; for administrators.
#[server(prefix = "/api", endpoint = "unshare-folder")]
pub async fn unshare_folder(id: FolderId, person: PersonId) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut tx = ctx.shared.db.write().await?;
    let actor = ctx.held(&mut tx).await?;
    let configure = vault::authorize::configure_folder(&actor, &id)?;
    let folder = support::visible_folder(&mut tx, &actor, &id).await?;
    if store::shares::revoke(&mut tx, &configure, &person, ctx.now()).await? {
        let event = ctx
            .event(protocol::audit::EventName::FolderUnshared)
            .with("folder", id.to_string())
            .with("name", folder.name);
        let event = support::with_person(&mut tx, event, &person).await?;
        store::audit::append(&mut tx, event).await?;
        tx.commit().await?;
        ctx.shared.operations.rights_changed();
    }
    leptos_axum::redirect(&format!("/folders/{id}"));

    Ok(())
}
