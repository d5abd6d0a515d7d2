//! Getting to a target: the trait a gateway implements too, and the direct way.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::connect::{OnStage, Stage};
use crate::roaming::Roaming;

/// What a connection is made of, whoever made it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Any stream.
pub type BoxStream = Box<dyn Stream>;

/// Reaches a host and port. Object safe: `server` chooses one for each PAM Configuration.
pub trait Dial: Send + Sync {
    /// Tells `on_stage` when it starts to resolve and when it starts to connect.
    fn dial<'a>(&'a self, host: &'a str, port: u16, on_stage: OnStage<'a>) -> Dialling<'a>;
}

/// What [`Dial::dial`] returns.
pub type Dialling<'a> = Pin<Box<dyn Future<Output = Result<Dialled, DialError>> + Send + 'a>>;

/// An open connection.
pub struct Dialled {
    pub stream: BoxStream,
    /// The address reached, for the audit log and for a cancel that must reach the same server.
    pub address: SocketAddr,
}

/// Why a target was not reached.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    #[error("the name does not resolve")]
    Resolve(#[source] io::Error),
    #[error("{address} refuses connections")]
    Refused { address: SocketAddr },
    #[error("no answer in time")]
    Silent,
    #[error("cannot connect")]
    Io(#[source] io::Error),
    #[error("gateway {gateway} is offline")]
    Offline { gateway: String },
    #[error("gateway {gateway} was lost")]
    Lost { gateway: String },
    #[error("gateway {gateway} may not connect to {address}")]
    Forbidden { gateway: String, address: SocketAddr },
    #[error("the record does not allow a connection to {address}")]
    NotAllowed { address: SocketAddr },
}

/// A connection that went through a gateway was lost on the way there, not by the target. Inside an [`io::Error`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the connection through gateway \"{gateway}\" was lost")]
pub struct GatewayLost {
    pub gateway: String,
}

/// Whether a host, as it was asked for, may be connected to at this port and address.
pub type Admits = Box<dyn Fn(&str, u16, IpAddr) -> bool + Send + Sync>;

/// Dials from this machine: DNS, then each address in turn. What is checked is what is dialled: a name is looked up once.
pub struct DirectDial {
    /// How long one address may take to answer.
    attempt: Duration,
    admits: Admits,
    /// Where it got to: a cancel goes there by the address, which rules of names do not admit.
    reached: Mutex<Option<SocketAddr>>,
}

impl Dial for DirectDial {
    fn dial<'a>(&'a self, host: &'a str, port: u16, on_stage: OnStage<'a>) -> Dialling<'a> {
        Box::pin(self.connect(host, port, on_stage))
    }
}

impl DirectDial {
    pub fn new(attempt: Duration, admits: Admits) -> Self {
        Self {
            attempt,
            admits,
            reached: Mutex::default(),
        }
    }

    /// Dials whatever it is asked for.
    pub fn anywhere(attempt: Duration) -> Self {
        Self::new(attempt, Box::new(|_, _, _| true))
    }

    fn reached(&self) -> MutexGuard<'_, Option<SocketAddr>> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, host: &str, port: u16, on_stage: OnStage<'_>) -> Result<Dialled, DialError> {
        on_stage(Stage::Dns);
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let addresses = tokio::net::lookup_host((host, port))
            .await
            .map_err(DialError::Resolve)?;

        on_stage(Stage::Tcp);
        let mut last = DialError::Resolve(io::ErrorKind::NotFound.into());
        for address in addresses {
            let is_reached = *self.reached() == Some(address) && host.parse() == Ok(address.ip());
            if !is_reached && !(self.admits)(host, port, address.ip()) {
                last = DialError::NotAllowed { address };
                continue;
            }
            match self.attempt(address).await {
                Ok(stream) => {
                    *self.reached() = Some(address);
                    return Ok(Dialled {
                        stream: Box::new(Roaming::new(stream)),
                        address,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn attempt(&self, address: SocketAddr) -> Result<TcpStream, DialError> {
        let stream = match timeout(self.attempt, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                return Err(DialError::Refused { address });
            }
            Ok(Err(error)) => return Err(DialError::Io(error)),
            Err(_) => return Err(DialError::Silent),
        };
        stream.set_nodelay(true).map_err(DialError::Io)?;

        Ok(stream)
    }
}
