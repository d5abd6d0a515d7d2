//! What the server still has to answer, in the order it was asked; which names stand for what.
//!
//! Every message that has an answer is an entry, and the first entry is the one the server answers. After an error in
//! an extended query the server skips all up to the next Sync: so do we. [`answers`] is what the server's messages do
//! to the entries, this file what the client's do.
//! [`copies`] is about the Syncs a COPY may have swallowed.

mod answers;
mod copies;
mod running;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use pg_proto::backend::Fields;

use super::known::{Portal, Prepared, Room};
use super::names::{Look, Names, Outcome};
pub(super) use answers::Fate;
use copies::Doubt;
pub(super) use copies::{CopyFate, Resync, Turn};
pub(super) use running::{Finished, Running};

/// Answers that may be outstanding. With so many the client has to wait for some.
const OUTSTANDING: usize = 1024;

const NOT_RUN: &str = "not run: an earlier statement of the batch failed";

/// Entries, names and what follows from both.
#[derive(Debug)]
pub(super) struct Ledger {
    queue: VecDeque<Expected>,
    /// The server skips all up to the next Sync, which has not been sent.
    skips: bool,
    /// Syncs sent: what is between two of them succeeds in order or is skipped.
    batch: u64,
    /// Messages sent that have an answer.
    number: u64,
    /// Queries, Executes and FunctionCalls sent.
    statements: u64,
    /// Errors the server answered with, and COPYs that were refused.
    errors: u64,
    prepared: Names<Prepared>,
    portals: Names<Portal>,
    prepares: Renames,
    declares: Renames,
    taken: Arc<AtomicUsize>,
    /// The last statement of the batch that has ended: what fails at the Sync is its transaction.
    last: Option<Running>,
    /// A Parse or Bind that failed and is not on record by itself, and how.
    failed: Option<(u64, Fields)>,
    /// What is to be recorded before anything else is shown.
    finished: Vec<Finished>,
    /// Whether statements are kept at all.
    keeps: bool,
    /// A refused COPY waits for our CopyFail.
    fail_copy: bool,
    /// A COPY has failed, and it is not known which Syncs it swallowed.
    doubt: Option<Doubt>,
    /// It swallowed all of them: the client has to send another one.
    swallowed: bool,
    /// A Bind is sent, and not to its end.
    binds: bool,
    /// When COPY data came last, or was first waited for.
    fed_at: i64,
    /// Cancels on their way: nothing starts meanwhile.
    cancels: u32,
    /// The client's side waits for answers.
    awaited: bool,
}

/// A message the server has to answer.
#[derive(Debug)]
pub(super) enum Expected {
    Parse {
        name: Box<[u8]>,
        /// `None` where statements are not kept.
        prepared: Option<Arc<Prepared>>,
        /// Where its text is on record already.
        recorded: Option<Running>,
    },
    Bind {
        name: Box<[u8]>,
        portal: Option<Arc<Portal>>,
        /// Where its values are on record already.
        recorded: Option<Running>,
    },
    DescribeStatement(Option<Arc<Prepared>>),
    DescribePortal,
    Execute(Running),
    CloseStatement(Box<[u8]>),
    ClosePortal(Box<[u8]>),
    Query(Running),
    FunctionCall(Running),
    Sync {
        perhaps: bool,
    },
    /// Syncs of the client that are perhaps answered, Syncs of our own, a Close, a Sync: however many of the client's
    /// are answered, the answer to the Close says where they end.
    Resync(Resync),
}

/// Statements that give names by SQL: names given before them may stand for something else afterwards.
#[derive(Debug, Default)]
struct Renames {
    in_flight: u32,
    newest: u64,
    /// The newest that is known to have given a name.
    certain: u64,
}

impl Ledger {
    /// At the end of a handshake.
    pub(super) fn new(keeps: bool) -> Self {
        Self {
            queue: VecDeque::new(),
            skips: false,
            batch: 0,
            number: 0,
            statements: 0,
            errors: 0,
            prepared: Names::default(),
            portals: Names::default(),
            prepares: Renames::default(),
            declares: Renames::default(),
            taken: Arc::default(),
            last: None,
            failed: None,
            finished: Vec::new(),
            keeps,
            fail_copy: false,
            doubt: None,
            swallowed: false,
            binds: false,
            fed_at: 0,
            cancels: 0,
            awaited: false,
        }
    }

    /// Whether another message may be sent now.
    pub(super) fn may_send(&self) -> bool {
        self.cancels == 0 && self.has_room()
    }

