//! What the browser may still be sent: it acknowledges what its terminal has parsed.

use protocol::terminal::OUTPUT_WINDOW;

/// Counts of bytes since the session began.
#[derive(Debug, Default)]
pub struct Credit {
    sent: u64,
    parsed: u64,
}

impl Credit {
    /// Whether more may be sent when `waiting` bytes wait to be sent already.
    pub fn is_left(&self, waiting: usize) -> bool {
        self.sent - self.parsed + (waiting as u64) < OUTPUT_WINDOW
    }

    pub fn spend(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    /// Never more than was sent, never less than before, whatever a browser claims.
    pub fn acknowledge(&mut self, parsed: u64) {
        self.parsed = parsed.clamp(self.parsed, self.sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_stops_at_the_window_and_goes_on_with_an_acknowledgement() {
        let mut credit = Credit::default();
        credit.spend(OUTPUT_WINDOW as usize);

        assert!(!credit.is_left(0));
        credit.acknowledge(1);
        assert!(credit.is_left(0));
        assert!(!credit.is_left(1));
    }

    #[test]
    fn a_browser_cannot_claim_what_it_was_not_sent() {
        let mut credit = Credit::default();
        credit.spend(10);

        credit.acknowledge(u64::MAX);
        credit.acknowledge(3);

        assert!(credit.is_left(0));
        assert_eq!(credit.parsed, 10);
    }
}
