//! One stream through an instance: the call, the target it leads to, and then bytes both ways.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use protocol::gateways::targets::Targets;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;
use tracing::debug;

use crate::call::{Call, Progress, hear, say};
use crate::streams::{Stream, join};

/// How long the server may take to say where a stream is to lead.
const CALL: Duration = Duration::from_secs(10);

/// How long a name may take to be looked up.
const LOOK_UP: Duration = Duration::from_secs(10);

/// How long an address may take to answer, at most.
const ATTEMPT: Duration = Duration::from_secs(60);

/// How long all addresses of a name may take.
const ALTOGETHER: Duration = Duration::from_secs(90);

/// What an instance goes by when it connects.
pub struct Relay {
    /// What the server lets it connect to.
    pub server: Arc<Targets>,
    /// What it was told to connect to where it was started.
    pub own: Targets,
    pub from: Option<IpAddr>,
}

impl Relay {
    pub async fn serve(self, stream: Stream) {
        if let Err(error) = self.relay(stream).await {
            debug!(error = &error as &dyn std::error::Error, "a connection was lost");
        }
    }

    async fn relay(self, mut stream: Stream) -> io::Result<()> {
        let call: Call = timeout(CALL, hear(&mut stream))
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        let target = match self.dial(&call, &mut stream).await? {
            Ok((target, address)) => {
                say(&mut stream, &Progress::Reached(address)).await?;
                target
            }
            Err(problem) => {
                say(&mut stream, &problem).await?;
                return stream.shutdown().await;
            }
        };

        join(Until(stream), target).await
    }

    /// Dials, unless that takes too long altogether.
    async fn dial(
        &self,
        call: &Call,
        stream: &mut Stream,
    ) -> io::Result<Result<(TcpStream, SocketAddr), Progress>> {
        timeout(ALTOGETHER, self.try_each(call, stream))
            .await
            .unwrap_or(Ok(Err(Progress::Silent)))
    }

    /// Looks the name up once and connects to one of the addresses found there: what is checked is what is dialled.
    async fn try_each(
        &self,
        call: &Call,
        stream: &mut Stream,
    ) -> io::Result<Result<(TcpStream, SocketAddr), Progress>> {
        let Ok(Ok(addresses)) = timeout(LOOK_UP, lookup_host((call.host.as_str(), call.port))).await else {
            return Ok(Err(Progress::Unresolved));
        };
        say(stream, &Progress::Connecting).await?;
        let only = match call.only.is_empty() {
            true => Targets::all(),
            false => Targets::read(&call.only),
        };
        let attempt = Duration::from_millis(call.attempt_millis).min(ATTEMPT);
        let mut last = Progress::Unresolved;
        let wanted = |address: &SocketAddr| call.address.is_none_or(|wanted| wanted == address.ip());
        for address in addresses.filter(wanted) {
            let admits = |targets: &Targets| targets.admit(&call.host, call.port, address.ip());
            last = match (admits(&self.server) && admits(&self.own), admits(&only)) {
                (true, true) => match timeout(attempt, self.connect(address)).await {
                    Ok(Ok(target)) => return Ok(Ok((target, address))),
                    Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                        Progress::Refused(address)
                    }
                    Ok(Err(error)) => Progress::Failed(error.kind().to_string()),
                    Err(_) => Progress::Silent,
                },
                (false, _) => Progress::Forbidden(address),
                (true, false) => Progress::NotAllowed(address),
            };
        }

        Ok(Err(last))
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        if let Some(from) = self.from.filter(|from| from.is_ipv4() == address.is_ipv4()) {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let target = socket.connect(address).await?;
        // Messages are small and answers are waited for.
        target.set_nodelay(true)?;

        Ok(target)
    }
}

/// A stream whose other side may drop it: that is an end of both directions, and no target is waited for after it.
struct Until(Stream);

impl AsyncRead for Until {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let n_before = buf.filled().len();
        ready!(Pin::new(&mut self.0).poll_read(cx, buf))?;
        let is_over = buf.filled().len() == n_before && buf.remaining() > 0;
        if is_over && self.0.get_ref().is_closed() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }

        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Until {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
