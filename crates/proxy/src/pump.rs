//! Bytes between an authenticated client and a target, under policy and on record.
//!
//! Two independent futures, so that a side that does not read never stops the other. Each owns one writer:
//! [`to_server`] the target's, [`to_client`] the client's. The client starts at the first message after startup; it
//! may speak all of the protocol and send ahead. [`ledger`] pairs the server's answers with what was asked.
//!
//! What runs a statement (Query, Execute, FunctionCall) is recorded before it is forwarded, its end before the client
//! sees it. Of an Execute [`names`] and [`known`] say what it runs. COPY is gated on the server's responses, never on
//! SQL text. Where the upstream is read-only, [`to_server`] looks at the text too.

mod flow;
mod known;
mod ledger;
mod names;
mod parameters;
mod read_only;
mod shared;
mod to_client;
mod to_server;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use pg_proto::Malformed;
use pg_proto::backend::{Fields, TransactionStatus};
use recording::{Lane, Origin, Statement, StatementEnd, StatementKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{broadcast, watch};

use crate::cancel::CancelError;
use crate::connect::Upstream;
use crate::dial::GatewayLost;
use ledger::Ledger;
use shared::Shared;

/// Whether data may move by COPY in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    Shut,
}

/// What the record and its configuration say about this session.
#[derive(Debug, Clone)]
pub struct Policy {
    /// *Can export*: COPY TO STDOUT.
    pub export: Gate,
    /// *Can import*: COPY FROM STDIN.
    pub import: Gate,
    /// Longest Query, Parse or FunctionCall in bytes; a longer one ends the session, unless statements are not kept.
    /// No more than a frame of a recording holds ([`recording::MAX_BODY`]).
    pub statement_limit: usize,
    /// The statement that is one too many ends the connection; `None` is no limit.
    pub budget: Option<Arc<Budget>>,
}

/// The time: microseconds since 1970-01-01 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the connection is doing, as limits and idle rules see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    pub phase: Phase,
    /// As of the last ReadyForQuery.
    pub transaction: TransactionStatus,
    /// Statements forwarded so far. Who waits for changes is not woken by this one alone.
    pub statements: u64,
    /// Errors the client was answered with so far; the same holds.
    pub errors: u64,
}

/// Statements several connections may run together.
#[derive(Debug)]
pub struct Budget {
    total: u64,
    spent: AtomicU64,
}

impl Budget {
    pub fn new(total: u64) -> Self {
        Self {
            total,
            spent: AtomicU64::new(0),
        }
    }

    /// Whether nine of ten are spent.
    pub fn is_nearly_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed) >= self.total.saturating_sub(self.total / 10)
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    fn spend(&self) -> Result<(), Ending> {
        if self.spent.fetch_add(1, Ordering::Relaxed) < self.total {
            return Ok(());
        }

        Err(Ending::Asked {
            sqlstate: "53400",
            message: format!("Session query limit ({}) reached.", self.total),
        })
    }
}

/// Whether a statement runs. One that runs is not idle, however long it is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Ready { since: i64 },
    Running { since: i64 },
}

/// Why the pump stopped. The first reason counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Terminate, or the end of the client's stream.
    ClientClosed,
    /// The end of the server's stream without a word.
    ServerClosed,
    /// The server's last word, which the client has seen.
    ServerFatal(Box<Fields>),
    ClientIo(io::ErrorKind),
    ServerIo(io::ErrorKind),
    /// The way to the server, in between.
    GatewayLost(GatewayLost),
    ClientMalformed(Malformed),
    ServerMalformed(Malformed),
    /// The statement that could not be recorded was not run; the end that could not be was not shown.
    RecordingFailed,
    /// The client used a part of the protocol that is not available here.
    Refused(&'static str),
    /// [`Control::end`].
    Asked {
        sqlstate: &'static str,
        message: String,
    },
}

/// What a client says of the Query it sends next; see [`Control::note`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub origin: Origin,
    /// Recorded in place of the text, of which a part may be read by nobody.
    pub instead: Option<String>,
}

/// What has been recorded of a statement, for who watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    Started {
        /// Sequence number of its frame.
        seq: u64,
        /// Microseconds since 1970-01-01 UTC.
        at: i64,
        origin: Origin,
        /// The first [`SEEN_SQL`] bytes of it, whole characters.
        sql: String,
    },
    Ended {
        at: i64,
        end: StatementEnd,
    },
}

