//! The client's way in: TLS request, startup, authentication, until the server is ready for a query.
//!
//! See <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>.

mod scram;

use bytes::{Bytes, BytesMut};
use postgres_protocol::authentication::md5_hash;

pub use scram::{MAX_ITERATIONS, MIN_ITERATIONS};

use crate::backend::{Authentication, CancelKey, Fields, Message, TransactionStatus};
use crate::frontend::{self, Opening, Password};
use crate::{Malformed, Text};
use scram::Scram;

/// ParameterStatus and NoticeResponse messages a server may send before it is ready.
const MAX_REPORTS: usize = 1_000;

/// Whom to become, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// Never empty: PostgreSQL would take the empty name for an error, a pooler perhaps for a default.
    pub user: Text,
    /// Never empty: PostgreSQL would take the user's name for it.
    pub database: Text,
    pub application_name: Text,
    /// Further parameters of the startup message, `options` or settings by name.
    pub options: Vec<(Text, Text)>,
}

/// What protects the connection, as far as authentication cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    Plain,
    Tls {
        /// The certificate was verified: the server is who the record says.
        verified: bool,
        /// `tls-server-end-point` of RFC 5929: the hash of the server's certificate, when there is one.
        end_point: Option<Vec<u8>>,
    },
}

impl Channel {
    /// Whether nobody can sit in the middle.
    fn is_verified(&self) -> bool {
        matches!(self, Self::Tls { verified: true, .. })
    }
}

/// How the server let us in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// No password was asked for: trust, peer, or a client certificate.
    None,
    Cleartext,
    Md5,
    ScramSha256,
    /// SCRAM bound to this TLS connection: nobody sits in the middle.
    ScramSha256Plus,
}

/// The server's answer to an SSLRequest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsAnswer {
    Willing,
    Unwilling,
}

/// A session that is ready for its first query.
#[derive(Debug, Clone)]
pub struct Established {
    pub method: Method,
    /// In the order reported.
    pub parameters: Vec<(Text, Text)>,
    /// Missing behind some poolers.
    pub cancel_key: Option<CancelKey>,
    pub notices: Vec<Fields>,
    pub status: TransactionStatus,
}

