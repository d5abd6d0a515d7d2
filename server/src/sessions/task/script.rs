//! A script in place of a person: its text is on record before it runs, and its two streams are one before who watches.
//!
//! Bound: one piece of the script is on its way at a time, and none while [`QUEUED`] bytes wait for the database.

use bytes::Bytes;
use protocol::terminal::script::{self, Piece};
use protocol::terminal::{EndReason, Ended, ServerFrame};
use terminal::Reading;

use super::{Step, Task, unrecorded};
use crate::clock;
use crate::sessions::ends::ended;

/// Bytes queued for the database at which no more of the script is asked for.
const QUEUED: usize = 64 * 1024;

/// Longest reason of the other side, in bytes.
pub(super) const MAX_REASON: usize = 200;

/// What is special about a session that runs a script.
#[derive(Debug, Default)]
pub struct Piping {
    /// What is to be asked for.
    wanted: Option<Reading>,
    /// It was asked for, and has not come.
    is_asked: bool,
}

impl Task {
    /// Takes the next piece of the script. One that was not asked for means nothing.
    pub(super) fn hear_of_script(&mut self, piece: Piece) -> Step {
        let was_asked = self
            .piping
            .as_mut()
            .is_some_and(|piping| std::mem::take(&mut piping.is_asked));
        if !was_asked {
            return Ok(());
        }
        let now = clock::now();
        self.last_input = now;
        match piece {
            Piece::Bytes(bytes) => {
                let bytes = Bytes::from(bytes);
                self.lane
                    .input(now.micros(), bytes.clone())
                    .map_err(|_| unrecorded())?;
                self.engine.handle_read(Some(bytes), clock::instant());
            }
            Piece::End => self.engine.handle_read(None, clock::instant()),
            Piece::Unread(reason) => self.engine.handle_unread(cut(&reason), clock::instant()),
        }

        Ok(())
    }

    pub(super) fn interrupt_script(&mut self) {
        if self.piping.is_some() {
            self.interrupt_files();
            self.engine.handle_interrupt(clock::instant());
        }
    }

    pub(super) fn want_piece(&mut self, reading: Reading) {
        if let Some(piping) = &mut self.piping {
            piping.wanted = Some(reading);
        }
    }

    /// Asks for what the engine wants of the script, unless the database is behind.
    pub(super) fn ask_for_piece(&mut self) -> Step {
        let Some(piping) = &mut self.piping else {
            return Ok(());
        };
        if self.wire.outbound.n_pending() >= QUEUED || !self.presence.has_place() {
            return Ok(());
        }
        let Some(reading) = piping.wanted.take() else {
            return Ok(());
        };
        piping.is_asked = true;
        let asked = self.presence.send(ServerFrame::Read(match reading {
            Reading::Source(idx) => script::Reading::Source(u32::try_from(idx).unwrap_or(u32::MAX)),
            Reading::Input => script::Reading::Input,
        }));

        self.unless_gone(asked)
    }

    /// Records what a script complains of, behind what it has printed, then passes it on.
    pub(super) fn complain(&mut self, text: &Bytes) -> Step {
        self.show()?;
        self.record(text)?;
        self.presence.complain(text.clone());

        Ok(())
    }

    /// What the command line ends with.
    pub(super) fn note_exit(&mut self, code: u8) {
        self.presence.note_exit(code);
    }

    /// Nobody comes back to a script.
    pub(super) fn unless_script(&self) -> Step {
        match self.piping {
            Some(_) => Err(gone()),
            None => Ok(()),
        }
    }
}

fn gone() -> Ended {
    ended(EndReason::ClientGone, "Connection lost.")
}

/// As much of a reason as anybody reads.
pub(super) fn cut(reason: &str) -> &str {
    reason
        .get(..reason.floor_char_boundary(MAX_REASON))
        .unwrap_or_default()
}
