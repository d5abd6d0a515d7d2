//! The end of a session: the database's last words, then recording and rows, then everybody who looks.

use std::time::Duration;

use bytes::Bytes;
use protocol::terminal::{EndReason, Ended};
use proxy::pump::Ending;
use tokio::time::timeout;
use tracing::debug;

use super::Task;
use crate::sessions::close::{Counted, close};
use crate::sessions::ends::{Step, ended, unrecorded};

/// How long a browser that does not read may keep the end waiting.
const FAREWELL: Duration = Duration::from_secs(2);

/// Longest sentence of a farewell, in bytes.
const MAX_SENTENCE: usize = 600;

impl Task {
    /// The connection to the database is over. What the server said last is shown as far as the browser keeps up.
    pub(super) fn pump_ended(&mut self, ending: Ending) -> Step {
        debug!(?ending, "pump ended");
        if ending == Ending::RecordingFailed {
            return Err(lost(&ending));
        }
        self.ending.get_or_insert(ending);

        Ok(())
    }

    /// Nothing is left of what the server said. Where it will not say more, the engine tells so as psql does.
    pub(super) fn say_lost(&mut self) {
        if self.ending.is_some() && self.wire.inbound.has_ended() {
            self.engine.handle_closed();
        }
    }

    /// The end, behind everything else. Of a script it is no output: the command line tells it.
    fn say_last(&mut self, end: &Ended) -> Step {
        if self.piping.is_none() {
            let last = format!("\r\n{}\r\n", end.sentence);
            self.output.extend_from_slice(last.as_bytes());
            return self.show();
        }
        self.show()?;
        let last = format!("\n{}\n", end.sentence);
        self.record(&Bytes::from(last))?;

        Ok(())
    }

    /// Says goodbye on both sides: the database's first, then recording and rows, then the browser.
    pub(super) async fn finish(mut self, end: Ended) {
        self.control.end("57P01", end.sentence.clone());
        // A recording that failed takes nothing more, and then nothing more is shown.
        let _ = self.say_last(&end);
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

/// The end of a connection, as the person reads it.
pub(super) fn lost(ending: &Ending) -> Ended {
    let sentence = match ending {
        Ending::RecordingFailed => return unrecorded(),
        Ending::Refused(_) | Ending::Asked { .. } => ending.sentence(),
        Ending::ClientClosed
        | Ending::ClientIo(_)
        | Ending::ClientMalformed(_)
        | Ending::ServerClosed
        | Ending::ServerFatal(_)
        | Ending::ServerIo(_)
        | Ending::GatewayLost(_)
        | Ending::ServerMalformed(_) => format!("Connection lost. {}", ending.sentence()),
    };
    // The server's words may be of any length and hold anything.
    let one_line = sentence.replace(['\r', '\n'], " ");
    let shown = terminal::visible(one_line.as_bytes());
    let end = shown.floor_char_boundary(MAX_SENTENCE);

    ended(EndReason::ConnectionLost, shown.get(..end).unwrap_or_default())
}

pub(super) fn malformed() -> Ended {
    ended(
        EndReason::ConnectionLost,
        "The database server sent something that is not PostgreSQL's protocol.",
    )
}

#[cfg(test)]
mod tests {
    use pg_proto::backend::Fields;

    use super::*;

    #[test]
    fn every_end_of_a_connection_has_a_sentence_of_its_own() {
        let fatal = |message| Ending::ServerFatal(Box::new(Fields::new("FATAL", "57P01", message)));

        assert_eq!(
            lost(&fatal("terminating connection due to administrator command")).sentence,
            "Connection lost. The database server ended the session: terminating connection due to administrator \
             command. Launch again to reconnect."
        );
        assert!(
            lost(&Ending::ServerClosed)
                .sentence
                .starts_with("Connection lost. The database server is gone.")
        );
        assert_eq!(lost(&Ending::RecordingFailed).reason, EndReason::RecordingFailed);
        assert!(
            lost(&Ending::Refused("no"))
                .sentence
                .starts_with("The session was ended")
        );
    }

    #[test]
    fn what_a_server_says_last_cannot_drive_the_terminal() {
        let said = format!("\x1b]0;x\x07\r\n{}", "y".repeat(10_000));
        let fatal = Ending::ServerFatal(Box::new(Fields::new("FATAL", "57P01", &said)));

        let sentence = lost(&fatal).sentence;

        assert!(!sentence.chars().any(char::is_control));
        assert!(sentence.len() <= MAX_SENTENCE);
    }
}
