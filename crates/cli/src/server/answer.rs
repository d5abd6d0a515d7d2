//! An answer of the server on its way: head first, then piece by piece.

use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::Wire;
use crate::exit::Failure;

/// Why there is no answer, or no more of it.
pub(super) enum Asking {
    Failed(Failure),
    /// What the server, or the way to it, did.
    Broken(String),
}

impl From<Failure> for Asking {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

fn broken(error: impl ToString) -> Asking {
    Asking::Broken(error.to_string())
}

/// What moves the connection's bytes; it ends with the connection.
type Moving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An answer whose head is there.
pub(super) struct Answer {
    response: Response<Incoming>,
    /// `None` once it has ended.
    moving: Option<Moving>,
    /// The connection stays open as long as it is there.
    _sender: SendRequest<Full<Bytes>>,
}

impl Answer {
    /// Sends a request.
    pub(super) async fn to(request: Request<Full<Bytes>>, wire: Box<dyn Wire>) -> Result<Self, Asking> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await.map_err(broken)?;
        // What goes wrong with it shows at the answer.
        let mut moving: Option<Moving> = Some(Box::pin(async { drop(connection.with_upgrades().await) }));
        let answering = sender.send_request(request);
        tokio::pin!(answering);
        let response = loop {
            tokio::select! {
                response = &mut answering => break response.map_err(broken)?,
                () = moved(&mut moving) => moving = None,
            }
        };

        Ok(Self {
            response,
            moving,
            _sender: sender,
        })
    }

    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The connection, which speaks another protocol from here on.
    pub(super) async fn upgraded(mut self) -> Result<Box<dyn Wire>, Asking> {
        let upgrading = hyper::upgrade::on(&mut self.response);
        tokio::pin!(upgrading);
        loop {
            tokio::select! {
                upgraded = &mut upgrading => return Ok(Box::new(TokioIo::new(upgraded.map_err(broken)?))),
                () = moved(&mut self.moving) => self.moving = None,
            }
        }
    }

    /// The next piece; `None` behind the last.
    pub(super) async fn next_piece(&mut self) -> Result<Option<Bytes>, Asking> {
        loop {
            let frame = tokio::select! {
                frame = self.response.body_mut().frame() => frame,
                () = moved(&mut self.moving) => {
                    self.moving = None;
                    continue;
                }
            };
            let Some(frame) = frame else {
                return Ok(None);
            };
            if let Ok(piece) = frame.map_err(broken)?.into_data() {
                return Ok(Some(piece));
            }
        }
    }

    /// All of it.
    pub(super) async fn whole(mut self, longest: usize) -> Result<(StatusCode, Bytes), Asking> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next_piece().await? {
            if whole.len() + piece.len() > longest {
                return Err(broken("it says more than is listened to"));
            }
            whole.extend_from_slice(&piece);
        }

        Ok((self.status(), whole.into()))
    }
}

/// Waits for the connection's end, while it moves.
async fn moved(moving: &mut Option<Moving>) {
    match moving {
        Some(moving) => moving.await,
        None => std::future::pending().await,
    }
}