/// Bytes of a statement that are shown to who watches.
pub const SEEN_SQL: usize = 16 * 1024;

/// What a cancel met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    Sent,
    /// Nothing was running: nothing was sent, so that it cannot hit what comes next.
    NothingRan,
    /// The server gave no key to cancel with.
    NoKey,
}

/// A hold on a running pump. Cheap to clone.
#[derive(Clone)]
pub struct Control(Arc<Shared>);

/// A client that has been let in.
pub struct Downstream<R, W> {
    pub reader: R,
    pub writer: W,
    /// What of its messages has been read already.
    pub unread: BytesMut,
}

/// Joins a client and an upstream. Both futures must be polled; both give the same [`Ending`], the second
/// once everything is closed.
///
/// At most about 64 KiB are buffered in each direction, plus a message that holds a statement, up to
/// [`Policy::statement_limit`]; rows, values and COPY data of any size stream through. What the client has prepared and
/// bound is remembered up to 4 MiB, and 1,024 answers may be outstanding. An upstream that is read-only gets only what
/// is permitted then, and one transaction after the other.
pub fn pump<R, W>(
    client: Downstream<R, W>,
    mut upstream: Upstream,
    lane: Lane,
    policy: Policy,
    clock: Clock,
) -> (
    Control,
    impl Future<Output = Ending> + Send,
    impl Future<Output = Ending> + Send,
)
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let shared = Arc::new(Shared::new(lane, policy, clock, &mut upstream));
    let (server_reader, server_writer) = tokio::io::split(upstream.session.stream);
    let to_server = to_server::run(Arc::clone(&shared), client.reader, client.unread, server_writer);
    let to_client = to_client::run(
        Arc::clone(&shared),
        server_reader,
        upstream.session.unread,
        client.writer,
    );

    (Control(shared), to_server, to_client)
}

impl Control {
    /// Follows what the connection does. To be looked at before it is waited for: what changes while nobody follows it wakes
    /// nobody.
    pub fn activity(&self) -> watch::Receiver<Activity> {
        self.0.activity.subscribe()
    }

    /// How many messages have been answered, while one is not: the number changes whenever the server goes on to the
    /// next.
    pub fn running(&self) -> Option<u64> {
        self.0.ledger().runs()
    }

    /// Since when the server waits for COPY data that the client does not send; `None` where it does not wait. A
    /// client that leaves a COPY open is as idle as one that sends nothing.
    pub fn starves_since(&self) -> Option<i64> {
        self.0.ledger().starves_since()
    }

    /// Follows statements from here on. Who falls 64 behind misses the oldest.
    pub fn statements(&self) -> broadcast::Receiver<Seen> {
        self.0.watch()
    }

    /// Says of the next Query what its text does not. A client that notes one of its Queries notes all of them, each
    /// before it is sent: notes are taken in order. A Query without one is a person's, recorded as it is.
    pub fn note(&self, note: Note) {
        self.0.notes().push_back(note);
    }

    /// Cancels the running statement, if one runs. The cancel is on record before it is sent.
    pub async fn cancel(&self, by: Origin) -> Result<Cancelled, CancelError> {
        let Some(canceller) = &self.0.canceller else {
            return Ok(Cancelled::NoKey);
        };
        let Some(_nothing_starts) = self.0.begin_cancel(Ledger::begin_cancel) else {
            return Ok(Cancelled::NothingRan);
        };
        let statement = Statement {
            sql: String::new(),
            kind: StatementKind::Cancel,
            origin: by,
            parameters: Vec::new(),
            backend_pid: Some(canceller.process_id()),
        };
        let start = self.0.now();
        let Ok(recorded) = self.0.lane.record_statement(start, statement) else {
            self.0.end(Ending::RecordingFailed);
            return Ok(Cancelled::NothingRan);
        };
        let sent = canceller.send().await;
        let end = self.0.now();
        let end_recorded = self.0.lane.statement_end(
            end,
            StatementEnd {
                statement: recorded.seq(),
                duration: end.abs_diff(start),
                error: sent.as_ref().err().map(ToString::to_string),
                ..StatementEnd::default()
            },
        );
        if end_recorded.is_err() {
            self.0.end(Ending::RecordingFailed);
        }
        sent.map(|()| Cancelled::Sent)
    }

    /// Tells the client something, between two messages.
    pub fn warn(&self, sentence: impl Into<String>) {
        self.0.warn(sentence.into());
    }

