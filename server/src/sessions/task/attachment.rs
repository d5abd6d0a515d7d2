//! The browser a session is shown in: what it is sent, and what it still has to acknowledge.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use protocol::terminal::{ClientFrame, Ended, Hello, OUTPUT_WINDOW, ServerFrame, Status};
use protocol::time::Timestamp;
use tokio::sync::mpsc::error::TrySendError;

use super::FRAME;
use crate::sessions::outlet::Outlet;
use crate::terminal::socket::Ends;

/// Places in the socket's channel that output leaves to everything else.
const RESERVED: usize = 8;

/// The engine asks for marked pastes once, at its start, and a snapshot does not hold it.
const MARK_PASTES: &[u8] = b"\x1b[?2004h";

/// A connected browser.
pub struct Attachment {
    ends: Ends,
    outlet: Outlet,
    /// Where each piece in the outlet goes, of a script: nothing of its output is ever left out.
    streams: VecDeque<Stream>,
    shown: Option<Status>,
    /// What a command line is to end with.
    exit: Option<u8>,
}

/// A script has two streams of output; everything else has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

impl Stream {
    fn frame(self, bytes: &Bytes) -> ServerFrame {
        match self {
            Self::Out => ServerFrame::Output(bytes.to_vec()),
            Self::Err => ServerFrame::Complaint(bytes.to_vec()),
        }
    }
}

/// The browser does not take what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

impl Attachment {
    pub fn new(ends: Ends, hello: Hello, rows: u16) -> Result<Self, Gone> {
        let outlet = Outlet::new(rows, hello.look.scrollback);
        let attachment = Self {
            ends,
            outlet,
            streams: VecDeque::new(),
            shown: None,
            exit: None,
        };
        attachment.send(ServerFrame::Hello(hello))?;

        Ok(attachment)
    }

    /// Paints everything that is shown on a terminal that shows nothing.
    pub fn paint(&mut self, screen: Vec<u8>) -> Result<(), Gone> {
        let mut rest = Bytes::from_owner(screen);
        let first = rest.split_to(rest.len().min(FRAME));
        self.outlet.spend(first.len());
        self.send(ServerFrame::Screen(first.to_vec()))?;
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(FRAME));
            self.outlet.push(piece);
        }
        // Moves the cursor, so that nothing of what comes before it is left out.
        self.outlet.push(Bytes::from_static(MARK_PASTES));

        Ok(())
    }

    /// Sends what waits, as far as the browser keeps up.
    fn deliver(&mut self, now: Instant) -> Result<(), Gone> {
        while self.ends.to_browser.capacity() > RESERVED
            && let Some(bytes) = self.outlet.poll(now)
        {
            let stream = self.streams.pop_front().unwrap_or(Stream::Out);
            self.send(stream.frame(&bytes))?;
        }

        Ok(())
    }

    /// Sends the status if it has changed since it was sent last.
    fn show_status(&mut self, status: Status) -> Result<(), Gone> {
        if self.shown.as_ref() == Some(&status) || self.ends.to_browser.capacity() <= RESERVED {
            return Ok(());
        }
        self.shown = Some(status.clone());

        self.send(ServerFrame::Status(status))
    }

    pub fn send(&self, frame: ServerFrame) -> Result<(), Gone> {
        match self.ends.to_browser.try_send(frame) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => Err(Gone),
        }
    }

    /// Sends everything that waits, and the last frame.
    async fn part(mut self, end: Ended) -> Result<(), Gone> {
        for bytes in self.outlet.take_all() {
            let stream = self.streams.pop_front().unwrap_or(Stream::Out);
            let frame = stream.frame(&bytes);
            self.ends.to_browser.send(frame).await.map_err(|_| Gone)?;
        }
        if let Some(code) = self.exit {
            let frame = ServerFrame::Exit(code);
            self.ends.to_browser.send(frame).await.map_err(|_| Gone)?;
        }
        let last = ServerFrame::Ended(end);

        self.ends.to_browser.send(last).await.map_err(|_| Gone)
    }
}

/// Whether the session is shown to its person.
pub enum Presence {
    Here(Box<Attachment>),
    /// The browser has gone; what is printed meanwhile is recorded, and waits in PostgreSQL beyond the window.
    Away {
        since: Timestamp,
        printed: u64,
    },
}

impl Presence {
    /// Of a browser that may be gone already.
    pub fn of(attachment: Result<Attachment, Gone>, now: Timestamp) -> Self {
        match attachment {
            Ok(attachment) => Self::Here(Box::new(attachment)),
            Err(Gone) => Self::away(now),
        }
    }

