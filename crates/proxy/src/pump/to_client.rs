//! From the server to the client: results counted and recorded, COPY gated, everything else streamed.

use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use pg_proto::backend::{self, Fields, Message, TransactionStatus, tag};
use pg_proto::{Header, Malformed, Text, header};
use recording::Direction;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::ledger::Finished;
use super::shared::{CHUNK, GRACE, Shared};
use super::{Ending, Gate, Phase, Seen};

/// As much of a message as is waited for when its content matters; of a longer error the start is enough.
const LOOK: usize = 64 * 1024;

const DENIED: &str = "42501";
const NO_EXPORT: &str = "CSV export is disabled by your administrator.";
const NO_IMPORT: &str = "CSV import is disabled by your administrator.";
const NO_REPLICATION: &str = "replication is not available on this connection";

/// Passes the server's messages on until the session is over, then closes the client's side.
pub(super) async fn run<R, W>(shared: Arc<Shared>, server: R, unread: BytesMut, client: W) -> Ending
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut side = ToClient {
        shared,
        server,
        client,
        unread,
        passed: 0,
        out: BytesMut::new(),
        body: 0,
        fate: Fate::Pass,
        refused: None,
        cancel: None,
        fatal: None,
        torn: false,
    };
    let Err(ending) = side.relay().await;
    let ending = side.shared.end(ending);
    side.close(&ending).await;

    ending
}

struct ToClient<R, W> {
    shared: Arc<Shared>,
    server: R,
    client: W,
    /// What was read; its first `passed` bytes are to be written as they are.
    unread: BytesMut,
    passed: usize,
    /// What is to be written before those.
    out: BytesMut,
    /// Bytes still to come of the message that streams, and what becomes of them.
    body: usize,
    fate: Fate,
    /// The COPY whose remains are kept from the client.
    refused: Option<Direction>,
    cancel: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    fatal: Option<Fields>,
    /// A write was given up half way: nothing can follow it.
    torn: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Pass,
    Drop,
}

