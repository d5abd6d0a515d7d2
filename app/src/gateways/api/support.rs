//! What the server functions of gateways do.

use std::collections::HashMap;
use std::time::Duration;

use protocol::audit::EventName;
use protocol::dates::rfc3339;
use protocol::errors::{Code, Refusal};
use protocol::forms::FieldError;
use protocol::gateways::{EnrolDraft, GatewayDraft, GatewayView, InstanceView, NewInstance};
use protocol::ids::{FolderId, GatewayId, InstanceId};
use protocol::vault::Link;
use store::gateways;
use store::tokens::TokenHash;
use store::{Snapshot, Tx};
use vault::authorize::{self, Authorized, ManageGateways};
use vault::gateway::Gateway;

use crate::ctx::{Actor, RequestCtx};
use crate::errors::AppError;

pub(super) fn nothing() -> AppError {
    AppError(Refusal::new(Code::PamNotFound, "There is no such gateway."))
}

/// Who may manage gateways. What changes something weighs it once more.
pub(super) fn allowed(ctx: &RequestCtx) -> Result<&Actor, AppError> {
    let actor = ctx.signed_in()?;
    authorize::manage_gateways(&actor.person)?;

    Ok(actor)
}

async fn held(ctx: &RequestCtx, tx: &mut Tx) -> Result<Authorized<ManageGateways>, AppError> {
    Ok(authorize::manage_gateways(&ctx.held(tx).await?)?)
}

pub(super) async fn list(ctx: &RequestCtx, snapshot: &mut Snapshot) -> Result<Vec<GatewayView>, AppError> {
    let person = &ctx.signed_in()?.person;
    let names: HashMap<FolderId, String> = store::folders::list(snapshot, person)
        .await?
        .into_iter()
        .map(|folder| (folder.id, folder.name))
        .collect();
    let mut used = used(snapshot).await?;
    let mut views = Vec::new();
    for gateway in gateways::list(snapshot).await? {
        let instances = gateways::instances(snapshot, &gateway.id).await?;
        let instances = instances
            .into_iter()
            .map(|instance| InstanceView {
                live: ctx.shared.operations.live_instance(&instance.id),
                id: instance.id,
                machine: instance.machine,
                version: instance.version,
                address: instance.address,
                enrolled_at: instance.enrolled_at,
                last_seen: instance.last_seen,
            })
            .collect();
        let mut folders: Vec<(FolderId, String)> = gateway
            .folders
            .into_iter()
            .filter_map(|id| names.get(&id).cloned().map(|name| (id, name)))
            .collect();
        folders.sort_by(|(_, a), (_, b)| a.cmp(b));
        views.push(GatewayView {
            configurations: used.remove(&gateway.id).unwrap_or_default(),
            id: gateway.id,
            name: gateway.name,
            folders,
            targets: gateway.targets.texts(),
            address_lock: gateway.address_lock,
            max_instances: gateway.max_instances,
            instances,
        });
    }

    Ok(views)
}

/// The PAM Configurations that use each gateway.
async fn used(snapshot: &mut Snapshot) -> Result<HashMap<GatewayId, Vec<Link>>, AppError> {
    let mut used: HashMap<GatewayId, Vec<Link>> = HashMap::new();
    for record in store::records::configurations(snapshot).await?.into_values() {
        let gateway = record
            .configuration()
            .and_then(|configuration| configuration.gateway.gateway());
        if let Some(gateway) = gateway {
            used.entry(gateway.clone()).or_default().push(Link {
                id: record.id.clone(),
                title: record.title().to_owned(),
                subtitle: String::new(),
            });
        }
    }
    for links in used.values_mut() {
        links.sort_by(|a, b| a.title.cmp(&b.title));
    }

    Ok(used)
}

/// A gateway as a draft says it. Folders that are gone are told.
async fn drawn(
    ctx: &RequestCtx,
    tx: &mut Tx,
    id: GatewayId,
    draft: &GatewayDraft,
) -> Result<Gateway, AppError> {
    let person = &ctx.signed_in()?.person;
    let known = store::folders::list(tx, person).await?;
    let is_known = |id: &FolderId| known.iter().any(|folder| folder.id == *id);
    if !draft.folders.iter().all(is_known) {
        return Err(invalid(FieldError::new(
            "folders",
            "One of these folders is gone. Load the page again and choose anew.",
        )));
    }

    Ok(Gateway {
        id,
        name: draft.name.trim().to_owned(),
        folders: draft.folders.clone(),
        targets: draft.allowed(),
        address_lock: draft.address_lock,
        max_instances: draft.instances(),
    })
}

/// The folders a gateway may serve, for the log.
async fn folder_names(ctx: &RequestCtx, tx: &mut Tx, gateway: &Gateway) -> Result<String, AppError> {
    let known = store::folders::list(tx, &ctx.signed_in()?.person).await?;
    let names: Vec<String> = known
        .into_iter()
        .filter(|folder| gateway.folders.contains(&folder.id))
        .map(|folder| folder.name)
        .collect();

    Ok(names.join(", "))
}

fn invalid(error: FieldError) -> AppError {
    AppError(Refusal::invalid(vec![error]))
}

fn taken(error: store::Error) -> AppError {
    if matches!(error, store::Error::Taken) {
        return invalid(FieldError::new(
            "name",
            "Another gateway has this name. Choose a different one.",
        ));
    }

    error.into()
}

