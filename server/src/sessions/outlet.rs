//! What a browser still has to be sent: in order, no faster than it parses, and without lines it could never show.
//!
//! The browser owes at most [`OUTPUT_WINDOW`] bytes of acknowledgement. What comes meanwhile waits here. When more
//! plain lines wait than screen and scrollback hold, the oldest are dropped: the browser would have thrown them away.
//! While lines are being dropped it gets a look at the last screenful now and then, so that people see movement, and
//! when the flood is over everything that waits. That is at least a screen and its scrollback, so that the terminal
//! ends as if it had been sent every byte.
//!
//! Who types into a flood sees its end at once, whatever the browser owes: that is one screenful for each key. Who
//! interrupts a line without an end does not wait for those of its rows that the terminal would have thrown away.
//!
//! Bounds: [`OUTPUT_WINDOW`] of what moves the cursor, 4 MiB of plain lines, and one piece.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use protocol::terminal::OUTPUT_WINDOW;

/// Plain lines that wait, in bytes. Where a screen and its scrollback are more, nothing is dropped.
const MAX_LINES: usize = 4 * 1024 * 1024;

/// What may wait of anything else, in bytes.
const MAX_MIXED: usize = OUTPUT_WINDOW as usize;

/// Between two looks at a flood.
pub const LOOK: Duration = Duration::from_millis(100);

/// The queue of one browser.
#[derive(Debug)]
pub struct Outlet {
    queue: VecDeque<Piece>,
    n_bytes: usize,
    n_lines: usize,
    /// Rows of the screen, and lines of screen and scrollback together.
    rows: usize,
    keep: usize,
    /// Something in the queue moves the cursor: every byte of it counts.
    is_mixed: bool,
    /// Lines have been dropped; what waits comes after a gap.
    has_gap: bool,
    looked_at: Option<Instant>,
    /// The next look does not wait for its time, and shows a line that has not ended.
    is_urged: bool,
    sent: u64,
    parsed: u64,
}

#[derive(Debug)]
struct Piece {
    bytes: Bytes,
    n_lines: usize,
}

impl Outlet {
    /// For a terminal of `rows` rows and `scrollback` lines above them that shows nothing yet.
    pub fn new(rows: u16, scrollback: u32) -> Self {
        let mut outlet = Self {
            queue: VecDeque::new(),
            n_bytes: 0,
            n_lines: 0,
            rows: 0,
            keep: 0,
            is_mixed: false,
            has_gap: false,
            looked_at: None,
            is_urged: false,
            sent: 0,
            parsed: 0,
        };
        outlet.resize(rows, scrollback);

        outlet
    }

    /// The terminal has another size.
    pub fn resize(&mut self, rows: u16, scrollback: u32) {
        self.rows = rows.into();
        let scrollback = usize::try_from(scrollback).unwrap_or(usize::MAX);
        // One more, of which only the end may be there.
        self.keep = scrollback.saturating_add(self.rows).saturating_add(1);
    }

    /// Whether `more` bytes may be pushed.
    pub fn has_room(&self, more: usize) -> bool {
        let limit = if self.is_mixed { MAX_MIXED } else { MAX_LINES };

        self.n_bytes + more < limit
    }

