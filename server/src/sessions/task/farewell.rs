//! The end of a session: the database's last words, then recording and rows, then everybody who looks.

use std::time::Duration;

use protocol::terminal::{EndReason, Ended};
use proxy::pump::Ending;
use terminal::Action;
use tokio::time::timeout;
use tracing::debug;

use super::{Step, Task, ended};
use crate::sessions::close::{Counted, close};

/// How long a browser that does not read may keep the end waiting.
const FAREWELL: Duration = Duration::from_secs(2);

impl Task {
    /// The connection to the database is over: the engine says so as psql does.
    pub(super) fn pump_ended(&mut self, ending: Ending) -> Step {
        debug!(?ending, "pump ended");
        // What the server said last has been read; what is left of it is shown.
        while let Ok(Some(message)) = self.wire.inbound.next_message() {
            self.take(message);
        }
        if ending == Ending::RecordingFailed {
            return Err(unrecorded());
        }
        self.engine.handle_closed();
        while let Some(action) = self.engine.poll_action() {
            if let Action::Print(bytes) = action {
                self.output.extend_from_slice(&bytes);
            }
        }
        self.show()?;

        Err(ended(EndReason::ConnectionLost, "Connection lost."))
    }

    /// Says goodbye on both sides: the database's first, then recording and rows, then the browser.
    pub(super) async fn finish(mut self, end: Ended) {
        self.control.end("57P01", end.sentence.clone());
        let last = format!("\r\n{}\r\n", end.sentence);
        self.output.extend_from_slice(last.as_bytes());
        // A recording that failed takes nothing more, and then nothing more is shown.
        let _ = self.show();
        let activity = *self.activity.borrow();
        let counted = Counted {
            bytes: self.bytes,
            statements: self.statements_before + activity.statements,
            errors: self.errors,
        };
        close(&self.state, &self.closing, &self.tape, &end, counted).await;
        metrics::counter!("postern_sessions_closed_total").increment(1);
        // Who has knocked in this moment is told like everybody else.
        self.seat.knocks.close();
        while let Ok(knock) = self.seat.knocks.try_recv() {
            knock.refuse(end.clone());
        }
        self.fanout.part(&end);
        // The browser may be gone; then there is nobody to tell.
        let _told = timeout(FAREWELL, self.presence.part(end)).await;
    }
}

/// What cannot be recorded does not happen.
pub(super) fn unrecorded() -> Ended {
    ended(
        EndReason::RecordingFailed,
        "The session was ended: its recording could not be written, and this resource requires recording.",
    )
}

pub(super) fn malformed() -> Ended {
    ended(
        EndReason::ConnectionLost,
        "The database server sent something that is not PostgreSQL's protocol.",
    )
}
