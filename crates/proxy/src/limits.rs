//! The statement timeout: the proxy's clock and a CancelRequest, so that no SET in the session can undo it.

use std::time::Duration;

use recording::Origin;
use tokio::time::sleep;

use crate::pump::Control;

/// Between two cancels of a statement that does not stop.
const AGAIN: Duration = Duration::from_secs(5);

/// Cancels every statement that runs longer than `limit`, until the pump ends. To be polled beside it.
pub async fn statement_timeout(control: Control, limit: Duration) {
    tokio::select! {
        () = watch(&control, limit) => (),
        _ = control.ended() => (),
    }
}

async fn watch(control: &Control, limit: Duration) {
    let mut activity = control.activity();
    loop {
        let Ok(number) = activity
            .wait_for(|now| now.is_running())
            .await
            .map(|now| now.statements)
        else {
            return;
        };
        let mut patience = limit;
        loop {
            tokio::select! {
                gone = activity.wait_for(|now| !now.is_running() || now.statements != number) => {
                    if gone.is_err() {
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