    /// The same where nothing starts by it.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < OUTSTANDING
    }

    /// The client's side waits until the server's has moved on.
    pub(super) fn wait(&mut self) {
        self.awaited = true;
    }

    /// True once for every wait.
    pub(super) fn take_awaited(&mut self) -> bool {
        std::mem::take(&mut self.awaited)
    }

    /// A message that has an answer is about to be sent.
    pub(super) fn send(&mut self, mut expected: Expected, now: i64) {
        self.number += 1;
        let batch = self.batch;
        match &mut expected {
            Expected::Parse { name, prepared, .. } => self.prepared.send(name, batch, prepared.clone()),
            Expected::Bind { name, portal, .. } => {
                self.binds = false;
                self.portals.send(name, batch, portal.clone());
            }
            Expected::CloseStatement(name) => self.prepared.send(name, batch, None),
            Expected::ClosePortal(name) => self.portals.send(name, batch, None),
            Expected::Query(running) => {
                // It takes the unnamed statement away. The unnamed portal stays where the text is empty.
                self.prepared.send(&[], batch, None);
                running.number = self.number;
                self.statements += 1;
            }
            Expected::Execute(running) | Expected::FunctionCall(running) => {
                running.number = self.number;
                self.statements += 1;
            }
            Expected::Sync { .. } => {
                self.skips = false;
                self.batch += 1;
            }
            Expected::DescribeStatement(_) | Expected::DescribePortal | Expected::Resync(_) => (),
        }
        if let Expected::Execute(running) | Expected::Query(running) | Expected::FunctionCall(running) =
            &expected
        {
            self.prepares.send(running.words.prepare, running.number);
            self.declares.send(running.words.declare, running.number);
        }
        if self.skips {
            self.skip(expected, now);
        } else {
            self.queue.push_back(expected);
        }
    }

    /// What a Bind that is not sent yet binds is on record by itself.
    pub(super) fn note_recorded(&mut self, bound: &Arc<Portal>, mut record: Running, now: i64) {
        let sent = self.queue.iter_mut().rev().find_map(|expected| match expected {
            Expected::Bind {
                portal: Some(portal),
                recorded,
                ..
            } if Arc::ptr_eq(portal, bound) => Some(recorded),
            Expected::Bind { .. }
            | Expected::Parse { .. }
            | Expected::DescribeStatement(_)
            | Expected::DescribePortal
            | Expected::Execute(_)
            | Expected::CloseStatement(_)
            | Expected::ClosePortal(_)
            | Expected::Query(_)
            | Expected::FunctionCall(_)
            | Expected::Sync { .. }
            | Expected::Resync(_) => None,
        });
        match sent {
            Some(recorded) => *recorded = Some(record),
            None => self.finished.push(record.broken(None, NOT_RUN.to_owned(), now)),
        }
    }

    /// The number the next message that is sent will have.
    pub(super) fn next_number(&self) -> u64 {
        self.number + 1
    }

    pub(super) fn look_prepared(&self, name: &[u8]) -> Look<Prepared> {
        self.prepared.look(name, self.batch)
    }

    pub(super) fn look_portal(&self, name: &[u8]) -> Look<Portal> {
        self.portals.look(name, self.batch)
    }

    /// Whether SQL may have given this statement's name to another one.
    pub(super) fn is_doubtful(&self, name: &[u8], prepared: &Prepared) -> bool {
        !name.is_empty() && self.prepares.doubt(prepared.number)
    }

    /// Whether SQL may have given this portal's name to another one.
    pub(super) fn is_doubtful_portal(&self, name: &[u8], portal: &Portal) -> bool {
        !name.is_empty() && self.declares.doubt(portal.number)
    }

    /// Room for so many bytes of text or values.
    pub(super) fn room(&self, n_bytes: usize) -> Option<Room> {
        Room::take(&self.taken, n_bytes)
    }

    /// Whether the server is busy: a Sync that is perhaps answered does not count.
    pub(super) fn is_running(&self) -> bool {
        self.queue.iter().any(|expected| !expected.is_perhaps())
    }

    /// Whether the last message that was sent has a ReadyForQuery still to come.
    pub(super) fn awaits_ready(&self) -> bool {
        self.queue
            .back()
            .is_some_and(|expected| expected.is_sync() || expected.is_simple())
    }

    /// Whether the server answers what it was sent in place of a statement that is not permitted.
    pub(super) fn is_blocked(&self) -> bool {
        match self.queue.front() {
            Some(
                Expected::Query(running)
                | Expected::Parse {
                    recorded: Some(running),
                    ..
                },
            ) => running.is_blocked,
            Some(_) | None => false,
        }
    }

    /// How many messages have been answered, while one is not.
    pub(super) fn runs(&self) -> Option<u64> {
        let n_outstanding = u64::try_from(self.queue.len()).unwrap_or(u64::MAX);
        self.is_running()
            .then(|| self.number.saturating_sub(n_outstanding))
    }

    /// Statements sent so far.
    pub(super) fn n_statements(&self) -> u64 {
        self.statements
    }

    /// Errors answered so far.
    pub(super) fn n_errors(&self) -> u64 {
        self.errors
    }

    /// Messages sent so far that have an answer.
    pub(super) fn n_sent(&self) -> u64 {
        self.number
    }

    /// Nothing starts until [`Self::end_cancel`]; false when nothing runs that could be cancelled.
    pub(super) fn begin_cancel(&mut self) -> bool {
        let runs = self.is_running();
        self.cancels += u32::from(runs);
        runs
    }

    /// The same for a COPY that was refused: only where nothing else that waits could be hit.
    pub(super) fn begin_cancel_of_refused(&mut self) -> bool {
        let mut statements = self.queue.iter().filter_map(Expected::running);
        let first = statements.next();
        let alone = first.is_some_and(|running| running.refused.is_some()) && statements.next().is_none();
        self.cancels += u32::from(alone);
        alone
    }

    pub(super) fn end_cancel(&mut self) {
        self.cancels = self.cancels.saturating_sub(1);
    }

    /// Gives what is to be recorded to `each`, until that fails.
    pub(super) fn finish<E>(&mut self, each: impl FnMut(Finished) -> Result<(), E>) -> Result<(), E> {
        self.finished.drain(..).try_for_each(each)
    }

    /// The session is over while statements run.
    pub(super) fn abandon(&mut self, now: i64) {
        for expected in std::mem::take(&mut self.queue) {
            if let Some(mut running) = expected.into_running() {
                let message = "the session ended before the statement did".to_owned();
                self.finished.push(running.broken(None, message, now));
            }
        }
    }

    /// The server has skipped this.
    fn skip(&mut self, expected: Expected, now: i64) {
        match &expected {
            Expected::Parse { name, .. } | Expected::CloseStatement(name) => {
                self.prepared.settle(name, Outcome::Unchanged);
            }
            Expected::Bind { name, .. } | Expected::ClosePortal(name) => {
                self.portals.settle(name, Outcome::Unchanged);
            }
            Expected::Query(_) => self.prepared.settle(&[], Outcome::Unchanged),
            Expected::DescribeStatement(_)
            | Expected::DescribePortal
            | Expected::Execute(_)
            | Expected::FunctionCall(_)
            | Expected::Sync { .. }
            | Expected::Resync(_) => (),
        }
        if let Some(mut running) = expected.into_running() {
            self.release(&running);
            // One of them has the error: there was one.
            let failed = self.failed.take_if(|(number, _)| running.is_of(*number));
            let finished = match failed {
                Some((_, fields)) => running.fail(&fields, now),
                None => running.broken(None, NOT_RUN.to_owned(), now),
            };
            self.finished.push(finished);
        }
    }

    /// A statement is over: what it did to names is known.
    fn release(&mut self, running: &Running) {
        self.prepares.release(running.words.prepare);
        self.declares.release(running.words.declare);
    }
}

