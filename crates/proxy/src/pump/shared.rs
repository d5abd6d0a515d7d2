//! What the two directions of a pump share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pg_proto::backend::TransactionStatus;
use recording::Lane;
use tokio::sync::{Notify, broadcast, watch};

use super::ledger::Ledger;
use super::{Activity, Clock, Ending, Note, Phase, Policy, Seen};
use crate::cancel::Canceller;

/// How long a side may take for what is still owed to it once the session is over.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// Bytes asked for in one read.
pub(super) const CHUNK: usize = 64 * 1024;

/// Beginnings and ends of statements that wait for a watcher; who is slower misses the oldest.
const SEEN: usize = 64;

pub(super) struct Shared {
    pub(super) lane: Lane,
    pub(super) policy: Policy,
    pub(super) canceller: Option<Canceller>,
    pub(super) activity: watch::Sender<Activity>,
    /// Held while a statement starts, and while a cancel is on its way.
    pub(super) start: tokio::sync::Mutex<()>,
    /// Asks for CopyFail: an import was refused.
    pub(super) fail_copy: Notify,
    /// For who watches statements.
    pub(super) seen: broadcast::Sender<Seen>,
    clock: Clock,
    ledger: Mutex<Ledger>,
    /// Of Queries that have not come yet: as many as the client sends ahead.
    notes: Mutex<VecDeque<Note>>,
    ending: watch::Sender<Option<Ending>>,
}

impl Shared {
    pub(super) fn new(
        lane: Lane,
        policy: Policy,
        clock: Clock,
        canceller: Option<Canceller>,
        transaction: TransactionStatus,
    ) -> Self {
        let now = clock();
        let activity = Activity {
            phase: Phase::Ready { since: now },
            transaction,
            statements: 0,
            copy_in: false,
        };
        Self {
            lane,
            policy,
            canceller,
            activity: watch::Sender::new(activity),
            start: tokio::sync::Mutex::new(()),
            fail_copy: Notify::new(),
            seen: broadcast::Sender::new(SEEN),
            clock,
            ledger: Mutex::new(Ledger::default()),
            notes: Mutex::new(VecDeque::new()),
            ending: watch::Sender::new(None),
        }
    }

    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, VecDeque<Note>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_running(&self) -> bool {
        self.activity.borrow().is_running()
    }

    /// Tells who watches; costs nothing while nobody does.
    pub(super) fn see(&self, seen: impl FnOnce() -> Seen) {
        if self.seen.receiver_count() > 0 {
            // The last one may have left in this moment.
            let _told = self.seen.send(seen());
        }
    }

    /// Notes why the session is over, unless it already is; gives the reason that counts.
    pub(super) fn end(&self, ending: Ending) -> Ending {
        let mut first = ending;
        self.ending.send_if_modified(|current| match current {
            Some(earlier) => {
                first = earlier.clone();
                false
            }
            None => {
                *current = Some(first.clone());
                true
            }
        });
        first
    }

    /// Waits for the end.
    pub(super) async fn ended(&self) -> Ending {
        let mut ending = self.ending.subscribe();
        loop {
            if let Some(ending) = ending.borrow_and_update().clone() {
                return ending;
            }
            // The sender is `self`: it cannot be gone.
            if ending.changed().await.is_err() {
                return Ending::ClientClosed;
            }
        }
    }
}
