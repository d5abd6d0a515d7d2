//! What read-only mode asks of the client's messages.
//!
//! The server makes transactions read-only, and reports before a ReadyForQuery when the next one would not be. So no
//! transaction may begin before the ReadyForQuery of the one before is seen: what comes behind a Query or a Sync waits
//! for it, and behind the end of a transaction only Sync is left to be sent.

use std::sync::Arc;

use pg_proto::frontend::{Message, query, tag};
use pg_proto::read_only::{Reading, Verdict, judge};
use pg_proto::{Header, Text};
use recording::Statement;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{NEXT, NOWHERE, Need, Step, ToServer};
use crate::pump::Ending;
use crate::pump::known::{Prepared, Words};
use crate::pump::ledger::{Expected, Fate, Ledger};
use crate::pump::names::{self, Look};
use crate::pump::read_only::INSTEAD;

/// What was sent since the last Query or Sync.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The unnamed portal was bound.
    binds: bool,
    /// Something may run: what the server has reported may be over.
    runs: bool,
    /// Something may end the transaction.
    ends: bool,
}

impl Batch {
    /// A text that runs now, or is prepared.
    fn weigh(&self, sql: &[u8], reading: Reading) -> Verdict {
        if self.ends {
            return Verdict::Refused;
        }
        let reading = if self.runs {
            Reading {
                standard_strings: false,
                keeps_ascii: false,
            }
        } else {
            reading
        };

        judge(sql, reading)
    }

    /// A Bind is sent, of a statement with this verdict.
    pub(super) fn bind(&mut self, portal: &[u8], verdict: Verdict) {
        self.binds |= portal.is_empty();
        self.runs |= verdict != Verdict::Begins;
        self.ends |= verdict == Verdict::EndsTransaction;
    }

    /// An Execute is sent. What was bound in an earlier batch may be the end of the transaction.
    pub(super) fn execute(&mut self, is_unnamed: bool) {
        if !is_unnamed || !self.binds {
            self.runs = true;
            self.ends = true;
        }
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ToServer<R, W> {
    /// What has to wait for the ReadyForQuery of what was sent before.
    pub(super) fn hold(&self, header: Header, ledger: &Ledger) -> Option<Step> {
        let is_free = matches!(
            header.tag,
            tag::COPY_DATA | tag::COPY_DONE | tag::COPY_FAIL | tag::FLUSH | tag::TERMINATE
        );

        (!is_free && ledger.awaits_ready()).then_some(Ok(Some(Need::Answer)))
    }

    /// Whether a text may be sent.
    pub(super) fn weigh(&self, sql: &[u8]) -> Verdict {
        match &self.shared.read_only {
            Some(read_only) => self.batch.weigh(sql, read_only.reading()),
            None => Verdict::Permitted,
        }
    }

    /// The same for the body of a Query.
    pub(super) fn blocks_query(&self, message: &[u8]) -> Result<bool, Ending> {
        if self.shared.read_only.is_none() {
            return Ok(false);
        }
        let sql = query(message).map_err(Ending::ClientMalformed)?;

        Ok(self.weigh(sql) == Verdict::Refused)
    }

    /// Whether a Bind may be sent: not behind the end of a transaction.
    pub(super) fn blocks_bind(&self) -> bool {
        self.shared.read_only.is_some() && self.batch.ends
    }

    /// The verdict on a statement. What SQL has prepared is not known, and taken for the end of a transaction.
    pub(super) fn verdict_on(prepared: &Look<Prepared>) -> Verdict {
        match prepared {
            Look::Known(prepared) => prepared.verdict,
            Look::Unknown | Look::Undecided => Verdict::EndsTransaction,
        }
    }

    /// In place of a Parse, or a Bind, that is not permitted: a Parse that fails as the other would.
    pub(super) fn block(
        &mut self,
        statement: Option<&[u8]>,
        recorded: Statement,
        body: usize,
        ledger: &mut Ledger,
        now: i64,
    ) -> Step {
        let ticket = self.record_run(recorded, now)?;
        let running = self.running(&ticket, Words::default(), now).blocked();
        let name = statement.unwrap_or(NOWHERE.as_bytes());
        let instead = Message::Parse {
            statement: Text::new(name.to_vec()),
            sql: INSTEAD.into(),
            types: Vec::new(),
        };
        let expected = Expected::Parse {
            name: names::key(name),
            prepared: None,
            recorded: Some(running),
        };
        ledger.send(expected, now);
        self.unflushed = true;

        self.pass_instead(body, &instead)
    }

    /// What ends with an error whatever the state of the transaction is, in place of a message that is dropped.
    pub(super) fn pass_instead(&mut self, body: usize, instead: &Message) -> Step {
        instead.encode(self.flow.insert());
        self.flow.begin(body, Fate::Drop);

        NEXT
    }
}

/// A statement of which nothing is remembered but the verdict.
pub(super) fn only_verdict(ledger: &Ledger, verdict: Verdict) -> Option<Arc<Prepared>> {
    let room = ledger.room(0)?;
    let mut prepared = Prepared::new(
        Box::default(),
        Box::default(),
        Words::default(),
        ledger.next_number(),
        room,
    );
    prepared.verdict = verdict;

    Some(Arc::new(prepared))
}
