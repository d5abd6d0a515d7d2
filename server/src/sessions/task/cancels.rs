//! Ctrl-C: a cancel goes its own way, so that the session stays awake.

use proxy::pump::Control;
use recording::Origin;
use tokio::sync::mpsc;
use tracing::{Instrument, debug, warn};

use crate::state::AppState;

/// Cancels of one connection: one is on its way, and one more waits, for what may begin meanwhile.
pub struct Cancels(mpsc::Sender<()>);

impl Cancels {
    pub fn of(state: &AppState, control: Control) -> Self {
        let (asked, mut asking) = mpsc::channel(1);
        let cancelling = async move {
            while asking.recv().await.is_some() {
                match control.cancel(Origin::Person).await {
                    Ok(outcome) => debug!(?outcome, "cancel asked for"),
                    Err(error) => {
                        warn!(error = &error as &dyn std::error::Error, "cancel not delivered");
                    }
                }
            }
        };
        state.tasks.spawn(cancelling.in_current_span());

        Self(asked)
    }

    pub fn ask(&self) {
        // Where one waits already, it does for both.
        let _asked = self.0.try_send(());
    }
}
