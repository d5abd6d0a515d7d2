//! The engine's end of the stream that leads to the pump: messages out, messages in.

use std::io;

use bytes::{Buf, BytesMut};
use pg_proto::backend::{Fields, Message, tag};
use pg_proto::header::{self, Header};
use pg_proto::{Malformed, backend, frontend};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};

/// Longest row the terminal takes from a server, of a result or of COPY.
const MAX_ROW: usize = 256 * 1024 * 1024;

/// Longest message of any other kind. Of an error or a notice that is longer this much is shown: on the screen it may
/// become six times as long, and it is there several times until it is.
const MAX_OTHER: usize = 1024 * 1024;

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
                left_out: 0,
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
    /// Bytes to come of a message that was too long.
    left_out: usize,
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
    pub fn next_message(&mut self) -> Result<Option<Message>, Malformed> {
        let n_left_out = self.left_out.min(self.received.len());
        self.received.advance(n_left_out);
        self.left_out -= n_left_out;
        let Some(Header { tag, body }) = Header::peek(&self.received)? else {
            return Ok(None);
        };

        match tag {
            tag::ERROR_RESPONSE if body > MAX_OTHER => Ok(self.start_of(body).map(Message::ErrorResponse)),
            tag::NOTICE_RESPONSE if body > MAX_OTHER => Ok(self.start_of(body).map(Message::NoticeResponse)),
            tag::DATA_ROW | tag::COPY_DATA => backend::decode(&mut self.received, MAX_ROW),
            _ => backend::decode(&mut self.received, MAX_OTHER),
        }
    }

    /// The start of an error or notice of `body` bytes, when it is there.
    fn start_of(&mut self, body: usize) -> Option<Fields> {
        if self.received.len() < header::LEN + MAX_OTHER {
            return None;
        }
        self.received.advance(header::LEN);
        self.left_out = body - MAX_OTHER;

        Some(Fields::from_prefix(self.received.split_to(MAX_OTHER).freeze()))
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

#[cfg(test)]
mod tests {
    use pg_proto::Text;
    use pg_proto::backend::{Field, TransactionStatus};
    use tokio::io::duplex;

    use super::*;

    /// What comes of what a server sends, and how much was held for it.
    async fn receive(sent: &[Message]) -> (Vec<Result<Message, Malformed>>, usize) {
        let mut bytes = BytesMut::new();
        for message in sent {
            message.encode(&mut bytes);
        }
        let (ours, theirs) = duplex(CHUNK);
        let mut wire = Wire::new(ours);
        let (_, mut server) = tokio::io::split(theirs);
        let writes = async move { server.write_all(&bytes).await.unwrap() };
        let reads = async {
            let (mut received, mut held) = (Vec::new(), 0);
            while received.len() < sent.len() && !received.iter().any(Result::is_err) {
                wire.inbound.read().await.unwrap();
                held = held.max(wire.inbound.received.len());
                while let Some(message) = wire.inbound.next_message().transpose() {
                    let is_over = message.is_err();
                    received.push(message);
                    if is_over {
                        break;
                    }
                }
            }
            (received, held)
        };
        tokio::select! {
            biased;
            received = reads => received,
            () = async { writes.await; std::future::pending().await } => unreachable!(),
        }
    }

    #[tokio::test]
    async fn of_an_error_or_notice_longer_than_a_mebibyte_the_start_is_taken() {
        let fields = Fields::new("ERROR", "22000", &"x".repeat(5 * MAX_OTHER)).with(Field::Hint, "none");
        let ready = Message::ReadyForQuery(TransactionStatus::Idle);
        let sent = [
            Message::NoticeResponse(fields.clone()),
            Message::ErrorResponse(fields),
            ready.clone(),
        ];

        let (received, held) = receive(&sent).await;

        let [
            Ok(Message::NoticeResponse(notice)),
            Ok(Message::ErrorResponse(error)),
            Ok(last),
        ] = &received[..]
        else {
            panic!("{} messages", received.len())
        };
        for fields in [notice, error] {
            assert_eq!(fields.code(), "22000");
            assert!(fields.message().ends_with("x…"));
            assert!(fields.message().len() < MAX_OTHER);
        }
        assert_eq!(*last, ready);
        assert!(held < MAX_OTHER + 2 * CHUNK, "{held}");
    }

    #[tokio::test]
    async fn nothing_else_but_rows_is_longer() {
        let long = "x".repeat(2 * MAX_OTHER);
        let row = Message::DataRow(backend::DataRow::new([Some(long.as_bytes())]));
        let name = Message::ParameterStatus {
            name: Text::from("name"),
            value: Text::from(&*long),
        };

        let (received, held) = receive(&[row.clone(), name]).await;

        let [Ok(first), Err(Malformed::TooLong { .. })] = &received[..] else {
            panic!("{} messages", received.len())
        };
        assert!(*first == row);
        assert!(held < 3 * MAX_OTHER, "{held}");
    }
}
