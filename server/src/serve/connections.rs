//! Browsers' connections: so many at once, each with a time for the head of a request to arrive, until the end.

use std::convert::Infallible;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;
use tracing::{debug, warn};

use crate::peer::Peer;

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a connection may be open without a whole head of a request: a browser that rests, or somebody who sends
    /// a byte at a time.
    pub head: Duration,
    /// Connections served at once, without those that became WebSockets; more wait to be accepted.
    pub connections: usize,
    /// How long the end waits for requests that are being answered.
    pub farewell: Duration,
}

impl Limits {
    /// A minute is what reverse proxies keep connections for that they use again.
    pub const PUBLIC: Self = Self {
        head: Duration::from_secs(65),
        connections: 4096,
        farewell: Duration::from_secs(10),
    };
}

/// How long nobody is accepted when the operating system has no room for another connection.
const BREATHER: Duration = Duration::from_secs(1);

/// Serves `router` until `stop`, then lets the requests end that are being answered. Requests carry their [`Peer`].
/// With `tls`, connections have the time of a head for their handshake too.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let (stopping, connections) = (CancellationToken::new(), TaskTracker::new());
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, peer, place)) = accepted else {
            break;
        };
        // A key's echo is a small packet that must not wait for another.
        let _ = stream.set_nodelay(true);
        let (tls, router, stopping) = (tls.clone(), router.clone(), stopping.clone());
        connections.spawn(async move {
            match tls {
                Some(tls) => match timeout(limits.head, tls.accept(stream)).await {
                    Ok(Ok(stream)) => answer(stream, peer, router, limits.head, stopping).await,
                    Ok(Err(error)) => {
                        debug!(error = &error as &dyn std::error::Error, "TLS handshake failed");
                    }
                    Err(_) => debug!("TLS handshake took too long"),
                },
                None => answer(stream, peer, router, limits.head, stopping).await,
            }
            drop(place);
        });
    }
    drop(listener);
    stopping.cancel();
    connections.close();
    if timeout(limits.farewell, connections.wait()).await.is_err() {
        warn!("requests cut off");
    }
}

/// The next connection and its place among those that are served.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Some((stream, peer, place)),
            // One that was given up before it was accepted.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "connections not accepted"
                );
                sleep(BREATHER).await;
            }
        }
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    head: Duration,
    stopping: CancellationToken,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(Peer::from(peer));
        let request = axum::extract::Request::from_parts(parts, Body::new(body));
        // A router is always ready.
        let answering = router.clone().call(request);

        async move { answering.await as Result<Response, Infallible> }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let done = tokio::select! {
        done = connection.as_mut() => done,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = done {
        debug!(error = &error as &dyn std::error::Error, "connection ended");
    }
}
