//! Server functions of the audit log; for administrators and auditors.

use leptos::prelude::*;
use protocol::audit::{AuditFilter, ChainView, EventPage};

use crate::errors::AppError;

/// One page of the log, newest first.
#[server(prefix = "/api", endpoint = "audit")]
pub async fn audit(#[server(default)] filter: AuditFilter) -> Result<EventPage, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    ctx.evidence()?;
    crate::ctx::check(&filter)?;
    let mut snapshot = ctx.shared.db.read().await?;
    let page = store::audit::list(&mut snapshot, &filter).await?;

    Ok(page)
}

/// Reads the whole log and says whether it is as it was written.
#[server(prefix = "/api", endpoint = "verify-audit")]
pub async fn verify_audit() -> Result<ChainView, AppError> {
    let ctx = crate::ctx::RequestCtx::current()?;
    ctx.evidence()?;
    let mut snapshot = ctx.shared.db.read().await?;
    let chain = ChainView::from(store::audit::verify::verify(&mut snapshot).await?);
    drop(snapshot);
    let mut tx = ctx.shared.db.write().await?;
    store::audit::append(&mut tx, verified(&ctx, &chain)).await?;
    tx.commit().await?;

    Ok(chain)
}

#[cfg(feature = "ssr")]
fn verified(ctx: &crate::ctx::RequestCtx, chain: &ChainView) -> vault::audit::Event {
    use protocol::audit::{EventName, Outcome};

    let event = ctx.event(EventName::AuditVerified);

    match chain {
        ChainView::Intact { events, head } => event
            .with("events", events.to_string())
            .with("head", head.clone()),
        ChainView::Broken { seq, why } => {
            let mut event = event
                .with("first_broken", seq.to_string())
                .with("why", why.clone());
            event.outcome = Outcome::Failed;

            event
        }
    }
}
