//! Streams over one connection of messages: one side opens them, the other takes them.
//!
//! The multiplexing is yamux's (<https://github.com/hashicorp/yamux/blob/master/spec.md>): a stream is not sent more than its
//! reader has room for, so that one that is not read holds up none of the others.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use bytes::Bytes;
use futures_util::{FutureExt as _, Sink, Stream as Messages};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt as _};
use yamux::{Config, Connection, ConnectionError, Mode};

use crate::pipe::Pipe;

/// Bytes of one frame at most: the longest that others on the same connection wait for.
const FRAME: usize = 64 * 1024;

/// The longest message a WebSocket under this takes: what is collected before a flush, one frame, and its header.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// Bytes a WebSocket under this reads at once: tungstenite keeps a buffer of that size and zeroes it before each read.
pub const READ_BUFFER: usize = 32 * 1024;

/// What every stream may hold that its reader has not read, in bytes.
const WINDOW: usize = 256 * 1024;

/// What all streams of a connection together may hold beyond that, in bytes: a long way asks for more than a window.
const MORE: usize = 16 * 1024 * 1024;

/// Questions for a stream that wait.
const WAITING: usize = 16;

/// One stream, to read and write. Shutting it down tells the other side that nothing more comes.
pub type Stream = Compat<yamux::Stream>;

/// Opens streams. Cheap to clone; when the last is dropped the connection is closed.
#[derive(Clone)]
pub struct Opener(mpsc::Sender<Asked>);

type Asked = oneshot::Sender<io::Result<Stream>>;

impl Opener {
    /// # Errors
    /// There are as many as there may be, or the connection is lost.
    pub async fn open(&self) -> io::Result<Stream> {
        let (asked, answer) = oneshot::channel();
        self.0.send(asked).await.map_err(|_| closed())?;
        let mut stream = answer.await.map_err(|_| closed())??;
        // The other side knows of a stream by its first frame: one that is shut down without a byte would have none, and would
        // wait for the other's end for ever.
        poll_fn(|cx| Pin::new(&mut stream).poll_write(cx, &[])).await?;

        Ok(stream)
    }
}

/// The streams the other side opens: one, until [`Incoming::begin`]. When dropped the connection is closed.
pub struct Incoming {
    taken: mpsc::Receiver<Stream>,
    has_begun: Arc<AtomicBool>,
}

impl Incoming {
    /// Takes more than the first.
    pub fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
    }

    /// `None` when the connection is lost or closed.
    pub async fn next(&mut self) -> Option<Stream> {
        self.taken.recv().await
    }
}

/// The side that opens streams, `most` at one time. What is returned beside moves the bytes: it is polled until it ends.
pub fn opening<R, W>(incoming: R, outgoing: W, most: usize) -> (Opener, impl Future<Output = io::Result<()>>)
where
    R: Messages<Item = io::Result<Bytes>> + Unpin,
    W: Sink<Bytes, Error = io::Error> + Unpin,
{
    let mut connection = Connection::new(Pipe::new(incoming, outgoing), config(most), Mode::Client);
    let (ask, mut questions) = mpsc::channel::<Asked>(WAITING);
    let mut asked: Option<Asked> = None;
    let moving = poll_fn(move |cx| {
        loop {
            if asked.is_none() {
                match questions.poll_recv(cx) {
                    Poll::Ready(Some(question)) => asked = Some(question),
                    Poll::Ready(None) => return connection.poll_close(cx).map_err(lost),
                    Poll::Pending => {}
                }
            }
            if let Some(question) = asked.take() {
                match connection.poll_new_outbound(cx) {
                    Poll::Ready(opened) => {
                        // Who has asked may have left.
                        let _ = question.send(opened.map(|stream| stream.compat()).map_err(lost));
                        continue;
                    }
                    Poll::Pending => asked = Some(question),
                }
            }
            match connection.poll_next_inbound(cx) {
                Poll::Ready(Some(Ok(_))) => {
                    return Poll::Ready(Err(io::Error::other(
                        "the other side opens streams, which it may not",
                    )));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(lost(error))),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    });

    (Opener(ask), moving)
}

/// The side that takes streams, `most` at one time. What is returned beside moves the bytes: it is polled until it ends.
pub fn taking<R, W>(incoming: R, outgoing: W, most: usize) -> (Incoming, impl Future<Output = io::Result<()>>)
where
    R: Messages<Item = io::Result<Bytes>> + Unpin,
    W: Sink<Bytes, Error = io::Error> + Unpin,
{
    let mut connection = Connection::new(Pipe::new(incoming, outgoing), config(most), Mode::Server);
    // As many as there may be: clients come in crowds.
    let (give, taken) = mpsc::channel(most);
    let mut dropped = Box::pin({
        let give = give.clone();
        async move { give.closed().await }
    });
    let mut is_dropped = false;
    let has_begun = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&has_begun);
    let mut has_first = false;
    let moving = poll_fn(move |cx| {
        loop {
            is_dropped = is_dropped || dropped.poll_unpin(cx).is_ready();
            if is_dropped {
                return connection.poll_close(cx).map_err(lost);
            }
            match connection.poll_next_inbound(cx) {
                // What comes too early is dropped, which resets it.
                Poll::Ready(Some(Ok(stream))) => {
                    if !has_first || begun.load(Ordering::Relaxed) {
                        has_first = true;
                        drop(give.try_send(stream.compat()));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(lost(error))),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
    });

    (Incoming { taken, has_begun }, moving)
}

/// Moves bytes both ways between two streams, until both sides have said that nothing more comes or one is lost.
///
/// # Errors
/// Either is lost.
pub async fn join(
    mut one: impl AsyncRead + AsyncWrite + Unpin,
    mut other: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    tokio::io::copy_bidirectional_with_sizes(&mut one, &mut other, FRAME, FRAME).await?;

    Ok(())
}

fn config(most: usize) -> Config {
    let mut config = Config::default();
    config
        .set_max_num_streams(most)
        .set_max_connection_receive_window(Some(most * WINDOW + MORE))
        .set_split_send_size(FRAME);

    config
}

fn closed() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

fn lost(error: ConnectionError) -> io::Error {
    if let ConnectionError::Io(error) = error {
        return error;
    }

    io::Error::other(error)
}
