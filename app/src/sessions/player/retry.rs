//! Asking again for what did not come, later and later, until it does.

use std::time::Duration;

use leptos::prelude::*;

/// What is said while it is waited for.
const AGAIN: &str = "Trying again…";

/// The longest wait between two attempts, in seconds.
const LONGEST: u32 = 15;

/// The attempts at one thing after another.
#[derive(Clone, Copy)]
pub(super) struct Retry {
    attempt: RwSignal<u32>,
    n_failed: StoredValue<u32>,
    outage: RwSignal<Option<String>>,
}

impl Retry {
    /// `outage` says that something does not come, as long as it does not.
    pub(super) fn new(outage: RwSignal<Option<String>>) -> Self {
        Self {
            attempt: RwSignal::new(0),
            n_failed: StoredValue::new(0),
            outage,
        }
    }

    /// Number of the attempt; what reads it is run again with the next one.
    pub(super) fn attempt(&self) -> u32 {
        self.attempt.get()
    }

    /// Whether this is the attempt whose answer is waited for.
    pub(super) fn is_current(&self, attempt: u32) -> bool {
        self.attempt.get_untracked() == attempt
    }

    /// It came.
    pub(super) fn succeed(&self) {
        self.n_failed.set_value(0);
        if self.outage.with_untracked(Option::is_some) {
            self.outage.set(None);
        }
    }

    /// It did not come: the next attempt follows after a while.
    pub(super) fn fail(&self, sentence: &str) {
        let n_failed = self.n_failed.get_value();
        self.n_failed.set_value(n_failed.saturating_add(1));
        self.outage.set(Some(format!("{sentence} {AGAIN}")));
        let attempt = self.attempt;
        let again = move || {
            // The page may have gone meanwhile.
            let _gone = attempt.try_update(|attempt| *attempt = attempt.wrapping_add(1));
        };

        set_timeout(again, wait_after(n_failed));
    }
}

/// 1 s, 2 s, 4 s, 8 s, then every 15 s.
fn wait_after(n_failed: u32) -> Duration {
    let seconds = 1_u32.checked_shl(n_failed).unwrap_or(LONGEST);

    Duration::from_secs(seconds.min(LONGEST).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_up_to_its_longest() {
        let waits = [0, 1, 2, 3, 4, 31, 32, u32::MAX].map(|n_failed| wait_after(n_failed).as_secs());

        assert_eq!(waits, [1, 2, 4, 8, 15, 15, 15, 15]);
    }
}
