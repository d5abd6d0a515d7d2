//! What a server sends.

mod fields;
mod rows;

use std::fmt;

use bytes::{BufMut, Bytes, BytesMut};

pub use fields::{Field, Fields};
pub use rows::{Column, Columns, DataRow};

use crate::wire::{Body, message, put_list, put_text, put_value};
use crate::{Malformed, Text, header};

/// One message of a server, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    Authentication(Authentication),
    BackendKeyData(CancelKey),
    BindComplete,
    CloseComplete,
    /// A statement is done; see [`tag_rows`] for the count at the tag's end.
    CommandComplete {
        tag: Text,
    },
    CopyBothResponse(CopyFormats),
    CopyData(Bytes),
    CopyDone,
    CopyInResponse(CopyFormats),
    CopyOutResponse(CopyFormats),
    DataRow(DataRow),
    EmptyQueryResponse,
    ErrorResponse(Fields),
    /// The result of a FunctionCall; `None` is NULL.
    FunctionCallResponse(Option<Bytes>),
    /// The server speaks at most 3.`newest_minor`, and did not understand these options.
    NegotiateProtocolVersion {
        newest_minor: i32,
        unrecognized: Vec<Text>,
    },
    NoData,
    NoticeResponse(Fields),
    NotificationResponse {
        process_id: i32,
        channel: Text,
        payload: Text,
    },
    ParameterDescription(Vec<u32>),
    ParameterStatus {
        name: Text,
        value: Text,
    },
    ParseComplete,
    PortalSuspended,
    ReadyForQuery(TransactionStatus),
    RowDescription(Vec<Column>),
}

/// What the server asks for before it lets a client in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    Ok,
    CleartextPassword,
    Md5Password {
        salt: [u8; 4],
    },
    Sasl {
        mechanisms: Vec<Text>,
    },
    SaslContinue(Bytes),
    SaslFinal(Bytes),
    /// Kerberos, GSSAPI, SSPI and whatever is not listed above: the code and what follows it.
    Other {
        code: i32,
        data: Bytes,
    },
}

/// Process and secret with which a running statement can be cancelled. `Debug` keeps the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct CancelKey {
    pub process_id: i32,
    /// 4 bytes in protocol 3.0, up to 256 in 3.2.
    pub secret: Bytes,
}

/// Overall and per-column format of a COPY: 0 text, 1 binary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopyFormats {
    pub overall: u8,
    pub columns: Vec<i16>,
}

/// Where the session stands between statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStatus {
    /// `I`: not in a transaction.
    Idle,
    /// `T`: in a transaction.
    InTransaction,
    /// `E`: in a transaction that has failed; only its end is accepted.
    Failed,
}

