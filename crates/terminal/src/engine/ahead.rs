//! Keys that nobody reads yet, shown as a terminal shows them that edits lines itself: psql leaves its terminal so
//! while a statement runs.

use crate::print::char_width;

/// Marks around a paste, which a terminal is not asked for while psql runs a statement.
const MARKS: [&[u8]; 2] = [b"\x1b[200~", b"\x1b[201~"];

/// What has been shown of the keys that wait.
#[derive(Debug, Default)]
pub(super) struct Echo {
    /// The beginning of a character or of a mark.
    pending: Vec<u8>,
    /// Columns of each character of the line, for Backspace.
    widths: Vec<u8>,
}

impl Echo {
    /// What a key shows.
    pub(super) fn push(&mut self, byte: u8) -> String {
        let mut out = String::new();
        self.pending.push(byte);
        if self.pending.starts_with(b"\x1b") {
            if MARKS.contains(&self.pending.as_slice()) {
                self.pending.clear();
            } else if !MARKS.iter().any(|mark| mark.starts_with(&self.pending)) {
                for byte in std::mem::take(&mut self.pending) {
                    self.show(byte, &mut out);
                }
            }
            return out;
        }
        match std::str::from_utf8(&self.pending).map(|text| text.chars().next()) {
            Ok(Some(c)) if c.is_ascii() => self.show(byte, &mut out),
            Ok(Some(c)) => {
                if let Some(width) = char_width(c) {
                    out.push(c);
                    self.widths.push(u8::try_from(width).unwrap_or(0));
                }
            }
            Ok(None) => {}
            // More of it may come.
            Err(error) if error.error_len().is_none() => return out,
            Err(_) => {}
        }
        self.pending.clear();

        out
    }

    fn show(&mut self, byte: u8, out: &mut String) {
        match byte {
            b'\r' | b'\n' => {
                self.widths.clear();
                out.push_str("\r\n");
            }
            b'\t' => {
                self.widths.push(0);
                out.push('\t');
            }
            // The end of input, and what stops and goes on.
            0x04 | 0x11 | 0x13 => {}
            0x08 | 0x7F => {
                let width = self.widths.pop().unwrap_or(0);
                for _ in 0..width {
                    out.push_str("\x08 \x08");
                }
            }
            0..0x20 => {
                self.widths.push(2);
                out.push('^');
                out.push(char::from(byte + b'@'));
            }
            0x20..0x7F => {
                self.widths.push(1);
                out.push(char::from(byte));
            }
            0x80..=0xFF => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &[u8], expected: &str) {
        let mut echo = Echo::default();
        let shown: String = keys.iter().map(|byte| echo.push(*byte)).collect();

        assert_eq!(shown, expected, "{keys:?}");
    }

    #[test]
    fn keys_that_wait_are_shown_as_a_terminal_shows_them() {
        check(b"select 1;\r", "select 1;\r\n");
        check("é世".as_bytes(), "é世");
        check(b"\x01\x1b[A", "^A^[[A");
        check(b"\x1b[200~pasted\rtext\x1b[201~", "pasted\r\ntext");
        check("a世\x7f\x7f\x7f".as_bytes(), "a世\x08 \x08\x08 \x08\x08 \x08");
        check(b"a\r\x7f", "a\r\n");
        check(b"\xffa\xc3\x28b", "ab");
    }

    #[test]
    fn control_characters_of_any_kind_do_nothing() {
        check("\u{9b}31m".as_bytes(), "31m");
    }
}
