//! The queues of files on their way, without a browser or an engine.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use protocol::terminal::{DOWNLOAD_WINDOW, FileEnd};

use super::file_end;
use crate::sessions::task::FRAME;

/// Bytes of downloads that wait for the browser before PostgreSQL has to.
pub(super) const ROOM: usize = 256 * 1024;

/// A file the person sends.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) name: String,
    /// The browser has been asked for it.
    pub(super) is_asked: bool,
    /// The browser sends no more.
    pub(super) is_whole: bool,
    pub(super) received: u64,
    pub(super) taken: u64,
    told: u64,
    pub(super) waiting: VecDeque<Bytes>,
}

impl Upload {
    pub(super) fn of(name: String) -> Self {
        Self {
            name,
            is_asked: false,
            is_whole: false,
            received: 0,
            taken: 0,
            told: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Whether what the browser sends belongs to it.
    pub(super) fn is_open(&self) -> bool {
        self.is_asked && !self.is_whole
    }

    /// The next bytes for PostgreSQL.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        let chunk = self.waiting.pop_front()?;
        self.taken += chunk.len() as u64;

        Some(chunk)
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// What has been taken, when that is news.
    pub(super) fn credit(&mut self) -> Option<u64> {
        let is_news = self.taken > self.told;
        self.told = self.taken;

        is_news.then_some(self.taken)
    }
}

/// What the browser is sent of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Begin(String),
    Bytes(Bytes),
    End(FileEnd),
}

#[derive(Debug)]
enum Waiting {
    Begin(String),
    Bytes(BytesMut),
    End(FileEnd),
}

/// Files the person is sent, one after another.
#[derive(Debug, Default)]
pub(super) struct Files {
    waiting: VecDeque<Waiting>,
    n_bytes: usize,
    n_ends: usize,
    /// The engine has begun one that it has not ended.
    is_open: bool,
    /// Bytes of the file the browser gets at this moment, and how many of them it has put away.
    sent: u64,
    taken: u64,
}

impl Files {
    pub(super) fn has_room(&self) -> bool {
        self.n_bytes < ROOM
    }

    /// Whether the engine is in the middle of a file.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether a file that the engine has ended is not sent whole yet.
    pub(super) fn is_finishing(&self) -> bool {
        self.n_ends > 0
    }

    pub(super) fn begin(&mut self, name: String) {
        self.is_open = true;
        self.waiting.push_back(Waiting::Begin(name));
    }

    pub(super) fn push(&mut self, bytes: &Bytes) {
        if !self.is_open {
            return;
        }
        self.n_bytes += bytes.len();
        match self.waiting.back_mut() {
            // Rows are small; frames are not.
            Some(Waiting::Bytes(last)) if last.len() < FRAME => last.extend_from_slice(bytes),
            Some(_) | None => self
                .waiting
                .push_back(Waiting::Bytes(BytesMut::from(bytes.as_ref()))),
        }
    }

    pub(super) fn end(&mut self, is_whole: bool) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        self.n_ends += 1;
        if !is_whole {
            self.drop_last_bytes();
        }
        self.waiting.push_back(Waiting::End(file_end(is_whole)));
    }

    /// Drops what waits of the file the engine is in the middle of.
    pub(super) fn drop_bytes(&mut self) {
        if self.is_open {
            self.drop_last_bytes();
        }
    }

    fn drop_last_bytes(&mut self) {
        while let Some(Waiting::Bytes(bytes)) = self.waiting.back() {
            self.n_bytes -= bytes.len();
            self.waiting.pop_back();
        }
    }

    /// The files that wait for the browser alone are not sent whole.
    pub(super) fn break_all(&mut self) {
        for part in &mut self.waiting {
            match part {
                Waiting::Begin(_) => {}
                Waiting::Bytes(bytes) => {
                    self.n_bytes -= bytes.len();
                    bytes.clear();
                }
                Waiting::End(end) => *end = FileEnd::Broken,
            }
        }
    }

    /// Nobody is there to take them.
    pub(super) fn forget(&mut self) {
        let is_open = self.is_open;
        *self = Self {
            is_open,
            ..Self::default()
        };
    }

    /// The browser has put away so much. One that claims more than it was sent, or less than before, gains nothing.
    pub(super) fn acknowledge(&mut self, taken: u64) {
        self.taken = taken.clamp(self.taken, self.sent);
    }

    /// What to send next; `None` when nothing waits or the browser owes too much.
    pub(super) fn poll(&mut self) -> Option<Part> {
        loop {
            let credit = usize::try_from(DOWNLOAD_WINDOW - (self.sent - self.taken)).unwrap_or(usize::MAX);
            match self.waiting.front_mut()? {
                Waiting::Bytes(bytes) if bytes.is_empty() => {
                    self.waiting.pop_front();
                }
                Waiting::Bytes(_) if credit == 0 => return None,
                Waiting::Bytes(bytes) => {
                    let piece = bytes.split_to(bytes.len().min(FRAME).min(credit));
                    self.n_bytes -= piece.len();
                    self.sent += piece.len() as u64;

                    return Some(Part::Bytes(piece.freeze()));
                }
                Waiting::Begin(_) | Waiting::End(_) => match self.waiting.pop_front()? {
                    Waiting::Begin(name) => {
                        self.sent = 0;
                        self.taken = 0;

                        return Some(Part::Begin(name));
                    }
                    Waiting::End(end) => {
                        self.n_ends -= 1;

                        return Some(Part::End(end));
                    }
                    Waiting::Bytes(_) => {}
                },
            }
        }
    }
}

#[cfg(test)]
mod tests;
