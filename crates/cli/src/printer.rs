//! What is shown, written by a thread of its own: a reader that takes its time, or a terminal that was stopped, keeps
//! nothing else waiting.
//!
//! Bound: what the server sends ahead of the acknowledgement.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

/// The thread, and what it has written.
pub struct Printer {
    to_write: mpsc::Sender<(Stream, Vec<u8>)>,
    written: UnboundedReceiver<io::Result<usize>>,
    thread: JoinHandle<()>,
}

impl Printer {
    pub fn start() -> Self {
        let (to_write, pieces) = mpsc::channel();
        let (tell, written) = unbounded_channel();
        let thread = std::thread::spawn(move || write_all(&pieces, &tell));

        Self {
            to_write,
            written,
            thread,
        }
    }

    /// Has bytes written behind what came before.
    pub fn print(&self, stream: Stream, bytes: Vec<u8>) {
        // A thread that has ended has said why.
        let _sent = self.to_write.send((stream, bytes));
    }

    /// How many bytes were written.
    ///
    /// # Errors
    /// Nobody reads them.
    pub async fn written(&mut self) -> io::Result<usize> {
        match self.written.recv().await {
            Some(written) => written,
            None => std::future::pending().await,
        }
    }

    /// Whether more has been written than was asked for.
    pub fn has_more(&self) -> bool {
        !self.written.is_empty()
    }

    /// Waits until everything is written.
    pub fn finish(self) {
        drop(self.to_write);
        // It has told what went wrong.
        let _ended = self.thread.join();
    }
}

fn write_all(pieces: &mpsc::Receiver<(Stream, Vec<u8>)>, tell: &UnboundedSender<io::Result<usize>>) {
    while let Ok((stream, bytes)) = pieces.recv() {
        let written = match stream {
            Stream::Out => write(&mut io::stdout(), &bytes),
            Stream::Err => write(&mut io::stderr(), &bytes),
        };
        let has_failed = written.is_err();
        let is_heard = tell.send(written.map(|()| bytes.len())).is_ok();
        if has_failed || !is_heard {
            return;
        }
    }
}

fn write(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;

    to.flush()
}
