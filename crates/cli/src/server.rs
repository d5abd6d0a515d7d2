//! The server, from here: questions by HTTP, WebSockets, both with the access token and through TLS.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use protocol::errors::Refusal;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
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

/// Where a server is: `https://host`, or `http://` on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    is_tls: bool,
}

impl Address {
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || {
            Failure::new(
                Exit::Usage,
                format!("\"{text}\" is no address of a server, such as https://postern.example.org."),
            )
        };
        let uri: Uri = text.trim().parse().map_err(|_| wrong())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(wrong()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let has_more = uri.path() != "/"
            || uri.query().is_some()
            || uri.authority().is_some_and(|a| a.as_str().contains('@'));
        if has_more {
            return Err(wrong());
        }

        Ok(Self {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            is_tls,
        })
    }

    /// As the server writes it: without the port where there is no need of one.
    pub fn origin(&self) -> String {
        let Self { host, port, is_tls } = self;
        match (is_tls, port) {
            (true, 443) => format!("https://{host}"),
            (false, 80) => format!("http://{host}"),
            (true, port) => format!("https://{host}:{port}"),
            (false, port) => format!("http://{host}:{port}"),
        }
    }

    /// The host for names and sockets: an IPv6 address without its brackets.
    fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// Whose certificates are trusted.
#[derive(Clone)]
pub struct Roots(Arc<RootCertStore>);

impl Roots {
    /// Those of a file, or the operating system's.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        let Some(file) = file else {
            // Where there are none no server is trusted, and says so.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(Self(Arc::new(roots)));
        };
        let wrong = |problem: String| {
            Failure::new(
                Exit::Usage,
                format!(
                    "{}: no certificates can be read from it: {problem}.",
                    file.display()
                ),
            )
        };
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(wrong("it holds none".to_owned()));
        }

        Ok(Self(Arc::new(roots)))
    }
}

/// A byte stream to the server, TLS or not.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

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
        self.ask_within(PATIENCE, method, path, body.map(Bytes::from))
            .await
    }

    /// The same where the server has much to do before it answers.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn ask_within<T: DeserializeOwned>(
        &self,
        patience: Duration,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<T, Failure> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(headers) = request.headers_mut() {
            self.sign(headers)?;
            if body.is_some() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
        }
        let request = request
            .body(Full::new(body.unwrap_or_default()))
            .map_err(|error| self.unreachable(error))?;
        let (status, answer) = timeout(patience, self.exchange(request))
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
        let scheme = if self.address.is_tls { "wss" } else { "ws" };
        let Address { host, port, .. } = &self.address;
        let mut request = format!("{scheme}://{host}:{port}{path}")
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
        let (host, port) = (self.address.bare_host(), self.address.port);
        let stream = TcpStream::connect((host, port))
            .await
            .map_err(|error| self.unreachable(error))?;
        // Messages are small and answers are waited for.
        stream
            .set_nodelay(true)
            .map_err(|error| self.unreachable(error))?;
        if !self.address.is_tls {
            let peer = stream.peer_addr().map_err(|error| self.unreachable(error))?;
            if !peer.ip().to_canonical().is_loopback() {
                return Err(Failure::new(
                    Exit::Usage,
                    format!(
                        "The access token would be sent to {host} where others can read it: use https, or http on this \
                         machine only."
                    ),
                ));
            }
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|error| self.unreachable(error))?;
        let secure = TlsConnector::from(Arc::new(self.rules()?))
            .connect(name, stream)
            .await
            .map_err(|error| self.unreachable(error))?;

        Ok(Box::new(secure))
    }

    fn rules(&self) -> Result<ClientConfig, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| self.unreachable(error))?;

        Ok(builder
            .with_root_certificates(Arc::clone(&self.roots.0))
            .with_no_client_auth())
    }

    /// Who asks. The origin says that the request was meant for this server.
    fn sign(&self, headers: &mut HeaderMap) -> Result<(), Failure> {
        let Address { host, port, .. } = &self.address;
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
        headers.insert(HOST, self.value(&format!("{host}:{port}"))?);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_browsers_write_an_origin() {
        for (given, origin) in [
            ("https://postern.example.org", "https://postern.example.org"),
            ("https://postern.example.org:443/", "https://postern.example.org"),
            ("http://localhost:7480", "http://localhost:7480"),
            ("http://[::1]:7480", "http://[::1]:7480"),
            (
                " https://postern.example.org:8443 ",
                "https://postern.example.org:8443",
            ),
        ] {
            assert_eq!(Address::parse(given).unwrap().origin(), origin, "{given}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_told() {
        for given in [
            "",
            "postern.example.org",
            "ftp://postern.example.org",
            "https://postern.example.org/vault",
            "https://postern.example.org?x",
            "https://me@postern.example.org",
            "https://",
        ] {
            let failure = Address::parse(given).unwrap_err();

            assert_eq!(failure.exit, Exit::Usage, "{given}");
        }
    }
}
