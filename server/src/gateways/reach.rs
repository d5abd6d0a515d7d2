//! *Test*: whether a gateway reaches a target, stage by stage. Nothing is said to the target.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use app::ctx::{Actor, Client};
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::gateways::ReachDraft;
use protocol::gateways::targets::Targets;
use protocol::ids::GatewayId;
use protocol::vault::{StageReport, TestOutcome};
use proxy::{ConnectError, Dial as _, Stage};
use store::{audit, gateways};
use vault::authorize;
use vault::gateway::Via;

use super::way::GatewayDial;
use crate::clock;
use crate::connection_test::stage_of;
use crate::people::sign_in::event;
use crate::people::store_failed;
use crate::state::AppState;

/// How long an address may take to answer.
const ATTEMPT: Duration = Duration::from_secs(10);

/// Connects to a target through a gateway and hangs up.
///
/// # Errors
/// Who asks may not, or there is no such gateway.
pub async fn test(
    state: &AppState,
    actor: &Actor,
    id: &GatewayId,
    draft: &ReachDraft,
    client: &Client,
) -> Result<Vec<StageReport>, Refusal> {
    authorize::manage_gateways(&actor.person)?;
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let gateway = gateways::lookup(&mut snapshot, id)
        .await
        .map_err(store_failed)?
        .ok_or_else(|| Refusal::new(Code::PamNotFound, "There is no such gateway."))?;
    drop(snapshot);
    let (host, port) = (draft.host.trim(), draft.port());
    let dial = GatewayDial {
        pool: state.gateways.clone(),
        via: Via {
            id: gateway.id.clone(),
            name: gateway.name.clone(),
        },
        attempt: ATTEMPT,
        allowed: Targets::all(),
        reached: Mutex::default(),
    };
    let begun = Mutex::new(Vec::new());
    let on_stage = |stage: Stage| {
        begun
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((stage, clock::instant()));
    };
    // Nothing is kept of the connection but where it went.
    let dialled = dial
        .dial(host, port, &on_stage)
        .await
        .map(|dialled| dialled.address);
    let over = clock::instant();
    let begun = begun.into_inner().unwrap_or_else(PoisonError::into_inner);
    let ends = begun.iter().skip(1).map(|(_, at)| *at).chain([over]);
    let last = begun.last().map(|(stage, _)| *stage);
    let dialled =
        dialled.map_err(|error| ConnectError::of_dial(error, last.unwrap_or(Stage::Gateway), host, port));
    let outcome = |stage: Stage| match (&dialled, Some(stage) == last) {
        (Err(error), true) => TestOutcome::Failed {
            sentence: error.sentence(),
            remedy: error.remedy(),
        },
        (Ok(address), true) => TestOutcome::Passed(address.to_string()),
        (Ok(_) | Err(_), false) => TestOutcome::Passed(String::new()),
    };
    let stages = begun
        .iter()
        .zip(ends)
        .map(|((stage, at), end)| StageReport {
            stage: stage_of(*stage),
            outcome: outcome(*stage),
            micros: u64::try_from(end.duration_since(*at).as_micros()).unwrap_or(u64::MAX),
        })
        .collect();
    let outcome = match dialled {
        Ok(_) => Outcome::Ok,
        Err(_) => Outcome::Failed,
    };
    let tested = event(EventName::GatewayTested, outcome, client, clock::now())
        .by(&actor.person)
        .with("gateway", gateway.name)
        .with("target", format!("{host}:{port}"));
    let mut tx = state.db.write().await.map_err(store_failed)?;
    audit::append(&mut tx, tested).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(stages)
}
