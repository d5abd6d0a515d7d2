//! Creating and changing records.

use leptos::prelude::*;
use protocol::ids::RecordId;
use protocol::vault::{ConfigurationDraft, DatabaseDraft, UserDraft};

use crate::errors::AppError;

/// Creates a PAM Configuration; for administrators.
#[server(prefix = "/api", endpoint = "create-configuration")]
pub async fn create_configuration(draft: ConfigurationDraft) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let create = vault::authorize::create(&ctx.signed_in()?.person)?;
    let draft = ConfigurationDraft {
        notes: support::plain_lines(&draft.notes),
        ..draft
    };
    let content = vault::record::Content::of_configuration(&draft).map_err(support::invalid_fields)?;
    let id = support::add(&ctx, &create, content, Vec::new()).await?;
    leptos_axum::redirect(&format!("/vault/{id}"));

    Ok(())
}

/// Creates a PAM Database; for administrators. The credential of a pasted connection string is not kept.
#[server(prefix = "/api", endpoint = "create-database")]
pub async fn create_database(draft: DatabaseDraft) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let create = vault::authorize::create(&ctx.signed_in()?.person)?;
    let (draft, pasted) = support::spread(draft)?;
    let content = vault::record::Content::of_database(&draft).map_err(support::invalid_fields)?;
    let id = support::add(&ctx, &create, content, Vec::new()).await?;
    leptos_axum::redirect(&format!("/vault/{id}{pasted}"));

    Ok(())
}

/// Creates a PAM User; for administrators.
#[server(prefix = "/api", endpoint = "create-user")]
pub async fn create_user(draft: UserDraft) -> Result<(), AppError> {
    use super::support;
    use vault::record::{Stored, UserContent};

    let ctx = crate::ctx::RequestCtx::current()?;
    let create = vault::authorize::create(&ctx.signed_in()?.person)?;
    let draft = support::plain_user(draft);
    let user = UserContent::of(draft, &Stored::default()).map_err(support::invalid_fields)?;
    let id = support::add(&ctx, &create, user.content, user.secrets).await?;
    leptos_axum::redirect(&format!("/vault/{id}"));

    Ok(())
}

/// Keeps a personal credential, for who creates it alone.
#[server(prefix = "/api", endpoint = "create-personal")]
pub async fn create_personal(draft: UserDraft) -> Result<(), AppError> {
    use super::support;
    use vault::record::{Stored, UserContent};

    let ctx = crate::ctx::RequestCtx::current()?;
    let keep = vault::authorize::keep_personal(&ctx.signed_in()?.person)?;
    let draft = support::plain_user(UserDraft {
        folder: None,
        ..draft
    });
    let user = UserContent::of(draft, &Stored::default()).map_err(support::invalid_fields)?;
    let id = support::add_personal(&ctx, &keep, user.content, user.secrets).await?;
    leptos_axum::redirect(&format!("/vault/{id}"));

    Ok(())
}

/// Changes a PAM Configuration; for administrators.
#[server(prefix = "/api", endpoint = "save-configuration")]
pub async fn save_configuration(
    id: RecordId,
    version: i64,
    draft: ConfigurationDraft,
) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let editing = support::Editing::begin(&ctx, &id).await?;
    let draft = ConfigurationDraft {
        notes: support::plain_lines(&draft.notes),
        ..draft
    };
    let content = vault::record::Content::of_configuration(&draft).map_err(support::invalid_fields)?;
    editing.save(&ctx, content, Vec::new(), version).await?;
    leptos_axum::redirect(&format!("/vault/{id}"));

    Ok(())
}

/// Changes a PAM Database; for who may edit it, host, port, TLS and folder for administrators.
#[server(prefix = "/api", endpoint = "save-database")]
pub async fn save_database(id: RecordId, version: i64, draft: DatabaseDraft) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let editing = support::Editing::begin(&ctx, &id).await?;
    let (draft, pasted) = support::spread(draft)?;
    let content = vault::record::Content::of_database(&draft).map_err(support::invalid_fields)?;
    editing.save(&ctx, content, Vec::new(), version).await?;
    leptos_axum::redirect(&format!("/vault/{id}{pasted}"));

    Ok(())
}

/// Changes a PAM User; for who may edit it. Empty secret fields keep what is stored.
#[server(prefix = "/api", endpoint = "save-user")]
pub async fn save_user(id: RecordId, version: i64, draft: UserDraft) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut editing = support::Editing::begin(&ctx, &id).await?;
    let draft = support::plain_user(draft);
    let stored = editing.stored(&ctx).await?;
    let user = vault::record::UserContent::of(draft, &stored).map_err(support::invalid_fields)?;
    editing.save(&ctx, user.content, user.secrets, version).await?;
    leptos_axum::redirect(&format!("/vault/{id}"));

    Ok(())
}
