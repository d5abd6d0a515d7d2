//! What the page shows of a session: signals that the line sets and the bars read.

use leptos::prelude::*;
use protocol::terminal::{EndReason, Ended, Hello, Look, Status, Transaction};

use super::transfer::Transfer;
use super::xterm::{Found, Size};
use crate::ui::toast::say_for_a_while;

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
    /// The socket was lost, or is not there yet, and the session may still be: the page comes back to it by itself.
    Away {
        /// Attempts that have failed in a row.
        failed: u32,
    },
    /// The session goes on in another window; the server's sentence.
    TakenOver(String),
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
            Self::Away { failed: 0 } => Some("Reconnecting…".to_owned()),
            Self::Away { .. } => Some("Connection lost. Reconnecting…".to_owned()),
            Self::TakenOver(sentence) => Some(sentence.clone()),
            Self::Ended(ended) => Some(ended.sentence.clone()),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::Ended(_) => true,
            Self::Asleep
            | Self::Asking
            | Self::Connecting
            | Self::Connected
            | Self::Away { .. }
            | Self::TakenOver(_) => false,
        }
    }

    /// The session may be running, and this page's.
    pub(super) fn is_held(&self) -> bool {
        match self {
            Self::Connected | Self::Away { .. } => true,
            Self::Asleep | Self::Asking | Self::Connecting | Self::TakenOver(_) | Self::Ended(_) => false,
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
    pub(super) toast: RwSignal<Option<String>>,
    /// Seconds until the next attempt to come back.
    pub(super) next_try: RwSignal<Option<u32>>,
    /// Whether the line to find words with is shown.
    pub(super) finds: RwSignal<bool>,
    pub(super) found: RwSignal<Option<Found>>,
    pub(super) reads_aloud: RwSignal<bool>,
    /// A file on its way, or asked for.
    pub(super) transfer: RwSignal<Option<Transfer>>,
    /// The text an editor pane is wanted for.
    pub(super) edit: RwSignal<Option<String>>,
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
            next_try: RwSignal::new(None),
            finds: RwSignal::new(false),
            found: RwSignal::new(None),
            reads_aloud: RwSignal::new(false),
            transfer: RwSignal::new(None),
            edit: RwSignal::new(None),
        }
    }

    /// Whether the record's settings allow it; nothing is allowed before they are known.
    pub(super) fn allows(&self, what: fn(&Look) -> bool) -> bool {
        self.hello
            .with_untracked(|hello| hello.as_ref().is_some_and(|hello| what(&hello.look)))
    }

    /// Says a sentence for a while.
    pub(super) fn say(&self, sentence: impl Into<String>) {
        say_for_a_while(self.toast, sentence);
    }

    /// Nothing that belongs to a connection outlives it.
    pub(super) fn clear_passing(&self) {
        self.warning.set(None);
        self.transfer.set(None);
        self.edit.set(None);
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

/// `7 h 48 min left`, from microseconds; to the second when it is soon.
pub(super) fn left_words(micros: i64) -> String {
    let seconds = micros.max(0) / 1_000_000;

    match (seconds / 3600, seconds / 60 % 60, seconds) {
        (0, 0, s) => format!("{s} s left"),
        (0, m, s) if m < 10 => format!("{m} min {} s left", s % 60),
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
            (1_199, "19 min left"),
            (599, "9 min 59 s left"),
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

    #[test]
    fn a_lost_connection_is_no_end() {
        let away = Phase::Away { failed: 2 };

        assert!(!away.has_ended());
        assert!(away.is_held());
        assert!(!Phase::TakenOver("Elsewhere.".to_owned()).is_held());
        assert_eq!(
            away.sentence("orders-prod").as_deref(),
            Some("Connection lost. Reconnecting…")
        );
    }
}
