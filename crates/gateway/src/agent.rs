//! An instance of a gateway: connects to the server, and for each stream that is opened from there to a target.
//!
//! It relays bytes. TLS and the password's proof run between the server and the target, so that no credential is ever here.

mod relay;
pub mod stored;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use protocol::errors::{Code, Refusal};
use protocol::gateways::targets::Targets;
use protocol::gateways::words::{
    ALIVE_EVERY, Challenge, Greeting, InstanceLine, LOST_AFTER, MAX_WORD, MOST_STREAMS, PATH, Reply,
    SUBPROTOCOL, ServerLine, Welcome, Who,
};
use protocol::ids::InstanceId;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::identity::{BadKey, Identity, Proof};
use crate::lines::Lines;
use crate::messages::{halves, lost};
use crate::reach::{Address, ReachError, Roots, Wire};
use crate::streams::{Incoming, MAX_MESSAGE, READ_BUFFER, Stream, taking};

/// How long the server may take to be reached, and again for each word of the greeting.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long is waited before the server is tried again: at first, and at most.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_AT_MOST: Duration = Duration::from_secs(15);

/// What of an instance is not its identity.
#[derive(Clone)]
pub struct Settings {
    pub server: Address,
    pub roots: Roots,
    /// What it connects to at most, whatever the server says.
    pub allowed: Targets,
    /// The address it connects to targets from; none leaves it to the operating system.
    pub from: Option<IpAddr>,
    /// How long it waits for its connections when it is told to stop.
    pub drain: Duration,
    /// Its program's.
    pub version: &'static str,
    /// What its machine is called.
    pub machine: String,
    /// The clock.
    pub now: fn() -> Instant,
}

/// Why an instance does not work, or no more.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error(transparent)]
    Reach(#[from] ReachError),
    #[error("{0}")]
    Refused(Refusal),
    #[error("{0}")]
    Revoked(String),
    #[error("the server answers nothing in time")]
    Silent,
    #[error("the connection to the server was lost")]
    Lost(#[from] io::Error),
    #[error(transparent)]
    Key(#[from] BadKey),
}

impl AgentError {
    /// Whether the same may go well later.
    fn may_pass(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(
                refusal.code,
                Code::TooMany | Code::Unavailable | Code::Internal | Code::PamConflict
            ),
            Self::Revoked(_) | Self::Key(_) => false,
            Self::Reach(error) => matches!(error, ReachError::Io(_) | ReachError::Tls(_)),
            Self::Silent | Self::Lost(_) => true,
        }
    }
}

type Socket = WebSocketStream<Box<dyn Wire>>;

/// A connection the server has welcomed.
pub struct Connected {
    socket: Socket,
    welcome: Welcome,
}

impl Connected {
    pub fn instance(&self) -> &InstanceId {
        &self.welcome.instance
    }

    /// The gateway's name.
    pub fn gateway(&self) -> &str {
        &self.welcome.gateway
    }
}

/// Makes a key an instance's, with a token that is good once.
///
/// # Errors
/// The server is not reached, or the token is not good.
pub async fn enroll(
    settings: &Settings,
    identity: &Identity,
    token: &Zeroizing<String>,
) -> Result<Connected, AgentError> {
    let who = Who::Newcomer {
        token: protocol::entered::Entered::new(token.as_str()),
        public_key: hex::encode(identity.public()),
    };

    greet(settings, identity, who).await
}

/// Serves until it is told to stop, coming back whenever the connection is lost. `connected` is the first one, where there is
/// one already.
///
/// # Errors
/// The server has no place for it any more.
pub async fn serve(
    settings: &Settings,
    identity: &Identity,
    instance: &InstanceId,
    mut connected: Option<Connected>,
    stop: &CancellationToken,
) -> Result<(), AgentError> {
    let mut again = AGAIN;
    while !stop.is_cancelled() {
        let connection = match connected.take() {
            Some(connection) => Ok(connection),
            None => tokio::select! {
                () = stop.cancelled() => return Ok(()),
                greeted = greet(settings, identity, Who::Instance(instance.clone())) => greeted,
            },
        };
        let end = match connection {
            Ok(connection) => {
                again = AGAIN;
                info!(
                    gateway = connection.gateway(),
                    server = settings.server.origin(),
                    "online"
                );

                Standing::of(settings, connection).stand(stop).await
            }
            Err(error) => Err(error),
        };
        match end {
            Ok(()) => return Ok(()),
            Err(error) if error.may_pass() => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "offline; trying again in {again:?}"
                );
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(again) => {}
        }
        again = (again * 2).min(AGAIN_AT_MOST);
    }

    Ok(())
}

