//! What the page shows of a session: signals that the line sets and the bars read.

use leptos::prelude::*;
use protocol::terminal::{EndReason, Ended, Hello, Status, Transaction};

use super::xterm::Size;

/// Where a launch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Before the page is alive in the browser; for ever without JavaScript.
    Asleep,
    /// A ticket is asked for and xterm.js fetched.
    Asking,
    /// The socket is open, the target is not reached yet.
    Connecting,
    Connected,
    Ended(Ended),
}

impl Phase {
    /// An end the browser saw, not the server.
    pub(super) fn lost(sentence: impl Into<String>) -> Self {
        Self::Ended(Ended {
            reason: EndReason::ConnectionLost,
            sentence: sentence.into(),
        })
    }

    /// What the page says over the terminal; nothing while it is in use.
    pub(super) fn sentence(&self, record: &str) -> Option<String> {
        match self {
            Self::Asleep | Self::Connected => None,
            Self::Asking => Some("Requesting a ticket…".to_owned()),
            Self::Connecting => Some(format!("Connecting to {record}…")),
            Self::Ended(ended) => Some(ended.sentence.clone()),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::Ended(_) => true,
            Self::Asleep | Self::Asking | Self::Connecting | Self::Connected => false,
        }
    }
}

/// Everything around the terminal that changes.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) phase: RwSignal<Phase>,
    pub(super) hello: RwSignal<Option<Hello>>,
    pub(super) status: RwSignal<Option<Status>>,
    pub(super) warning: RwSignal<Option<String>>,
    pub(super) size: RwSignal<Option<Size>>,
    /// A sentence that goes away by itself.
    pub(super) toast: RwSignal<Option<&'static str>>,
}

impl Shown {
    pub(super) fn new() -> Self {
        Self {
            phase: RwSignal::new(Phase::Asleep),
            hello: RwSignal::new(None),
            status: RwSignal::new(None),
            warning: RwSignal::new(None),
            size: RwSignal::new(None),
            toast: RwSignal::new(None),
        }
    }
}

/// The transaction's state in words.
pub(super) fn transaction_words(transaction: Transaction) -> &'static str {
    match transaction {
        Transaction::Idle => "idle",
        Transaction::InTransaction => "in transaction",
        Transaction::Failed => "failed transaction",
        Transaction::Running => "running",
    }
}

/// `7 h 48 min left`, from microseconds.
pub(super) fn left_words(micros: i64) -> String {
    let seconds = micros.max(0) / 1_000_000;

    match (seconds / 3600, seconds / 60 % 60, seconds) {
        (0, 0, s) => format!("{s} s left"),
        (0, m, _) => format!("{m} min left"),
        (h, m, _) => format!("{h} h {m} min left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_exact_only_where_it_matters() {
        for (seconds, expected) in [
            (28_080, "7 h 48 min left"),
            (3_600, "1 h 0 min left"),
            (599, "9 min left"),
            (59, "59 s left"),
            (-3, "0 s left"),
        ] {
            assert_eq!(left_words(seconds * 1_000_000), expected);
        }
    }

    #[test]
    fn an_end_says_its_own_sentence() {
        let lost = Phase::lost("Connection lost.");

        assert!(lost.has_ended());
        assert_eq!(lost.sentence("orders-prod").as_deref(), Some("Connection lost."));
        assert_eq!(
            Phase::Connecting.sentence("orders-prod").as_deref(),
            Some("Connecting to orders-prod…")
        );
        assert_eq!(Phase::Connected.sentence("orders-prod"), None);
    }
}
