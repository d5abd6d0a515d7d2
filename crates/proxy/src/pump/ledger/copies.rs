//! COPY FROM STDIN: whose the data is, and which Syncs are answered.
//!
//! While a COPY takes in data the server ignores Sync. One that was sent before CopyInResponse came is ignored if the
//! COPY had begun when it arrived, and answered if it had failed before: such a Sync is *perhaps* answered. It never has
//! anything but others of its kind behind it:
//!
//! * what else was sent behind such a COPY ends the connection when CopyInResponse comes, as PostgreSQL ends it;
//! * a Sync sent while the COPY takes in data is not sent, for it would be ignored;
//! * what comes behind the data waits for the end of the COPY, if there is a Sync that is perhaps answered.
//!
//! Where the COPY succeeds the server has read all of them, and ignored them. Where it fails a Sync, a Close and a Sync of
//! our own are sent: the first ends the skipping, the answer to the Close says how many of the client's were answered.
//! See <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY>.

use recording::Direction;

use super::{Expected, Ledger};

/// What becomes of COPY data of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pump) enum CopyFate {
    Forward,
    /// The server would ignore it, or must not get it.
    Drop,
    /// The server has not said yet whether it wants any.
    Undecided,
}

/// What a COPY means for the client's next message, which is none of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pump) enum Turn {
    Next,
    /// A COPY takes in data.
    Feeding,
    /// Its end is awaited, or how many Syncs were answered.
    Awaited,
    /// Up to the client's next Sync the server would have skipped everything.
    Skipped,
}

/// Where a COPY that was let through has failed and it is not known which Syncs were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The server skips until a Sync, and has answered none.
    skips: bool,
}

/// Our own Syncs behind those of the client that are perhaps answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pump) struct Resync {
    /// Answers to come before that to our Close which the client does not see, and then those it does.
    hidden: u32,
    shown: u32,
    /// If it sees none it has to send another Sync.
    skips: bool,
    closed: bool,
}

impl Ledger {
    /// Decides over COPY data of the client, and counts it; `is_last` after CopyDone and CopyFail.
    pub(in crate::pump) fn data(&mut self, bytes: usize, is_last: bool, now: i64) -> CopyFate {
        let running = self.queue.iter_mut().find_map(Expected::statement_mut);
        let Some(running) = running else {
            return CopyFate::Drop;
        };
        if running.refused == Some(Direction::ToDatabase) {
            return CopyFate::Drop;
        }
        let copy = running.copy.as_mut();
        let copy = copy.filter(|copy| copy.direction == Direction::ToDatabase && !copy.is_over);
        let Some(copy) = copy else {
            return CopyFate::Undecided;
        };
        copy.bytes += bytes as u64;
        copy.is_over = is_last;
        self.fed_at = now;

        CopyFate::Forward
    }

    /// What a COPY means for what the client sends next.
    pub(in crate::pump) fn turn(&self) -> Turn {
        if self.swallowed {
            return Turn::Skipped;
        }
        if self.feeds() {
            return Turn::Feeding;
        }
        let is_doubtful = |expected: &Expected| match expected {
            Expected::Sync { perhaps } => *perhaps,
            Expected::Resync(resync) => resync.skips && !resync.closed,
            Expected::Parse { .. }
            | Expected::Bind { .. }
            | Expected::DescribeStatement(_)
            | Expected::DescribePortal
            | Expected::Execute(_)
            | Expected::CloseStatement(_)
            | Expected::ClosePortal(_)
            | Expected::Query(_)
            | Expected::FunctionCall(_) => false,
        };
        // It is the first, or behind its COPY.
        if self.queue.iter().take(2).any(is_doubtful) {
            return Turn::Awaited;
        }
        Turn::Next
    }

    /// The client's Sync has come.
    pub(in crate::pump) fn skipped_to_sync(&mut self) {
        self.swallowed = false;
    }

    /// A Bind begins to be sent that is an entry when it is sent whole.
    pub(in crate::pump) fn bind_begins(&mut self) {
        self.binds = true;
    }

    /// Whether something else than a Sync was sent behind what is answered now: it would be read as COPY data.
    pub(in crate::pump) fn is_followed(&self) -> bool {
        self.binds || !self.queue.iter().skip(1).all(Expected::is_sync)
    }

