//! What the server's messages do to the entries.

use pg_proto::Malformed;
use pg_proto::backend::{Fields, TransactionStatus, tag};
use recording::Direction;

use super::{Expected, Finished, Ledger, Running};
use crate::pump::names::Outcome;

/// What becomes of a message of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pump) enum Fate {
    Pass,
    /// The client did not ask for it, or must not see it.
    Drop,
}

type Answered = Result<Fate, Malformed>;

impl Ledger {
    /// ParseComplete, BindComplete, CloseComplete, RowDescription, NoData: what has nothing to be read.
    pub(in crate::pump) fn acknowledge(&mut self, tag: u8, now: i64) -> Answered {
        let unexpected = Malformed::Tag(tag);
        if self.is_blocked() {
            return Err(unexpected);
        }
        match (self.queue.front_mut().ok_or(unexpected)?, tag) {
            (Expected::Query(_), tag::ROW_DESCRIPTION) => return Ok(Fate::Pass),
            (Expected::Resync(resync), tag::CLOSE_COMPLETE) => {
                self.swallowed = resync.close().ok_or(unexpected)?;
                return Ok(Fate::Drop);
            }
            (Expected::Parse { .. }, tag::PARSE_COMPLETE)
            | (Expected::Bind { .. }, tag::BIND_COMPLETE)
            | (Expected::CloseStatement(_) | Expected::ClosePortal(_), tag::CLOSE_COMPLETE)
            | (
                Expected::DescribeStatement(_) | Expected::DescribePortal,
                tag::ROW_DESCRIPTION | tag::NO_DATA,
            ) => (),
            _ => return Err(unexpected),
        }
        let Some(first) = self.next(now) else {
            return Err(unexpected);
        };
        match first {
            Expected::Parse {
                name,
                prepared,
                recorded,
            } => {
                let outcome = prepared.map_or(Outcome::Gone, Outcome::Is);
                self.prepared.settle(&name, outcome);
                self.done(recorded, now);
            }
            Expected::Bind {
                name,
                portal,
                recorded,
            } => {
                let outcome = portal.map_or(Outcome::Gone, Outcome::Is);
                self.portals.settle(&name, outcome);
                self.done(recorded, now);
            }
            Expected::CloseStatement(name) => self.prepared.settle(&name, Outcome::Gone),
            Expected::ClosePortal(name) => self.portals.settle(&name, Outcome::Gone),
            Expected::DescribeStatement(_)
            | Expected::DescribePortal
            | Expected::Execute(_)
            | Expected::Query(_)
            | Expected::FunctionCall(_)
            | Expected::Sync { .. }
            | Expected::Resync(_) => (),
        }
        Ok(Fate::Pass)
    }

    /// ParameterDescription.
    pub(in crate::pump) fn describe(&mut self, types: impl Iterator<Item = u32>) -> Answered {
        match self.queue.front() {
            Some(Expected::DescribeStatement(prepared)) => {
                if let Some(prepared) = prepared {
                    prepared.describe(types, &self.taken);
                }
                Ok(Fate::Pass)
            }
            _ => Err(Malformed::Tag(tag::PARAMETER_DESCRIPTION)),
        }
    }

    /// DataRow.
    pub(in crate::pump) fn row(&mut self, bytes: usize) -> Answered {
        self.running(tag::DATA_ROW)?.row(bytes);

        Ok(Fate::Pass)
    }

    /// CopyData and CopyDone.
    pub(in crate::pump) fn copied(&mut self, tag: u8, bytes: usize) -> Answered {
        let running = self.running(tag)?;
        if running.refused == Some(Direction::FromDatabase) {
            return Ok(Fate::Drop);
        }
        let copy = running.copy.as_mut();
        let copy = copy.filter(|copy| copy.direction == Direction::FromDatabase);
        copy.ok_or(Malformed::Tag(tag))?.bytes += bytes as u64;

        Ok(Fate::Pass)
    }

    /// CopyInResponse or CopyOutResponse, and the gate is open.
    pub(in crate::pump) fn copy_starts(&mut self, tag: u8, direction: Direction, now: i64) -> Answered {
        self.running(tag)?.copy_starts(direction);
        self.fed_at = now;
        if direction == Direction::ToDatabase {
            self.doubt_syncs();
        }

        Ok(Fate::Pass)
    }

