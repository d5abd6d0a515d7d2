//! What a statement has brought so far, and what is to be recorded when a result of it ends.

use pg_proto::backend::{self, Fields};
use recording::{Direction, StatementEnd, Transfer, TransferOutcome};

use crate::pump::known::Words;

/// A statement on its way: recorded, sent, not answered to its end.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pump) struct Running {
    /// Sequence number of the statement's frame.
    statement: u64,
    /// When it was sent, or the one before it was done.
    since: i64,
    /// Results that have ended.
    results: u32,
    rows: u64,
    bytes: u64,
    pub(super) copy: Option<CopyUnderWay>,
    /// The COPY whose remains are kept from the client.
    pub(super) refused: Option<Direction>,
    /// Place of its message among all.
    pub(super) number: u64,
    pub(super) words: Words,
    /// Places of the Bind and the Parse it goes back to; 0 for none.
    bind: u64,
    parse: u64,
    /// Not permitted: what the server was sent in its place fails.
    pub(super) is_blocked: bool,
}

/// A COPY that was let through.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CopyUnderWay {
    pub(super) direction: Direction,
    pub(super) bytes: u64,
    /// The client has sent all of it.
    pub(super) is_over: bool,
}

/// What is to be recorded when a result ends.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pump) struct Finished {
    pub(in crate::pump) transfer: Option<Transfer>,
    pub(in crate::pump) end: StatementEnd,
}

impl Running {
    /// A statement is about to be forwarded. Several results of one Query are ends of this one statement.
    pub(in crate::pump) fn new(statement: u64, since: i64, words: Words) -> Self {
        Self {
            statement,
            since,
            results: 0,
            rows: 0,
            bytes: 0,
            copy: None,
            refused: None,
            number: 0,
            words,
            bind: 0,
            parse: 0,
            is_blocked: false,
        }
    }

    /// The server is sent something else in its place, which fails.
    pub(in crate::pump) fn blocked(mut self) -> Self {
        self.is_blocked = true;

        self
    }

    /// It goes back to the Bind and the Parse in these places; 0 for none.
    pub(in crate::pump) fn follows(&mut self, bind: u64, parse: u64) {
        self.bind = bind;
        self.parse = parse;
    }

    /// Whether it goes back to the message in this place.
    pub(super) fn is_of(&self, number: u64) -> bool {
        number != 0 && (self.bind == number || self.parse == number)
    }

    /// The one before it in a pipeline is done: from here on it takes time.
    pub(super) fn begin(&mut self, now: i64) {
        self.since = self.since.max(now);
    }

    pub(super) fn row(&mut self, bytes: usize) {
        self.rows += 1;
        self.bytes += bytes as u64;
    }

    /// A COPY was let through.
    pub(super) fn copy_starts(&mut self, direction: Direction) {
        self.copy = Some(CopyUnderWay {
            direction,
            bytes: 0,
            is_over: false,
        });
    }

    /// CommandComplete; EmptyQueryResponse and PortalSuspended with an empty tag.
    pub(super) fn complete(&mut self, tag: &[u8], now: i64) -> Finished {
        let counted = backend::tag_rows(tag).unwrap_or(self.rows);
        let copy = self.copy.take();
        let transfer = copy.as_ref().map(|copy| Transfer {
            statement: self.statement,
            direction: copy.direction,
            outcome: TransferOutcome::Finished {
                rows: counted,
                bytes: copy.bytes,
            },
        });
        let mut end = self.end(now);
        end.tag = String::from_utf8_lossy(tag).into_owned();
        end.rows = counted;
        end.bytes += copy.map_or(0, |copy| copy.bytes);

        Finished { transfer, end }
    }

    /// ErrorResponse.
    pub(super) fn fail(&mut self, fields: &Fields, now: i64) -> Finished {
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
    ) -> Finished {
        let mut finished = self.broken(Some(sqlstate.to_owned()), message.to_owned(), now);
        finished.transfer = Some(Transfer {
            statement: self.statement,
            direction,
            outcome: TransferOutcome::Refused,
        });

        finished
    }

    pub(super) fn broken(&mut self, sqlstate: Option<String>, message: String, now: i64) -> Finished {
        let copy = self.copy.take();
        let transfer = copy.as_ref().map(|copy| Transfer {
            statement: self.statement,
            direction: copy.direction,
            outcome: TransferOutcome::Failed { bytes: copy.bytes },
        });
        let mut end = self.end(now);
        end.sqlstate = sqlstate;
        end.error = Some(message);
        end.bytes += copy.map_or(0, |copy| copy.bytes);

        Finished { transfer, end }
    }

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