    /// True when CopyFail has to be sent for a COPY that was refused; once.
    pub(in crate::pump) fn take_fail_copy(&mut self) -> bool {
        std::mem::take(&mut self.fail_copy)
    }

    /// CopyFail is sent. How many Syncs of our own, a Close and another Sync have to follow, so that the client gets an
    /// answer to each of its own that the COPY has perhaps swallowed; 0 where there are none, and no Close either.
    pub(in crate::pump) fn resync(&mut self) -> u32 {
        self.doubt = None;
        let shown = self.take_perhaps();
        if shown > 0 {
            self.send_resync(Resync {
                hidden: 0,
                shown,
                skips: false,
                closed: false,
            });
        }
        shown
    }

    /// True when a Sync, a Close and a Sync of our own have to be sent because a COPY has failed; once.
    pub(in crate::pump) fn take_doubt(&mut self) -> bool {
        let Some(Doubt { skips }) = self.doubt.take() else {
            return false;
        };
        let shown = self.take_perhaps();
        self.send_resync(Resync {
            hidden: 1,
            shown,
            skips,
            closed: false,
        });
        true
    }

    fn send_resync(&mut self, resync: Resync) {
        self.queue.push_back(Expected::Resync(resync));
        self.skips = false;
        self.batch += 1;
    }

    /// Takes the Syncs that are perhaps answered off the end, where they all are; gives their number.
    fn take_perhaps(&mut self) -> u32 {
        let before = self.queue.len();
        while self.queue.back().is_some_and(Expected::is_perhaps) {
            self.queue.pop_back();
        }
        u32::try_from(before - self.queue.len()).unwrap_or(u32::MAX)
    }

    /// A COPY takes in data from here on: it ignores Syncs that have been sent, unless it fails before.
    pub(super) fn doubt_syncs(&mut self) {
        for expected in self.queue.iter_mut().skip(1) {
            let Expected::Sync { perhaps } = expected else {
                return;
            };
            *perhaps = true;
        }
    }

    /// A COPY has succeeded: it has read them, and ignored them.
    pub(super) fn forget_perhaps(&mut self) {
        while self.queue.get(1).is_some_and(Expected::is_perhaps) {
            self.queue.remove(1);
        }
    }

    /// The statement in front fails; what is behind it is answered or not.
    pub(super) fn doubt_behind(&mut self, skips: bool) {
        if self.queue.get(1).is_some_and(Expected::is_perhaps) {
            self.doubt = Some(Doubt { skips });
            self.awaited = true;
        }
    }

    /// One of the Syncs that are perhaps answered was.
    pub(super) fn settle_perhaps(&mut self) {
        self.doubt = match self.doubt {
            Some(_) if self.queue.front().is_some_and(Expected::is_perhaps) => Some(Doubt { skips: false }),
            Some(_) | None => None,
        };
    }

    /// A COPY that was let through takes in data.
    fn feeds(&self) -> bool {
        let copy = self
            .queue
            .front()
            .and_then(Expected::statement)
            .and_then(|running| running.copy.as_ref());

        copy.is_some_and(|copy| copy.direction == Direction::ToDatabase && !copy.is_over)
    }

    /// Since when the server waits for COPY data that does not come; `None` where it does not wait.
    pub(in crate::pump) fn starves_since(&self) -> Option<i64> {
        self.feeds().then_some(self.fed_at)
    }
}

impl Resync {
    /// CloseComplete: whether the client has seen no answer and has to send another Sync; `None` where it was answered
    /// already.
    pub(super) fn close(&mut self) -> Option<bool> {
        let was_closed = std::mem::replace(&mut self.closed, true);

        (!was_closed).then_some(self.skips)
    }

    /// ReadyForQuery before CloseComplete: whether the client sees it; `None` where it is the one behind.
    ///
    /// The answer to our own Sync is like those to the client's. Of a COPY that failed it is the first that is hidden,
    /// whosever it was, until another says that it was the client's.
    pub(super) fn ready(&mut self) -> Option<bool> {
        if self.closed {
            return None;
        }
        let is_hidden = self.hidden > 0;
        let is_shown = !is_hidden && self.shown > 0;
        self.hidden = self.hidden.saturating_sub(1);
        self.shown = self.shown.saturating_sub(u32::from(is_shown));
        self.skips &= !is_shown;

        Some(is_shown)
    }
}
