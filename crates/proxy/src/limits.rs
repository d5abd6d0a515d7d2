//! The statement timeout: the proxy's clock and a CancelRequest, so that no SET in the session can undo it.

use std::time::Duration;

use recording::Origin;
use tokio::time::sleep;

use crate::pump::Control;

/// Between two cancels of a statement that does not stop.
const AGAIN: Duration = Duration::from_secs(5);

/// How often it is looked during a statement's time: it may last so much of it longer.
const LOOKS: u32 = 16;

/// Cancels every statement that runs longer than `limit`, until the pump ends. To be polled beside it.
pub async fn statement_timeout(control: Control, limit: Duration) {
    tokio::select! {
        () = keep(&control, limit) => (),
        _ = control.ended() => (),
    }
}

async fn keep(control: &Control, limit: Duration) {
    let mut activity = control.activity();
    while activity.wait_for(|now| now.is_running()).await.is_ok() {
        let Some(number) = overdue(control, limit).await else {
            continue;
        };
        while control.running() == Some(number) {
            if let Err(error) = control.cancel(Origin::System).await {
                tracing::warn!(%error, "statement over its time not cancelled");
            }
            sleep(AGAIN).await;
        }
    }
}

/// Waits for a statement to run for so long, or for nothing to run. Looks now and then: a statement that ends soon
/// wakes nobody.
async fn overdue(control: &Control, limit: Duration) -> Option<u64> {
    let (mut number, mut n_looks) = (None, 0);
    loop {
        sleep(limit / LOOKS).await;
        let running = control.running()?;
        if number.replace(running) != Some(running) {
            n_looks = 0;
        }
        n_looks += 1;
        // What was seen for the first time may just have begun.
        if n_looks > LOOKS {
            return number;
        }
    }
}
