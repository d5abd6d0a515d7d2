//! From the client to the server: every Query on record first, COPY data while a COPY is under way.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use pg_proto::frontend::{self, Message, tag};
use pg_proto::{Header, Malformed, Text, header};
use recording::{Direction, Recorded, Statement, TapeError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::shared::{CHUNK, GRACE, Shared};
use super::{Ending, Note, Phase, SEEN_SQL, Seen};

const EXTENDED: &str = "the extended query protocol is not available on this connection";
const TOO_LONG: &str = "the statement is longer than this session allows";
const OUT_OF_PLACE: &str = "message is not expected here";

/// Passes the client's messages on until the session is over, then closes the server's side.
pub(super) async fn run<R, W>(shared: Arc<Shared>, client: R, server: W) -> Ending
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut side = ToServer {
        shared,
        client,
        server,
        unread: BytesMut::new(),
        out: BytesMut::new(),
        body: Rest::default(),
    };
    let Err(ending) = side.relay().await;
    let ending = side.shared.end(ending);
    side.close(&ending).await;

    ending
}

struct ToServer<R, W> {
    shared: Arc<Shared>,
    client: R,
    server: W,
    unread: BytesMut,
    out: BytesMut,
    body: Rest,
}

/// What is still to come of a message that streams.
#[derive(Debug, Default)]
struct Rest {
    bytes: usize,
    forward: bool,
}

/// What has to happen before the client's next message can be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Bytes,
    /// A statement runs and another one waits.
    Ready,
    /// COPY data is here before the server has asked for it: it may still.
    Decision,
}