/// Connects and shows whose key this is.
async fn greet(settings: &Settings, identity: &Identity, who: Who) -> Result<Connected, AgentError> {
    let mut socket = timeout(PATIENCE, open(settings))
        .await
        .map_err(|_| AgentError::Silent)??;
    let Challenge { challenge } = hear(&mut socket).await?;
    let name = match &who {
        Who::Newcomer { public_key, .. } => public_key.clone(),
        Who::Instance(id) => id.to_string(),
    };
    let proof = Proof {
        origin: &settings.server.origin(),
        challenge: &challenge,
        who: &name,
    };
    let greeting = Greeting {
        signature: hex::encode(identity.sign(&proof)),
        who,
        version: settings.version.to_owned(),
        machine: settings.machine.clone(),
    };
    let text = Zeroizing::new(serde_json::to_string(&greeting).map_err(io::Error::other)?);
    socket.send(Message::text(text.as_str())).await.map_err(lost)?;
    match hear(&mut socket).await? {
        Reply::Welcome(welcome) => Ok(Connected { socket, welcome }),
        Reply::Refused(refusal) => Err(AgentError::Refused(refusal)),
    }
}

async fn open(settings: &Settings) -> Result<Socket, AgentError> {
    let Settings { server, roots, .. } = settings;
    let mut request = server.socket(PATH).into_client_request().map_err(lost)?;
    sign(request.headers_mut(), server)?;
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let wire = server.connect(roots).await?;
    match client_async_with_config(request, wire, Some(limits)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let refusal = response
                .body()
                .as_deref()
                .and_then(|body| serde_json::from_slice(body).ok());

            Err(match refusal {
                Some(refusal) => AgentError::Refused(refusal),
                None => io::Error::other(format!("it answered {}", response.status())).into(),
            })
        }
        Err(error) => Err(lost(error).into()),
    }
}

/// The origin says that the request was meant for this server.
fn sign(headers: &mut HeaderMap, server: &Address) -> io::Result<()> {
    let value = |text: &str| HeaderValue::from_str(text).map_err(io::Error::other);
    headers.insert(HOST, value(&server.authority())?);
    headers.insert(ORIGIN, value(&server.origin())?);
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    headers.insert(
        USER_AGENT,
        HeaderValue::from_static(concat!("posternd-gateway/", env!("CARGO_PKG_VERSION"))),
    );

    Ok(())
}

/// The next word of the greeting.
async fn hear<T: DeserializeOwned>(socket: &mut Socket) -> Result<T, AgentError> {
    let next = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) if text.len() <= MAX_WORD => {
                    return serde_json::from_str(&text).map_err(io::Error::other);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Close(_) | Message::Frame(_)))
                | None => return Err(io::ErrorKind::InvalidData.into()),
                Some(Err(error)) => return Err(lost(error)),
            }
        }
    };

    Ok(timeout(PATIENCE, next).await.map_err(|_| AgentError::Silent)??)
}

/// A connection to the server that stands.
struct Standing<'a> {
    settings: &'a Settings,
    incoming: Incoming,
    /// The rules of the moment; a call keeps those it began with.
    targets: Arc<Targets>,
    /// What moves bytes between the server and the streams.
    _moving: JoinSet<io::Result<()>>,
    calls: JoinSet<()>,
}

