//! From the client to the server: what runs a statement on record first, COPY data while a COPY is under way.

mod extended;
mod read_only;

use std::borrow::Cow;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use pg_proto::frontend::{self, Message, Named, tag};
use pg_proto::masking::masked;
use pg_proto::{Header, Malformed, Text};
use recording::{Recorded, Statement, StatementKind, TapeError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Sleep, sleep, timeout};

use super::flow::Flow;
use super::known::{Portal, Words};
use super::ledger::{CopyFate, Expected, Fate, Ledger, Running, Turn};
use super::read_only::INSTEAD;
use super::shared::{GRACE, Shared};
use super::{Ending, Note, SEEN_SQL, Seen};
use extended::Binding;
use read_only::Batch;

const TOO_LONG: &str = "the statement is longer than this session allows";
const OUT_OF_PLACE: &str = "message is not expected here";

/// The name of a portal that no client has.
const NOWHERE: &str = "postern: no portal has this name";

/// PostgreSQL takes no longer messages of the types that have no text and no values.
const SMALL: usize = 10_000;

/// How long a client that sends no more may wait for what it has asked. Whether it waits or is gone cannot be told
/// before it is written to; what nobody waits for shall not run for ever.
const LAST_ANSWERS: Duration = Duration::from_secs(30);

/// Bytes of a message that are read although the session is over.
const LAST_WORDS: usize = 64 * 1024 * 1024;

/// How long answers may stay with the server that no Sync or Flush has asked for. What is not answered counts as running.
const SILENCE: Duration = Duration::from_secs(1);

/// Passes the client's messages on until the session is over, then closes the server's side.
pub(super) fn run<R, W>(
    shared: Arc<Shared>,
    client: R,
    unread: BytesMut,
    server: W,
) -> impl Future<Output = Ending>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // Made here: as an argument and as a variable of the future it would have its room twice.
    let mut side = ToServer {
        shared,
        client,
        server,
        flow: Flow::new(unread),
        binding: None,
        batch: Batch::default(),
        unrecorded: Vec::new(),
        torn: false,
        unflushed: false,
        patience: None,
        silence: None,
    };

    async move {
        let Err(ending) = side.relay().await;
        let ending = side.shared.end(ending);
        side.close(&ending).await;
        side.hear_out(&ending).await;

        ending
    }
}

struct ToServer<R, W> {
    shared: Arc<Shared>,
    client: R,
    server: W,
    flow: Flow,
    /// The Bind that streams.
    binding: Option<Binding>,
    /// Looked at in read-only mode only.
    batch: Batch,
    /// What was bound to the unnamed portal by messages that are not sent yet, and is not on record.
    unrecorded: Vec<Arc<Portal>>,
    /// Something that was let through is not sent, or not all of it: nothing can follow it.
    torn: bool,
    /// The server may keep answers to itself until a Sync or a Flush.
    unflushed: bool,
    /// The client has closed its side and sends no more: the time its last answers have.
    patience: Option<Pin<Box<Sleep>>>,
    /// The client has asked for answers that the server may keep to itself: the time until we have it send them.
    silence: Option<Pin<Box<Sleep>>>,
}

/// What has to happen before the client's next message can be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Bytes,
    /// An answer of the server, or the end of a cancel.
    Answer,
}

/// What became of the client's next message.
type Step = Result<Option<Need>, Ending>;

/// It is on its way.
const NEXT: Step = Ok(None);