pub(super) async fn create(ctx: &RequestCtx, draft: &GatewayDraft) -> Result<NewInstance, AppError> {
    let mut tx = ctx.shared.db.write().await?;
    let manage = held(ctx, &mut tx).await?;
    let gateway = drawn(ctx, &mut tx, GatewayId::from_random(ctx.shared.draw()), draft).await?;
    gateways::add(&mut tx, &manage, &gateway, ctx.now())
        .await
        .map_err(taken)?;
    let event = ctx
        .event(EventName::GatewayCreated)
        .with("gateway", gateway.name.clone())
        .with("folders", folder_names(ctx, &mut tx, &gateway).await?)
        .with("targets", gateway.targets.texts().join(", "));
    store::audit::append(&mut tx, event).await?;
    let new = token(ctx, &mut tx, &manage, &gateway, &EnrolDraft::default()).await?;
    tx.commit().await?;

    Ok(new)
}

pub(super) async fn save(ctx: &RequestCtx, id: &GatewayId, draft: &GatewayDraft) -> Result<(), AppError> {
    let mut tx = ctx.shared.db.write().await?;
    let manage = held(ctx, &mut tx).await?;
    let gateway = drawn(ctx, &mut tx, id.clone(), draft).await?;
    if !gateways::save(&mut tx, &manage, &gateway).await.map_err(taken)? {
        return Err(nothing());
    }
    let event = ctx
        .event(EventName::GatewayUpdated)
        .with("gateway", gateway.name.clone())
        .with("folders", folder_names(ctx, &mut tx, &gateway).await?)
        .with("targets", gateway.targets.texts().join(", "))
        .with("address_lock", if gateway.address_lock { "on" } else { "off" })
        .with("max_instances", gateway.max_instances.to_string());
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    ctx.shared.operations.rights_changed();

    Ok(())
}

pub(super) async fn enrol(
    ctx: &RequestCtx,
    id: &GatewayId,
    draft: &EnrolDraft,
) -> Result<NewInstance, AppError> {
    let mut tx = ctx.shared.db.write().await?;
    let manage = held(ctx, &mut tx).await?;
    let gateway = gateways::lookup(&mut tx, id).await?.ok_or_else(nothing)?;
    let n_instances = gateways::instances(&mut tx, id).await?.len();
    if n_instances >= usize::try_from(gateway.max_instances).unwrap_or(usize::MAX) {
        return Err(AppError(Refusal::new(
            Code::PamConflict,
            "This gateway has as many instances as it may. Remove one, or edit the gateway to allow more.",
        )));
    }
    let new = token(ctx, &mut tx, &manage, &gateway, draft).await?;
    tx.commit().await?;

    Ok(new)
}

/// Makes a token; its text is in the answer and nowhere else.
async fn token(
    ctx: &RequestCtx,
    tx: &mut Tx,
    manage: &Authorized<ManageGateways>,
    gateway: &Gateway,
    draft: &EnrolDraft,
) -> Result<NewInstance, AppError> {
    let text = vault::tokens::gateway_text(ctx.shared.draw());
    let now = ctx.now();
    let expires_at = now + Duration::from_secs(u64::from(draft.minutes()) * 60);
    let hash = TokenHash::of(text.expose());
    gateways::add_token(tx, manage, &gateway.id, &hash, expires_at, now).await?;
    let event = ctx
        .event(EventName::GatewayTokenCreated)
        .with("gateway", gateway.name.clone())
        .with("expires", rfc3339(expires_at));
    store::audit::append(tx, event).await?;

    Ok(NewInstance {
        gateway: gateway.id.clone(),
        name: gateway.name.clone(),
        command: format!(
            "posternd gateway --server {} --token {}",
            ctx.shared.public_url,
            text.expose()
        ),
        expires_at,
    })
}

pub(super) async fn remove_instance(
    ctx: &RequestCtx,
    gateway: &GatewayId,
    id: &InstanceId,
) -> Result<(), AppError> {
    let mut tx = ctx.shared.db.write().await?;
    let manage = held(ctx, &mut tx).await?;
    let known = gateways::lookup(&mut tx, gateway).await?.ok_or_else(nothing)?;
    let removed = gateways::revoke(&mut tx, &manage, gateway, id, ctx.now())
        .await?
        .ok_or_else(|| {
            AppError(Refusal::new(
                Code::PamNotFound,
                "There is no such instance, or it was removed already.",
            ))
        })?;
    let event = ctx
        .event(EventName::GatewayInstanceRemoved)
        .with("gateway", known.name)
        .with("instance", removed.id.to_string())
        .with("machine", removed.machine);
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    ctx.shared.operations.rights_changed();

    Ok(())
}

pub(super) async fn delete(ctx: &RequestCtx, id: &GatewayId) -> Result<(), AppError> {
    let mut tx = ctx.shared.db.write().await?;
    let manage = held(ctx, &mut tx).await?;
    let gateway = gateways::lookup(&mut tx, id).await?.ok_or_else(nothing)?;
    if let Some(users) = used(&mut tx).await?.get(id) {
        let titles: Vec<String> = users.iter().map(|link| format!("\"{}\"", link.title)).collect();
        return Err(AppError(Refusal::new(
            Code::PamConflict,
            format!(
                "This gateway is used by PAM Configuration {}. Choose another way there first.",
                titles.join(", ")
            ),
        )));
    }
    gateways::remove(&mut tx, &manage, id).await?;
    let event = ctx.event(EventName::GatewayDeleted).with("gateway", gateway.name);
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;
    ctx.shared.operations.rights_changed();

    Ok(())
}
