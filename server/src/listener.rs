//! The listener: native PostgreSQL clients on a TCP address or a Unix socket, each with an access token for a password.
//!
//! A connection is heard ([`crate::clients`]), its token and user name say who it is and which record and account it
//! means, it joins the session it belongs to ([`session`]), and passes the same pump as every other client.

mod connection;
mod session;

use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use pg_proto::server::ALPN;
use proxy::{Roaming, Stream};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};

use crate::clients::way_in::Terms;
use crate::crowd::Crowd;
use crate::peer::Peer;
use crate::state::AppState;
use crate::tls::Certificates;

/// Connections at once, those on their way in among them; more wait to be accepted.
const CONNECTIONS: usize = 4096;

/// Connections of one network that have not shown a token yet.
const NEWCOMERS: usize = 64;

/// How long nobody is accepted when the operating system has no room for another connection.
const BREATHER: Duration = Duration::from_secs(1);

/// The port in the name of the Unix socket where there is no other: PostgreSQL's own.
const PORT: u16 = 5432;

/// Where a connection comes from, as far as it decides about TLS.
#[derive(Debug, Clone)]
pub enum Origin {
    Network(Peer),
    /// From this machine by a Unix socket.
    Machine,
}

impl Origin {
    /// Whether nobody can listen in between.
    fn is_private(&self) -> bool {
        match self {
            Self::Network(peer) => peer.0.is_loopback(),
            Self::Machine => true,
        }
    }

    /// What counts as one place to come from.
    fn network(&self) -> String {
        match self {
            Self::Network(peer) => vault::throttle::network(peer.0),
            Self::Machine => self.address(),
        }
    }

    /// The address for lists and the audit log.
    fn address(&self) -> String {
        match self {
            Self::Network(peer) => peer.0.to_string(),
            Self::Machine => "local socket".to_owned(),
        }
    }
}

/// Listens where the configuration says, which may be nowhere, until the server stops; gives the address on the network.
///
/// # Errors
/// An address or folder that cannot be listened on; an address beyond loopback without a certificate.
pub async fn start(
    state: &AppState,
    certificates: Option<&Arc<Certificates>>,
) -> anyhow::Result<Option<SocketAddr>> {
    let config = &state.config.listener;
    let tls = certificates.map(|own| own.acceptor(ALPN)).transpose()?;
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let crowd = Crowd::of(NEWCOMERS);
    let mut reached = None;
    if let Some(address) = config.listen {
        if tls.is_none() && !address.ip().is_loopback() {
            bail!(
                "listener.listen: {address} is no loopback address, so it takes TLS: set http.certificate_file and \
                 http.private_key_file"
            );
        }
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("listener.listen: {address} cannot be listened on"))?;
        let address = listener.local_addr()?;
        reached = Some(address);
        info!(%address, "listening for native clients");
        state.tasks.spawn(accept(
            state.clone(),
            Door::Tcp(listener, tls),
            room.clone(),
            crowd.clone(),
        ));
    }
    if let Some(folder) = &config.socket_folder {
        let socket = Socket::bind(folder, reached.map_or(PORT, |address: SocketAddr| address.port()))?;
        info!(path = %socket.path.display(), "listening for native clients");
        state
            .tasks
            .spawn(accept(state.clone(), Door::Unix(socket), room, crowd));
    }

    Ok(reached)
}

/// What is listened on.
enum Door {
    Tcp(TcpListener, Option<TlsAcceptor>),
    Unix(Socket),
}

/// A Unix socket; its file goes with it.
struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Listens under the name clients look for. What a server that was killed has left is replaced; a socket somebody
    /// listens on is not.
    fn bind(folder: &Path, port: u16) -> anyhow::Result<Self> {
        let path = folder.join(format!(".s.PGSQL.{port}"));
        let named = || format!("listener.socket_folder: {} cannot be listened on", path.display());
        if std::os::unix::net::UnixStream::connect(&path).is_ok() {
            bail!("{}: another server listens there", named());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(named),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(&path).with_context(named)?;
        // Who may enter the folder may try; the token is what lets in.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).with_context(named)?;

        Ok(Self { listener, path })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that stays is replaced at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

enum Accepted {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Door {
    async fn accept(&self) -> std::io::Result<Accepted> {
        match self {
            Self::Tcp(listener, _) => {
                let (stream, peer) = listener.accept().await?;
                // Messages are small and answers are waited for.
                let _ = stream.set_nodelay(true);

                Ok(Accepted::Tcp(stream, peer))
            }
            Self::Unix(socket) => Ok(Accepted::Unix(socket.listener.accept().await?.0)),
        }
    }

    fn tls(&self) -> Option<&TlsAcceptor> {
        match self {
            Self::Tcp(_, tls) => tls.as_ref(),
            Self::Unix(_) => None,
        }
    }
}

async fn accept(state: AppState, door: Door, room: Arc<Semaphore>, crowd: Crowd) {
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = door.accept() => accepted,
            () = state.stopping.cancelled() => return,
        };
        match accepted {
            Ok(Accepted::Tcp(stream, peer)) => {
                let origin = Origin::Network(Peer::from(peer));
                let stream = Roaming::new(stream);
                spawn(&state, &crowd, stream, origin, door.tls().cloned(), place);
            }
            Ok(Accepted::Unix(stream)) => {
                let stream = Roaming::new(stream);
                spawn(&state, &crowd, stream, Origin::Machine, None, place);
            }
            // One that was given up before it was accepted.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "native clients not accepted"
                );
                sleep(BREATHER).await;
            }
        }
    }
}

fn spawn<S: Stream + 'static>(
    state: &AppState,
    crowd: &Crowd,
    stream: S,
    origin: Origin,
    tls: Option<TlsAcceptor>,
    place: OwnedSemaphorePermit,
) {
    let comer = crowd.join(origin.network());
    let (state, tasks) = (state.clone(), state.tasks.clone());
    tasks.spawn(async move {
        let terms = Terms {
            tls,
            is_private: origin.is_private(),
            asks_password: true,
        };
        match comer {
            Some(comer) => connection::receive(state, stream, origin, terms, comer).await,
            None => connection::turn_away(stream).await,
        }
        drop(place);
    });
}