/// A session's relay only ever stops with a reason.
type Never = std::convert::Infallible;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ToServer<R, W> {
    async fn relay(&mut self) -> Result<Never, Ending> {
        let shared = Arc::clone(&self.shared);
        let mut bell = std::pin::pin!(shared.to_server.notified());
        loop {
            shared.check()?;
            let handled = self.handle_unread(&shared);
            self.flush().await?;
            let need = handled?;
            let is_open = self.patience.is_none();
            if !is_open && need == Need::Bytes && !shared.await_answers() {
                return Err(Ending::ClientClosed);
            }
            let is_silent = self.unflushed && need == Need::Bytes && !self.flow.is_streaming();
            if !is_silent {
                self.silence = None;
            } else if self.silence.is_none() {
                self.silence = Some(Box::pin(sleep(SILENCE)));
            }
            tokio::select! {
                biased;
                read = self.flow.fill(&mut self.client), if is_open && need == Need::Bytes => match read {
                    Ok(0) => self.patience = Some(Box::pin(sleep(LAST_ANSWERS))),
                    Ok(_) => {}
                    Err(error) => return Err(Ending::ClientIo(error.kind())),
                },
                () = &mut bell => bell.set(shared.to_server.notified()),
                () = elapsed(&mut self.patience) => return Err(Ending::ClientClosed),
                () = elapsed(&mut self.silence) => self.ask_for_answers(),
            }
        }
    }

    /// Handles what has arrived; says what it waits for.
    fn handle_unread(&mut self, shared: &Shared) -> Result<Need, Ending> {
        let now = shared.now();
        let mut ledger = shared.ledger();
        let before = ledger.n_sent();
        let handled = self.handle_messages(&mut ledger, now);
        let bound = self.record_bound(&mut ledger, now);
        if let Ok(Need::Answer) = handled {
            ledger.wait();
            // It would wait for us as we wait for it.
            self.ask_for_answers();
        }
        let finished = ledger.finish(|finished| shared.record(finished, now));
        let sent = ledger.n_sent() > before;
        drop(ledger);
        if sent {
            shared.note_activity(None, now);
        }
        finished?;
        bound?;

        handled
    }

    /// Keeps the server from keeping answers to itself.
    fn ask_for_answers(&mut self) {
        if self.unflushed {
            Message::Flush.encode(self.flow.insert());
            self.unflushed = false;
        }
    }

    /// Message by message, as far as it goes.
    fn handle_messages(&mut self, ledger: &mut Ledger, now: i64) -> Result<Need, Ending> {
        self.stream(ledger, now)?;
        loop {
            if !self.flow.is_streaming() {
                if ledger.take_fail_copy() {
                    self.fail_copy(ledger);
                } else if ledger.take_doubt() {
                    self.resync(1);
                }
            }
            let Some(header) = self.flow.header().map_err(Ending::ClientMalformed)? else {
                return Ok(Need::Bytes);
            };
            let need = self.handle(header, ledger, now)?;
            if let Some(need) = need {
                return Ok(need);
            }
        }
    }

    fn handle(&mut self, header: Header, ledger: &mut Ledger, now: i64) -> Step {
        let Header { tag, body } = header;
        if self.shared.read_only.is_some()
            && let Some(step) = self.hold(header, ledger)
        {
            return step;
        }
        if !matches!(
            tag,
            tag::COPY_DATA | tag::COPY_DONE | tag::COPY_FAIL | tag::FLUSH | tag::TERMINATE
        ) && let Some(step) = self.wait_for_copy(header, ledger)
        {
            return step;
        }
        if matches!(tag, tag::QUERY | tag::FUNCTION_CALL | tag::SYNC) {
            // On record in the order it is run in.
            self.record_bound(ledger, now)?;
            self.flow.rest();
        }
        match tag {
            tag::QUERY => self.query(body, ledger, now),
            tag::PARSE => self.parse(body, ledger, now),
            tag::BIND => self.bind(body, ledger, now),
            tag::DESCRIBE => self.describe(body, ledger, now),
            tag::EXECUTE => self.execute(body, ledger, now),
            tag::CLOSE => self.close_named(body, ledger, now),
            tag::FUNCTION_CALL => self.call(body, ledger, now),
            tag::FLUSH => {
                small(body)?;
                self.unflushed = false;
                self.pass(body)
            }
            tag::SYNC => {
                small(body)?;
                if !ledger.has_room() {
                    return Ok(Some(Need::Answer));
                }
                ledger.send(Expected::Sync { perhaps: false }, now);
                self.unflushed = false;
                self.batch.begin(ledger);
                self.pass(body)
            }
            tag::COPY_DATA => self.copy_data(body, ledger.data(body, false, now)),
            tag::COPY_DONE | tag::COPY_FAIL => {
                let fate = ledger.data(0, true, now);
                // A Sync sent before was swallowed.
                self.unflushed |= fate == CopyFate::Forward;
                self.copy_data(body, fate)
            }
            tag::TERMINATE => Err(Ending::ClientClosed),
            tag::PASSWORD => Err(Ending::Refused(OUT_OF_PLACE)),
            _ => Err(Ending::ClientMalformed(Malformed::Tag(tag))),
        }
    }

    /// What becomes of a message that comes while a COPY takes in data, or behind one; `None` where it goes on as usual.
    fn wait_for_copy(&mut self, header: Header, ledger: &mut Ledger) -> Option<Step> {
        let Header { tag, body } = header;
        match (ledger.turn(), tag) {
            (Turn::Next, _) => None,
            (Turn::Skipped, tag::SYNC) => {
                ledger.skipped_to_sync();
                None
            }
            // The server would ignore it.
            (Turn::Feeding, tag::SYNC) | (Turn::Skipped, _) => {
                self.flow.begin(body, Fate::Drop);
                Some(NEXT)
            }
            // The server would end the connection.
            (Turn::Feeding, _) => Some(Err(Ending::Refused(OUT_OF_PLACE))),
            (Turn::Awaited, _) => Some(Ok(Some(Need::Answer))),
        }
    }

    /// Records a Query and forwards it; what cannot be recorded is not run.
    fn query(&mut self, body: usize, ledger: &mut Ledger, now: i64) -> Step {
        if !ledger.may_send() {
            return Ok(Some(Need::Answer));
        }
        let Some(message) = self.statement_body(body)? else {
            return Ok(Some(Need::Bytes));
        };
        let is_blocked = self.blocks_query(message)?;
        let note = self.shared.notes().pop_front();
        let (words, statement) = if self.shared.keeps {
            let sql = frontend::query(message).map_err(Ending::ClientMalformed)?;
            let mut statement = Statement::simple("");
            let instead = note.and_then(|Note { origin, instead }| {
                statement.origin = origin;
                instead
            });
            statement.sql = instead.unwrap_or_else(|| shown(sql).into_owned());
            (Words::of(sql), statement)
        } else {
            (Words::default(), Statement::simple(""))
        };
        let recorded = self.record_run(statement, now)?;
        let running = self.running(&recorded, words, now);
        self.unflushed = false;
        self.batch.begin(ledger);
        if is_blocked {
            ledger.send(Expected::Query(running.blocked()), now);
            return self.pass_instead(body, &Message::Query { sql: INSTEAD.into() });
        }
        ledger.send(Expected::Query(running), now);

        self.pass(body)
    }

    /// The same for a FunctionCall.
    fn call(&mut self, body: usize, ledger: &mut Ledger, now: i64) -> Step {
        if !ledger.may_send() {
            return Ok(Some(Need::Answer));
        }
        let Some(message) = self.statement_body(body)? else {
            return Ok(Some(Need::Bytes));
        };
        let mut statement = Statement::simple("");
        statement.kind = StatementKind::FunctionCall;
        if self.shared.keeps {
            let message = bytes::Bytes::copy_from_slice(message);
            let message =
                frontend::decode_body(tag::FUNCTION_CALL, message).map_err(Ending::ClientMalformed)?;
            let Message::FunctionCall(call) = message else {
                return Err(Ending::Refused(OUT_OF_PLACE));
            };
            statement.sql = format!("[function with OID {}]", call.function_oid);
            statement.parameters = extended::arguments(&call);
        }
        let recorded = self.record_run(statement, now)?;
        let running = self.running(&recorded, Words::default(), now);
        self.unflushed = false;
        if self.shared.read_only.is_some() {
            self.batch.begin(ledger);
            ledger.send(Expected::Query(running.blocked()), now);
            return self.pass_instead(body, &Message::Query { sql: INSTEAD.into() });
        }
        ledger.send(Expected::FunctionCall(running), now);

        self.pass(body)
    }

    /// Puts a statement on record that is about to run, if it may.
    fn record_run(&self, statement: Statement, now: i64) -> Result<Recorded<Statement>, Ending> {
        if let Some(budget) = &self.shared.policy.budget {
            budget.spend()?;
        }

        self.record(statement, now)
    }

    /// Puts a statement on record; only then it may be sent.
    fn record(&self, mut statement: Statement, now: i64) -> Result<Recorded<Statement>, Ending> {
        let canceller = self.shared.canceller.as_ref();
        statement.backend_pid = canceller.map(|canceller| canceller.process_id());
        self.shared
            .lane
            .record_statement(now, statement)
            .map_err(|error| {
                if matches!(error, TapeError::TooLarge(_)) {
                    Ending::Refused(TOO_LONG)
                } else {
                    Ending::RecordingFailed
                }
            })
    }

    /// What is awaited of a statement; only its record gives one.
    fn running(&self, recorded: &Recorded<Statement>, words: Words, now: i64) -> Running {
        if self.shared.keeps {
            self.shared.see(|| {
                let Statement { sql, origin, .. } = recorded.get();

                Seen::Started {
                    seq: recorded.seq(),
                    at: now,
                    origin: *origin,
                    sql: sql
                        .get(..sql.floor_char_boundary(SEEN_SQL))
                        .unwrap_or_default()
                        .to_owned(),
                }
            });
        }
        Running::new(recorded.seq(), now, words)
    }

    /// The body of a message that is to be read, once it is there. Where nothing is kept none of it is needed.
    fn statement_body(&self, body: usize) -> Result<Option<&[u8]>, Ending> {
        if !self.shared.reads() {
            return Ok(Some(&[]));
        }
        if body > self.shared.policy.statement_limit {
            return Err(Ending::Refused(TOO_LONG));
        }
        Ok(self.flow.look(body))
    }

    /// COPY data goes on while the server waits for it; outside of that the server would ignore it too.
    fn copy_data(&mut self, body: usize, fate: CopyFate) -> Step {
        match fate {
            CopyFate::Forward => self.pass(body),
            CopyFate::Drop => {
                self.flow.begin(body, Fate::Drop);
                NEXT
            }
            CopyFate::Undecided => Ok(Some(Need::Answer)),
        }
    }

    /// An import was refused: the server is told, and whatever the client asked of it ahead gets its answer.
    fn fail_copy(&mut self, ledger: &mut Ledger) {
        let reason = Text::from("refused by policy");
        let owed = ledger.resync();
        Message::CopyFail { reason }.encode(self.flow.insert());
        if owed > 0 {
            self.resync(owed);
        }
    }

    /// So many Syncs of our own, a Close of what is not there, and a Sync.
    fn resync(&mut self, n_syncs: u32) {
        let out = self.flow.insert();
        for _ in 0..n_syncs {
            Message::Sync.encode(out);
        }
        Message::Close(Named::Portal(Text::from(NOWHERE))).encode(out);
        Message::Sync.encode(out);
    }

    fn pass(&mut self, body: usize) -> Step {
        self.flow.begin(body, Fate::Pass);
        NEXT
    }

    /// Goes on with the message under way.
    fn stream(&mut self, ledger: &mut Ledger, now: i64) -> Result<(), Ending> {
        let piece = self.flow.stream();
        let Some(mut binding) = self.binding.take() else {
            return Ok(());
        };
        if let Err(malformed) = binding.feed(piece) {
            self.torn = true;
            return Err(Ending::ClientMalformed(malformed));
        }
        if self.flow.is_streaming() {
            self.binding = Some(binding);
            return Ok(());
        }
        self.bound(binding, ledger, now)
    }

    async fn flush(&mut self) -> Result<(), Ending> {
        if self.torn || self.flow.outgoing().is_empty() {
            return Ok(());
        }
        self.torn = true;
        let Self {
            shared, server, flow, ..
        } = self;
        let write = async {
            server.write_all(flow.outgoing()).await?;
            server.flush().await
        };
        tokio::select! {
            biased;
            written = write => written.map_err(|error| Ending::of_server(&error))?,
            ending = shared.ended() => return Err(ending),
        }
        self.flow.written();
        self.torn = false;

        Ok(())
    }

    /// Reads on to the end of a message the client is in the middle of, and drops it: a connection that is closed with
    /// something unread is reset, and a client that still writes would not hear why it is over.
    async fn hear_out(&mut self, ending: &Ending) {
        if ending.fatal().is_none() || !self.flow.is_awaited() {
            return;
        }
        let mut left = LAST_WORDS;
        let hear = async {
            let mut unheard = vec![0; 64 * 1024];
            // The client closes when it has read why.
            while let Ok(n_bytes @ 1..) = self.client.read(&mut unheard).await
                && left > n_bytes
            {
                left -= n_bytes;
            }
        };
        let _ = timeout(GRACE, hear).await;
    }

    /// Cancels what runs, says goodbye, closes. A server that is gone or stuck gets no more than [`GRACE`].
    async fn close(&mut self, ending: &Ending) {
        if !ending.server_is_gone() {
            if self.shared.activity.borrow().is_running()
                && let Some(canceller) = &self.shared.canceller
                && let Err(error) = canceller.send().await
            {
                let warn = || tracing::warn!(%error, "statement not cancelled at the end of a session");
                self.shared.span.in_scope(warn);
            }
            // Within a message that is not whole it would be the end of that.
            if self.flow.is_whole() && !self.torn {
                let mut goodbye = BytesMut::new();
                Message::Terminate.encode(&mut goodbye);
                let write = async {
                    self.server.write_all(&goodbye).await?;
                    self.server.flush().await
                };
                let _ = timeout(GRACE, write).await;
            }
        }
        let _ = timeout(GRACE, self.server.shutdown()).await;
    }
}

async fn elapsed(time: &mut Option<Pin<Box<Sleep>>>) {
    match time {
        Some(time) => time.await,
        None => pending().await,
    }
}

/// A text as a record shows it: readable, without secrets.
fn shown(sql: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(sql) {
        Cow::Borrowed(text) => masked(text),
        Cow::Owned(text) => Cow::Owned(masked(&text).into_owned()),
    }
}

/// Refuses what the server would refuse too, before it is waited for.
fn small(body: usize) -> Result<usize, Ending> {
    if body <= SMALL {
        return Ok(body);
    }
    Err(Ending::ClientMalformed(Malformed::TooLong {
        len: body,
        limit: SMALL,
    }))
}
