//! Short words for the tests: a target, a client at the pump's other end, a recording in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use pg_proto::backend::{self, Message};
use pg_proto::{Text, frontend};
use proxy::{
    ConnectError, Control, Credential, DirectDial, Downstream, Ending, Gate, Policy, Roots, Target, Tls,
    TlsRules, Upstream, Verify, connect,
};
use recording::{
    Body, Frame, Head, Header, Media, Parameter, ParameterValue, Segment, SessionKey, Statement, Switches,
    Tape,
};
use testkit::Cluster;
use testkit::cluster::{PASSWORD, SUPERUSER};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use vault::Secret;

pub(crate) const OPEN: Policy = Policy {
    export: Gate::Open,
    import: Gate::Open,
    statement_limit: 1 << 20,
    budget: None,
};
pub(crate) const SHUT: Policy = Policy {
    export: Gate::Shut,
    import: Gate::Shut,
    ..OPEN
};

/// Longer than anything a test waits for on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn target(port: u16, tls: Tls) -> Target {
    Target {
        host: "localhost".to_owned(),
        port,
        database: "postgres".to_owned(),
        tls,
        application_name: "postern test".to_owned(),
        options: Vec::new(),
        read_only: false,
        timeout: PATIENCE,
    }
}

pub(crate) fn tls(verify: Verify, ca: &str) -> Tls {
    Tls::On(TlsRules {
        verify,
        roots: Roots::from_pem(ca).expect("a certificate"),
        server_name: None,
    })
}

pub(crate) fn credential() -> Credential {
    account(SUPERUSER, PASSWORD)
}

pub(crate) fn account(user: &str, password: &str) -> Credential {
    Credential {
        user: user.to_owned(),
        password: Some(Secret::new(password.to_owned())),
        certificate: None,
    }
}

pub(crate) async fn open(target: &Target, credential: &Credential) -> Result<Upstream, ConnectError> {
    let dial = Arc::new(DirectDial::anywhere(PATIENCE));
    connect(dial, target, credential, &|_| ()).await
}

/// A recording in memory that can be told to fail.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    segments: Arc<Mutex<BTreeMap<u32, Vec<u8>>>>,
    broken: Arc<AtomicBool>,
}

impl Shelf {
    pub(crate) fn break_down(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    pub(crate) fn frames(&self) -> Vec<Frame> {
        let segments = self.segments.lock().expect("not poisoned");
        let mut frames = Vec::new();
        for bytes in segments.values() {
            let segment = Segment::open(Bytes::from(bytes.clone()), &key()).expect("opens");
            frames.extend(segment.frames().map(|frame| frame.expect("decodes")));
        }
        frames
    }

    /// Statements, a line each, what they were given, and how they ended below them.
    pub(crate) fn story(&self) -> String {
        let mut statements: BTreeMap<u64, String> = BTreeMap::new();
        for frame in self.frames() {
            let (statement, lines) = match frame.body {
                Body::StatementStart(start) => (frame.seq, started(&start)),
                Body::StatementEnd(end) => (
                    end.statement,
                    format!(
                        "  {}: \"{}\" {} rows{}\n",
                        end.result,
                        end.tag,
                        end.rows,
                        end.sqlstate.map(|state| format!(" {state}")).unwrap_or_default(),
                    ),
                ),
                Body::Transfer(transfer) => (
                    transfer.statement,
                    format!("  {:?} {:?}\n", transfer.direction, transfer.outcome),
                ),
                Body::Header(_)
                | Body::Output(_)
                | Body::Input(_)
                | Body::Resize { .. }
                | Body::Marker(_)
                | Body::Gap(_)
                | Body::Keyframe(_)
                | Body::End { .. }
                | Body::Connected(_)
                | Body::Disconnected { .. }
                | Body::Unknown { .. } => continue,
            };
            statements.entry(statement).or_default().push_str(&lines);
        }
        statements.into_values().collect()
    }
}

fn started(start: &Statement) -> String {
    let mut lines = format!("{:?} {:?} {}\n", start.kind, start.origin, start.sql);
    if !start.parameters.is_empty() {
        let parameters = start.parameters.iter().map(|Parameter { type_oid, value }| {
            let value = match value {
                ParameterValue::Null => "null".to_owned(),
                ParameterValue::Text(text) => format!("{text:?}"),
                ParameterValue::Binary(bytes) => format!("{bytes:?}"),
                ParameterValue::Cut { start, len } => format!("{} of {len}", start.len()),
            };
            format!("{type_oid} {value}")
        });
        lines += &format!("  {}\n", parameters.collect::<Vec<_>>().join(", "));
    }
    lines
}

impl Media for Shelf {
    fn append(&mut self, segment: u32, bytes: &[u8]) -> io::Result<()> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut segments = self.segments.lock().expect("not poisoned");
        segments.entry(segment).or_default().extend_from_slice(bytes);
        Ok(())
    }

