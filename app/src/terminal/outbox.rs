//! What the person types and pastes, on its way to the socket: in pieces, and no more than the socket can take.

use std::collections::VecDeque;

/// Bytes of input in one frame. Below `protocol::terminal::MAX_CLIENT_FRAME`.
const PIECE: usize = 48 * 1024;

/// Bytes the socket may hold before it gets no more: what a cancel has to wait for at most.
const AHEAD: u32 = 128 * 1024;

/// Longest input that waits, in bytes: the longest statement.
pub(super) const MOST: usize = 16 * 1024 * 1024;

/// Ctrl-C, as xterm.js sends it.
const CANCEL: &str = "\x03";

/// What ends a bracketed paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// Input that waits, oldest first; at most [`MOST`] bytes.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<u8>,
}

/// There is no room for what was typed or pasted; nothing of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMuch;

impl Outbox {
    /// Takes input. A cancel overtakes what waits, and ends the paste that it cuts short.
    pub(super) fn push(&mut self, typed: &str) -> Result<(), TooMuch> {
        if typed == CANCEL {
            let cuts_paste = self.holds_paste_end();
            self.waiting.clear();
            if cuts_paste {
                self.waiting.extend(PASTE_END);
            }
        }
        if self.waiting.len() + typed.len() > MOST {
            return Err(TooMuch);
        }
        self.waiting.extend(typed.as_bytes());

        Ok(())
    }

    /// The next piece for a socket that still holds `held` bytes.
    pub(super) fn next(&mut self, held: u32) -> Option<Vec<u8>> {
        if self.waiting.is_empty() || held > AHEAD {
            return None;
        }
        let len = self.waiting.len().min(PIECE);

        Some(self.waiting.drain(..len).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    fn holds_paste_end(&self) -> bool {
        let (front, back) = self.waiting.as_slices();
        let has = |bytes: &[u8]| bytes.windows(PASTE_END.len()).any(|bytes| bytes == PASTE_END);
        if has(front) || has(back) {
            return true;
        }
        // It may stand across the seam of the ring.
        let seam = PASTE_END.len() - 1;
        let across: Vec<u8> = front
            .iter()
            .skip(front.len().saturating_sub(seam))
            .chain(back.iter().take(seam))
            .copied()
            .collect();

        has(&across)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_paste_goes_in_pieces_as_the_socket_drains() {
        let mut outbox = Outbox::default();
        let paste = "x".repeat(PIECE + 10);

        outbox.push(&paste).unwrap();

        assert_eq!(outbox.next(AHEAD + 1), None);
        assert_eq!(outbox.next(0).unwrap().len(), PIECE);
        assert_eq!(outbox.next(AHEAD).unwrap().len(), 10);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_cancel_overtakes_a_paste_and_ends_it() {
        let mut outbox = Outbox::default();
        outbox
            .push(&format!("\x1b[200~{}\x1b[201~", "x".repeat(PIECE)))
            .unwrap();
        outbox.next(0).unwrap();

        outbox.push("\x03").unwrap();

        assert_eq!(outbox.next(0).unwrap(), b"\x1b[201~\x03");
    }

    #[test]
    fn a_cancel_overtakes_keys_alone() {
        let mut outbox = Outbox::default();
        outbox.push("SELECT 1").unwrap();

        outbox.push("\x03").unwrap();

        assert_eq!(outbox.next(0).unwrap(), b"\x03");
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut outbox = Outbox::default();
        outbox.push(&"x".repeat(MOST)).unwrap();

        assert_eq!(outbox.push("y"), Err(TooMuch));
        assert_eq!(outbox.push("\x03"), Ok(()));
    }
}
