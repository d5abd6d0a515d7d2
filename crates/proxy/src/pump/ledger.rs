//! Which statement runs and what it has brought so far. At most one runs at a time.

use pg_proto::Text;
use pg_proto::backend::{self, Fields};
use recording::{Direction, StatementEnd, Transfer, TransferOutcome};

/// Counts of the running statement.
#[derive(Debug, Default)]
pub(super) struct Ledger(Option<Running>);

#[derive(Debug)]
struct Running {
    /// Sequence number of the statement's frame.
    statement: u64,
    since: i64,
    /// Results that have ended.
    results: u32,
    rows: u64,
    bytes: u64,
    copy: Option<Copy>,
}

/// A COPY that was let through.
#[derive(Debug)]
struct Copy {
    direction: Direction,
    bytes: u64,
}

/// What is to be recorded when a result ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finished {
    pub(super) transfer: Option<Transfer>,
    pub(super) end: StatementEnd,
}

impl Ledger {
    /// A statement is about to be forwarded. Several results of one Query are ends of this one statement.
    pub(super) fn start(&mut self, statement: u64, since: i64) {
        self.0 = Some(Running {
            statement,
            since,
            results: 0,
            rows: 0,
            bytes: 0,
            copy: None,
        });
    }

    pub(super) fn row(&mut self, bytes: usize) {
        if let Some(running) = &mut self.0 {
            running.rows += 1;
            running.bytes += bytes as u64;
        }
    }

    pub(super) fn copy_starts(&mut self, direction: Direction) {
        if let Some(running) = &mut self.0 {
            running.copy = Some(Copy { direction, bytes: 0 });
        }
    }

    /// Counts COPY data in one direction; false when no such COPY is under way.
    pub(super) fn copy_data(&mut self, direction: Direction, bytes: usize) -> bool {
        let copy = self.0.as_mut().and_then(|running| running.copy.as_mut());
        let Some(copy) = copy.filter(|copy| copy.direction == direction) else {
            return false;
        };
        copy.bytes += bytes as u64;
        true
    }

    /// CommandComplete, or EmptyQueryResponse with an empty tag.
    pub(super) fn complete(&mut self, tag: &Text, now: i64) -> Option<Finished> {
        let running = self.0.as_mut()?;
        let counted = backend::tag_rows(tag).unwrap_or(running.rows);
        let copy = running.copy.take();
        let transfer = copy.as_ref().map(|copy| Transfer {
            statement: running.statement,
            direction: copy.direction,
            outcome: TransferOutcome::Finished {
                rows: counted,
                bytes: copy.bytes,
            },
        });
        let mut end = running.end(now);
        end.tag = tag.to_str().into_owned();
        end.rows = counted;
        end.bytes += copy.map_or(0, |copy| copy.bytes);

        Some(Finished { transfer, end })
    }

    /// ErrorResponse.
    pub(super) fn fail(&mut self, fields: &Fields, now: i64) -> Option<Finished> {
        self.broken(
            Some(fields.code().into_owned()),
            fields.message().into_owned(),
            now,
        )
    }

    /// A gate stopped the COPY that was about to start.
    pub(super) fn refuse(
        &mut self,
        direction: Direction,
        sqlstate: &str,
        message: &str,
        now: i64,
    ) -> Option<Finished> {
        let statement = self.0.as_ref()?.statement;
        let mut finished = self.broken(Some(sqlstate.to_owned()), message.to_owned(), now)?;
        finished.transfer = Some(Transfer {
            statement,
            direction,
            outcome: TransferOutcome::Refused,
        });

        Some(finished)
    }

    /// ReadyForQuery: nothing runs.
    pub(super) fn ready(&mut self) {
        self.0 = None;
    }

    /// The session is over while a statement runs.
    pub(super) fn abandon(&mut self, now: i64) -> Option<Finished> {
        let finished = self.broken(None, "the session ended before the statement did".to_owned(), now);
        self.0 = None;
        finished
    }

    fn broken(&mut self, sqlstate: Option<String>, message: String, now: i64) -> Option<Finished> {
        let running = self.0.as_mut()?;
        let copy = running.copy.take();
        let transfer = copy.as_ref().map(|copy| Transfer {
            statement: running.statement,
            direction: copy.direction,
            outcome: TransferOutcome::Failed { bytes: copy.bytes },
        });
        let mut end = running.end(now);
        end.sqlstate = sqlstate;
        end.error = Some(message);
        end.bytes += copy.map_or(0, |copy| copy.bytes);

        Some(Finished { transfer, end })
    }
}

impl Running {
    /// Ends a result with what was counted, and counts anew for the next.
    fn end(&mut self, now: i64) -> StatementEnd {
        let result = self.results;
        self.results += 1;
        StatementEnd {
            statement: self.statement,
            result,
            rows: std::mem::take(&mut self.rows),
            bytes: std::mem::take(&mut self.bytes),
            duration: now.saturating_sub(self.since).try_into().unwrap_or(0),
            ..StatementEnd::default()
        }
    }
}