    /// Ends the session: cancels what runs, tells the client why (FATAL), says goodbye to the server.
    pub fn end(&self, sqlstate: &'static str, message: impl Into<String>) {
        self.0.end(Ending::Asked {
            sqlstate,
            message: message.into(),
        });
    }

    /// Waits until the pump has a reason to stop.
    pub async fn ended(&self) -> Ending {
        self.0.ended().await
    }
}

impl Activity {
    pub fn is_running(&self) -> bool {
        match self.phase {
            Phase::Running { .. } => true,
            Phase::Ready { .. } => false,
        }
    }
}

impl Ending {
    /// What became of the connection to the server.
    pub(crate) fn of_server(error: &io::Error) -> Self {
        let lost = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<GatewayLost>());
        match lost {
            Some(lost) => Self::GatewayLost(lost.clone()),
            None => Self::ServerIo(error.kind()),
        }
    }

    /// Why the session is over, for a person; with what to do, where there is something.
    pub fn sentence(&self) -> String {
        match self {
            Self::ClientClosed => "The session was closed.".to_owned(),
            Self::ClientIo(_) => "The connection to the client was lost.".to_owned(),
            Self::ServerClosed | Self::ServerIo(_) => "The database server is gone. It may have \
                 stopped or restarted, or the network failed; launch again to reconnect."
                .to_owned(),
            Self::GatewayLost(lost) => {
                let GatewayLost { gateway } = lost;

                format!("The connection through gateway \"{gateway}\" was lost. Launch again: an instance comes back by itself.")
            }
            Self::ServerFatal(fields) => {
                format!("The database server ended the session: {}. Launch again to reconnect.", fields.message())
            }
            Self::ClientMalformed(_) => "The client does not speak PostgreSQL's protocol.".to_owned(),
            Self::ServerMalformed(_) => {
                "What the database server sent is not PostgreSQL's protocol. Ask who runs it what stands in between."
                    .to_owned()
            }
            Self::RecordingFailed => {
                "The session's recording cannot be written, so the session was ended. Ask an administrator to check \
                 the recordings' disk."
                    .to_owned()
            }
            Self::Refused(message) => format!("The session was ended: {message}."),
            Self::Asked { message, .. } => message.clone(),
        }
    }

    /// Why this one connection is over, for who replays it.
    pub fn reason(&self) -> String {
        match self {
            Self::ClientClosed => "The client closed the connection.".to_owned(),
            Self::ServerClosed | Self::ServerIo(_) => {
                "The connection to the database server was lost.".to_owned()
            }
            Self::ServerFatal(fields) => {
                format!("The database server ended the connection: {}.", fields.message())
            }
            Self::RecordingFailed => "The recording could not be written.".to_owned(),
            Self::Refused(message) => format!("The connection was ended: {message}."),
            Self::ClientIo(_)
            | Self::GatewayLost(_)
            | Self::ClientMalformed(_)
            | Self::ServerMalformed(_)
            | Self::Asked { .. } => self.sentence(),
        }
    }

    /// What the client is told, where it does not know already.
    fn fatal(&self) -> Option<Fields> {
        let (sqlstate, message) = match self {
            Self::ClientClosed
            | Self::ServerClosed
            | Self::ServerFatal(_)
            | Self::ClientIo(_)
            | Self::ServerIo(_) => return None,
            // The server would have said something.
            Self::GatewayLost(_) => return Some(Fields::new("FATAL", "08006", &self.sentence())),
            Self::ClientMalformed(_) => ("08P01", "the client does not speak PostgreSQL's protocol"),
            Self::ServerMalformed(_) => (
                "08P01",
                "the database server does not speak PostgreSQL's protocol",
            ),
            Self::RecordingFailed => ("58030", "the session's recording cannot be written"),
            Self::Refused(message) => ("0A000", *message),
            Self::Asked { sqlstate, message } => (*sqlstate, message.as_str()),
        };
        Some(Fields::new("FATAL", sqlstate, message))
    }

    /// True when there is nobody left on the server's side to say goodbye to.
    fn server_is_gone(&self) -> bool {
        match self {
            Self::ServerClosed | Self::ServerFatal(_) | Self::ServerIo(_) | Self::GatewayLost(_) => true,
            Self::ClientClosed
            | Self::ClientIo(_)
            | Self::ClientMalformed(_)
            | Self::ServerMalformed(_)
            | Self::RecordingFailed
            | Self::Refused(_)
            | Self::Asked { .. } => false,
        }
    }
}
