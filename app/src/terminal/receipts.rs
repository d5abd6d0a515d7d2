//! Credit: output the terminal has parsed is acknowledged, so that the server sends no more than it can show.

use std::collections::VecDeque;

/// Bytes parsed before they are acknowledged, while more is waiting.
const STEP: u64 = 32 * 1024;

/// Counts output from its arrival to its acknowledgement, in bytes since the connection began.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    /// Sizes of what was given to the terminal and is not parsed, in order.
    waiting: VecDeque<u64>,
    /// Pieces of a connection that is no more, which the terminal has not parsed either: they come first.
    stale: usize,
    parsed: u64,
    told: u64,
}

impl Receipts {
    /// Output was given to the terminal.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.waiting.push_back(bytes as u64);
    }

    /// Another connection begins; what came by the last one is nobody's credit.
    pub(super) fn begin_again(&mut self) {
        *self = Self {
            stale: self.stale + self.waiting.len(),
            ..Self::default()
        };
    }

    /// The terminal has parsed the oldest of it; `Some` is to be sent as `ClientFrame::Ack`.
    pub(super) fn parsed(&mut self) -> Option<u64> {
        if self.stale > 0 {
            self.stale -= 1;
            return None;
        }
        self.parsed += self.waiting.pop_front()?;
        let is_due = self.waiting.is_empty() || self.parsed - self.told >= STEP;
        if !is_due {
            return None;
        }
        self.told = self.parsed;

        Some(self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bulk_is_acknowledged_in_steps_and_at_its_end() {
        let mut receipts = Receipts::default();
        for _ in 0..5 {
            receipts.wrote(16 * 1024);
        }

        let told: Vec<Option<u64>> = (0..5).map(|_| receipts.parsed()).collect();

        assert_eq!(
            told,
            [None, Some(32 * 1024), None, Some(64 * 1024), Some(80 * 1024)]
        );
    }

    #[test]
    fn a_key_press_is_acknowledged_at_once() {
        let mut receipts = Receipts::default();
        receipts.wrote(1);

        assert_eq!(receipts.parsed(), Some(1));
        assert_eq!(receipts.parsed(), None);
    }

    #[test]
    fn what_came_by_a_connection_that_is_lost_is_not_acknowledged_by_the_next() {
        let mut receipts = Receipts::default();
        receipts.wrote(STEP as usize);
        receipts.wrote(7);

        receipts.begin_again();
        receipts.wrote(5);

        assert_eq!(receipts.parsed(), None);
        assert_eq!(receipts.parsed(), None);
        assert_eq!(receipts.parsed(), Some(5));
    }
}