/// Types of a server's messages: the byte in front.
pub mod tag {
    pub const AUTHENTICATION: u8 = b'R';
    pub const BACKEND_KEY_DATA: u8 = b'K';
    pub const BIND_COMPLETE: u8 = b'2';
    pub const CLOSE_COMPLETE: u8 = b'3';
    pub const COMMAND_COMPLETE: u8 = b'C';
    pub const COPY_BOTH_RESPONSE: u8 = b'W';
    pub const COPY_DATA: u8 = b'd';
    pub const COPY_DONE: u8 = b'c';
    pub const COPY_IN_RESPONSE: u8 = b'G';
    pub const COPY_OUT_RESPONSE: u8 = b'H';
    pub const DATA_ROW: u8 = b'D';
    pub const EMPTY_QUERY_RESPONSE: u8 = b'I';
    pub const ERROR_RESPONSE: u8 = b'E';
    pub const FUNCTION_CALL_RESPONSE: u8 = b'V';
    pub const NEGOTIATE_PROTOCOL_VERSION: u8 = b'v';
    pub const NO_DATA: u8 = b'n';
    pub const NOTICE_RESPONSE: u8 = b'N';
    pub const NOTIFICATION_RESPONSE: u8 = b'A';
    pub const PARAMETER_DESCRIPTION: u8 = b't';
    pub const PARAMETER_STATUS: u8 = b'S';
    pub const PARSE_COMPLETE: u8 = b'1';
    pub const PORTAL_SUSPENDED: u8 = b's';
    pub const READY_FOR_QUERY: u8 = b'Z';
    pub const ROW_DESCRIPTION: u8 = b'T';
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
        tag::AUTHENTICATION => Message::Authentication(authentication(&mut body)?),
        tag::BACKEND_KEY_DATA => Message::BackendKeyData(CancelKey {
            process_id: body.i32()?,
            secret: body.rest(),
        }),
        tag::BIND_COMPLETE => Message::BindComplete,
        tag::CLOSE_COMPLETE => Message::CloseComplete,
        tag::COMMAND_COMPLETE => Message::CommandComplete { tag: body.text()? },
        tag::COPY_BOTH_RESPONSE => Message::CopyBothResponse(copy_formats(&mut body)?),
        tag::COPY_DATA => Message::CopyData(body.rest()),
        tag::COPY_DONE => Message::CopyDone,
        tag::COPY_IN_RESPONSE => Message::CopyInResponse(copy_formats(&mut body)?),
        tag::COPY_OUT_RESPONSE => Message::CopyOutResponse(copy_formats(&mut body)?),
        tag::DATA_ROW => Message::DataRow(DataRow::decode(body.rest())?),
        tag::EMPTY_QUERY_RESPONSE => Message::EmptyQueryResponse,
        tag::ERROR_RESPONSE => Message::ErrorResponse(Fields::decode(&mut body)?),
        tag::FUNCTION_CALL_RESPONSE => Message::FunctionCallResponse(body.value()?),
        tag::NEGOTIATE_PROTOCOL_VERSION => negotiate(&mut body)?,
        tag::NO_DATA => Message::NoData,
        tag::NOTICE_RESPONSE => Message::NoticeResponse(Fields::decode(&mut body)?),
        tag::NOTIFICATION_RESPONSE => Message::NotificationResponse {
            process_id: body.i32()?,
            channel: body.text()?,
            payload: body.text()?,
        },
        tag::PARAMETER_DESCRIPTION => Message::ParameterDescription(body.list(Body::u32)?),
        tag::PARAMETER_STATUS => Message::ParameterStatus {
            name: body.text()?,
            value: body.text()?,
        },
        tag::PARSE_COMPLETE => Message::ParseComplete,
        tag::PORTAL_SUSPENDED => Message::PortalSuspended,
        tag::READY_FOR_QUERY => {
            let status = TransactionStatus::from_byte(body.u8()?).ok_or(Malformed::Value(tag))?;
            Message::ReadyForQuery(status)
        }
        tag::ROW_DESCRIPTION => Message::RowDescription(body.list(Column::decode)?),
        _ => return Err(Malformed::Tag(tag)),
    };
    body.finish()?;

    Ok(message)
}

fn authentication(body: &mut Body) -> Result<Authentication, Malformed> {
    Ok(match body.i32()? {
        0 => Authentication::Ok,
        3 => Authentication::CleartextPassword,
        5 => Authentication::Md5Password {
            salt: body.u32()?.to_be_bytes(),
        },
        10 => {
            let mut mechanisms = Vec::new();
            loop {
                let mechanism = body.text()?;
                if mechanism.is_empty() {
                    break Authentication::Sasl { mechanisms };
                }
                mechanisms.push(mechanism);
            }
        }
        11 => Authentication::SaslContinue(body.rest()),
        12 => Authentication::SaslFinal(body.rest()),
        code => Authentication::Other {
            code,
            data: body.rest(),
        },
    })
}

fn copy_formats(body: &mut Body) -> Result<CopyFormats, Malformed> {
    Ok(CopyFormats {
        overall: body.u8()?,
        columns: body.list(Body::i16)?,
    })
}

fn negotiate(body: &mut Body) -> Result<Message, Malformed> {
    let newest_minor = body.i32()?;
    let n_options = u32::try_from(body.i32()?).map_err(|_| body.wrong())?;
    let mut unrecognized = Vec::new();
    for _ in 0..n_options {
        unrecognized.push(body.text()?);
    }
    Ok(Message::NegotiateProtocolVersion {
        newest_minor,
        unrecognized,
    })
}

