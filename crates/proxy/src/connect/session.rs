//! A connection read and written message by message, before the pump takes over.

use std::io;

use bytes::BytesMut;
use pg_proto::backend::{self, Fields, Message};
use pg_proto::{Malformed, Text, frontend};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::dial::BoxStream;

/// No message of a handshake or a probe comes near this.
const MESSAGE_LIMIT: usize = 256 * 1024;

/// The stream and what was read of it but not used.
pub(crate) struct Session {
    pub(crate) stream: BoxStream,
    pub(crate) unread: BytesMut,
}

/// Why the next message did not come.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("connection closed")]
    Closed,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("server answered {}: {}", .0.code(), .0.message())]
    Server(Fields),
}

impl Session {
    pub(crate) fn new(stream: BoxStream) -> Self {
        Self {
            stream,
            unread: BytesMut::new(),
        }
    }

    /// Sends `out` and empties it.
    pub(crate) async fn send(&mut self, out: &mut BytesMut) -> Result<(), SessionError> {
        if !out.is_empty() {
            self.stream.write_all(out).await?;
            self.stream.flush().await?;
            out.clear();
        }
        Ok(())
    }

    pub(crate) async fn receive(&mut self) -> Result<Message, SessionError> {
        loop {
            if let Some(message) = backend::decode(&mut self.unread, MESSAGE_LIMIT)? {
                return Ok(message);
            }
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(SessionError::Closed);
            }
        }
    }

    /// Runs SQL of our own and gives the first column of each row; NULL is left out.
    pub(crate) async fn query(&mut self, sql: &str) -> Result<Vec<String>, SessionError> {
        let mut out = BytesMut::new();
        frontend::Message::Query { sql: Text::from(sql) }.encode(&mut out);
        self.send(&mut out).await?;

        let mut values = Vec::new();
        loop {
            let message = self.receive().await?;
            if let Message::ReadyForQuery(_) = message {
                return Ok(values);
            }
            if let Message::ErrorResponse(fields) = message {
                return Err(SessionError::Server(fields));
            }
            if let Message::DataRow(row) = message {
                let value = row.columns().next().flatten();
                values.extend(value.map(|value| String::from_utf8_lossy(value).into_owned()));
            }
        }
    }

    /// Says goodbye. Nobody waits for an answer, and a server that is gone needs none.
    pub(crate) async fn terminate(&mut self) {
        let mut out = BytesMut::new();
        frontend::Message::Terminate.encode(&mut out);
        if self.send(&mut out).await.is_ok() {
            let _ = self.stream.shutdown().await;
        }
    }
}
