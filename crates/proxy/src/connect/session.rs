//! A connection read and written message by message, before the pump takes over.

use std::io;

use bytes::BytesMut;
use pg_proto::backend::{self, Fields, Message};
use pg_proto::{Malformed, Text, frontend};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::dial::BoxStream;

/// No message of a handshake or a probe comes near this.
const MESSAGE_LIMIT: usize = 256 * 1024;

/// Nor all of them together. What is kept of them is a few times as much.
const TOTAL_LIMIT: usize = 4 * 1024 * 1024;

/// The stream and what was read of it but not used.
pub(crate) struct Session {
    pub(crate) stream: BoxStream,
    pub(crate) unread: BytesMut,
    n_received: usize,
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
    #[error("server sent more than {TOTAL_LIMIT} bytes before it was ready")]
    TooMuch,
    #[error("server answered {}: {}", .0.code(), .0.message())]
    Server(Fields),
}

impl Session {
    pub(crate) fn new(stream: BoxStream) -> Self {
        Self {
            stream,
            unread: BytesMut::new(),
            n_received: 0,
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
            if self.n_received > TOTAL_LIMIT {
                return Err(SessionError::TooMuch);
            }
            match self.stream.read_buf(&mut self.unread).await? {
                0 => return Err(SessionError::Closed),
                n_read => self.n_received += n_read,
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

#[cfg(test)]
mod tests {
    use pg_proto::backend::{DataRow, TransactionStatus};
    use tokio::io::duplex;

    use super::*;

    /// Answers a query with rows for as long as somebody reads.
    async fn flood(mut stream: impl AsyncWriteExt + Unpin) {
        let mut row = BytesMut::new();
        Message::DataRow(DataRow::new([Some(&[b'x'; 1024][..])])).encode(&mut row);
        while stream.write_all(&row).await.is_ok() {}
    }

    #[tokio::test]
    async fn a_server_that_answers_without_end_is_left() {
        let (ours, theirs) = duplex(64 * 1024);
        let mut session = Session::new(Box::new(ours));

        let answer = tokio::select! {
            answer = session.query("SELECT version()") => answer,
            () = flood(theirs) => panic!("hung up"),
        };

        assert!(matches!(answer, Err(SessionError::TooMuch)), "{answer:?}");
    }

    #[tokio::test]
    async fn an_answer_is_read_to_its_end() {
        let (ours, mut theirs) = duplex(64 * 1024);
        let mut session = Session::new(Box::new(ours));
        let mut sent = BytesMut::new();
        Message::DataRow(DataRow::new([Some(&b"PostgreSQL"[..])])).encode(&mut sent);
        Message::ReadyForQuery(TransactionStatus::Idle).encode(&mut sent);
        theirs.write_all(&sent).await.unwrap();

        assert_eq!(session.query("SELECT version()").await.unwrap(), ["PostgreSQL"]);
    }
}