impl Message {
    /// Appends the message as it goes over the wire.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Authentication(auth) => message(out, tag::AUTHENTICATION, |out| auth.encode(out)),
            Self::BackendKeyData(key) => message(out, tag::BACKEND_KEY_DATA, |out| {
                out.put_i32(key.process_id);
                out.put_slice(&key.secret);
            }),
            Self::BindComplete => message(out, tag::BIND_COMPLETE, |_| ()),
            Self::CloseComplete => message(out, tag::CLOSE_COMPLETE, |_| ()),
            Self::CommandComplete { tag } => message(out, tag::COMMAND_COMPLETE, |out| put_text(out, tag)),
            Self::CopyBothResponse(formats) => {
                message(out, tag::COPY_BOTH_RESPONSE, |out| formats.encode(out))
            }
            Self::CopyData(data) => message(out, tag::COPY_DATA, |out| out.put_slice(data)),
            Self::CopyDone => message(out, tag::COPY_DONE, |_| ()),
            Self::CopyInResponse(formats) => message(out, tag::COPY_IN_RESPONSE, |out| formats.encode(out)),
            Self::CopyOutResponse(formats) => message(out, tag::COPY_OUT_RESPONSE, |out| formats.encode(out)),
            Self::DataRow(row) => message(out, tag::DATA_ROW, |out| out.put_slice(row.body())),
            Self::EmptyQueryResponse => message(out, tag::EMPTY_QUERY_RESPONSE, |_| ()),
            Self::ErrorResponse(fields) => message(out, tag::ERROR_RESPONSE, |out| fields.encode(out)),
            Self::FunctionCallResponse(value) => {
                message(out, tag::FUNCTION_CALL_RESPONSE, |out| {
                    put_value(out, value.as_deref())
                });
            }
            Self::NegotiateProtocolVersion {
                newest_minor,
                unrecognized,
            } => {
                message(out, tag::NEGOTIATE_PROTOCOL_VERSION, |out| {
                    out.put_i32(*newest_minor);
                    out.put_i32(i32::try_from(unrecognized.len()).unwrap_or(i32::MAX));
                    for option in unrecognized {
                        put_text(out, option);
                    }
                });
            }
            Self::NoData => message(out, tag::NO_DATA, |_| ()),
            Self::NoticeResponse(fields) => message(out, tag::NOTICE_RESPONSE, |out| fields.encode(out)),
            Self::NotificationResponse {
                process_id,
                channel,
                payload,
            } => {
                message(out, tag::NOTIFICATION_RESPONSE, |out| {
                    out.put_i32(*process_id);
                    put_text(out, channel);
                    put_text(out, payload);
                });
            }
            Self::ParameterDescription(types) => message(out, tag::PARAMETER_DESCRIPTION, |out| {
                put_list(out, types, |out, oid| out.put_u32(*oid));
            }),
            Self::ParameterStatus { name, value } => message(out, tag::PARAMETER_STATUS, |out| {
                put_text(out, name);
                put_text(out, value);
            }),
            Self::ParseComplete => message(out, tag::PARSE_COMPLETE, |_| ()),
            Self::PortalSuspended => message(out, tag::PORTAL_SUSPENDED, |_| ()),
            Self::ReadyForQuery(status) => {
                message(out, tag::READY_FOR_QUERY, |out| out.put_u8(status.to_byte()));
            }
            Self::RowDescription(columns) => message(out, tag::ROW_DESCRIPTION, |out| {
                put_list(out, columns, |out, column| column.encode(out));
            }),
        }
    }
}

impl Authentication {
    fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Ok => out.put_i32(0),
            Self::CleartextPassword => out.put_i32(3),
            Self::Md5Password { salt } => {
                out.put_i32(5);
                out.put_slice(salt);
            }
            Self::Sasl { mechanisms } => {
                out.put_i32(10);
                for mechanism in mechanisms {
                    put_text(out, mechanism);
                }
                out.put_u8(0);
            }
            Self::SaslContinue(data) => {
                out.put_i32(11);
                out.put_slice(data);
            }
            Self::SaslFinal(data) => {
                out.put_i32(12);
                out.put_slice(data);
            }
            Self::Other { code, data } => {
                out.put_i32(*code);
                out.put_slice(data);
            }
        }
    }
}

impl CopyFormats {
    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.overall);
        put_list(out, &self.columns, |out, format| out.put_i16(*format));
    }
}

impl TransactionStatus {
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'I' => Some(Self::Idle),
            b'T' => Some(Self::InTransaction),
            b'E' => Some(Self::Failed),
            _ => None,
        }
    }

    pub fn to_byte(self) -> u8 {
        match self {
            Self::Idle => b'I',
            Self::InTransaction => b'T',
            Self::Failed => b'E',
        }
    }
}

impl fmt::Debug for CancelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelKey")
            .field("process_id", &self.process_id)
            .finish_non_exhaustive()
    }
}

/// The rows a command tag counts: `SELECT 3`, `INSERT 0 3`, `COPY 3`; `None` for `CREATE TABLE`.
pub fn tag_rows(tag: &[u8]) -> Option<u64> {
    let tag = std::str::from_utf8(tag).ok()?;
    let (_, count) = tag.rsplit_once(' ')?;

    count.parse().ok()
}

#[cfg(test)]
mod tests;
