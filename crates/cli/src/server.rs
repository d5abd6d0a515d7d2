//! The server, from here: questions by HTTP, WebSockets, both with the access token and through TLS.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use gateway::reach::{Address, ReachError, Roots, Wire};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use protocol::errors::Refusal;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};

/// How long the server may take to be reached, and again to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A WebSocket to the server.
pub type Socket = WebSocketStream<Box<dyn Wire>>;

/// A server, and the token to show there.
pub struct Server {
    address: Address,
    roots: Roots,
    /// None for who has yet to get one.
    token: Option<Zeroizing<String>>,
}

impl Server {
    pub fn new(address: Address, roots: Roots, token: Option<Zeroizing<String>>) -> Self {
        Self {
            address,
            roots,
            token,
        }
    }

    pub fn url(&self) -> String {
        self.address.origin()
    }

    /// Asks a question, with a body in JSON or none.
    ///
    /// # Errors
    /// The server is not reached, says no, or says what is not understood.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, Failure> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(headers) = request.headers_mut() {
            self.sign(headers)?;
            if body.is_some() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        let request = request
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|error| self.unreachable(error))?;
        let (status, answer) = timeout(PATIENCE, self.exchange(request))
            .await
            .map_err(|_| self.unreachable("it does not answer"))??;
        if status == StatusCode::OK {
            return serde_json::from_slice(&answer).map_err(|_| self.other_version());
        }

        Err(self.refused(status, &answer))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Failure> {
        let wire = self.connect().await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(wire))
            .await
            .map_err(|error| self.unreachable(error))?;
        let answering = async {
            let response: Response<Incoming> = sender
                .send_request(request)
                .await
                .map_err(|error| self.unreachable(error))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER)
                .collect()
                .await
                .map_err(|error| self.unreachable(error))?;

            Ok((status, body.to_bytes()))
        };
        tokio::pin!(answering);
        tokio::select! {
            answer = &mut answering => answer,
            // It ends when the answer is there, or the server has gone.
            _ = connection => answering.await,
        }
    }

    /// Opens a WebSocket.
    ///
    /// # Errors
    /// The server is not reached, or says no.
    pub async fn open(
        &self,
        path: &str,
        subprotocol: &'static str,
        limits: WebSocketConfig,
    ) -> Result<Socket, Failure> {
        let mut request = self
            .address
            .socket(path)
            .into_client_request()
            .map_err(|error| self.unreachable(error))?;
        self.sign(request.headers_mut())?;
        request
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        let opening = async {
            let wire = self.connect().await?;

            client_async_with_config(request, wire, Some(limits))
                .await
                .map_err(|error| self.not_opened(error))
        };
        let (socket, _) = timeout(PATIENCE, opening)
            .await
            .map_err(|_| self.unreachable("it does not answer"))??;

        Ok(socket)
    }

    async fn connect(&self) -> Result<Box<dyn Wire>, Failure> {
        self.address
            .connect(&self.roots)
            .await
            .map_err(|error| match error {
                ReachError::InTheOpen(_) | ReachError::NoAddress(_) | ReachError::Roots { .. } => {
                    error.into()
                }
                ReachError::Io(error) => self.unreachable(error),
                ReachError::Tls(error) => self.unreachable(error),
                ReachError::Name => self.unreachable(error),
            })
    }

    /// Who asks. The origin says that the request was meant for this server.
    fn sign(&self, headers: &mut HeaderMap) -> Result<(), Failure> {
        let origin = self.address.origin();
        if let Some(token) = &self.token {
            let bearer = Zeroizing::new(format!("Bearer {}", token.as_str()));
            let mut authorization = HeaderValue::from_str(&bearer).map_err(|_| {
                Failure::new(
                    Exit::Authentication,
                    "The access token has characters no token has: copy it again.",
                )
            })?;
            authorization.set_sensitive(true);
            headers.insert(AUTHORIZATION, authorization);
        }
        headers.insert(HOST, self.value(&self.address.authority())?);
        headers.insert(ORIGIN, self.value(&origin)?);
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("postern/", env!("CARGO_PKG_VERSION"))),
        );

        Ok(())
    }

    fn value(&self, text: &str) -> Result<HeaderValue, Failure> {
        HeaderValue::from_str(text).map_err(|error| self.unreachable(error))
    }

    fn not_opened(&self, error: tungstenite::Error) -> Failure {
        if let tungstenite::Error::Http(response) = error {
            let (parts, body) = response.into_parts();

            return self.refused(parts.status, &body.unwrap_or_default());
        }

        self.unreachable(lost(error))
    }

    fn refused(&self, status: StatusCode, answer: &[u8]) -> Failure {
        match serde_json::from_slice::<Refusal>(answer) {
            Ok(refusal) => refusal.into(),
            Err(_) if status == StatusCode::NOT_FOUND => self.other_version(),
            Err(_) => self.unreachable(format!("it answered {status}")),
        }
    }

    fn other_version(&self) -> Failure {
        Failure::new(
            Exit::Failed,
            format!(
                "{} is no Postern, or one of another version than this program, which is {}.",
                self.url(),
                env!("CARGO_PKG_VERSION")
            ),
        )
    }

    fn unreachable(&self, problem: impl std::fmt::Display) -> Failure {
        Failure::new(
            Exit::Failed,
            format!("{} cannot be reached: {problem}.", self.url()),
        )
    }
}

/// What went wrong with a socket that was open.
pub fn lost(error: tungstenite::Error) -> io::Error {
    if let tungstenite::Error::Io(error) = error {
        return error;
    }

    io::Error::other(error)
}
