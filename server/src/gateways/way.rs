//! The way to a target through a gateway: the dial of records whose PAM Configuration names one.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use gateway::call::{Call, Progress, hear, say};
use gateway::streams::Stream;
use protocol::gateways::targets::Targets;
use proxy::{Dial, DialError, Dialled, Dialling, GatewayLost, OnStage, Stage};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use vault::gateway::Via;

use super::pool::{Pool, Taken};

/// What an instance may take for a name and all its addresses, beyond one of them.
const BEYOND: Duration = Duration::from_secs(15);

/// Dials through an instance of a gateway.
pub struct GatewayDial {
    pub pool: Pool,
    pub via: Via,
    /// How long one address may take to answer.
    pub attempt: Duration,
    /// What the record lets it connect to, beside what the gateway may.
    pub allowed: Targets,
    /// Where it got to, and by which name: a cancel goes there by the address, which rules of names do not admit.
    pub reached: Mutex<Option<(IpAddr, String)>>,
}

impl Dial for GatewayDial {
    fn dial<'a>(&'a self, host: &'a str, port: u16, on_stage: OnStage<'a>) -> Dialling<'a> {
        Box::pin(self.reach(host, port, on_stage))
    }
}

impl GatewayDial {
    async fn reach(&self, host: &str, port: u16, on_stage: OnStage<'_>) -> Result<Dialled, DialError> {
        on_stage(Stage::Gateway);
        let name = self.via.name.clone();
        let Some(taken) = self.pool.take(&self.via.id) else {
            return Err(DialError::Offline { gateway: name });
        };
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let known = self
            .reached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (host, address) = match known {
            Some((address, name)) if host.parse() == Ok(address) => (name, Some(address)),
            Some(_) | None => (host.to_owned(), None),
        };
        let call = Call {
            host: host.clone(),
            port,
            address,
            attempt_millis: u64::try_from(self.attempt.as_millis()).unwrap_or(u64::MAX),
            only: self.allowed.texts(),
        };
        let asking = async {
            let mut stream = taken.opener().open().await?;
            say(&mut stream, &call).await?;
            on_stage(Stage::Dns);
            let mut progress = hear(&mut stream).await?;
            if progress == Progress::Connecting {
                on_stage(Stage::Tcp);
                progress = hear(&mut stream).await?;
            }

            io::Result::Ok((stream, progress))
        };
        let (stream, progress) = timeout(self.attempt + BEYOND, asking)
            .await
            .map_err(|_| DialError::Silent)?
            .map_err(|_| DialError::Lost {
                gateway: name.clone(),
            })?;
        let address = reached(progress, name.clone())?;
        // An instance that does not look at the record's own rules is not believed.
        if !self.allowed.admit(&host, port, address.ip()) {
            return Err(DialError::NotAllowed { address });
        }
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some((address.ip(), host));

        Ok(Dialled {
            stream: Box::new(Through {
                stream,
                gateway: name,
                has_shut_down: false,
                _taken: taken,
            }),
            address,
        })
    }
}

fn reached(progress: Progress, gateway: String) -> Result<SocketAddr, DialError> {
    Err(match progress {
        Progress::Reached(address) => return Ok(address),
        Progress::Unresolved => DialError::Resolve(io::ErrorKind::NotFound.into()),
        Progress::Refused(address) => DialError::Refused { address },
        Progress::Silent => DialError::Silent,
        Progress::Forbidden(address) => DialError::Forbidden { gateway, address },
        Progress::NotAllowed(address) => DialError::NotAllowed { address },
        Progress::Failed(problem) => DialError::Io(io::Error::other(plain(&problem))),
        // A second time is no answer.
        Progress::Connecting => DialError::Lost { gateway },
    })
}

/// The words of an instance, as far as they are words.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == ' ')
        .take(80)
        .collect()
}

/// A stream through an instance. Should that be lost, it says so: a target that hangs up still takes what is sent.
struct Through {
    stream: Stream,
    gateway: String,
    has_shut_down: bool,
    _taken: Taken,
}

impl Through {
    fn lost(&self) -> io::Error {
        let gateway = self.gateway.clone();

        io::Error::new(io::ErrorKind::ConnectionReset, GatewayLost { gateway })
    }
}

impl AsyncRead for Through {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n_before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf)).map_err(|_| self.lost())?;
        let is_over = buf.filled().len() == n_before && buf.remaining() > 0;
        if is_over && !self.has_shut_down && self.stream.get_ref().is_closed() {
            return Poll::Ready(Err(self.lost()));
        }

        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Through {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream)
            .poll_write(cx, buf)
            .map_err(|_| self.lost())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx).map_err(|_| self.lost())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.has_shut_down = true;

        Pin::new(&mut self.stream)
            .poll_shutdown(cx)
            .map_err(|_| self.lost())
    }
}
