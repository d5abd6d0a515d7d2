//! What a client may send first: messages without a type byte.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::backend::CancelKey;
use crate::header::body_len;
use crate::wire::{Body, put_text, sized};
use crate::{Malformed, Text};

/// PostgreSQL refuses a longer startup message; so do we.
pub const STARTUP_LIMIT: usize = 10_000;

const CANCEL: i32 = 80_877_102;
const SSL: i32 = 80_877_103;
const GSS_ENC: i32 = 80_877_104;

/// Stands for the missing type byte in [`Malformed`].
const NO_TAG: u8 = 0;

/// A message at the start of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Asks for a session. `major` and `minor` are the protocol's version.
    Startup {
        major: u16,
        minor: u16,
        parameters: Vec<(Text, Text)>,
    },
    /// Asks for TLS; the answer is one byte, `S` or `N`.
    SslRequest,
    /// Asks for GSSAPI encryption; the answer is one byte, `G` or `N`.
    GssEncRequest,
    /// Asks to cancel another connection's statement; there is no answer.
    Cancel(CancelKey),
}

impl Opening {
    /// Takes one opening message off the front of `bytes`; `None` when more bytes are needed.
    pub fn decode(bytes: &mut BytesMut) -> Result<Option<Self>, Malformed> {
        let Some(&len) = bytes.first_chunk::<4>() else {
            return Ok(None);
        };
        let len = body_len(i32::from_be_bytes(len))?;
        if len > STARTUP_LIMIT {
            return Err(Malformed::TooLong {
                len,
                limit: STARTUP_LIMIT,
            });
        }
        if bytes.len() < 4 + len {
            return Ok(None);
        }
        bytes.advance(4);
        let mut body = Body::new(NO_TAG, bytes.split_to(len).freeze());
        let opening = match body.i32()? {
            CANCEL => Self::Cancel(CancelKey {
                process_id: body.i32()?,
                secret: body.rest(),
            }),
            SSL => Self::SslRequest,
            GSS_ENC => Self::GssEncRequest,
            version => startup(version, &mut body)?,
        };
        body.finish()?;

        Ok(Some(opening))
    }

    /// Appends the message as it goes over the wire.
    pub fn encode(&self, out: &mut BytesMut) {
        sized(out, |out| match self {
            Self::Startup {
                major,
                minor,
                parameters,
            } => {
                out.put_u16(*major);
                out.put_u16(*minor);
                for (name, value) in parameters {
                    put_text(out, name);
                    put_text(out, value);
                }
                out.put_u8(0);
            }
            Self::SslRequest => out.put_i32(SSL),
            Self::GssEncRequest => out.put_i32(GSS_ENC),
            Self::Cancel(key) => {
                out.put_i32(CANCEL);
                out.put_i32(key.process_id);
                out.put_slice(&key.secret);
            }
        });
    }

    /// The message alone.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.encode(&mut out);
        out.freeze()
    }
}

fn startup(version: i32, body: &mut Body) -> Result<Opening, Malformed> {
    let [a, b, c, d] = version.to_be_bytes();
    let mut parameters = Vec::new();
    loop {
        let name = body.text()?;
        if name.is_empty() {
            break;
        }
        parameters.push((name, body.text()?));
    }
    Ok(Opening::Startup {
        major: u16::from_be_bytes([a, b]),
        minor: u16::from_be_bytes([c, d]),
        parameters,
    })
}