    fn replace(&mut self, segment: u32, closed: &[u8], _: &Head) -> io::Result<()> {
        self.segments
            .lock()
            .expect("not poisoned")
            .insert(segment, closed.to_vec());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn note(&mut self, _running: &recording::Running) -> io::Result<bool> {
        Ok(true)
    }
}

fn key() -> SessionKey {
    SessionKey::new([7; 32])
}

fn tape(shelf: &Shelf, switches: Switches) -> Tape {
    let header = Header {
        session: "s".to_owned(),
        record_title: "shop".to_owned(),
        person: "ann".to_owned(),
        account: "app".to_owned(),
        database: "postgres".to_owned(),
        server_version: "15".to_owned(),
        recorder_version: "0".to_owned(),
        cols: 80,
        rows: 24,
        switches,
    };
    Tape::start(Box::new(shelf.clone()), key(), 0, header, 0).expect("starts")
}

/// A pump over a real server, and the client at its other end.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) control: Control,
    pub(crate) shelf: Shelf,
    to_server: JoinHandle<Ending>,
    to_client: JoinHandle<Ending>,
}

impl Session {
    pub(crate) async fn on(cluster: &Cluster, policy: Policy) -> Self {
        let upstream = open(&target(cluster.port(), Tls::Off), &credential())
            .await
            .expect("connects");
        Self::over(upstream, policy)
    }

    pub(crate) fn over(upstream: Upstream, policy: Policy) -> Self {
        let (client, server) = tokio::io::duplex(4096);

        Self::between(client, server, upstream, policy)
    }

    /// Of which no statement is kept.
    pub(crate) fn unrecorded(upstream: Upstream, policy: Policy) -> Self {
        let (client, server) = tokio::io::duplex(4096);

        Self::recorded(client, server, upstream, policy, Switches::default())
    }

    /// Over a network, whose client the test is itself.
    pub(crate) async fn over_network(cluster: &Cluster, policy: Policy) -> (TcpStream, Self) {
        let upstream = open(&target(cluster.port(), Tls::Off), &credential())
            .await
            .expect("connects");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let client = TcpStream::connect(listener.local_addr().expect("bound"));
        let (client, server) = tokio::join!(client, listener.accept());
        let (unused, _) = tokio::io::duplex(1);
        let (server, _) = server.expect("accepts");

        (
            client.expect("connects"),
            Self::between(unused, server, upstream, policy),
        )
    }

    fn between(client: DuplexStream, server: impl Stream, upstream: Upstream, policy: Policy) -> Self {
        Self::recorded(client, server, upstream, policy, Switches::ALL)
    }

    #[expect(clippy::disallowed_methods, reason = "a test waits for its tasks itself")]
    fn recorded(
        client: DuplexStream,
        server: impl Stream,
        upstream: Upstream,
        policy: Policy,
        switches: Switches,
    ) -> Self {
        let shelf = Shelf::default();
        let lane = tape(&shelf, switches).lane(1);
        let ticks = AtomicI64::new(0);
        let clock = Arc::new(move || ticks.fetch_add(1, Ordering::SeqCst));
        let (control, to_server, to_client) = proxy::pump(downstream(server), upstream, lane, policy, clock);

        Self {
            client: Client {
                stream: client,
                unread: BytesMut::new(),
            },
            control,
            shelf,
            to_server: tokio::spawn(to_server),
            to_client: tokio::spawn(to_client),
        }
    }

    /// Waits for both futures, and that they agree.
    pub(crate) async fn ending(self) -> (Ending, Shelf) {
        let ending = self.to_server.await.expect("no panic");
        assert_eq!(self.to_client.await.expect("no panic"), ending);
        (ending, self.shelf)
    }

    /// Leaves as psql does.
    pub(crate) async fn leave(mut self) -> Shelf {
        self.client.send(&frontend::Message::Terminate).await;
        let (ending, shelf) = self.ending().await;
        assert_eq!(ending, Ending::ClientClosed);
        shelf
    }
}

/// The pump's end of a connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

fn downstream<S: Stream>(stream: S) -> Downstream<ReadHalf<S>, WriteHalf<S>> {
    let (reader, writer) = tokio::io::split(stream);

    Downstream {
        reader,
        writer,
        unread: BytesMut::new(),
    }
}

/// A driver at the pump's other end, and the session it drives.
pub(crate) async fn driven(cluster: &Cluster, policy: Policy) -> (tokio_postgres::Client, Driven) {
    driven_at(cluster.port(), policy).await
}

