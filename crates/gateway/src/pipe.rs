//! A byte stream out of messages: what is written is sent as one message when it is flushed, or when there is much of it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::io::{AsyncRead, AsyncWrite};
use futures_util::{Sink, SinkExt, Stream, StreamExt};

/// Bytes that are collected before they are sent unasked.
const MESSAGE: usize = 128 * 1024;

/// Messages received and messages sent, as one stream of bytes.
///
/// Holds one received message, and at most [`MESSAGE`] and one write more that are not sent yet.
pub struct Pipe<R, W> {
    incoming: R,
    outgoing: W,
    unread: Bytes,
    unsent: BytesMut,
}

impl<R, W> Pipe<R, W> {
    pub fn new(incoming: R, outgoing: W) -> Self {
        Self {
            incoming,
            outgoing,
            unread: Bytes::new(),
            unsent: BytesMut::new(),
        }
    }
}

impl<R, W: Sink<Bytes, Error = io::Error> + Unpin> Pipe<R, W> {
    /// Hands what was collected over, as one message.
    fn poll_hand_over(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.unsent.is_empty() {
            ready!(self.outgoing.poll_ready_unpin(cx))?;
            self.outgoing.start_send_unpin(self.unsent.split().freeze())?;
        }

        Poll::Ready(Ok(()))
    }
}

impl<R, W> AsyncRead for Pipe<R, W>
where
    R: Stream<Item = io::Result<Bytes>> + Unpin,
    W: Unpin,
{
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        while self.unread.is_empty() {
            match ready!(self.incoming.poll_next_unpin(cx)) {
                Some(message) => self.unread = message?,
                None => return Poll::Ready(Ok(0)),
            }
        }
        let n_bytes = self.unread.len().min(buf.len());
        let (filled, _) = buf.split_at_mut(n_bytes);
        self.unread.copy_to_slice(filled);

        Poll::Ready(Ok(n_bytes))
    }
}

impl<R, W> AsyncWrite for Pipe<R, W>
where
    R: Unpin,
    W: Sink<Bytes, Error = io::Error> + Unpin,
{
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.unsent.len() >= MESSAGE {
            ready!(self.poll_hand_over(cx))?;
        }
        self.unsent.extend_from_slice(buf);

        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_hand_over(cx))?;

        self.outgoing.poll_flush_unpin(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_hand_over(cx))?;

        self.outgoing.poll_close_unpin(cx)
    }
}