type Never = std::convert::Infallible;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ToClient<R, W> {
    async fn relay(&mut self) -> Result<Never, Ending> {
        let shared = Arc::clone(&self.shared);
        loop {
            let handled = self.handle_unread();
            self.flush().await?;
            handled?;
            if let Some(fields) = self.fatal.take() {
                return Err(Ending::ServerFatal(Box::new(fields)));
            }
            self.unread.reserve(CHUNK);
            tokio::select! {
                biased;
                ending = shared.ended() => return Err(ending),
                () = poll_cancel(&mut self.cancel), if self.cancel.is_some() => self.cancel = None,
                read = self.server.read_buf(&mut self.unread) => match read {
                    Ok(0) => return Err(Ending::ServerClosed),
                    Ok(_) => (),
                    Err(error) => return Err(Ending::ServerIo(error.kind())),
                },
            }
        }
    }

    /// Decides over what has arrived, message by message, as far as it goes.
    fn handle_unread(&mut self) -> Result<(), Ending> {
        loop {
            self.stream_body();
            let ahead = self.unread.get(self.passed..).unwrap_or_default();
            let Some(Header { tag, body }) = Header::peek(ahead).map_err(Ending::ServerMalformed)? else {
                return Ok(());
            };
            if self.body > 0 {
                return Ok(());
            }
            let fate = match tag {
                tag::COMMAND_COMPLETE
                | tag::EMPTY_QUERY_RESPONSE
                | tag::ERROR_RESPONSE
                | tag::READY_FOR_QUERY => {
                    let looked = body.min(LOOK);
                    let Some(start) = ahead.get(header::LEN..header::LEN + looked) else {
                        return Ok(());
                    };
                    let start = bytes::Bytes::copy_from_slice(start);
                    self.handle_end(tag, start, body)?
                }
                _ => self.handle_start(tag, body)?,
            };
            if fate == Fate::Drop {
                self.take_passed();
            }
            self.fate = fate;
            self.body = header::LEN + body;
        }
    }

    /// A message that ends a result or the statement.
    fn handle_end(&mut self, tag: u8, start: bytes::Bytes, body: usize) -> Result<Fate, Ending> {
        let now = self.shared.now();
        if tag == tag::ERROR_RESPONSE {
            let fields = Fields::from_prefix(start);
            let fatal = fields.is_fatal();
            if self.refused.take().is_some() && !fatal {
                return Ok(Fate::Drop);
            }
            // A server that quotes the statement quotes what is not on record.
            let finished = self
                .shared
                .ledger()
                .fail(&fields.clone().without_verifiers(), now);
            self.note_copy_in(false);
            self.record(finished, now)?;
            if fatal {
                // Nothing runs there any more, and nobody will say that it is ready.
                self.shared.ledger().ready();
                self.fatal = Some(fields);
            }
            return Ok(Fate::Pass);
        }
        if body > LOOK {
            return Err(Ending::ServerMalformed(Malformed::TooLong {
                len: body,
                limit: LOOK,
            }));
        }
        let message = backend::decode_body(tag, start).map_err(Ending::ServerMalformed)?;
        if let Message::ReadyForQuery(status) = message {
            self.ready(status, now);
            return Ok(Fate::Pass);
        }
        if self.refused.take().is_some() {
            return Ok(Fate::Drop);
        }
        let tag = if let Message::CommandComplete { tag } = message {
            tag
        } else {
            Text::default()
        };
        let finished = self.shared.ledger().complete(&tag, now);
        self.note_copy_in(false);
        self.record(finished, now)?;

        Ok(Fate::Pass)
    }

    /// A message whose content is nobody's business here.
    fn handle_start(&mut self, tag: u8, body: usize) -> Result<Fate, Ending> {
        match tag {
            tag::DATA_ROW => self.shared.ledger().row(body),
            tag::COPY_DATA => {
                if self.refused.is_some() {
                    return Ok(Fate::Drop);
                }
                self.shared.ledger().copy_data(Direction::FromDatabase, body);
            }
            tag::COPY_DONE if self.refused.is_some() => return Ok(Fate::Drop),
            tag::COPY_OUT_RESPONSE => return self.gate(Direction::FromDatabase),
            tag::COPY_IN_RESPONSE => return self.gate(Direction::ToDatabase),
            tag::COPY_BOTH_RESPONSE => return self.gate(Direction::Both),
            tag::COPY_DONE
            | tag::NOTICE_RESPONSE
            | tag::NOTIFICATION_RESPONSE
            | tag::PARAMETER_STATUS
            | tag::ROW_DESCRIPTION => (),
            // Answers to what the client cannot have asked, and questions a server has no more right to ask.
            _ => return Err(Ending::ServerMalformed(Malformed::Tag(tag))),
        }
        Ok(Fate::Pass)
    }

    /// Decides over a COPY when the server is ready for it, whatever the SQL looked like.
    fn gate(&mut self, direction: Direction) -> Result<Fate, Ending> {
        let policy = self.shared.policy;
        let (gate, message) = match direction {
            Direction::FromDatabase => (policy.export, NO_EXPORT),
            Direction::ToDatabase => (policy.import, NO_IMPORT),
            Direction::Both => (Gate::Shut, NO_REPLICATION),
        };
        if gate == Gate::Open {
            self.shared.ledger().copy_starts(direction);
            self.note_copy_in(direction == Direction::ToDatabase);
            return Ok(Fate::Pass);
        }
        let now = self.shared.now();
        let finished = self.shared.ledger().refuse(direction, DENIED, message, now);
        self.record(finished, now)?;
        match direction {
            Direction::FromDatabase => self.cancel = Some(cancel(Arc::clone(&self.shared))),
            Direction::ToDatabase => self.shared.fail_copy.notify_one(),
            Direction::Both => return Err(Ending::Refused(message)),
        }
        self.refused = Some(direction);
        self.take_passed();
        Message::ErrorResponse(Fields::new("ERROR", DENIED, message)).encode(&mut self.out);

        Ok(Fate::Drop)
    }

    fn ready(&mut self, status: TransactionStatus, now: i64) {
        self.refused = None;
        self.shared.ledger().ready();
        self.shared.activity.send_modify(|activity| {
            activity.phase = Phase::Ready { since: now };
            activity.transaction = status;
            activity.copy_in = false;
        });
    }

    fn note_copy_in(&self, copy_in: bool) {
        self.shared.activity.send_if_modified(|activity| {
            let changed = activity.copy_in != copy_in;
            activity.copy_in = copy_in;
            changed
        });
    }

    /// Writes down how a result ended, before the client sees it.
    fn record(&self, finished: Option<Finished>, now: i64) -> Result<(), Ending> {
        let Some(Finished { transfer, end }) = finished else {
            return Ok(());
        };
        if let Some(transfer) = transfer {
            self.shared
                .lane
                .transfer(now, transfer)
                .map_err(|_| Ending::RecordingFailed)?;
        }
        self.shared
            .lane
            .statement_end(now, end.clone())
            .map_err(|_| Ending::RecordingFailed)?;
        self.shared.see(|| Seen::Ended { at: now, end });

        Ok(())
    }

    fn stream_body(&mut self) {
        let n_bytes = self.body.min(self.unread.len() - self.passed);
        self.body -= n_bytes;
        match self.fate {
            Fate::Pass => self.passed += n_bytes,
            // `take_passed` was called when this message began: it is at the front.
            Fate::Drop => self.unread.advance(n_bytes),
        }
    }

    /// Moves what is to be passed to the output; without a copy when nothing is before it.
    fn take_passed(&mut self) {
        let passed = self.unread.split_to(self.passed);
        self.passed = 0;
        if self.out.is_empty() {
            self.out = passed;
        } else {
            self.out.extend_from_slice(&passed);
        }
    }

    async fn flush(&mut self) -> Result<(), Ending> {
        self.take_passed();
        if self.out.is_empty() {
            return Ok(());
        }
        let mut write = std::pin::pin!(async {
            self.client.write_all(&self.out).await?;
            self.client.flush().await
        });
        let written = tokio::select! {
            biased;
            written = &mut write => written,
            ending = self.shared.ended() => match timeout(GRACE, &mut write).await {
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
        // Not `clear`: the buffer goes back to where it was split from.
        self.out = BytesMut::new();

        Ok(())
    }

    /// Ends the record of what still runs, tells the client why if it can still be told, closes.
    async fn close(&mut self, ending: &Ending) {
        let now = self.shared.now();
        let finished = self.shared.ledger().abandon(now);
        if self.record(finished, now).is_err() && *ending != Ending::RecordingFailed {
            tracing::error!("end of a statement not recorded");
        }
        let whole = self.body == 0 || self.fate == Fate::Drop;
        if let Some(fields) = ending.fatal().filter(|_| whole && !self.torn) {
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

/// Stops an export. It is refused already; this only spares the server the work.
fn cancel(shared: Arc<Shared>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let Some(canceller) = &shared.canceller else {
            return;
        };
        let _no_start = shared.start.lock().await;
        if shared.is_running()
            && let Err(error) = canceller.send().await
        {
            tracing::warn!(%error, "refused export not cancelled");
        }
    })
}

async fn poll_cancel(cancel: &mut Option<Pin<Box<dyn Future<Output = ()> + Send>>>) {
    if let Some(cancel) = cancel {
        cancel.await;
    }
}