/// A session's relay only ever stops with a reason.
type Never = std::convert::Infallible;

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> ToServer<R, W> {
    async fn relay(&mut self) -> Result<Never, Ending> {
        let shared = Arc::clone(&self.shared);
        let mut activity = shared.activity.subscribe();
        let mut decision = shared.activity.subscribe();
        loop {
            let need = self.handle_unread().await?;
            self.flush().await?;
            self.unread.reserve(CHUNK);
            tokio::select! {
                biased;
                ending = shared.ended() => return Err(ending),
                () = shared.fail_copy.notified() => self.fail_copy(),
                changed = activity.wait_for(|now| !now.is_running()), if need == Need::Ready => {
                    changed.map_err(|_| Ending::ClientClosed)?;
                }
                changed = decision.wait_for(|now| now.copy_in || !now.is_running()), if need == Need::Decision => {
                    changed.map_err(|_| Ending::ClientClosed)?;
                }
                read = self.client.read_buf(&mut self.unread), if need == Need::Bytes => {
                    match read {
                        Ok(0) => return Err(Ending::ClientClosed),
                        Ok(_) => {}
                        Err(error) => return Err(Ending::ClientIo(error.kind())),
                    }
                }
            }
        }
    }

    /// Handles what has arrived, message by message, as far as it goes.
    async fn handle_unread(&mut self) -> Result<Need, Ending> {
        loop {
            self.stream_body();
            let Some(Header { tag, body }) = Header::peek(&self.unread).map_err(Ending::ClientMalformed)?
            else {
                return Ok(Need::Bytes);
            };
            if self.body.bytes > 0 {
                return Ok(Need::Bytes);
            }
            match tag {
                tag::QUERY => {
                    if body > self.shared.policy.statement_limit {
                        return Err(Ending::Refused(TOO_LONG));
                    }
                    if self.unread.len() < header::LEN + body {
                        return Ok(Need::Bytes);
                    }
                    if self.shared.is_running() {
                        return Ok(Need::Ready);
                    }
                    let wire = self.unread.split_to(header::LEN + body).freeze();
                    self.start(wire).await?;
                }
                tag::COPY_DATA | tag::COPY_DONE | tag::COPY_FAIL => {
                    let now = *self.shared.activity.borrow();
                    if now.is_running() && !now.copy_in {
                        return Ok(Need::Decision);
                    }
                    self.start_body(tag, body);
                }
                tag::TERMINATE => return Err(Ending::ClientClosed),
                tag::PARSE
                | tag::BIND
                | tag::DESCRIBE
                | tag::EXECUTE
                | tag::CLOSE
                | tag::FLUSH
                | tag::SYNC
                | tag::FUNCTION_CALL => return Err(Ending::Refused(EXTENDED)),
                tag::PASSWORD => return Err(Ending::Refused(OUT_OF_PLACE)),
                _ => return Err(Ending::ClientMalformed(Malformed::Tag(tag))),
            }
        }
    }

    /// Records a Query and forwards it; what cannot be recorded is not run.
    async fn start(&mut self, wire: Bytes) -> Result<(), Ending> {
        let statement = self.statement(&wire)?;
        let shared = Arc::clone(&self.shared);
        let _no_cancel = tokio::select! {
            biased;
            ending = shared.ended() => return Err(ending),
            guard = shared.start.lock() => guard,
        };
        let since = shared.now();
        let recorded = shared.lane.record_statement(since, statement).map_err(|error| {
            if matches!(error, TapeError::TooLarge(_)) {
                Ending::Refused(TOO_LONG)
            } else {
                Ending::RecordingFailed
            }
        })?;
        self.forward(&recorded, &wire, since).await
    }

    fn statement(&self, wire: &Bytes) -> Result<Statement, Ending> {
        let body = wire.slice(header::LEN..);
        let message = frontend::decode_body(tag::QUERY, body).map_err(Ending::ClientMalformed)?;
        let Message::Query { sql } = message else {
            return Err(Ending::Refused(OUT_OF_PLACE));
        };
        let mut statement = match self.shared.notes().pop_front() {
            Some(Note { origin, instead }) => Statement {
                origin,
                ..Statement::simple(instead.map_or_else(|| sql.to_str(), Cow::Owned))
            },
            None => Statement::simple(sql.to_str()),
        };
        statement.backend_pid = self
            .shared
            .canceller
            .as_ref()
            .map(|canceller| canceller.process_id());

        Ok(statement)
    }

    /// The only way of a Query to the server; the record is its ticket.
    async fn forward(
        &mut self,
        recorded: &Recorded<Statement>,
        wire: &[u8],
        since: i64,
    ) -> Result<(), Ending> {
        self.shared.ledger().start(recorded.seq(), since);
        self.shared.see(|| {
            let Statement { sql, origin, .. } = recorded.get();

            Seen::Started {
                seq: recorded.seq(),
                at: since,
                origin: *origin,
                sql: sql
                    .get(..sql.floor_char_boundary(SEEN_SQL))
                    .unwrap_or_default()
                    .to_owned(),
            }
        });
        self.shared.activity.send_modify(|activity| {
            activity.phase = Phase::Running { since };
            activity.statements += 1;
        });
        self.out.extend_from_slice(wire);
        self.flush().await
    }

    /// COPY data goes on while the server waits for it; outside of that the server would ignore it too.
    fn start_body(&mut self, tag: u8, body: usize) {
        let bytes = if tag == tag::COPY_DATA { body } else { 0 };
        let forward = self.shared.ledger().copy_data(Direction::ToDatabase, bytes);
        self.body = Rest {
            bytes: header::LEN + body,
            forward,
        };
    }

    fn stream_body(&mut self) {
        let n_bytes = self.body.bytes.min(self.unread.len());
        if n_bytes == 0 {
            return;
        }
        self.body.bytes -= n_bytes;
        if !self.body.forward {
            self.unread.advance(n_bytes);
            return;
        }
        let piece = self.unread.split_to(n_bytes);
        if self.out.is_empty() {
            self.out = piece;
        } else {
            self.out.extend_from_slice(&piece);
        }
    }

    fn fail_copy(&mut self) {
        let reason = Text::from("refused by policy");
        Message::CopyFail { reason }.encode(&mut self.out);
    }

    async fn flush(&mut self) -> Result<(), Ending> {
        if self.out.is_empty() {
            return Ok(());
        }
        let write = async {
            self.server.write_all(&self.out).await?;
            self.server.flush().await
        };
        tokio::select! {
            biased;
            ending = self.shared.ended() => return Err(ending),
            written = write => written.map_err(|error| Ending::ServerIo(error.kind()))?,
        }
        self.out = BytesMut::new();

        Ok(())
    }

    /// Cancels what runs, says goodbye, closes. A server that is gone or stuck gets no more than [`GRACE`].
    async fn close(&mut self, ending: &Ending) {
        if !ending.server_is_gone() {
            if self.shared.is_running()
                && let Some(canceller) = &self.shared.canceller
                && let Err(error) = canceller.send().await
            {
                tracing::warn!(%error, "statement not cancelled at the end of a session");
            }
            let mut goodbye = BytesMut::new();
            Message::Terminate.encode(&mut goodbye);
            let write = async {
                self.server.write_all(&goodbye).await?;
                self.server.flush().await
            };
            let _ = timeout(GRACE, write).await;
        }
        let _ = timeout(GRACE, self.server.shutdown()).await;
    }
}
