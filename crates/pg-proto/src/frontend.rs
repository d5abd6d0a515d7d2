//! What a client sends.

mod opening;
mod values;
mod view;

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};
use zeroize::Zeroizing;

pub use opening::{Opening, STARTUP_LIMIT};
pub use values::{Value, Values, ValuesReader};
pub use view::{BindNames, ExecuteView, NamedView, ParseView, query};

use crate::wire::{Body, message, put_list, put_text, put_value};
use crate::{Malformed, Text, header};

/// One message of a client, after startup; what comes before is [`Opening`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Bind(Bind),
    Close(Named),
    CopyData(Bytes),
    CopyDone,
    CopyFail {
        reason: Text,
    },
    Describe(Named),
    /// Runs a portal; `max_rows` 0 is all.
    Execute {
        portal: Text,
        max_rows: i32,
    },
    Flush,
    FunctionCall(FunctionCall),
    Parse {
        statement: Text,
        sql: Text,
        types: Vec<u32>,
    },
    /// Password, md5 answer or SASL data: the protocol gives them one type.
    Password(Password),
    Query {
        sql: Text,
    },
    Sync,
    Terminate,
}

/// A prepared statement or a portal, by name; the empty name is the unnamed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    Statement(Text),
    Portal(Text),
}

/// Parameters bound to a prepared statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bind {
    pub portal: Text,
    pub statement: Text,
    /// None: all text; one: for all; else one for each parameter.
    pub formats: Vec<i16>,
    pub values: Vec<Option<Bytes>>,
    pub result_formats: Vec<i16>,
}

/// A call by the old function-call protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionCall {
    pub function_oid: u32,
    pub formats: Vec<i16>,
    pub values: Vec<Option<Bytes>>,
    pub result_format: i16,
}

/// The body of an authentication answer. Wiped when dropped, shown by nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Vec<u8>>);

/// Types of a client's messages: the byte in front.
pub mod tag {
    pub const BIND: u8 = b'B';
    pub const CLOSE: u8 = b'C';
    pub const COPY_DATA: u8 = b'd';
    pub const COPY_DONE: u8 = b'c';
    pub const COPY_FAIL: u8 = b'f';
    pub const DESCRIBE: u8 = b'D';
    pub const EXECUTE: u8 = b'E';
    pub const FLUSH: u8 = b'H';
    pub const FUNCTION_CALL: u8 = b'F';
    pub const PARSE: u8 = b'P';
    pub const PASSWORD: u8 = b'p';
    pub const QUERY: u8 = b'Q';
    pub const SYNC: u8 = b'S';
    pub const TERMINATE: u8 = b'X';
}

/// Takes one message off the front of `bytes`; `None` when more bytes are needed.
///
/// A body longer than `limit` bytes is refused as soon as its header is there.
pub fn decode(bytes: &mut BytesMut, limit: usize) -> Result<Option<Message>, Malformed> {
    let Some((tag, body)) = header::split(bytes, limit)? else {
        return Ok(None);
    };
    decode_body(tag, body).map(Some)
}

/// Decodes a body whose header has been read elsewhere.
pub fn decode_body(tag: u8, bytes: Bytes) -> Result<Message, Malformed> {
    let mut body = Body::new(tag, bytes);
    let message = match tag {
        tag::BIND => Message::Bind(Bind {
            portal: body.text()?,
            statement: body.text()?,
            formats: body.list(Body::i16)?,
            values: body.list(Body::value)?,
            result_formats: body.list(Body::i16)?,
        }),
        tag::CLOSE => Message::Close(Named::decode(&mut body)?),
        tag::COPY_DATA => Message::CopyData(body.rest()),
        tag::COPY_DONE => Message::CopyDone,
        tag::COPY_FAIL => Message::CopyFail { reason: body.text()? },
        tag::DESCRIBE => Message::Describe(Named::decode(&mut body)?),
        tag::EXECUTE => Message::Execute {
            portal: body.text()?,
            max_rows: body.i32()?,
        },
        tag::FLUSH => Message::Flush,
        tag::FUNCTION_CALL => Message::FunctionCall(FunctionCall {
            function_oid: body.u32()?,
            formats: body.list(Body::i16)?,
            values: body.list(Body::value)?,
            result_format: body.i16()?,
        }),
        tag::PARSE => Message::Parse {
            statement: body.text()?,
            sql: body.text()?,
            types: body.list(Body::u32)?,
        },
        tag::PASSWORD => Message::Password(Password::new(&body.rest())),
        tag::QUERY => Message::Query { sql: body.text()? },
        tag::SYNC => Message::Sync,
        tag::TERMINATE => Message::Terminate,
        _ => return Err(Malformed::Tag(tag)),
    };
    body.finish()?;

    Ok(message)
}

impl Message {
    /// Appends the message as it goes over the wire.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Bind(bind) => message(out, tag::BIND, |out| {
                put_text(out, &bind.portal);
                put_text(out, &bind.statement);
                put_list(out, &bind.formats, |out, format| out.put_i16(*format));
                put_list(out, &bind.values, |out, value| put_value(out, value.as_deref()));
                put_list(out, &bind.result_formats, |out, format| out.put_i16(*format));
            }),
            Self::Close(named) => message(out, tag::CLOSE, |out| named.encode(out)),
            Self::CopyData(data) => message(out, tag::COPY_DATA, |out| out.put_slice(data)),
            Self::CopyDone => message(out, tag::COPY_DONE, |_| ()),
            Self::CopyFail { reason } => message(out, tag::COPY_FAIL, |out| put_text(out, reason)),
            Self::Describe(named) => message(out, tag::DESCRIBE, |out| named.encode(out)),
            Self::Execute { portal, max_rows } => message(out, tag::EXECUTE, |out| {
                put_text(out, portal);
                out.put_i32(*max_rows);
            }),
            Self::Flush => message(out, tag::FLUSH, |_| ()),
            Self::FunctionCall(call) => message(out, tag::FUNCTION_CALL, |out| {
                out.put_u32(call.function_oid);
                put_list(out, &call.formats, |out, format| out.put_i16(*format));
                put_list(out, &call.values, |out, value| put_value(out, value.as_deref()));
                out.put_i16(call.result_format);
            }),
            Self::Parse {
                statement,
                sql,
                types,
            } => message(out, tag::PARSE, |out| {
                put_text(out, statement);
                put_text(out, sql);
                put_list(out, types, |out, oid| out.put_u32(*oid));
            }),
            Self::Password(password) => message(out, tag::PASSWORD, |out| out.put_slice(password.expose())),
            Self::Query { sql } => message(out, tag::QUERY, |out| put_text(out, sql)),
            Self::Sync => message(out, tag::SYNC, |_| ()),
            Self::Terminate => message(out, tag::TERMINATE, |_| ()),
        }
    }
}

impl Named {
    fn decode(body: &mut Body) -> Result<Self, Malformed> {
        match body.u8()? {
            b'S' => Ok(Self::Statement(body.text()?)),
            b'P' => Ok(Self::Portal(body.text()?)),
            _ => Err(body.wrong()),
        }
    }

    fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Statement(name) => {
                out.put_u8(b'S');
                put_text(out, name);
            }
            Self::Portal(name) => {
                out.put_u8(b'P');
                put_text(out, name);
            }
        }
    }
}

impl Password {
    pub fn new(body: &[u8]) -> Self {
        Self(Zeroizing::new(body.to_vec()))
    }

    /// Takes ownership, so that the only copy is wiped with this value.
    pub fn owned(body: Vec<u8>) -> Self {
        Self(Zeroizing::new(body))
    }

    /// The body itself. Each call is a place to look at in a review.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests;
