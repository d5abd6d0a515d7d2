//! From a target and a credential to an authenticated connection, stage by stage.

mod session;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use pg_proto::client::{self, Channel, Established, Handshake, Login, Method, TlsAnswer};
use pg_proto::frontend::Password;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use vault::Secret;

pub(crate) use session::{Session, SessionError};

use crate::cancel::Canceller;
use crate::dial::{BoxStream, Dial};
use crate::errors::{ConnectError, Reason};
use crate::tls::{self, ClientCertificate, Connector, Tls, TlsFacts};

/// The database to connect to.
#[derive(Debug, Clone)]
pub struct Target {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub tls: Tls,
    pub application_name: String,
    /// Settings for the session, by name; PostgreSQL's `options` is one of them.
    pub options: Vec<(String, String)>,
    /// Every transaction is to be read-only, and the server to say so.
    pub read_only: bool,
    /// From the first look-up to the first ReadyForQuery.
    pub timeout: Duration,
}

/// Characters of a server's version in a sentence.
const VERSION: usize = 40;

/// What a server reports, from PostgreSQL 14 on, and what makes the transactions of a connection read-only.
pub(crate) const READ_ONLY: &str = "default_transaction_read_only";

/// Who to be there. The default is nobody.
#[derive(Clone, Default)]
pub struct Credential {
    pub user: String,
    /// Not needed where the server trusts, or a client certificate is enough.
    pub password: Option<Secret>,
    pub certificate: Option<ClientCertificate>,
}

/// A step of connecting, as *Test connection* shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// To the gateway, where there is one.
    Gateway,
    Dns,
    Tcp,
    Tls,
    Authentication,
    /// `SELECT version()`, by [`crate::probe()`] only.
    Query,
}

/// Told when a stage begins; the one before it has succeeded then.
pub type OnStage<'a> = &'a (dyn Fn(Stage) + Sync);

/// An authenticated connection that waits for its first statement.
pub struct Upstream {
    pub(crate) session: Session,
    pub(crate) canceller: Option<Canceller>,
    established: Established,
    address: SocketAddr,
    tls: Option<TlsFacts>,
    is_read_only: bool,
}

/// A stream that TLS protects.
pub(crate) struct Secured {
    pub(crate) stream: BoxStream,
    end_point: Option<Vec<u8>>,
    facts: TlsFacts,
}

/// Connects and authenticates.
///
/// # Errors
/// [`ConnectError`] says what failed and what to do, for a person; it never holds the password.
pub async fn connect(
    dial: Arc<dyn Dial>,
    target: &Target,
    credential: &Credential,
    on_stage: OnStage<'_>,
) -> Result<Upstream, ConnectError> {
    let current = Mutex::new(Stage::Dns);
    let track = |stage| {
        *current.lock().unwrap_or_else(PoisonError::into_inner) = stage;
        on_stage(stage);
    };
    let result = match timeout(target.timeout, attempt(dial, target, credential, &track)).await {
        Ok(result) => result,
        Err(_) => Err(Reason::TimedOut),
    };
    let stage = *current.lock().unwrap_or_else(PoisonError::into_inner);

    result.map_err(|reason| ConnectError::new(reason, stage, target))
}