/// Why a server did not become ready.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// The server's own words.
    #[error("server answered {}: {}", .0.code(), .0.message())]
    Server(Fields),
    #[error("server asks for a password and there is none")]
    PasswordMissing,
    #[error("server asks for the password in clear text on a connection that is not verified TLS")]
    CleartextRefused,
    /// Who sits in the middle could ask for it in the place of SCRAM, and guess the password from the answer.
    #[error("server asks for an MD5 hash of the password on a connection that is not verified TLS")]
    Md5Refused,
    /// The same, with SCRAM made weak.
    #[error(
        "server asks for {0} SCRAM iterations, fewer than {MIN_ITERATIONS}, on a connection that is not verified TLS"
    )]
    WeakScramRefused(u64),
    #[error("server asks for {0}, which is not supported")]
    Unsupported(&'static str),
    /// The SCRAM exchange is wrong in a way a true server's never is.
    #[error("server does not prove that it knows the password: {0}")]
    ServerNotProven(&'static str),
    #[error("server asks for {0} SCRAM iterations, more than {MAX_ITERATIONS}")]
    Iterations(u64),
    #[error("unexpected message during startup: {0}")]
    Unexpected(&'static str),
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// The startup and authentication of one connection.
///
/// Feed it every message of the server until [`Handshake::handle`] gives [`Established`]; what it appends to
/// `out` is to be sent. After an error the connection is of no use.
pub struct Handshake {
    user: Text,
    password: Option<Password>,
    channel: Channel,
    step: Step,
    established: Established,
}

enum Step {
    /// Startup is sent; nothing was asked yet.
    Start,
    /// The password is sent.
    Answered(Method),
    Scram(Box<Scram>),
    /// The server has proven itself; AuthenticationOk must follow.
    Proven(Method),
    Authenticated,
}

/// The message that asks for TLS. Read exactly one byte after it, and give that to [`tls_answer`].
pub fn tls_request() -> Bytes {
    Opening::SslRequest.to_bytes()
}

/// Reads the answer to [`tls_request`].
///
/// More than one byte is refused: what came before the encryption must never be read as if protected
/// (CVE-2021-23222). So is an ErrorResponse, for nobody has vouched for its words (CVE-2024-10977).
pub fn tls_answer(bytes: &[u8]) -> Result<TlsAnswer, HandshakeError> {
    match bytes {
        b"S" => Ok(TlsAnswer::Willing),
        b"N" => Ok(TlsAnswer::Unwilling),
        [_] => Err(HandshakeError::Unexpected("answer to SSLRequest")),
        _ => Err(HandshakeError::Unexpected("bytes after the answer to SSLRequest")),
    }
}

impl Handshake {
    /// Appends the StartupMessage to `out` and waits for the server.
    pub fn start(login: &Login, password: Option<Password>, channel: Channel, out: &mut BytesMut) -> Self {
        let own = [
            ("user", &login.user),
            ("database", &login.database),
            ("application_name", &login.application_name),
            ("client_encoding", &Text::from("UTF8")),
        ];
        let mut parameters: Vec<(Text, Text)> = own
            .into_iter()
            .map(|(name, value)| (Text::from(name), value.clone()))
            .collect();
        parameters.extend(login.options.iter().cloned());
        Opening::Startup {
            major: 3,
            minor: 0,
            parameters,
        }
        .encode(out);

        Self {
            user: login.user.clone(),
            password,
            channel,
            step: Step::Start,
            established: Established {
                method: Method::None,
                parameters: Vec::new(),
                cancel_key: None,
                notices: Vec::new(),
                status: TransactionStatus::Idle,
            },
        }
    }

    /// Takes the server's next message; gives the session once the server is ready.
    pub fn handle(
        &mut self,
        message: Message,
        out: &mut BytesMut,
    ) -> Result<Option<Established>, HandshakeError> {
        match message {
            Message::Authentication(request) => self.authenticate(request, out)?,
            Message::ErrorResponse(fields) => return Err(HandshakeError::Server(fields)),
            Message::NoticeResponse(fields) => {
                room(self.established.notices.len())?;
                self.established.notices.push(fields);
            }
            Message::ParameterStatus { name, value } => {
                self.need_authenticated("ParameterStatus")?;
                room(self.established.parameters.len())?;
                self.established.parameters.push((name, value));
            }
            Message::BackendKeyData(key) => {
                self.need_authenticated("BackendKeyData")?;
                self.established.cancel_key = Some(key);
            }
            Message::ReadyForQuery(status) => {
                self.need_authenticated("ReadyForQuery")?;
                self.established.status = status;
                return Ok(Some(self.established.clone()));
            }
            Message::NegotiateProtocolVersion { .. } => {
                return Err(HandshakeError::Unexpected("NegotiateProtocolVersion"));
            }
            Message::BindComplete
            | Message::CloseComplete
            | Message::CommandComplete { .. }
            | Message::CopyBothResponse(_)
            | Message::CopyData(_)
            | Message::CopyDone
            | Message::CopyInResponse(_)
            | Message::CopyOutResponse(_)
            | Message::DataRow(_)
            | Message::EmptyQueryResponse
            | Message::FunctionCallResponse(_)
            | Message::NoData
            | Message::NotificationResponse { .. }
            | Message::ParameterDescription(_)
            | Message::ParseComplete
            | Message::PortalSuspended
            | Message::RowDescription(_) => {
                return Err(HandshakeError::Unexpected("message of a running session"));
            }
        }
        Ok(None)
    }

    fn authenticate(&mut self, request: Authentication, out: &mut BytesMut) -> Result<(), HandshakeError> {
        let step = std::mem::replace(&mut self.step, Step::Start);
        self.step = match (step, request) {
            (Step::Start, Authentication::Ok) => self.let_in(Method::None),
            (Step::Answered(method) | Step::Proven(method), Authentication::Ok) => self.let_in(method),
            (Step::Start, Authentication::CleartextPassword) => self.cleartext(out)?,
            (Step::Start, Authentication::Md5Password { salt }) => self.md5(salt, out)?,
            (Step::Start, Authentication::Sasl { mechanisms }) => {
                let password = self.password.take().ok_or(HandshakeError::PasswordMissing)?;
                Step::Scram(Box::new(Scram::start(
                    &password,
                    &self.channel,
                    &mechanisms,
                    out,
                )?))
            }
            (Step::Scram(mut scram), Authentication::SaslContinue(data)) => {
                scram.respond(&data, out)?;
                Step::Scram(scram)
            }
            (Step::Scram(scram), Authentication::SaslFinal(data)) => Step::Proven(scram.finish(&data)?),
            (Step::Scram(_), Authentication::Ok) => {
                return Err(HandshakeError::ServerNotProven("it skipped its signature"));
            }
            (Step::Start, Authentication::Other { code, .. }) => {
                return Err(HandshakeError::Unsupported(method_name(code)));
            }
            (
                Step::Start | Step::Answered(_) | Step::Scram(_) | Step::Proven(_) | Step::Authenticated,
                Authentication::Ok
                | Authentication::CleartextPassword
                | Authentication::Md5Password { .. }
                | Authentication::Sasl { .. }
                | Authentication::SaslContinue(_)
                | Authentication::SaslFinal(_)
                | Authentication::Other { .. },
            ) => return Err(HandshakeError::Unexpected("authentication request out of order")),
        };
        Ok(())
    }

    fn let_in(&mut self, method: Method) -> Step {
        self.password = None;
        self.established.method = method;
        Step::Authenticated
    }

    fn cleartext(&mut self, out: &mut BytesMut) -> Result<Step, HandshakeError> {
        if !self.channel.is_verified() {
            return Err(HandshakeError::CleartextRefused);
        }
        let password = self.password.take().ok_or(HandshakeError::PasswordMissing)?;
        answer(password.expose(), out);

        Ok(Step::Answered(Method::Cleartext))
    }

    fn md5(&mut self, salt: [u8; 4], out: &mut BytesMut) -> Result<Step, HandshakeError> {
        if !self.channel.is_verified() {
            return Err(HandshakeError::Md5Refused);
        }
        let password = self.password.take().ok_or(HandshakeError::PasswordMissing)?;
        answer(
            md5_hash(self.user.as_bytes(), password.expose(), salt).as_bytes(),
            out,
        );

        Ok(Step::Answered(Method::Md5))
    }

    fn need_authenticated(&self, message: &'static str) -> Result<(), HandshakeError> {
        match self.step {
            Step::Authenticated => Ok(()),
            Step::Start | Step::Answered(_) | Step::Scram(_) | Step::Proven(_) => {
                Err(HandshakeError::Unexpected(message))
            }
        }
    }
}

/// Sends a password or its hash, with the NUL that ends it.
fn answer(password: &[u8], out: &mut BytesMut) {
    let mut body = Vec::with_capacity(password.len() + 1);
    body.extend_from_slice(password);
    body.push(0);
    frontend::Message::Password(Password::owned(body)).encode(out);
}

fn room(n_reports: usize) -> Result<(), HandshakeError> {
    if n_reports < MAX_REPORTS {
        Ok(())
    } else {
        Err(HandshakeError::Unexpected("endless reports"))
    }
}

fn method_name(code: i32) -> &'static str {
    match code {
        2 => "Kerberos V5",
        7 | 8 => "GSSAPI",
        9 => "SSPI",
        _ => "an unknown authentication method",
    }
}

#[cfg(test)]
mod tests;