    /// The same, and the gate is shut.
    pub(in crate::pump) fn refuse(
        &mut self,
        tag: u8,
        direction: Direction,
        sqlstate: &str,
        message: &str,
        now: i64,
    ) -> Answered {
        let running = self.running(tag)?;
        running.refused = Some(direction);
        let finished = running.refuse(direction, sqlstate, message, now);
        self.finished.push(finished);
        self.errors += 1;
        if direction == Direction::ToDatabase {
            self.doubt_syncs();
            self.fail_copy = true;
            self.awaited = true;
        }
        Ok(Fate::Drop)
    }

    /// CommandComplete, EmptyQueryResponse or PortalSuspended; the latter two with an empty command tag.
    pub(in crate::pump) fn complete(&mut self, tag: u8, command: &[u8], now: i64) -> Answered {
        let keeps = self.keeps;
        let running = self.running(tag)?;
        if running.is_blocked {
            return Err(Malformed::Tag(tag));
        }
        let refused = running.refused.take();
        let has_imported = running
            .copy
            .as_ref()
            .is_some_and(|copy| copy.direction == Direction::ToDatabase);
        let finished = (keeps && refused.is_none()).then(|| running.complete(command, now));
        running.copy = None;
        let (number, words) = (running.number, running.words);
        self.finished.extend(finished);
        // These run what they put together.
        let is_program = matches!(command, b"DO" | b"CALL");
        if is_program || words.prepare && command == b"PREPARE" {
            self.prepares.settle(number);
        }
        if is_program || words.declare && command == b"DECLARE CURSOR" {
            self.declares.settle(number);
        }
        if matches!(command, b"DEALLOCATE ALL" | b"DISCARD ALL") {
            self.prepared.forget_named();
        }
        if has_imported {
            self.forget_perhaps();
        }
        if matches!(self.queue.front(), Some(Expected::Execute(_)))
            && let Some(Expected::Execute(running)) = self.next(now)
        {
            self.release(&running);
            self.last = Some(running);
        }
        Ok(if refused.is_none() { Fate::Pass } else { Fate::Drop })
    }

    /// FunctionCallResponse.
    pub(in crate::pump) fn returned(&mut self, bytes: usize, now: i64) -> Answered {
        match self.queue.front_mut() {
            Some(Expected::FunctionCall(running)) => {
                running.row(bytes);
                self.finished.push(running.complete(b"", now));
                Ok(Fate::Pass)
            }
            _ => Err(Malformed::Tag(tag::FUNCTION_CALL_RESPONSE)),
        }
    }

    /// ErrorResponse.
    pub(in crate::pump) fn fail(&mut self, fields: &Fields, now: i64) -> Fate {
        self.errors += 1;
        let mut fate = Fate::Pass;
        match self.queue.front_mut() {
            // It was not asked for: the server says something about itself.
            None => return fate,
            Some(Expected::Query(running) | Expected::FunctionCall(running)) => {
                // The client was told already.
                if running.refused.take().is_some() {
                    return Fate::Drop;
                }
                let finished = running.fail(fields, now);
                self.finished.push(finished);
                self.doubt_behind(false);
                return fate;
            }
            // The transaction it would have ended.
            Some(Expected::Sync { .. } | Expected::Resync(_)) => {
                let finished = self.last.as_mut().map(|running| running.fail(fields, now));
                self.finished.extend(finished);
                return fate;
            }
            Some(
                Expected::Parse { .. }
                | Expected::Bind { .. }
                | Expected::DescribeStatement(_)
                | Expected::DescribePortal
                | Expected::Execute(_)
                | Expected::CloseStatement(_)
                | Expected::ClosePortal(_),
            ) => (),
        }
        self.doubt_behind(true);
        let Some(first) = self.next(now) else {
            return fate;
        };
        match &first {
            // The unnamed one is gone before the text of the next is looked at.
            Expected::Parse { name, .. } if name.is_empty() => self.prepared.settle(name, Outcome::Gone),
            Expected::Parse { name, .. } | Expected::CloseStatement(name) => {
                self.prepared.settle(name, Outcome::Unchanged);
            }
            // The unnamed one too: it is gone only where the statement was found. What is taken for bound and is not
            // ends on record with an error.
            Expected::Bind { name, .. } | Expected::ClosePortal(name) => {
                self.portals.settle(name, Outcome::Unchanged);
            }
            Expected::DescribeStatement(_)
            | Expected::DescribePortal
            | Expected::Execute(_)
            | Expected::Query(_)
            | Expected::FunctionCall(_)
            | Expected::Sync { .. }
            | Expected::Resync(_) => (),
        }
        if let Expected::Execute(running) = &first {
            self.release(running);
        }
        self.failed = first.unrecorded().map(|number| (number, fields.clone()));
        if let Some(mut running) = first.into_running() {
            if running.refused.is_some() {
                fate = Fate::Drop;
            } else {
                self.finished.push(running.fail(fields, now));
            }
        }
        self.skip_batch(now);

        fate
    }

