//! From the server to the client: answers paired with what was asked, results counted and recorded, COPY gated,
//! everything else streamed.

use std::pin::Pin;
use std::sync::Arc;

use bytes::BytesMut;
use pg_proto::backend::{Fields, Message, TransactionStatus, tag};
use pg_proto::{Header, Malformed};
use recording::Direction;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::flow::Flow;
use super::ledger::{Fate, Ledger};
use super::read_only::blocked;
use super::shared::{GRACE, Shared};
use super::{Ending, Gate};

/// As much of a message as is waited for when its content matters; of a longer error the start is enough.
const LOOK: usize = 64 * 1024;

const DENIED: &str = "42501";
const WARNING: &str = "01000";
const NO_EXPORT: &str = "CSV export is disabled by your administrator.";
const NO_IMPORT: &str = "CSV import is disabled by your administrator.";
const FOLLOWED: &str = "something else than its data was sent behind a COPY from stdin";
const NO_REPLICATION: &str = "replication is not available on this connection";

/// Passes the server's messages on until the session is over, then closes the client's side.
pub(super) fn run<R, W>(
    shared: Arc<Shared>,
    server: R,
    unread: BytesMut,
    client: W,
) -> impl Future<Output = Ending>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    // Made here, as in `to_server`.
    let mut side = ToClient {
        shared,
        server,
        client,
        flow: Flow::new(unread),
        cancel: None,
        ready: None,
        fatal: None,
        torn: false,
    };

    async move {
        let Err(ending) = side.relay().await;
        let ending = side.shared.end(ending);
        side.close(&ending).await;

        ending
    }
}

struct ToClient<R, W> {
    shared: Arc<Shared>,
    server: R,
    client: W,
    flow: Flow,
    cancel: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// What the last ReadyForQuery said, until others are told.
    ready: Option<TransactionStatus>,
    fatal: Option<Fields>,
    /// A write was given up half way: nothing can follow it.
    torn: bool,
}