/// The same with whatever lets the superuser in at this port.
#[expect(clippy::disallowed_methods, reason = "a test waits for its tasks itself")]
pub(crate) async fn driven_at(port: u16, policy: Policy) -> (tokio_postgres::Client, Driven) {
    let upstream = open(&target(port, Tls::Off), &credential())
        .await
        .expect("connects");
    let (client, mut server) = tokio::io::duplex(4096);
    let welcome = async {
        let mut opening = BytesMut::new();
        while frontend::Opening::decode(&mut opening)
            .expect("well formed")
            .is_none()
        {
            server.read_buf(&mut opening).await.expect("readable");
        }
        let mut out = BytesMut::new();
        Message::Authentication(backend::Authentication::Ok).encode(&mut out);
        Message::ReadyForQuery(backend::TransactionStatus::Idle).encode(&mut out);
        server.write_all(&out).await.expect("the driver listens");
    };
    let mut config = tokio_postgres::Config::new();
    config.user(SUPERUSER);
    let connect = config.connect_raw(client, tokio_postgres::NoTls);
    let (connected, ()) = tokio::join!(connect, welcome);
    let (client, connection) = connected.expect("connects");

    let (unused, _) = tokio::io::duplex(1);
    let session = Session::between(unused, server, upstream, policy);
    let driver = tokio::spawn(async move {
        let _ended = connection.await;
    });

    (
        client,
        Driven {
            control: session.control.clone(),
            session,
            driver,
        },
    )
}

/// A session whose client is a driver.
pub(crate) struct Driven {
    pub(crate) control: Control,
    session: Session,
    driver: JoinHandle<()>,
}

impl Driven {
    /// Waits until the driver has left.
    pub(crate) async fn shelf(self) -> Shelf {
        self.driver.await.expect("no panic");
        let (ending, shelf) = self.session.ending().await;
        assert_eq!(ending, Ending::ClientClosed);
        shelf
    }
}

/// A client that has been let in already.
pub(crate) struct Client {
    pub(crate) stream: DuplexStream,
    unread: BytesMut,
}

impl Client {
    pub(crate) async fn send(&mut self, message: &frontend::Message) {
        let mut out = BytesMut::new();
        message.encode(&mut out);
        self.stream.write_all(&out).await.expect("the pump listens");
    }

    /// Sends all at once.
    pub(crate) async fn talk(&mut self, messages: &[frontend::Message]) {
        let mut out = BytesMut::new();
        for message in messages {
            message.encode(&mut out);
        }
        self.stream.write_all(&out).await.expect("the pump listens");
    }

    /// Sends all at once, and reads meanwhile; gives everything up to ReadyForQuery.
    pub(crate) async fn exchange(&mut self, messages: &[frontend::Message]) -> String {
        let (stream, theirs) = tokio::io::duplex(1);
        drop(theirs);
        let whole = std::mem::replace(&mut self.stream, stream);
        let (mut reader, mut writer) = tokio::io::split(whole);
        let mut out = BytesMut::new();
        for message in messages {
            message.encode(&mut out);
        }
        let mut words = Vec::new();
        let read = async {
            loop {
                while let Some(message) = backend::decode(&mut self.unread, 1 << 26).expect("well formed") {
                    words.push(word(&message));
                    if matches!(message, Message::ReadyForQuery(_)) {
                        return;
                    }
                }
                let read = tokio::time::timeout(PATIENCE, reader.read_buf(&mut self.unread));
                assert_ne!(read.await.expect("in time").expect("readable"), 0);
            }
        };
        let (written, ()) = tokio::join!(writer.write_all(&out), read);
        written.expect("the pump listens");
        self.stream = reader.unsplit(writer);

        words.join(", ")
    }

    /// The next messages, a word for each.
    pub(crate) async fn words(&mut self, n: usize) -> String {
        let mut words = Vec::new();
        while words.len() < n {
            words.push(word(&self.next().await.expect("more to come")));
        }
        words.join(", ")
    }

    pub(crate) async fn ask(&mut self, sql: &str) {
        self.send(&frontend::Message::Query { sql: Text::from(sql) })
            .await;
    }

    /// The next message; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = backend::decode(&mut self.unread, 1 << 26).expect("well formed") {
                return Some(message);
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.unread));
            if read.await.expect("in time").expect("readable") == 0 {
                return None;
            }
        }
    }

    /// Everything up to ReadyForQuery, a word for each message.
    pub(crate) async fn answer(&mut self) -> String {
        let mut words = Vec::new();
        while let Some(message) = self.next().await {
            let ready = matches!(message, Message::ReadyForQuery(_));
            words.push(word(&message));
            if ready {
                break;
            }
        }
        words.join(", ")
    }

    pub(crate) async fn query(&mut self, sql: &str) -> String {
        self.ask(sql).await;
        self.answer().await
    }
}

pub(crate) fn word(message: &Message) -> String {
    if let Message::DataRow(row) = message {
        let values = row
            .columns()
            .map(|value| value.map_or("null".into(), String::from_utf8_lossy));
        return format!("row({})", values.collect::<Vec<_>>().join("|"));
    }
    if let Message::ErrorResponse(fields) = message {
        return format!("{} {}: {}", fields.severity(), fields.code(), fields.message());
    }
    if let Message::CommandComplete { tag } = message {
        return tag.to_str().into_owned();
    }
    if let Message::CopyData(data) = message {
        return format!("copy({})", String::from_utf8_lossy(data).trim_end());
    }
    if let Message::ReadyForQuery(status) = message {
        return format!("ready({})", char::from(status.to_byte()));
    }
    let shown = format!("{message:?}");
    shown.split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
}