    /// The server says no more: what failed is over.
    pub(in crate::pump) fn close(&mut self) {
        if self.queue.front().is_some_and(Expected::is_simple) {
            self.queue.pop_front();
        }
    }

    /// ReadyForQuery.
    pub(in crate::pump) fn ready(&mut self, status: TransactionStatus, now: i64) -> Answered {
        let unexpected = Malformed::Tag(tag::READY_FOR_QUERY);
        let mut fate = Fate::Pass;
        if let Some(Expected::Resync(resync)) = self.queue.front_mut() {
            match resync.ready() {
                None => fate = Fate::Drop,
                Some(is_shown) => {
                    self.ended(status);
                    return Ok(if is_shown { Fate::Pass } else { Fate::Drop });
                }
            }
        }
        match self.next(now).ok_or(unexpected)? {
            Expected::Sync { perhaps } => {
                if perhaps {
                    self.settle_perhaps();
                }
            }
            Expected::Resync(_) => (),
            Expected::Query(running) => {
                self.prepared.settle(&[], Outcome::Gone);
                self.release(&running);
            }
            Expected::FunctionCall(running) => self.release(&running),
            Expected::Parse { .. }
            | Expected::Bind { .. }
            | Expected::DescribeStatement(_)
            | Expected::DescribePortal
            | Expected::Execute(_)
            | Expected::CloseStatement(_)
            | Expected::ClosePortal(_) => return Err(unexpected),
        }
        self.ended(status);

        Ok(fate)
    }

    /// A batch is over.
    fn ended(&mut self, status: TransactionStatus) {
        self.last = None;
        self.failed = None;
        if status == TransactionStatus::Idle {
            self.portals.forget_all();
        }
    }

    /// The server skips all up to the next Sync.
    fn skip_batch(&mut self, now: i64) {
        loop {
            match self.queue.front() {
                None => {
                    self.skips = true;
                    return;
                }
                Some(first) if first.is_sync() => return,
                Some(_) => (),
            }
            if let Some(first) = self.queue.pop_front() {
                self.skip(first, now);
            }
        }
    }

    /// Takes the first entry off; the time of the next one begins.
    fn next(&mut self, now: i64) -> Option<Expected> {
        let first = self.queue.pop_front();
        if let Some(Expected::Execute(running) | Expected::Query(running) | Expected::FunctionCall(running)) =
            self.queue.front_mut()
        {
            running.begin(now);
        }
        first
    }

    fn done(&mut self, recorded: Option<Running>, now: i64) {
        let finished: Option<Finished> = recorded.map(|mut running| running.complete(b"", now));
        self.finished.extend(finished);
    }

    /// The statement that may bring a result.
    fn running(&mut self, tag: u8) -> Result<&mut Running, Malformed> {
        let first = self.queue.front_mut();
        first.and_then(Expected::statement_mut).ok_or(Malformed::Tag(tag))
    }
}

impl Expected {
    /// The place of a Parse or Bind that is not on record by itself.
    fn unrecorded(&self) -> Option<u64> {
        match self {
            Self::Parse {
                prepared: Some(prepared),
                recorded: None,
                ..
            } => Some(prepared.number),
            Self::Bind {
                portal: Some(portal),
                recorded: None,
                ..
            } => Some(portal.number),
            Self::Parse { .. }
            | Self::Bind { .. }
            | Self::DescribeStatement(_)
            | Self::DescribePortal
            | Self::Execute(_)
            | Self::CloseStatement(_)
            | Self::ClosePortal(_)
            | Self::Query(_)
            | Self::FunctionCall(_)
            | Self::Sync { .. }
            | Self::Resync(_) => None,
        }
    }

    /// Answered by ReadyForQuery without a Sync.
    pub(super) fn is_simple(&self) -> bool {
        matches!(self, Self::Query(_) | Self::FunctionCall(_))
    }
}
