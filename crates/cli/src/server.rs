//! The server, from here: questions by HTTP, WebSockets, both with the access token and through TLS.

mod answer;

use std::io;
use std::time::Duration;

use bytes::Bytes;
use gateway::reach::{Address, ReachError, Roots, Wire};
use gateway::streams::READ_BUFFER;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE, USER_AGENT,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use protocol::errors::Refusal;
use rustls::CertificateError as Wrong;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use zeroize::Zeroizing;

use self::answer::{Answer, Asking};
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
        self.ask_within(PATIENCE, method, path, body.map(Bytes::from))
            .await
    }

    /// The same where the server may have to work for the answer.
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
        let asking = async { self.put(method, path, body).await?.whole(MAX_ANSWER).await };
        let (status, answer) = self.within(patience, asking).await?;
        if status == StatusCode::OK {
            return serde_json::from_slice(&answer).map_err(|_| self.other_version());
        }

        Err(self.refused(status, &answer))
    }

    /// Fetches what is no JSON, of at most `longest` bytes.
    ///
    /// # Errors
    /// The server is not reached, says no, or says more.
    pub async fn fetch(&self, path: &str, longest: usize) -> Result<Bytes, Failure> {
        let asking = async { self.put(Method::GET, path, None).await?.whole(longest).await };
        let (status, answer) = self.within(PATIENCE, asking).await?;
        if status == StatusCode::OK {
            return Ok(answer);
        }

        Err(self.refused(status, &answer))
    }

    /// Begins to fetch what may have any length.
    ///
    /// # Errors
    /// The server is not reached, or says no.
    pub async fn download(&self, path: &str) -> Result<Download<'_>, Failure> {
        let beginning = async {
            let answer = self.put(Method::GET, path, None).await?;
            if answer.status() == StatusCode::OK {
                return Ok(Ok(answer));
            }

            answer.whole(MAX_ANSWER).await.map(Err)
        };
        match self.within(PATIENCE, beginning).await? {
            Ok(answer) => Ok(Download { server: self, answer }),
            Err((status, answer)) => Err(self.refused(status, &answer)),
        }
    }

    async fn within<T>(
        &self,
        patience: Duration,
        asking: impl Future<Output = Result<T, Asking>>,
    ) -> Result<T, Failure> {
        match timeout(patience, asking).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(Asking::Failed(failure))) => Err(failure),
            Ok(Err(Asking::Broken(problem))) => Err(self.unreachable(problem)),
            Err(_) => Err(self.unreachable("it does not answer")),
        }
    }

    /// Sends a question; the answer has begun.
    async fn put(&self, method: Method, path: &str, body: Option<Bytes>) -> Result<Answer, Asking> {
        let mut request = self.request(method, path)?;
        if let Some(body) = body {
            request
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Full::new(body);
        }

        Answer::to(request, self.connect().await?).await
    }

    /// A question in the name of the token, with nothing in it.
    fn request(&self, method: Method, path: &str) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .body(Full::default())
            .map_err(|error| self.unreachable(error))?;
        self.sign(request.headers_mut())?;

        Ok(request)
    }

    /// Opens a WebSocket that takes messages of `longest` bytes.
    ///
    /// # Errors
    /// The server is not reached, or says no.
    pub async fn open(
        &self,
        path: &str,
        subprotocol: &'static str,
        longest: usize,
    ) -> Result<Socket, Failure> {
        let limits = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(longest))
            .max_frame_size(Some(longest));
        let key = generate_key();
        let opening = async {
            let mut request = self.request(Method::GET, path)?;
            self.ask_for_a_socket(request.headers_mut(), &key, subprotocol)?;
            let answer = Answer::to(request, self.connect().await?).await?;
            if answer.status() == StatusCode::SWITCHING_PROTOCOLS
                && is_socket(answer.headers(), &key, subprotocol)
            {
                return answer.upgraded().await.map(Ok);
            }

            answer.whole(MAX_ANSWER).await.map(Err)
        };
        match self.within(PATIENCE, opening).await? {
            Ok(wire) => Ok(WebSocketStream::from_raw_socket(wire, Role::Client, Some(limits)).await),
            Err((status, answer)) => Err(self.refused(status, &answer)),
        }
    }

    /// See <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>.
    fn ask_for_a_socket(
        &self,
        headers: &mut HeaderMap,
        key: &str,
        subprotocol: &'static str,
    ) -> Result<(), Failure> {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(SEC_WEBSOCKET_KEY, self.value(key)?);
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));

        Ok(())
    }

    async fn connect(&self) -> Result<Box<dyn Wire>, Failure> {
        let connected = self.address.connect(&self.roots).await;

        connected.map_err(|error| match error {
            ReachError::InTheOpen(host) => Failure::new(
                Exit::Usage,
                format!(
                    "The access token would be sent to {host} where others can read it: use https, or http on this machine \
                     only."
                ),
            ),
            ReachError::Io(error) => self.not_believed(&error),
            ReachError::Tls(error) => self.unreachable(error),
            ReachError::NoAddress(_) | ReachError::Roots { .. } | ReachError::Name => self.unreachable(error),
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

    /// Why there is no TLS with it.
    fn not_believed(&self, error: &io::Error) -> Failure {
        let inner = error.get_ref().and_then(|error| error.downcast_ref());
        let Some(rustls::Error::InvalidCertificate(problem)) = inner else {
            return self.unreachable(error);
        };
        let is_foreign = matches!(problem, Wrong::UnknownIssuer | Wrong::BadSignature);
        let has_expired = matches!(problem, Wrong::Expired | Wrong::ExpiredContext { .. });
        let is_of_another = matches!(
            problem,
            Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }
        );
        let problem = if is_foreign {
            "its certificate is signed by nobody who is trusted here. If that is an authority of your own, name its \
             certificate with POSTERN_CA_FILE"
                .to_owned()
        } else if has_expired {
            "its certificate has expired".to_owned()
        } else if is_of_another {
            "its certificate is for another name".to_owned()
        } else {
            format!("its certificate is not good: {problem}")
        };

        Failure::new(
            Exit::Failed,
            format!(
                "{} is not believed, and nothing was sent there: {problem}.",
                self.url()
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

/// Whether a server that switches protocols switches to the one that is meant, and has understood the question.
fn is_socket(headers: &HeaderMap, key: &str, subprotocol: &str) -> bool {
    let says = |name, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);

    says(SEC_WEBSOCKET_ACCEPT, &derive_accept_key(key.as_bytes()))
        && says(SEC_WEBSOCKET_PROTOCOL, subprotocol)
}

/// An answer that comes piece by piece.
pub struct Download<'a> {
    server: &'a Server,
    answer: Answer,
}

impl Download<'_> {
    /// The next piece; `None` behind the last.
    ///
    /// # Errors
    /// It breaks off, or nothing comes for too long.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, Failure> {
        let Self { server, answer } = self;

        server.within(PATIENCE, answer.next_piece()).await
    }
}
