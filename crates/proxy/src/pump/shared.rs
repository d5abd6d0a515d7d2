//! What the two directions of a pump share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::time::Duration;

use pg_proto::backend::TransactionStatus;
use recording::Lane;
use tokio::sync::{Notify, broadcast, watch};
use tracing::Span;

use super::ledger::{Finished, Ledger};
use super::read_only::ReadOnly;
use super::{Activity, Clock, Ending, Note, Phase, Policy, Seen};
use crate::cancel::Canceller;
use crate::connect::Upstream;

/// How long a side may take for what is still owed to it once the session is over.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// Warnings that wait for a client that is in the middle of a message; later ones are dropped.
const WARNINGS: usize = 8;

/// Beginnings and ends of statements that wait for a watcher; who is slower misses the oldest.
const SEEN: usize = 64;

pub(super) struct Shared {
    pub(super) lane: Lane,
    pub(super) policy: Policy,
    pub(super) canceller: Option<Canceller>,
    /// Never changed, nor looked at, while the ledger is locked.
    pub(super) activity: watch::Sender<Activity>,
    /// Whether statements are kept: without it nobody needs their texts.
    pub(super) keeps: bool,
    /// What there is in read-only mode only.
    pub(super) read_only: Option<ReadOnly>,
    /// For who watches statements; made for the first of them.
    seen: OnceLock<broadcast::Sender<Seen>>,
    /// Rung for the client's side: the session is over, or what it waits for may be there.
    pub(super) to_server: Notify,
    /// Rung for the server's side: the session is over.
    pub(super) to_client: Notify,
    /// What its few log lines belong to: entered for each of them, and not for each message.
    pub(super) span: Span,
    clock: Clock,
    ledger: Mutex<Ledger>,
    /// Of Queries that have not come yet: as many as the client sends ahead.
    notes: Mutex<VecDeque<Note>>,
    /// What the client is to be told.
    warnings: Mutex<VecDeque<String>>,
    is_over: AtomicBool,
    ending: watch::Sender<Option<Ending>>,
}

impl Shared {
    pub(super) fn new(lane: Lane, policy: Policy, clock: Clock, upstream: &mut Upstream) -> Self {
        let now = clock();
        let activity = Activity {
            phase: Phase::Ready { since: now },
            transaction: upstream.established().status,
            statements: 0,
            errors: 0,
        };
        let keeps = lane.keeps_statements();
        Self {
            lane,
            policy,
            read_only: ReadOnly::of(upstream),
            canceller: upstream.canceller.take(),
            activity: watch::Sender::new(activity),
            keeps,
            seen: OnceLock::new(),
            to_server: Notify::new(),
            to_client: Notify::new(),
            span: Span::current(),
            clock,
            ledger: Mutex::new(Ledger::new(keeps)),
            notes: Mutex::new(VecDeque::new()),
            warnings: Mutex::new(VecDeque::new()),
            is_over: AtomicBool::new(false),
            ending: watch::Sender::new(None),
        }
    }

    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        match self.ledger.try_lock() {
            Ok(ledger) => return ledger,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
        // Who has it may be waiting for the recording's disk.
        let lock = || self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ledger = None;
        self.lane.aside(&mut || ledger = Some(lock()));

        ledger.unwrap_or_else(lock)
    }

    /// Whether anybody needs the texts of statements.
    pub(super) fn reads(&self) -> bool {
        self.keeps || self.read_only.is_some()
    }

    /// Whether answers are still to come; rings for the client's side when one has.
    pub(super) fn await_answers(&self) -> bool {
        let mut ledger = self.ledger();
        ledger.wait();

        ledger.is_running()
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, VecDeque<Note>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the client told something, as soon as no message is under way.
    pub(super) fn warn(&self, sentence: String) {
        let mut warnings = self.warnings();
        if warnings.len() < WARNINGS {
            warnings.push_back(sentence);
        }
        drop(warnings);
        self.to_client.notify_one();
    }

    pub(super) fn take_warning(&self) -> Option<String> {
        self.warnings().pop_front()
    }

    fn warnings(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps everything from starting until the guard is dropped; `None` where `begin` finds nothing to cancel.
    pub(super) fn begin_cancel(&self, begin: impl FnOnce(&mut Ledger) -> bool) -> Option<NothingStarts<'_>> {
        let has_begun = begin(&mut self.ledger());

        has_begun.then(|| NothingStarts(self))
    }

    /// Brings what others see up to the ledger; who waits is woken when something begins to run, or nothing does.
    pub(super) fn note_activity(&self, ready: Option<TransactionStatus>, now: i64) {
        self.activity.send_if_modified(|activity| {
            let ledger = self.ledger();
            activity.statements = ledger.n_statements();
            activity.errors = ledger.n_errors();
            let runs = ledger.is_running();
            let mut changed = runs != activity.is_running();
            if changed {
                activity.phase = if runs {
                    Phase::Running { since: now }
                } else {
                    Phase::Ready { since: now }
                };
            }
            if let Some(status) = ready {
                changed |= activity.transaction != status;
                activity.transaction = status;
            }
            // To wake nobody costs as much as to wake somebody. Who comes later looks first.
            changed && self.activity.receiver_count() > 0
        });
    }

    /// Writes down how a result ended, before the client sees it.
    pub(super) fn record(&self, finished: Finished, now: i64) -> Result<(), Ending> {
        if !self.keeps {
            return Ok(());
        }
        let Finished { transfer, end } = finished;
        if let Some(transfer) = transfer {
            self.lane
                .transfer(now, transfer)
                .map_err(|_| Ending::RecordingFailed)?;
        }
        let shown = self.watched().map(|_| end.clone());
        self.lane
            .statement_end(now, end)
            .map_err(|_| Ending::RecordingFailed)?;
        if let Some(end) = shown {
            self.see(|| Seen::Ended { at: now, end });
        }
        Ok(())
    }

    /// Tells who watches; costs nothing while nobody does.
    pub(super) fn see(&self, seen: impl FnOnce() -> Seen) {
        if let Some(watched) = self.watched() {
            // The last one may have left in this moment.
            let _told = watched.send(seen());
        }
    }

    /// Follows statements from here on.
    pub(super) fn watch(&self) -> broadcast::Receiver<Seen> {
        self.seen.get_or_init(|| broadcast::Sender::new(SEEN)).subscribe()
    }

    fn watched(&self) -> Option<&broadcast::Sender<Seen>> {
        self.seen.get().filter(|seen| seen.receiver_count() > 0)
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
        self.is_over.store(true, Ordering::Release);
        self.to_server.notify_one();
        self.to_client.notify_one();

        first
    }

    /// Why the session is over, where it is.
    pub(super) fn check(&self) -> Result<(), Ending> {
        if !self.is_over.load(Ordering::Acquire) {
            return Ok(());
        }
        self.ending.borrow().clone().map_or(Ok(()), Err)
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

/// While this is held no statement starts: a cancel hits what runs now, or nothing.
pub(super) struct NothingStarts<'a>(&'a Shared);

impl Drop for NothingStarts<'_> {
    fn drop(&mut self) {
        self.0.ledger().end_cancel();
        self.0.to_server.notify_one();
    }
}
