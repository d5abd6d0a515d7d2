//! What the person types: on record before anything comes of it, but for what may not be.

use bytes::Bytes;
use terminal::Transaction;
use zeroize::Zeroizing;

use super::{Step, Task, unrecorded};
use crate::clock;

/// Ctrl-C.
const INTERRUPT: u8 = 0x03;

impl Task {
    /// Hands keys to the engine, piece by piece: some of them may begin or end what is hidden. What the engine makes
    /// of a piece is acted on later, so that the piece is on record first.
    pub(super) fn type_keys(&mut self, keys: Vec<u8>) -> Step {
        let keys = Zeroizing::new(keys);
        let now = clock::now();
        self.last_input = now;
        self.is_urgent = match self.engine.status().transaction {
            Transaction::Running { .. } => true,
            Transaction::Idle | Transaction::Open | Transaction::Failed => false,
        };
        let mut rest = keys.as_slice();
        while !rest.is_empty() {
            let is_hidden = self.engine.hides_input();
            let n_taken = self.engine.handle_input(rest, clock::instant());
            let (piece, after) = rest.split_at_checked(n_taken).unwrap_or((rest, &[]));
            rest = after;
            if is_hidden || piece.is_empty() {
                continue;
            }
            self.lane
                .input(now.micros(), Bytes::copy_from_slice(piece))
                .map_err(|_| unrecorded())?;
            if piece.contains(&INTERRUPT) {
                self.interrupt_files();
                self.presence.shorten(self.size.cols);
            }
        }

        Ok(())
    }
}
