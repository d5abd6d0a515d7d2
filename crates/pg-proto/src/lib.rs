//! PostgreSQL's frontend/backend protocol, version 3, as values: messages of both sides and the client's
//! handshake. Bytes in, values out; no IO, no clock, no randomness but SCRAM's nonces and salts.
//!
//! Decoding is total: any bytes give a message, "not enough yet" or [`Malformed`], never a panic, and
//! nothing is allocated because a length field promised it. Text stays as the server sent it
//! ([`Text`]), because a server's encoding need not be UTF-8.
//! See <https://www.postgresql.org/docs/current/protocol-message-formats.html>.

pub mod backend;
pub mod client;
pub mod frontend;
pub mod header;
mod lexer;
pub mod masking;
pub mod password;
pub mod read_only;
pub mod server;
mod text;
mod wire;

pub use header::{Header, Malformed};
pub use text::Text;
