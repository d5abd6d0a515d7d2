//! The server's side of the way in: TLS, startup, a password, until the client is told to go on.
//!
//! See <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>.

mod startup;

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use zeroize::Zeroize;

use crate::backend::{Authentication, CancelKey, Fields, Message, TransactionStatus};
use crate::frontend::{Opening, Password, STARTUP_LIMIT, tag};
use crate::{Header, Text, header};

pub use startup::Startup;

/// The name PostgreSQL's protocol has in TLS. Who starts with TLS at once has to say it.
pub const ALPN: &[u8] = b"postgresql";

/// The first byte of a TLS connection. No opening message begins with it: it would be too long.
const TLS_HANDSHAKE: u8 = 0x16;

/// The longest password taken. It is one of ours, and short.
const PASSWORD_LIMIT: usize = 4096;

/// Bytes of a cancel key in the newest protocol, at most.
const SECRET_LIMIT: usize = 256;

/// More than any message takes that is read here.
const ROOM: usize = 4 + STARTUP_LIMIT;

const PROTOCOL_VIOLATION: &str = "08P01";

/// Whether the way in can lead through TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    Offered,
    NotOffered,
}

/// What the client has made known; the caller acts on it, then goes on.
#[derive(Debug)]
pub enum Event {
    /// Send what is to be sent, make TLS on the connection, then call [`Reception::secured`].
    StartTls {
        /// The beginning of TLS, read already.
        read: Bytes,
    },
    /// Another connection's statement is to be cancelled. Close without an answer.
    Cancel(CancelKey),
    /// Somebody wants in: ask for a password, welcome or refuse.
    Startup(Startup),
    /// What was asked for; welcome or refuse.
    Password(Password),
}

/// Why the client is not let in. [`Refusal::encode`] is its last word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sqlstate}: {message}")]
pub struct Refusal {
    pub sqlstate: Cow<'static, str>,
    pub message: String,
}

/// A connection on its way in.
///
/// Read into [`Reception::space`], say how much with [`Reception::filled`], then ask for events until there are none;
/// what they append to `out` is to be sent before anything else is read.
pub struct Reception {
    tls: Tls,
    step: Step,
    is_secure: bool,
    /// TLS came without being asked for.
    is_direct: bool,
    has_asked_gss: bool,
    has_asked_tls: bool,
    minor: u16,
    /// Of a fixed size, so that a password is nowhere else; wiped when dropped.
    buffer: Box<[u8]>,
    n_filled: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Opening,
    /// The caller makes TLS.
    Securing,
    /// The caller decides.
    Deciding,
    /// A password was asked for.
    Password,
}

impl Reception {
    pub fn new(tls: Tls) -> Self {
        Self {
            tls,
            step: Step::Opening,
            is_secure: false,
            is_direct: false,
            has_asked_gss: false,
            has_asked_tls: false,
            minor: 0,
            buffer: vec![0; ROOM].into(),
            n_filled: 0,
        }
    }