type Never = std::convert::Infallible;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ToClient<R, W> {
    async fn relay(&mut self) -> Result<Never, Ending> {
        let shared = Arc::clone(&self.shared);
        let mut bell = std::pin::pin!(shared.to_client.notified());
        loop {
            shared.check()?;
            let handled = self.handle_unread(&shared);
            self.warn(&shared);
            self.flush().await?;
            handled?;
            if let Some(fields) = self.fatal.take() {
                return Err(Ending::ServerFatal(Box::new(fields)));
            }
            tokio::select! {
                biased;
                read = self.flow.fill(&mut self.server) => match read {
                    Ok(0) => return Err(Ending::ServerClosed),
                    Ok(_) => {}
                    Err(error) => return Err(Ending::of_server(&error)),
                },
                () = &mut bell => bell.set(shared.to_client.notified()),
                () = poll_cancel(&mut self.cancel), if self.cancel.is_some() => self.cancel = None,
            }
        }
    }

    /// Decides over what has arrived; tells who waits for it.
    fn handle_unread(&mut self, shared: &Shared) -> Result<(), Ending> {
        self.flow.stream();
        let now = shared.now();
        let mut ledger = shared.ledger();
        let handled = self.handle_messages(shared, &mut ledger, now);
        let awaited = ledger.take_awaited();
        let changed = self.ready.is_some() || !ledger.is_running();
        drop(ledger);
        if changed {
            shared.note_activity(self.ready.take(), now);
        }
        if awaited {
            shared.to_server.notify_one();
        }
        handled
    }

    /// Says between two messages what the client is to be told.
    fn warn(&mut self, shared: &Shared) {
        if self.flow.is_streaming() {
            return;
        }
        while let Some(sentence) = shared.take_warning() {
            let fields = Fields::new("WARNING", WARNING, &sentence);
            Message::NoticeResponse(fields).encode(self.flow.insert());
        }
    }

    /// Message by message, as far as it goes.
    fn handle_messages(&mut self, shared: &Shared, ledger: &mut Ledger, now: i64) -> Result<(), Ending> {
        while let Some(Header { tag, body }) = self.flow.header().map_err(Ending::ServerMalformed)? {
            let fate = match tag {
                tag::DATA_ROW => ledger.row(body),
                tag::COPY_DATA => ledger.copied(tag, body),
                tag::COPY_DONE => ledger.copied(tag, 0),
                tag::PARSE_COMPLETE
                | tag::BIND_COMPLETE
                | tag::CLOSE_COMPLETE
                | tag::ROW_DESCRIPTION
                | tag::NO_DATA => ledger.acknowledge(tag, now),
                tag::FUNCTION_CALL_RESPONSE => ledger.returned(body, now),
                tag::EMPTY_QUERY_RESPONSE | tag::PORTAL_SUSPENDED => ledger.complete(tag, b"", now),
                tag::PARAMETER_STATUS if let Some(read_only) = &shared.read_only => {
                    let Some(body) = self.flow.look(body.min(LOOK)) else {
                        return Ok(());
                    };
                    read_only.hear(body)?;
                    Ok(Fate::Pass)
                }
                tag::NOTICE_RESPONSE | tag::NOTIFICATION_RESPONSE | tag::PARAMETER_STATUS => Ok(Fate::Pass),
                tag::COPY_OUT_RESPONSE => self.gate(ledger, tag, Direction::FromDatabase, now)?,
                tag::COPY_IN_RESPONSE => self.gate(ledger, tag, Direction::ToDatabase, now)?,
                tag::COPY_BOTH_RESPONSE => self.gate(ledger, tag, Direction::Both, now)?,
                tag::COMMAND_COMPLETE
                | tag::READY_FOR_QUERY
                | tag::ERROR_RESPONSE
                | tag::PARAMETER_DESCRIPTION => {
                    let Some(start) = self.flow.look(body.min(LOOK)) else {
                        return Ok(());
                    };
                    match tag {
                        tag::COMMAND_COMPLETE => ledger.complete(tag, command(start, body)?, now),
                        tag::READY_FOR_QUERY => {
                            let status = status(start)?;
                            self.ready = Some(status);
                            self.flow.rest();
                            ledger.ready(status, now)
                        }
                        tag::ERROR_RESPONSE => Ok(self.fail(ledger, body, now)),
                        _ => ledger.describe(types(start)),
                    }
                }
                // Answers to what the client cannot have asked, and questions a server has no more right to ask.
                _ => Err(Malformed::Tag(tag)),
            };
            let fate = fate.map_err(Ending::ServerMalformed)?;
            ledger.finish(|finished| shared.record(finished, now))?;
            self.flow.begin(body, fate);
        }
        Ok(())
    }

    fn fail(&mut self, ledger: &mut Ledger, body: usize, now: i64) -> Fate {
        let start = self.flow.look(body.min(LOOK)).unwrap_or_default();
        let fields = Fields::from_prefix(bytes::Bytes::copy_from_slice(start));
        if ledger.is_blocked() && !fields.is_fatal() {
            let fields = blocked();
            ledger.fail(&fields, now);
            Message::ErrorResponse(fields).encode(self.flow.insert());
            return Fate::Drop;
        }
        // A server that quotes the statement quotes what is not on record.
        let fate = ledger.fail(&fields.clone().without_verifiers(), now);
        if !fields.is_fatal() {
            return fate;
        }
        ledger.close();
        self.fatal = Some(fields);

        Fate::Pass
    }

    /// Decides over a COPY when the server is ready for it, whatever the SQL looked like.
    fn gate(
        &mut self,
        ledger: &mut Ledger,
        tag: u8,
        direction: Direction,
        now: i64,
    ) -> Result<Result<Fate, Malformed>, Ending> {
        let policy = &self.shared.policy;
        let (gate, message) = match direction {
            Direction::FromDatabase => (policy.export, NO_EXPORT),
            Direction::ToDatabase => (policy.import, NO_IMPORT),
            Direction::Both => (Gate::Shut, NO_REPLICATION),
        };
        let is_followed = direction == Direction::ToDatabase && ledger.is_followed();
        let decided = match gate {
            Gate::Open => ledger.copy_starts(tag, direction, now),
            Gate::Shut => ledger.refuse(tag, direction, DENIED, message, now),
        };
        if decided.is_err() || (gate == Gate::Open && !is_followed) {
            return Ok(decided);
        }
        let last = match direction {
            _ if is_followed => Some(FOLLOWED),
            Direction::Both => Some(message),
            Direction::FromDatabase => {
                self.cancel = Some(cancel(Arc::clone(&self.shared)));
                None
            }
            Direction::ToDatabase => None,
        };
        if let Some(last) = last {
            let shared = Arc::clone(&self.shared);
            ledger.finish(|finished| shared.record(finished, now))?;
            return Err(Ending::Refused(last));
        }
        Message::ErrorResponse(Fields::new("ERROR", DENIED, message)).encode(self.flow.insert());

        Ok(decided)
    }

    async fn flush(&mut self) -> Result<(), Ending> {
        if self.flow.outgoing().is_empty() {
            return Ok(());
        }
        let Self {
            shared, client, flow, ..
        } = self;
        let mut write = std::pin::pin!(async {
            client.write_all(flow.outgoing()).await?;
            client.flush().await
        });
        let written = tokio::select! {
            biased;
            written = &mut write => written,
            ending = shared.ended() => match timeout(GRACE, &mut write).await {
                Ok(written) => written,
                Err(_) => {
                    self.torn = true;
                    return Err(ending);
                }
            },
        };
        if let Err(error) = written {
            self.torn = true;
            return Err(Ending::ClientIo(error.kind()));
        }
        self.flow.written();

        Ok(())
    }

    /// Ends the record of what still runs, tells the client why if it can still be told, closes.
    async fn close(&mut self, ending: &Ending) {
        let now = self.shared.now();
        let recorded = {
            let mut ledger = self.shared.ledger();
            ledger.abandon(now);
            ledger.finish(|finished| self.shared.record(finished, now))
        };
        if recorded.is_err() && *ending != Ending::RecordingFailed {
            let complain = || tracing::error!("end of a statement not recorded");
            self.shared.span.in_scope(complain);
        }
        if let Some(fields) = ending.fatal().filter(|_| self.flow.is_whole() && !self.torn) {
            let mut last = BytesMut::new();
            Message::ErrorResponse(fields).encode(&mut last);
            let write = async {
                self.client.write_all(&last).await?;
                self.client.flush().await
            };
            let _ = timeout(GRACE, write).await;
        }
        let _ = timeout(GRACE, self.client.shutdown()).await;
    }
}

