//! Server functions of gateways; for administrators.

use leptos::prelude::*;
use protocol::gateways::{EnrolDraft, GatewayDraft, GatewayView, NewInstance, ReachDraft};
use protocol::ids::{GatewayId, InstanceId};
use protocol::vault::StageReport;

use crate::errors::AppError;

/// Every gateway, by name.
#[server(prefix = "/api", endpoint = "gateways")]
pub async fn gateways() -> Result<Vec<GatewayView>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    support::allowed(&ctx)?;
    let mut snapshot = ctx.shared.db.read().await?;

    support::list(&ctx, &mut snapshot).await
}

/// One gateway.
#[server(prefix = "/api", endpoint = "gateway")]
pub async fn gateway(id: GatewayId) -> Result<GatewayView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    support::allowed(&ctx)?;
    let mut snapshot = ctx.shared.db.read().await?;
    let list = support::list(&ctx, &mut snapshot).await?;

    list.into_iter()
        .find(|gateway| gateway.id == id)
        .ok_or_else(support::nothing)
}

/// The gateways a PAM Configuration can use.
#[server(prefix = "/api", endpoint = "gateway-choices")]
pub async fn gateway_choices() -> Result<Vec<(GatewayId, String)>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    support::allowed(&ctx)?;
    let mut snapshot = ctx.shared.db.read().await?;
    let gateways = store::gateways::list(&mut snapshot).await?;

    Ok(gateways
        .into_iter()
        .map(|gateway| (gateway.id, gateway.name))
        .collect())
}

/// Makes a gateway; answers the command that starts its first instance.
#[server(prefix = "/api", endpoint = "create-gateway")]
pub async fn create_gateway(draft: GatewayDraft) -> Result<NewInstance, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    support::allowed(&ctx)?;
    crate::ctx::check(&draft)?;

    support::create(&ctx, &draft).await
}

/// Changes a gateway; live sessions on records it may no longer serve end.
#[server(prefix = "/api", endpoint = "save-gateway")]
pub async fn save_gateway(id: GatewayId, draft: GatewayDraft) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    support::allowed(&ctx)?;
    crate::ctx::check(&draft)?;
    support::save(&ctx, &id, &draft).await?;
    leptos_axum::redirect(&format!("/gateways/{id}?saved=changed"));

    Ok(())
}

/// Makes a token for one more instance; answers the command that starts it.
#[server(prefix = "/api", endpoint = "enrol-instance")]
pub async fn enrol_instance(id: GatewayId, draft: EnrolDraft) -> Result<NewInstance, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    support::allowed(&ctx)?;
    crate::ctx::check(&draft)?;

    support::enrol(&ctx, &id, &draft).await
}

/// Takes an instance's place away; its connections end at once.
#[server(prefix = "/api", endpoint = "remove-instance")]
pub async fn remove_instance(gateway: GatewayId, id: InstanceId) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    support::allowed(&ctx)?;
    support::remove_instance(&ctx, &gateway, &id).await?;
    leptos_axum::redirect(&format!("/gateways/{gateway}?saved=instance"));

    Ok(())
}

/// Removes a gateway that no PAM Configuration uses.
#[server(prefix = "/api", endpoint = "delete-gateway")]
pub async fn delete_gateway(id: GatewayId) -> Result<(), AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    support::allowed(&ctx)?;
    support::delete(&ctx, &id).await?;
    leptos_axum::redirect("/gateways");

    Ok(())
}

/// Whether a gateway reaches a target, stage by stage.
#[server(prefix = "/api", endpoint = "test-gateway")]
pub async fn test_gateway(id: GatewayId, draft: ReachDraft) -> Result<Vec<StageReport>, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = support::allowed(&ctx)?.clone();
    crate::ctx::check(&draft)?;

    Ok(ctx
        .shared
        .operations
        .test_gateway(actor, id, draft, ctx.client.clone())
        .await?)
}

#[cfg(feature = "ssr")]
mod support;
