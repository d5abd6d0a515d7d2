//! A line that is typed without being shown.

use std::fmt;

use zeroize::Zeroizing;

/// Longest hidden line, in bytes. All of it is set aside at first, so that growing leaves no copy behind.
const MAX_HIDDEN: usize = 1024;

/// What a key has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing anybody must know.
    More,
    /// The line is as long as it may be.
    Full,
    /// Enter.
    Line,
    /// Ctrl-C, or Ctrl-D on an empty line.
    Interrupt,
}

/// The keys of such a line, edited as a terminal does that edits lines itself: Backspace and Ctrl-U. Arrows, the
/// marks around a paste and control characters are no part of it. Wiped when dropped, shown by nothing.
pub(super) struct Hidden {
    typed: Zeroizing<Vec<u8>>,
    sequence: Sequence,
}

/// How far a sequence of the terminal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    None,
    Escape,
    /// After `ESC [`.
    Csi,
    /// After `ESC O`.
    Ss3,
}

impl Hidden {
    pub(super) fn new() -> Self {
        Self {
            typed: Zeroizing::new(Vec::with_capacity(MAX_HIDDEN)),
            sequence: Sequence::None,
        }
    }

    pub(super) fn push(&mut self, byte: u8) -> Typed {
        let before = std::mem::replace(&mut self.sequence, Sequence::None);
        match (before, byte) {
            // These mean the same wherever they come.
            (_, 0x03) => return Typed::Interrupt,
            (_, 0x1B) => self.sequence = Sequence::Escape,
            (Sequence::Escape, b'[') => self.sequence = Sequence::Csi,
            (Sequence::Escape, b'O') => self.sequence = Sequence::Ss3,
            (Sequence::Csi, 0x20..=0x3F) => self.sequence = Sequence::Csi,
            (Sequence::Escape | Sequence::Csi | Sequence::Ss3, _) => {}
            (Sequence::None, b'\r' | b'\n') => return Typed::Line,
            (Sequence::None, 0x04) if self.typed.is_empty() => return Typed::Interrupt,
            (Sequence::None, 0x08 | 0x7F) => self.take_back(),
            (Sequence::None, 0x15) => self.typed.clear(),
            (Sequence::None, 0..0x20) => {}
            (Sequence::None, _) if self.typed.len() == MAX_HIDDEN => return Typed::Full,
            (Sequence::None, _) => self.typed.push(byte),
        }

        Typed::More
    }

    /// What was typed. Each call is a place to look at in a review.
    pub(super) fn expose(&self) -> &[u8] {
        &self.typed
    }

    /// Takes back one character.
    fn take_back(&mut self) {
        while let Some(byte) = self.typed.pop()
            && (0x80..0xC0).contains(&byte)
        {}
    }
}

impl PartialEq for Hidden {
    fn eq(&self, other: &Self) -> bool {
        self.typed == other.typed
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> (Hidden, Typed) {
        let mut line = Hidden::new();
        let last = keys.bytes().map(|byte| line.push(byte)).last().unwrap();

        (line, last)
    }

    #[test]
    fn a_hidden_line_is_what_is_left_after_its_corrections() {
        let cases = [
            ("secret", "secret"),
            ("nö\x7f\x7fope", "ope"),
            ("wrong\x15right", "right"),
            ("\x1b[200~pasted\x1b[201~", "pasted"),
            ("a\x1b[Ab\x1bOPc\x1b[1;5Dd", "abcd"),
            ("tab\tbell\x07", "tabbell"),
        ];
        for (keys, expected) in cases {
            assert_eq!(typed(keys).0.expose(), expected.as_bytes(), "{keys:?}");
        }
    }

    #[test]
    fn a_hidden_line_ends_with_enter_and_is_given_up_with_ctrl_c() {
        assert_eq!(typed("x\r").1, Typed::Line);
        assert_eq!(typed("x\x1b[\x03").1, Typed::Interrupt);
        assert_eq!(typed("\x04").1, Typed::Interrupt);
        assert_eq!(typed("x\x04").1, Typed::More);
    }

    #[test]
    fn a_hidden_line_is_bounded_and_shows_nowhere() {
        let (line, last) = typed(&"x".repeat(MAX_HIDDEN + 1));

        assert_eq!(last, Typed::Full);
        assert_eq!(line.expose().len(), MAX_HIDDEN);
        assert_eq!(format!("{line:?}"), "Hidden(..)");
    }
}