/// The command tag of a CommandComplete.
fn command(start: &[u8], body: usize) -> Result<&[u8], Ending> {
    match start.split_last() {
        Some((0, command)) if body <= LOOK => Ok(command),
        _ => Err(Ending::ServerMalformed(Malformed::Value(tag::COMMAND_COMPLETE))),
    }
}

fn status(body: &[u8]) -> Result<TransactionStatus, Ending> {
    let status = match body {
        [status] => TransactionStatus::from_byte(*status),
        _ => None,
    };
    status.ok_or(Ending::ServerMalformed(Malformed::Value(tag::READY_FOR_QUERY)))
}

/// The types of a ParameterDescription, as far as its start says them.
fn types(start: &[u8]) -> impl Iterator<Item = u32> {
    let (types, _) = start.get(2..).unwrap_or_default().as_chunks();

    types.iter().copied().map(u32::from_be_bytes)
}

/// Stops an export. It is refused already; this only spares the server the work, and is left out where it could hit
/// what the client has sent after it.
fn cancel(shared: Arc<Shared>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let Some(canceller) = &shared.canceller else {
            return;
        };
        let Some(_nothing_starts) = shared.begin_cancel(Ledger::begin_cancel_of_refused) else {
            return;
        };
        if let Err(error) = canceller.send().await {
            let warn = || tracing::warn!(%error, "refused export not cancelled");
            shared.span.in_scope(warn);
        }
    })
}

async fn poll_cancel(cancel: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>) {
    if let Some(cancel) = cancel {
        cancel.await;
    }
}
