//! The statement timeout: the proxy's clock and a CancelRequest, so that no SET in the session can undo it.

use std::time::Duration;

use recording::Origin;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::pump::{Activity, Control};

/// Between two cancels of a statement that does not stop.
const AGAIN: Duration = Duration::from_secs(5);

/// Cancels every statement that runs longer than `limit`, until the pump ends. To be polled beside it.
pub async fn statement_timeout(control: Control, limit: Duration) {
    tokio::select! {
        () = keep(&control, limit) => (),
        _ = control.ended() => (),
    }
}

async fn keep(control: &Control, limit: Duration) {
    let mut activity = control.activity();
    loop {
        let Some(number) = next_statement(&mut activity).await else {
            return;
        };
        let mut patience = limit;
        loop {
            tokio::select! {
                is_over = is_over(&mut activity, number) => {
                    if is_over {
                        return;
                    }
                    break;
                }
                () = sleep(patience) => {
                    if let Err(error) = control.cancel(Origin::System).await {
                        tracing::warn!(%error, "statement over its time not cancelled");
                    }
                    patience = AGAIN;
                }
            }
        }
    }
}

/// Waits for a statement to run; `None` when the pump is gone. What is watched is let go of before it returns.
async fn next_statement(activity: &mut watch::Receiver<Activity>) -> Option<u64> {
    activity
        .wait_for(|now| now.is_running())
        .await
        .ok()
        .map(|now| now.statements)
}

/// Waits until this statement no longer runs; true when the pump is gone.
async fn is_over(activity: &mut watch::Receiver<Activity>, number: u64) -> bool {
    activity
        .wait_for(|now| !now.is_running() || now.statements != number)
        .await
        .is_err()
}