    pub fn away(now: Timestamp) -> Self {
        Self::Away {
            since: now,
            printed: 0,
        }
    }

    pub fn is_here(&self) -> bool {
        match self {
            Self::Here(_) => true,
            Self::Away { .. } => false,
        }
    }

    /// Since when nobody is there.
    pub fn away_since(&self) -> Option<Timestamp> {
        match self {
            Self::Here(_) => None,
            Self::Away { since, .. } => Some(*since),
        }
    }

    pub fn has_room(&self, more: usize) -> bool {
        match self {
            Self::Here(attachment) => attachment.outlet.has_room(more),
            Self::Away { printed, .. } => printed + (more as u64) < OUTPUT_WINDOW,
        }
    }

    /// Whether a frame of a file may be sent: never in the last places, which could lose the browser.
    pub fn has_place(&self) -> bool {
        match self {
            Self::Here(attachment) => attachment.ends.to_browser.capacity() > RESERVED,
            Self::Away { .. } => false,
        }
    }

    /// Bytes of output sent to this browser.
    pub fn sent(&self) -> u64 {
        match self {
            Self::Here(attachment) => attachment.outlet.sent(),
            Self::Away { .. } => 0,
        }
    }

    /// Bytes of output this browser has parsed.
    pub fn parsed(&self) -> u64 {
        match self {
            Self::Here(attachment) => attachment.outlet.parsed(),
            Self::Away { .. } => 0,
        }
    }

    pub fn is_flooded(&self) -> bool {
        match self {
            Self::Here(attachment) => attachment.outlet.is_flooded(),
            Self::Away { .. } => false,
        }
    }

    /// What the browser sends next, `None` once when it goes.
    pub async fn receive(&mut self) -> Option<ClientFrame> {
        match self {
            Self::Here(attachment) => attachment.ends.from_browser.recv().await,
            Self::Away { .. } => std::future::pending().await,
        }
    }

    pub fn print(&mut self, output: Bytes) {
        match self {
            Self::Here(attachment) => attachment.outlet.push(output),
            Self::Away { printed, .. } => *printed += output.len() as u64,
        }
    }

    /// Shows what a script has printed.
    pub fn write(&mut self, output: Bytes) {
        self.write_to(Stream::Out, output);
    }

    /// Shows what a script complains of.
    pub fn complain(&mut self, text: Bytes) {
        self.write_to(Stream::Err, text);
    }

    fn write_to(&mut self, stream: Stream, bytes: Bytes) {
        if let Self::Here(attachment) = self
            && !bytes.is_empty()
        {
            attachment.streams.push_back(stream);
            attachment.outlet.push(bytes);
        }
    }

    /// What the command line is to end with, once it has everything else.
    pub fn note_exit(&mut self, code: u8) {
        if let Self::Here(attachment) = self {
            attachment.exit = Some(code);
        }
    }

    pub fn deliver(&mut self, now: Instant) -> Result<(), Gone> {
        match self {
            Self::Here(attachment) => attachment.deliver(now),
            Self::Away { .. } => Ok(()),
        }
    }

    /// The person looks for what was printed last: it is shown at once.
    pub fn urge(&mut self) {
        if let Self::Here(attachment) = self {
            attachment.outlet.urge();
        }
    }

    /// The person waits for the end of what is printed.
    pub fn shorten(&mut self, cols: u16) {
        if let Self::Here(attachment) = self {
            attachment.outlet.shorten(cols);
        }
    }

    pub fn settle(&mut self) {
        if let Self::Here(attachment) = self {
            attachment.outlet.settle();
        }
    }

    pub fn acknowledge(&mut self, parsed: u64) {
        if let Self::Here(attachment) = self {
            attachment.outlet.acknowledge(parsed);
        }
    }

    pub fn resize(&mut self, rows: u16, scrollback: u32) {
        if let Self::Here(attachment) = self {
            attachment.outlet.resize(rows, scrollback);
        }
    }

    pub fn show_status(&mut self, status: Status) -> Result<(), Gone> {
        match self {
            Self::Here(attachment) => attachment.show_status(status),
            Self::Away { .. } => Ok(()),
        }
    }

    pub fn send(&self, frame: ServerFrame) -> Result<(), Gone> {
        match self {
            Self::Here(attachment) => attachment.send(frame),
            Self::Away { .. } => Ok(()),
        }
    }

    /// The session's last word, after everything that waits.
    pub async fn part(self, end: Ended) -> Result<(), Gone> {
        match self {
            Self::Here(attachment) => attachment.part(end).await,
            Self::Away { .. } => Ok(()),
        }
    }
}