impl Expected {
    /// Only what may start a COPY.
    fn statement_mut(&mut self) -> Option<&mut Running> {
        match self {
            Self::Execute(running) | Self::Query(running) => Some(running),
            Self::Parse { .. }
            | Self::Bind { .. }
            | Self::DescribeStatement(_)
            | Self::DescribePortal
            | Self::CloseStatement(_)
            | Self::ClosePortal(_)
            | Self::FunctionCall(_)
            | Self::Sync { .. }
            | Self::Resync(_) => None,
        }
    }

    fn statement(&self) -> Option<&Running> {
        self.running().filter(|_| !matches!(self, Self::FunctionCall(_)))
    }

    fn running(&self) -> Option<&Running> {
        match self {
            Self::Execute(running) | Self::Query(running) | Self::FunctionCall(running) => Some(running),
            Self::Parse { .. }
            | Self::Bind { .. }
            | Self::DescribeStatement(_)
            | Self::DescribePortal
            | Self::CloseStatement(_)
            | Self::ClosePortal(_)
            | Self::Sync { .. }
            | Self::Resync(_) => None,
        }
    }

    /// What is on record of it.
    fn into_running(self) -> Option<Running> {
        match self {
            Self::Execute(running) | Self::Query(running) | Self::FunctionCall(running) => Some(running),
            Self::Parse { recorded, .. } | Self::Bind { recorded, .. } => recorded,
            Self::DescribeStatement(_)
            | Self::DescribePortal
            | Self::CloseStatement(_)
            | Self::ClosePortal(_)
            | Self::Sync { .. }
            | Self::Resync(_) => None,
        }
    }

    fn is_perhaps(&self) -> bool {
        matches!(self, Self::Sync { perhaps: true })
    }

    fn is_sync(&self) -> bool {
        matches!(self, Self::Sync { .. } | Self::Resync(_))
    }
}

impl Renames {
    fn send(&mut self, does: bool, number: u64) {
        if does {
            self.in_flight += 1;
            self.newest = number;
        }
    }

    fn release(&mut self, did: bool) {
        self.in_flight = self.in_flight.saturating_sub(u32::from(did));
    }

    fn settle(&mut self, number: u64) {
        self.certain = self.certain.max(number);
    }

    /// Whether something named by message `number` may have lost its name since.
    fn doubt(&self, number: u64) -> bool {
        number < self.certain || (self.in_flight > 0 && number < self.newest)
    }
}

#[cfg(test)]
mod tests;