async fn attempt(
    dial: Arc<dyn Dial>,
    target: &Target,
    credential: &Credential,
    on_stage: OnStage<'_>,
) -> Result<Upstream, Reason> {
    let connector = match &target.tls {
        Tls::Off => None,
        Tls::On(rules) => {
            let connector = rules.connector(&target.host, credential.certificate.as_ref());
            // Found before anything is dialled, and still a matter of TLS.
            Some(connector.inspect_err(|_| on_stage(Stage::Tls))?)
        }
    };
    let dialled = dial.dial(&target.host, target.port, on_stage).await?;

    let (stream, end_point, facts) = match &connector {
        None => (dialled.stream, None, None),
        Some(connector) => {
            on_stage(Stage::Tls);
            let secured = secure(dialled.stream, connector).await?;
            (secured.stream, secured.end_point, Some(secured.facts))
        }
    };

    on_stage(Stage::Authentication);
    let channel = match &target.tls {
        Tls::Off => Channel::Plain,
        Tls::On(rules) => Channel::Tls {
            verified: rules.identifies_server(),
            end_point,
        },
    };
    let mut session = Session::new(stream);
    let established = log_in(&mut session, target, credential, channel).await?;
    let canceller = established
        .cancel_key
        .clone()
        .map(|key| Canceller::new(Arc::clone(&dial), dialled.address, connector.clone(), key));

    let mut upstream = Upstream {
        session,
        canceller,
        established,
        address: dialled.address,
        tls: facts,
        is_read_only: target.read_only,
    };
    if target.read_only && upstream.parameter(READ_ONLY).as_deref() != Some("on") {
        upstream.session.terminate().await;
        let version = upstream.parameter("server_version").unwrap_or_default();
        return Err(Reason::NotReadOnly {
            version: version.chars().take(VERSION).collect(),
        });
    }

    Ok(upstream)
}

/// Asks for TLS and makes it; gives the stream and its facts. A server without TLS is an error.
pub(crate) async fn secure(mut stream: BoxStream, connector: &Connector) -> Result<Secured, Reason> {
    stream.write_all(&client::tls_request()).await?;
    stream.flush().await?;
    // Exactly one byte is read: what a man in the middle put behind it goes to TLS, which refuses it.
    let mut answer = [0];
    stream.read_exact(&mut answer).await?;
    match client::tls_answer(&answer)? {
        TlsAnswer::Unwilling => return Err(Reason::NoTls),
        TlsAnswer::Willing => (),
    }
    let stream = connector.connect(stream).await.map_err(Reason::from_tls)?;
    let end_point = tls::end_point(&stream);
    let facts = tls::facts(&stream);

    Ok(Secured {
        stream: Box::new(stream),
        end_point,
        facts,
    })
}

async fn log_in(
    session: &mut Session,
    target: &Target,
    credential: &Credential,
    channel: Channel,
) -> Result<Established, Reason> {
    let login = Login {
        user: credential.user.as_str().into(),
        database: target.database.as_str().into(),
        application_name: target.application_name.as_str().into(),
        options: target
            .options
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            // Behind what the client asks for: the last word counts, and comes after `options`.
            .chain(target.read_only.then_some((READ_ONLY, "on")))
            .map(|(n, v)| (n.into(), v.into()))
            .collect(),
    };
    let password = credential
        .password
        .as_ref()
        .filter(|password| !password.is_empty());
    let password = password.map(|password| Password::new(password.expose().as_bytes()));
    let mut out = BytesMut::new();
    let mut handshake = Handshake::start(&login, password, channel, &mut out);
    loop {
        session.send(&mut out).await?;
        let message = session.receive().await?;
        if let Some(established) = handshake.handle(message, &mut out)? {
            return Ok(established);
        }
    }
}

impl Upstream {
    /// Leaves the server, as a client does.
    pub async fn close(mut self) {
        self.session.terminate().await;
    }

    /// What the server reported: parameters, notices, backend key, transaction status.
    pub fn established(&self) -> &Established {
        &self.established
    }

    /// How the server let us in.
    pub fn method(&self) -> Method {
        self.established.method
    }

    /// The value of a parameter the server reported, `server_version` for one.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut parameters = self.established.parameters.iter().rev();
        parameters
            .find(|(each, _)| *each == *name)
            .map(|(_, value)| value.to_str().into_owned())
    }

    /// Whether the server has said that its transactions are read-only, as its target asked for.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// The address reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Protocol and cipher; `None` without TLS.
    pub fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_ref()
    }

    /// Cancels what runs on this connection; `None` where the server gave no key.
    pub fn canceller(&self) -> Option<&Canceller> {
        self.canceller.as_ref()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
