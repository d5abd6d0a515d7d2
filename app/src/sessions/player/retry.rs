//! What does not come: it is said, and asked for again, later and later or when the person wants it.

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
    /// The person has asked for it, and it has neither come nor failed yet.
    is_under_way: StoredValue<bool>,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self {
            attempt: RwSignal::new(0),
            n_failed: StoredValue::new(0),
            outage: RwSignal::new(None),
            is_under_way: StoredValue::new(false),
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

    /// Why it does not come, as long as it does not. Tracked.
    pub(super) fn outage(&self) -> Option<String> {
        self.outage.get()
    }

    /// It came.
    pub(super) fn succeed(&self) {
        self.is_under_way.set_value(false);
        self.n_failed.set_value(0);
        if self.outage.with_untracked(Option::is_some) {
            self.outage.set(None);
        }
    }

    /// It did not come: the next attempt follows after a while.
    pub(super) fn fail(&self, sentence: &str) {
        let n_failed = self.n_failed.get_value();
        self.is_under_way.set_value(false);
        self.n_failed.set_value(n_failed.saturating_add(1));
        self.outage.set(Some(format!("{sentence} {AGAIN}")));
        let (attempt, number) = (self.attempt, self.attempt.get_untracked());
        let again = move || {
            // The page may have gone meanwhile, or the person been quicker.
            if attempt.try_get_untracked() == Some(number) {
                attempt.set(number.wrapping_add(1));
            }
        };

        set_timeout(again, wait_after(n_failed));
    }

    /// It was refused: the next attempt is the person's.
    pub(super) fn stop(&self, sentence: String) {
        self.is_under_way.set_value(false);
        self.n_failed.set_value(0);
        self.outage.set(Some(sentence));
    }

    /// The person wants what did not come: the next attempt is made at once.
    pub(super) fn ask_again(&self) {
        if self.outage.with_untracked(Option::is_none) || self.is_under_way.get_value() {
            return;
        }
        self.is_under_way.set_value(true);
        self.attempt.update(|attempt| *attempt = attempt.wrapping_add(1));
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

    #[test]
    fn what_was_refused_is_asked_for_once_each_time_the_person_wants_it() {
        let owner = Owner::new();

        owner.with(|| {
            let retry = Retry::new();
            retry.ask_again();
            assert!(retry.is_current(0), "nothing is missing");

            retry.stop("You are signed out.".to_owned());
            retry.ask_again();
            retry.ask_again();
            assert!(retry.is_current(1), "it is under way");

            retry.stop("You are signed out.".to_owned());
            retry.ask_again();
            assert!(retry.is_current(2));
            retry.succeed();
            assert_eq!(retry.outage.get_untracked(), None);
        });
    }
}
