//! The engine's end of the stream that leads to the pump: messages out, messages in.

use std::io;

use bytes::{Buf, BytesMut};
use pg_proto::{Malformed, backend, frontend};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};

/// Longest message the terminal takes from a server: one row of a result.
const MAX_MESSAGE: usize = 256 * 1024 * 1024;

/// Bytes asked for in one read.
const CHUNK: usize = 64 * 1024;

/// Both directions; each may wait without the other.
pub struct Wire {
    pub inbound: Inbound,
    pub outbound: Outbound,
}

impl Wire {
    pub fn new(stream: DuplexStream) -> Self {
        let (reader, writer) = tokio::io::split(stream);

        Self {
            inbound: Inbound {
                reader,
                received: BytesMut::new(),
                has_ended: false,
            },
            outbound: Outbound {
                writer,
                pending: BytesMut::new(),
            },
        }
    }
}

/// What the database sends.
pub struct Inbound {
    reader: ReadHalf<DuplexStream>,
    received: BytesMut,
    has_ended: bool,
}

impl Inbound {
    /// Reads what is there; 0 at the end. Nothing is lost when the future is dropped.
    pub async fn read(&mut self) -> io::Result<usize> {
        self.received.reserve(CHUNK);
        let read = self.reader.read_buf(&mut self.received).await;
        self.has_ended = !matches!(read, Ok(1..));

        read
    }

    /// Whether nothing more is to be read.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The next whole message.
    pub fn next_message(&mut self) -> Result<Option<backend::Message>, Malformed> {
        backend::decode(&mut self.received, MAX_MESSAGE)
    }
}

/// What the database is sent.
pub struct Outbound {
    writer: WriteHalf<DuplexStream>,
    pending: BytesMut,
}

impl Outbound {
    pub fn queue(&mut self, message: &frontend::Message) {
        message.encode(&mut self.pending);
    }

    pub fn has_pending(&self) -> bool {
        self.pending.has_remaining()
    }

    /// Bytes that wait to be written.
    pub fn n_pending(&self) -> usize {
        self.pending.remaining()
    }

    /// Writes some of what is queued. Nothing is lost when the future is dropped.
    pub async fn write(&mut self) -> io::Result<()> {
        self.writer.write_buf(&mut self.pending).await?;

        Ok(())
    }
}
