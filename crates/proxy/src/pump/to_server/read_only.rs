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
    /// The number of its first message.
    since: u64,
    /// The unnamed portal was bound.
    binds: bool,
    /// Something may run: what the server has reported may be over.
    runs: bool,
    /// Something may end the transaction.
    ends: bool,
}

/// What a Bind leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeadsTo {
    verdict: Verdict,
    /// The name still stands for what it was known for: SQL may give a name to another statement, but not in the batch it was
    /// parsed in before anything has run, and never the empty one.
    is_sure: bool,
}

impl Batch {
    /// The next one begins.
    pub(super) fn begin(&mut self, ledger: &Ledger) {
        *self = Self {
            since: ledger.next_number(),
            ..Self::default()
        };
    }

    /// How what is sent now is read, by what the server has reported.
    fn reading(&self, reported: Reading) -> Reading {
        match self.runs {
            true => Reading::UNKNOWN,
            false => reported,
        }
    }

    /// A text that runs now, or is prepared under this name.
    fn weigh(&self, name: &[u8], sql: &[u8], reported: Reading) -> Verdict {
        let reading = self.reading(reported);
        // A name the server reads otherwise may be one that is known already, for something else.
        if self.ends || !reading.is_certain(name) {
            return Verdict::Refused;
        }

        judge(sql, reading)
    }

    /// A Bind is sent.
    pub(super) fn bind(&mut self, portal: &[u8], leads_to: LeadsTo) {
        self.binds |= portal.is_empty();
        self.runs |= !(leads_to.is_sure && leads_to.verdict == Verdict::Begins);
        self.ends |= leads_to.verdict == Verdict::EndsTransaction;
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

    /// Whether a text may be sent, under this name where it is prepared.
    pub(super) fn weigh(&self, name: &[u8], sql: &[u8]) -> Verdict {
        match &self.shared.read_only {
            Some(read_only) => self.batch.weigh(name, sql, read_only.reading()),
            None => Verdict::Permitted,
        }
    }

    /// The same for the body of a Query.
    pub(super) fn blocks_query(&self, message: &[u8]) -> Result<bool, Ending> {
        if self.shared.read_only.is_none() {
            return Ok(false);
        }
        let sql = query(message).map_err(Ending::ClientMalformed)?;

        Ok(self.weigh(b"", sql) == Verdict::Refused)
    }

    /// Whether a Bind may be sent: not behind the end of a transaction.
    pub(super) fn blocks_bind(&self) -> bool {
        self.shared.read_only.is_some() && self.batch.ends
    }

    /// What a Bind of the statement of this name leads to; `None` without read-only mode.
    pub(super) fn leads_to(&self, name: &[u8], found: &Look<Prepared>) -> Option<LeadsTo> {
        let reading = self.batch.reading(self.shared.read_only.as_ref()?.reading());

        Some(match found {
            Look::Known(prepared) if reading.is_certain(name) => LeadsTo {
                verdict: prepared.verdict,
                is_sure: name.is_empty() || prepared.number >= self.batch.since,
            },
            // What SQL has prepared is not known, and taken for the end of a transaction.
            Look::Known(_) | Look::Unknown | Look::Undecided => LeadsTo {
                verdict: Verdict::EndsTransaction,
                is_sure: false,
            },
        })
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
    let (text, types) = (Box::default(), Box::default());
    let number = ledger.next_number();

    Some(Arc::new(Prepared::new(
        text,
        types,
        Words::default(),
        verdict,
        number,
        room,
    )))
}