    /// Where to read to. Never empty while an event may come.
    pub fn space(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.n_filled..).unwrap_or_default()
    }

    /// So many bytes were read.
    pub fn filled(&mut self, n_bytes: usize) {
        self.n_filled = self.n_filled.saturating_add(n_bytes).min(self.buffer.len());
    }

    /// Whether the client has reached us through TLS.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// What follows from what was read; `None` when more is needed.
    ///
    /// # Errors
    /// The client is refused: send the [`Refusal`] and close.
    pub fn poll_event(&mut self, out: &mut BytesMut) -> Result<Option<Event>, Refusal> {
        match self.step {
            Step::Opening => self.opening(out),
            Step::Password => self.password(),
            Step::Securing | Step::Deciding => Ok(None),
        }
    }

    /// TLS is made, with this protocol agreed on.
    pub fn secured(&mut self, alpn: Option<&[u8]>) -> Result<(), Refusal> {
        match alpn {
            Some(ALPN) => (),
            None if !self.is_direct => (),
            Some(_) | None => {
                return Err(violation("the client does not ask for postgresql by ALPN"));
            }
        }
        self.is_secure = true;
        self.step = Step::Opening;

        Ok(())
    }

    /// Asks for a password in clear text: only where nobody can listen.
    pub fn ask_password(&mut self, out: &mut BytesMut) {
        Message::Authentication(Authentication::CleartextPassword).encode(out);
        self.step = Step::Password;
    }

    /// Lets the client in: what it is told about the session, in this order.
    pub fn welcome(
        &mut self,
        parameters: &[(Text, Text)],
        key: Option<&CancelKey>,
        notices: &[Fields],
        status: TransactionStatus,
        out: &mut BytesMut,
    ) {
        Message::Authentication(Authentication::Ok).encode(out);
        for (name, value) in parameters {
            let (name, value) = (name.clone(), value.clone());
            Message::ParameterStatus { name, value }.encode(out);
        }
        if let Some(key) = key {
            Message::BackendKeyData(key.clone()).encode(out);
        }
        for notice in notices {
            Message::NoticeResponse(notice.clone()).encode(out);
        }
        Message::ReadyForQuery(status).encode(out);
        self.step = Step::Deciding;
    }

    /// What the client has sent ahead: the session's first bytes.
    pub fn into_rest(self) -> BytesMut {
        BytesMut::from(self.read())
    }

    /// Bytes a cancel key may have that this client can keep: 4, or more for one that speaks protocol 3.2.
    pub fn secret_limit(&self) -> usize {
        if self.minor >= 2 { SECRET_LIMIT } else { 4 }
    }

    fn opening(&mut self, out: &mut BytesMut) -> Result<Option<Event>, Refusal> {
        loop {
            if self.read().first() == Some(&TLS_HANDSHAKE) && !self.is_secure && !self.has_asked_tls {
                return self.direct_tls().map(Some);
            }
            let Some(message) = self.whole_opening() else {
                return Ok(None);
            };
            let mut bytes = BytesMut::from(message);
            let before = bytes.len();
            let Some(opening) = Opening::decode(&mut bytes).map_err(|_| unreadable())? else {
                return Ok(None);
            };
            self.consume(before - bytes.len());
            match opening {
                Opening::GssEncRequest => {
                    if std::mem::replace(&mut self.has_asked_gss, true) {
                        return Err(violation("GSSAPI encryption was asked for twice"));
                    }
                    self.check_nothing_ahead("GSSAPI encryption")?;
                    out.extend_from_slice(b"N");
                }
                Opening::SslRequest => {
                    if std::mem::replace(&mut self.has_asked_tls, true) || self.is_secure {
                        return Err(violation("TLS was asked for twice"));
                    }
                    self.check_nothing_ahead("TLS")?;
                    if self.tls == Tls::Offered {
                        out.extend_from_slice(b"S");
                        self.step = Step::Securing;
                        return Ok(Some(Event::StartTls { read: Bytes::new() }));
                    }
                    out.extend_from_slice(b"N");
                }
                Opening::Cancel(key) => {
                    if key.secret.len() > SECRET_LIMIT {
                        return Err(unreadable());
                    }
                    self.step = Step::Deciding;
                    return Ok(Some(Event::Cancel(key)));
                }
                Opening::Startup {
                    major,
                    minor,
                    parameters,
                } => {
                    self.step = Step::Deciding;
                    let startup = Startup::new(major, minor, parameters, out)?;
                    self.minor = startup.minor;
                    return Ok(Some(Event::Startup(startup)));
                }
            }
        }
    }

    /// The first message, or what cannot be one; `None` while more of it is to come. What is behind it, a password sent
    /// ahead, is nobody's to copy.
    fn whole_opening(&self) -> Option<&[u8]> {
        let read = self.read();
        let len = u32::from_be_bytes(*read.first_chunk()?);
        match usize::try_from(len) {
            Ok(len @ 4..=ROOM) => read.get(..len),
            Ok(_) | Err(_) => read.get(..4),
        }
    }

    fn direct_tls(&mut self) -> Result<Event, Refusal> {
        if self.tls == Tls::NotOffered {
            return Err(violation("TLS is not available here"));
        }
        let read = Bytes::copy_from_slice(self.read());
        self.consume(read.len());
        self.is_direct = true;
        self.has_asked_tls = true;
        self.step = Step::Securing;

        Ok(Event::StartTls { read })
    }

    /// What was sent before our answer was not sent by who waits for it: a man in the middle may have put it there, for us
    /// to take it for what comes through TLS.
    fn check_nothing_ahead(&self, asked: &str) -> Result<(), Refusal> {
        if self.n_filled == 0 {
            return Ok(());
        }
        Err(Refusal {
            sqlstate: PROTOCOL_VIOLATION.into(),
            message: format!("received unencrypted data after a request for {asked}"),
        })
    }

    fn password(&mut self) -> Result<Option<Event>, Refusal> {
        let Some(Header { tag, body }) = Header::peek(self.read()).map_err(|_| unreadable())? else {
            return Ok(None);
        };
        if tag != tag::PASSWORD {
            return Err(violation("expected a password"));
        }
        if body > PASSWORD_LIMIT {
            return Err(Refusal {
                sqlstate: "28P01".into(),
                message: "the password is too long".to_owned(),
            });
        }
        let Some(message) = self.read().get(header::LEN..header::LEN + body) else {
            return Ok(None);
        };
        let password = match message.split_last() {
            Some((0, password)) if !password.contains(&0) => Password::new(password),
            _ => return Err(unreadable()),
        };
        self.consume(header::LEN + body);
        self.step = Step::Deciding;

        Ok(Some(Event::Password(password)))
    }

    fn read(&self) -> &[u8] {
        self.buffer.get(..self.n_filled).unwrap_or_default()
    }

    /// Takes bytes off the front, and wipes where they were.
    fn consume(&mut self, n_bytes: usize) {
        let n_left = self.n_filled.saturating_sub(n_bytes);
        self.buffer.copy_within(self.n_filled - n_left..self.n_filled, 0);
        if let Some(freed) = self.buffer.get_mut(n_left..self.n_filled) {
            freed.zeroize();
        }
        self.n_filled = n_left;
    }
}

impl Drop for Reception {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

impl Refusal {
    pub fn new(sqlstate: &'static str, message: impl Into<String>) -> Self {
        Self {
            sqlstate: sqlstate.into(),
            message: message.into(),
        }
    }

    /// Appends the message that tells the client.
    pub fn encode(&self, out: &mut BytesMut) {
        Message::ErrorResponse(Fields::new("FATAL", &self.sqlstate, &self.message)).encode(out);
    }
}

fn violation(message: &str) -> Refusal {
    Refusal::new(PROTOCOL_VIOLATION, message)
}

fn unreadable() -> Refusal {
    violation("the client does not speak PostgreSQL's protocol")
}

#[cfg(test)]
mod tests;
