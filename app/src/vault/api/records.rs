//! Reading: the list, a record, its history, its secrets.

use leptos::prelude::*;
use protocol::ids::RecordId;
use protocol::people::Password;
use protocol::vault::{TestReport, TestedCredential};

use crate::errors::AppError;
use crate::vault::find::Find;
use crate::vault::{HistoryDetail, RecordDetail, RecordList, Revealed};

/// The records the person may see, narrowed by what they look for, and the folders of all of them.
#[server(prefix = "/api", endpoint = "records")]
pub async fn records(#[server(default)] find: Find) -> Result<RecordList, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?;
    let filter = store::records::RecordFilter {
        text: find.q,
        kind: find.kind,
        folder: find.folder,
    };
    let mut snapshot = ctx.shared.db.read().await?;
    let records = store::records::list(&mut snapshot, &actor.person, &filter).await?;
    let folders = store::folders::list(&mut snapshot, &actor.person).await?;

    Ok(RecordList { records, folders })
}

/// One record.
#[server(prefix = "/api", endpoint = "record")]
pub async fn record(id: RecordId) -> Result<RecordDetail, AppError> {
    use vault::authorize;

    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let person = &ctx.signed_in()?.person;
    let mut snapshot = ctx.shared.db.read().await?;
    let (found, shares) = support::found(&mut snapshot, person, &id).await?;
    let location = found.location();
    let view = authorize::view(person, &location, &shares)?;
    let record = store::records::view(&mut snapshot, person, &view, ctx.now()).await?;
    let record = record.ok_or_else(protocol::errors::Refusal::not_found)?;
    let settings = match authorize::configure(person, &location, &shares) {
        Ok(configure) => store::settings::view(&mut snapshot, &configure).await?,
        Err(_) => support::in_force(&mut snapshot, person, &id).await?,
    };
    let edit = authorize::edit(person, &location, &shares).ok();
    let has_host = found.database().is_some_and(|database| !database.is_template());
    let tests = support::tests(&mut snapshot, edit.filter(|_| has_host)).await?;
    let folders = store::folders::list(&mut snapshot, person).await?;
    let folders = if record.may_configure { folders } else { Vec::new() };

    let tunnel = support::may_tunnel(&mut snapshot, person, &id).await?;
    let to = if has_host { "" } else { " --to HOST" };
    let tunnel = tunnel.then(|| format!("postern tunnel {id}{to} --url {}", ctx.shared.public_url));

    Ok(RecordDetail {
        record,
        settings,
        folders,
        tests,
        tunnel,
    })
}

/// A record and its history; for who may edit it.
#[server(prefix = "/api", endpoint = "record-history")]
pub async fn record_history(id: RecordId) -> Result<HistoryDetail, AppError> {
    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let person = &ctx.signed_in()?.person;
    let mut snapshot = ctx.shared.db.read().await?;
    let (found, shares) = support::found(&mut snapshot, person, &id).await?;
    let view = vault::authorize::view(person, &found.location(), &shares)?;
    let edit = vault::authorize::edit(person, &found.location(), &shares)?;
    let record = store::records::view(&mut snapshot, person, &view, ctx.now()).await?;
    let record = record.ok_or_else(protocol::errors::Refusal::not_found)?;
    let entries = store::history::list(&mut snapshot, &edit).await?;
    let entries = support::with_gateways(&mut snapshot, entries).await?;

    Ok(HistoryDetail { record, entries })
}

/// Connects with one of a database's two credentials and reports stage by stage; for who may edit the record.
#[server(prefix = "/api", endpoint = "test-connection")]
pub async fn test_connection(id: RecordId, credential: TestedCredential) -> Result<TestReport, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let mut snapshot = ctx.shared.db.read().await?;
    let (found, shares) = super::support::found(&mut snapshot, &actor.person, &id).await?;
    vault::authorize::edit(&actor.person, &found.location(), &shares)?;
    drop(snapshot);
    let report = ctx
        .shared
        .operations
        .test_connection(actor, id, credential, ctx.client.clone())
        .await?;

    Ok(report)
}

/// The secrets of a PAM User, to who may reveal them and has just given their own password again.
#[server(prefix = "/api", endpoint = "reveal")]
pub async fn reveal(id: RecordId, password: Password) -> Result<Revealed, AppError> {
    use protocol::errors::Code;
    use vault::authorize::{self, Password as Given};

    use super::support;

    let ctx = crate::ctx::RequestCtx::current()?;
    let actor = ctx.signed_in()?.clone();
    let mut snapshot = ctx.shared.db.read().await?;
    let (found, shares) = support::found(&mut snapshot, &actor.person, &id).await?;
    drop(snapshot);
    // Whoever may not reveal is told so before a password is counted.
    if let Err(refusal) = authorize::reveal(&actor.person, &found.location(), &shares, Given::NotGiven)
        && refusal.code != Code::PamPasswordRequired
    {
        return Err(refusal.into());
    }
    ctx.shared
        .operations
        .confirm_password(actor.clone(), password, ctx.client.clone())
        .await?;
    let mut tx = ctx.shared.db.write().await?;
    let person = ctx.held(&mut tx).await?;
    let (found, shares) = support::found(&mut tx, &person, &id).await?;
    let proof = authorize::reveal(&person, &found.location(), &shares, Given::GivenAgain)?;
    let revealed = support::revealed(&ctx, &mut tx, &proof).await?;
    let event = ctx
        .event(protocol::audit::EventName::RecordCredentialViewed)
        .about(&id, support::logged(&found, found.title()));
    store::audit::append(&mut tx, event).await?;
    tx.commit().await?;

    Ok(revealed)
}