impl<'a> Standing<'a> {
    fn of(settings: &'a Settings, connected: Connected) -> Self {
        let Connected { socket, welcome } = connected;
        let (received, sent) = halves(socket);
        let (incoming, work) = taking(received, sent, MOST_STREAMS + 64);
        incoming.begin();
        let mut moving = JoinSet::new();
        moving.spawn(work);

        Self {
            settings,
            incoming,
            targets: Arc::new(Targets::read(&welcome.targets)),
            _moving: moving,
            calls: JoinSet::new(),
        }
    }

    /// Until it is told to stop and has let its connections end, or the server is lost.
    async fn stand(mut self, stop: &CancellationToken) -> Result<(), AgentError> {
        let first = timeout(PATIENCE, self.incoming.next())
            .await
            .map_err(|_| AgentError::Silent)?
            .ok_or_else(gone)?;
        let mut lines = Lines::new(first, MAX_WORD);
        let mut beat = interval(ALIVE_EVERY);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = (self.settings.now)();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return self.leave(lines).await,
                line = lines.hear() => {
                    self.obey(line?.ok_or_else(gone)?)?;
                    heard = (self.settings.now)();
                }
                stream = self.incoming.next() => self.take(stream.ok_or_else(gone)?),
                Some(_) = self.calls.join_next() => {}
                _ = beat.tick() => {
                    if (self.settings.now)().duration_since(heard) > LOST_AFTER {
                        return Err(AgentError::Silent);
                    }
                    say(&mut lines, &InstanceLine::Alive).await?;
                }
            }
        }
    }

    fn obey(&mut self, line: ServerLine) -> Result<(), AgentError> {
        match line {
            ServerLine::Alive => Ok(()),
            ServerLine::Targets(rules) => {
                self.targets = Arc::new(Targets::read(&rules));

                Ok(())
            }
            ServerLine::Revoked(sentence) => Err(AgentError::Revoked(sentence)),
        }
    }

    fn take(&mut self, stream: Stream) {
        let relay = relay::Relay {
            server: Arc::clone(&self.targets),
            own: self.settings.allowed.clone(),
            from: self.settings.from,
        };
        self.calls.spawn(relay.serve(stream));
    }

    /// Takes no more, and waits for what there is. The server is still listened to: it may take this instance's place away.
    async fn leave(mut self, mut lines: Lines<Stream>) -> Result<(), AgentError> {
        say(&mut lines, &InstanceLine::Leaving).await?;
        let n_calls = self.calls.len();
        if n_calls > 0 {
            info!(
                connections = n_calls,
                "stopping when they have ended, or in {:?}", self.settings.drain
            );
        }
        let drained = async {
            let mut beat = interval(ALIVE_EVERY);
            while !self.calls.is_empty() {
                tokio::select! {
                    Some(_) = self.calls.join_next() => {}
                    line = lines.hear::<ServerLine>() => match line? {
                        Some(ServerLine::Alive | ServerLine::Targets(_)) => {}
                        Some(ServerLine::Revoked(sentence)) => return Err(AgentError::Revoked(sentence)),
                        None => return Err(gone()),
                    },
                    _ = beat.tick() => say(&mut lines, &InstanceLine::Alive).await?,
                }
            }

            Ok(())
        };
        if let Ok(drained) = timeout(self.settings.drain, drained).await {
            drained?;
        }

        Ok(())
    }
}

async fn say(lines: &mut Lines<Stream>, line: &InstanceLine) -> Result<(), AgentError> {
    timeout(PATIENCE, lines.say(line))
        .await
        .map_err(|_| AgentError::Silent)??;

    Ok(())
}

fn gone() -> AgentError {
    AgentError::Lost(io::ErrorKind::UnexpectedEof.into())
}
