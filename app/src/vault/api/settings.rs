//! PAM settings: what *Set Up* shows and saves; for administrators.

use leptos::prelude::*;
use protocol::ids::RecordId;
use protocol::vault::{ConnectionDraft, GeneralDraft, TunnelingDraft};

use crate::errors::AppError;
use crate::vault::SettingsDetail;

/// PAM settings of a database and what their form offers.
#[server(prefix = "/api", endpoint = "settings")]
pub async fn settings(id: RecordId) -> Result<SettingsDetail, AppError> {
    use protocol::vault::RecordKind;

    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let person = &ctx.signed_in()?.person;
    let mut snapshot = ctx.shared.db.read().await?;
    let (record, shares) = support::found(&mut snapshot, person, &id).await?;
    let configure = vault::authorize::configure(person, &record.location(), &shares)?;
    let settings = store::settings::view(&mut snapshot, &configure).await?;
    let settings = settings.ok_or_else(protocol::errors::Refusal::not_found)?;
    let configurations = store::records::options(&mut snapshot, person, RecordKind::Configuration).await?;
    let users = store::records::options(&mut snapshot, person, RecordKind::User).await?;
    let shared = store::shares::list(&mut snapshot, &configure, &record.location()).await?;
    let title = record.title().to_owned();

    Ok(SettingsDetail {
        record: id,
        title,
        settings,
        configurations,
        users,
        launchers: support::launchers(shared),
    })
}

/// Saves the *General* tab and goes on to what the button said.
#[server(prefix = "/api", endpoint = "save-general")]
pub async fn save_general(
    id: RecordId,
    version: i64,
    draft: GeneralDraft,
    #[server(default)] then: String,
) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut setting = support::SettingUp::begin(&ctx, &id).await?;
    let known = setting.linkable(support::general_links(&draft)).await?;
    let settings = setting
        .settings
        .with_general(&draft, &|id: &RecordId| known.get(id).copied())?;
    setting.save(&ctx, settings, version).await?;
    let path = match then.as_str() {
        "general" => format!("/vault/{id}/settings?tab=general"),
        "connection" => format!("/vault/{id}/settings?tab=connection"),
        "tunnel" => format!("/vault/{id}/settings?tab=tunnel"),
        _ => format!("/vault/{id}"),
    };
    leptos_axum::redirect(&path);

    Ok(())
}

/// Saves the *Connection* tab.
#[server(prefix = "/api", endpoint = "save-connection")]
pub async fn save_connection(id: RecordId, version: i64, draft: ConnectionDraft) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut setting = support::SettingUp::begin(&ctx, &id).await?;
    let known = setting
        .linkable(draft.launch_credential.iter().cloned().collect())
        .await?;
    let configuration = setting.configuration().await?;
    let settings = setting.settings.with_connection(
        &draft,
        configuration.as_ref().and_then(support::parent),
        &|id: &RecordId| known.get(id).copied(),
    )?;
    setting.save(&ctx, settings, version).await?;
    leptos_axum::redirect(&format!("/vault/{id}"));

    Ok(())
}

/// Saves the *Tunnel* tab.
#[server(prefix = "/api", endpoint = "save-tunnel")]
pub async fn save_tunnel(id: RecordId, version: i64, draft: TunnelingDraft) -> Result<(), AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let mut setting = support::SettingUp::begin(&ctx, &id).await?;
    let configuration = setting.configuration().await?;
    let settings = setting
        .settings
        .with_tunneling(&draft, configuration.as_ref().and_then(support::parent))?;
    setting.save(&ctx, settings, version).await?;
    leptos_axum::redirect(&format!("/vault/{id}"));

    Ok(())
}