    /// Takes what is to be sent after everything that waits.
    pub fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        if !is_plain(&bytes) {
            self.is_mixed = true;
            self.settle();
        }
        let n_lines = bytes.iter().filter(|byte| **byte == b'\n').count();
        self.n_bytes += bytes.len();
        self.n_lines += n_lines;
        self.queue.push_back(Piece { bytes, n_lines });
        self.drop_unseen();
    }

    /// The next bytes to send: `None` when nothing waits or the browser owes too much.
    pub fn poll(&mut self, now: Instant) -> Option<Bytes> {
        if self.has_gap {
            return self.look(now);
        }
        if self.owed() >= OUTPUT_WINDOW {
            return None;
        }
        let piece = self.take_front()?;
        if self.queue.is_empty() {
            self.is_mixed = false;
        }
        self.sent += piece.bytes.len() as u64;

        Some(piece.bytes)
    }

    /// Counts what was sent beside the queue.
    pub fn spend(&mut self, n_bytes: usize) {
        self.sent += n_bytes as u64;
    }

    /// The browser has parsed so much since it was connected. One that claims more than it was sent, or less than
    /// before, gains nothing.
    pub fn acknowledge(&mut self, parsed: u64) {
        self.parsed = parsed.clamp(self.parsed, self.sent);
    }

    /// Bytes sent so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes acknowledged so far.
    pub fn parsed(&self) -> u64 {
        self.parsed
    }

    /// What was pushed last is to be seen: at once while lines are being dropped, and else it is not dropped.
    pub fn urge(&mut self) {
        if self.has_gap {
            self.is_urged = true;
        } else if !self.queue.is_empty() {
            self.is_mixed = true;
        }
    }

    /// Drops of a line without an end what a terminal of `cols` columns could not hold. Whole rows of it, so that the
    /// rest stands where it would have stood; and not of its first piece, which may complete a character or a control
    /// sequence that was sent.
    pub fn shorten(&mut self, cols: u16) {
        let cols = usize::from(cols.max(1));
        let is_letters = |piece: &Piece| is_letters(&piece.bytes);
        let Some(first) = self.queue.iter().position(is_letters) else {
            return;
        };
        let letters = self
            .queue
            .iter()
            .skip(first + 1)
            .take_while(|piece| is_letters(piece));
        let n_letters: usize = letters.map(|piece| piece.bytes.len()).sum();
        let spare = n_letters.saturating_sub(self.keep.saturating_mul(cols));
        let mut n_dropped = spare - spare % cols;
        self.n_bytes -= n_dropped;
        while let Some(piece) = self.queue.get_mut(first + 1).filter(|_| n_dropped > 0) {
            let n = n_dropped.min(piece.bytes.len());
            piece.bytes.advance(n);
            n_dropped -= n;
            if piece.bytes.is_empty() {
                self.queue.remove(first + 1);
            }
        }
    }

    /// The flood is over or pauses: what waits is sent.
    pub fn settle(&mut self) {
        self.has_gap = false;
        self.is_urged = false;
    }

    /// Everything that waits, whatever the browser owes: it is the end.
    pub fn take_all(&mut self) -> impl Iterator<Item = Bytes> {
        self.queue.drain(..).map(|piece| piece.bytes)
    }

    /// Whether lines are being dropped at this moment.
    pub fn is_flooded(&self) -> bool {
        self.has_gap
    }

    fn owed(&self) -> u64 {
        self.sent - self.parsed
    }

    /// The last screenful, where the browser has nothing else to do or its person looks for something.
    fn look(&mut self, now: Instant) -> Option<Bytes> {
        let is_urged = std::mem::take(&mut self.is_urged);
        let is_time = self
            .looked_at
            .is_none_or(|last| now.saturating_duration_since(last) >= LOOK);
        if !is_urged && (!is_time || self.owed() > 0) {
            return None;
        }
        let piece = self.queue.back()?;
        let look = if is_urged {
            end(&piece.bytes, self.rows)
        } else {
            last_lines(&piece.bytes, self.rows)
        };
        self.looked_at = Some(now);
        self.sent += look.len() as u64;

        Some(look)
    }

    fn drop_unseen(&mut self) {
        while !self.is_mixed
            && let Some(first) = self.queue.front()
            && self.n_lines - first.n_lines >= self.keep
        {
            self.has_gap = true;
            self.take_front();
        }
    }

    fn take_front(&mut self) -> Option<Piece> {
        let piece = self.queue.pop_front()?;
        self.n_bytes -= piece.bytes.len();
        self.n_lines -= piece.n_lines;

        Some(piece)
    }
}

/// Whether bytes are text and line ends only, so that what they do to a terminal is gone once they have scrolled off.
fn is_plain(bytes: &[u8]) -> bool {
    let has_control = bytes
        .iter()
        .any(|byte| (*byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t')) || *byte == 0x7f);

    !has_control && !has_c1(bytes)
}

/// Whether every byte takes one column and nothing ends the line.
fn is_letters(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// U+0080 to U+009F, which some terminals take for control sequences.
fn has_c1(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| matches!(pair, [0xc2, 0x80..=0x9f]))
}

/// The last `n` whole lines.
fn last_lines(bytes: &Bytes, n: usize) -> Bytes {
    match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(last) => end(&bytes.slice(..=last), n),
        None => Bytes::new(),
    }
}

/// The last `n` whole lines, and what there is of the next.
fn end(lines: &Bytes, n: usize) -> Bytes {
    let start = lines
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(n)
        .map_or(0, |(idx, _)| idx + 1);

    lines.slice(start..)
}

#[cfg(test)]
mod tests;
