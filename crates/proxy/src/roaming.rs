//! Sockets that go with the task that reads them.
//!
//! A socket is watched by the runtime it was opened in. Where its task moves to a runtime on a thread of its own, every
//! byte would wake two threads; so the socket moves too, at the first touch there.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

thread_local! {
    /// The runtime of this thread. All threads have the first one, but those that were told otherwise.
    static HERE: Cell<u64> = const { Cell::new(0) };
}

/// Says that this thread has a runtime of its own, whose tasks stay on it: sockets they touch move there.
pub fn settle() {
    static LAST: AtomicU64 = AtomicU64::new(0);
    HERE.set(1 + LAST.fetch_add(1, Ordering::Relaxed));
}

/// What can be watched by another runtime.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Sized {
    /// Watched by the runtime of this thread.
    fn moved(self) -> io::Result<Self>;
}

impl Socket for TcpStream {
    fn moved(self) -> io::Result<Self> {
        Self::from_std(self.into_std()?)
    }
}

impl Socket for UnixStream {
    fn moved(self) -> io::Result<Self> {
        Self::from_std(self.into_std()?)
    }
}

/// A socket, and where it is watched.
pub struct Roaming<S> {
    /// `None` after a move that failed.
    socket: Option<S>,
    home: u64,
}

impl<S: Socket> Roaming<S> {
    /// A socket of this thread's runtime.
    pub fn new(socket: S) -> Self {
        Self {
            socket: Some(socket),
            home: HERE.get(),
        }
    }

    fn socket(&mut self) -> Poll<io::Result<Pin<&mut S>>> {
        let here = HERE.get();
        if here != self.home {
            self.home = here;
            self.socket = self.socket.take().map(S::moved).transpose()?;
        }
        let socket = self.socket.as_mut().map(Pin::new);

        Poll::Ready(socket.ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

impl<S: Socket> AsyncRead for Roaming<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().socket())?.poll_read(cx, room)
    }
}

impl<S: Socket> AsyncWrite for Roaming<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().socket())?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().socket())?.poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().socket())?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().socket())?.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn a_socket_moves_to_a_runtime_of_its_own_and_back() {
        let here = Builder::new_current_thread().enable_all().build().unwrap();
        let (mut ours, mut theirs) = here.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (ours, theirs) = tokio::join!(TcpStream::connect(address), listener.accept());
            (Roaming::new(ours.unwrap()), theirs.unwrap().0)
        });

        // Whoever reads is woken there, although nobody turns the wheels of the first runtime.
        let away = thread::spawn(move || {
            settle();
            let there = Builder::new_current_thread().enable_all().build().unwrap();
            there.block_on(async {
                ours.write_all(b"ask").await.unwrap();
                let mut word = [0; 6];
                ours.read_exact(&mut word).await.unwrap();
                assert_eq!(&word, b"answer");
            });
            ours
        });
        here.block_on(async {
            let mut word = [0; 3];
            theirs.read_exact(&mut word).await.unwrap();
            theirs.write_all(b"answer").await.unwrap();
        });
        let mut ours = away.join().unwrap();

        here.block_on(async {
            theirs.write_all(b"end").await.unwrap();
            let mut word = [0; 3];
            ours.read_exact(&mut word).await.unwrap();
            assert_eq!(&word, b"end");
        });
    }
}
