//! SCRAM-SHA-256 and -PLUS, the client's side, over `postgres-protocol`'s sums.
//!
//! See RFC 5802, RFC 7677 and <https://www.postgresql.org/docs/current/sasl-authentication.html>.

use bytes::{BufMut, BytesMut};
use postgres_protocol::authentication::sasl::{
    ChannelBinding, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramSha256,
};

use super::{Channel, HandshakeError, Method};
use crate::Text;
use crate::frontend::{self, Password};
use crate::wire::put_value;

/// The fewest key-stretching rounds answered where nobody has verified who asks: PostgreSQL's default. With fewer, who
/// sits in the middle could guess the password from our proof.
pub const MIN_ITERATIONS: u64 = 4_096;

/// The most key-stretching rounds a server may ask for; PostgreSQL's default is 4,096. More would let a
/// hostile server keep our processor busy.
pub const MAX_ITERATIONS: u64 = 100_000;

/// Bytes of SASL data a server may send at once.
const MAX_DATA: usize = 4_096;

/// A SCRAM exchange whose first message is sent.
pub(super) struct Scram {
    exchange: ScramSha256,
    method: Method,
    /// The fewest rounds that are answered.
    least: u64,
    responded: bool,
}

impl Scram {
    /// Picks the strongest mechanism offered and appends SASLInitialResponse to `out`.
    pub(super) fn start(
        password: &Password,
        channel: &Channel,
        mechanisms: &[Text],
        out: &mut BytesMut,
    ) -> Result<Self, HandshakeError> {
        let offers = |name: &str| mechanisms.iter().any(|mechanism| *mechanism == *name);
        let (name, binding, method) = match channel {
            Channel::Tls {
                end_point: Some(hash),
                ..
            } if offers(SCRAM_SHA_256_PLUS) => {
                let binding = ChannelBinding::tls_server_end_point(hash.clone());
                (SCRAM_SHA_256_PLUS, binding, Method::ScramSha256Plus)
            }
            // Says that we could have bound the channel: a server that offered it to us and sees this
            // knows that somebody in the middle took the offer away.
            Channel::Tls {
                end_point: Some(_), ..
            } if offers(SCRAM_SHA_256) => (SCRAM_SHA_256, ChannelBinding::unrequested(), Method::ScramSha256),
            Channel::Tls { .. } | Channel::Plain if offers(SCRAM_SHA_256) => {
                (SCRAM_SHA_256, ChannelBinding::unsupported(), Method::ScramSha256)
            }
            Channel::Tls { .. } | Channel::Plain => {
                return Err(HandshakeError::Unsupported(
                    "a SASL mechanism other than SCRAM-SHA-256",
                ));
            }
        };
        let exchange = ScramSha256::new(password.expose(), binding);
        let mut body = BytesMut::new();
        body.put_slice(name.as_bytes());
        body.put_u8(0);
        put_value(&mut body, Some(exchange.message()));
        frontend::Message::Password(Password::new(&body)).encode(out);

        Ok(Self {
            exchange,
            method,
            least: if channel.is_verified() { 1 } else { MIN_ITERATIONS },
            responded: false,
        })
    }

    /// Takes the server's first message and appends our proof to `out`.
    pub(super) fn respond(&mut self, data: &[u8], out: &mut BytesMut) -> Result<(), HandshakeError> {
        if self.responded || data.len() > MAX_DATA {
            return Err(HandshakeError::Unexpected("SASL data"));
        }
        check_iterations(data, self.least)?;
        self.exchange
            .update(data)
            .map_err(|_| HandshakeError::ServerNotProven("its first SCRAM message is wrong"))?;
        self.responded = true;
        frontend::Message::Password(Password::new(self.exchange.message())).encode(out);

        Ok(())
    }

    /// Verifies the server's signature: only who knows the password's verifier can make it.
    pub(super) fn finish(mut self, data: &[u8]) -> Result<Method, HandshakeError> {
        if !self.responded || data.len() > MAX_DATA {
            return Err(HandshakeError::Unexpected("SASL data"));
        }
        self.exchange
            .finish(data)
            .map_err(|_| HandshakeError::ServerNotProven("its signature is wrong"))?;

        Ok(self.method)
    }
}

/// Reads `i=` of `r=…,s=…,i=…` before any round is run. What is not of that shape is left to the parser.
fn check_iterations(data: &[u8], least: u64) -> Result<(), HandshakeError> {
    let count = data
        .split(|&byte| byte == b',')
        .find_map(|part| part.strip_prefix(b"i="));
    let count = count
        .and_then(|count| std::str::from_utf8(count).ok())
        .unwrap_or_default();
    match count.parse() {
        Ok(count) if (least..=MAX_ITERATIONS).contains(&count) => Ok(()),
        Ok(count @ 1..=MAX_ITERATIONS) => Err(HandshakeError::WeakScramRefused(count)),
        Ok(count) => Err(HandshakeError::Iterations(count)),
        Err(_) => Err(HandshakeError::ServerNotProven(
            "its SCRAM iteration count is no number",
        )),
    }
}
