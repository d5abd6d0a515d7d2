//! Text of the database made safe for a terminal: control characters are shown, never sent.

use super::width::char_width;

/// Bytes that are made visible before others may have a turn.
pub(crate) const SOME: usize = 8 * 1024;

/// One character of a value, or one byte that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyph {
    Char(char),
    Byte(u8),
}

/// Glyphs of a value in order, each with its length in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Glyphs<'a> {
    bytes: &'a [u8],
}

pub(crate) fn glyphs(bytes: &[u8]) -> Glyphs<'_> {
    Glyphs { bytes }
}

impl Iterator for Glyphs<'_> {
    type Item = (Glyph, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let &first = self.bytes.first()?;
        let (glyph, len) = if first.is_ascii() {
            (Glyph::Char(char::from(first)), 1)
        } else {
            multi_byte(self.bytes, first)
        };
        self.bytes = self.bytes.get(len..).unwrap_or_default();

        Some((glyph, len))
    }
}

fn multi_byte(bytes: &[u8], first: u8) -> (Glyph, usize) {
    let len = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (Glyph::Byte(first), 1),
    };
    let c = bytes
        .get(..len)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| text.chars().next());
    match c {
        Some(c) => (Glyph::Char(c), len),
        None => (Glyph::Byte(first), 1),
    }
}

/// Appends a glyph as psql's aligned format shows it and returns its columns: `\r`, `\x1B` and `\u009B`
/// for control characters, spaces up to the next multiple of 8 for a tab at column `at`.
///
/// A newline is the caller's to handle.
pub(crate) fn put_glyph(out: &mut String, glyph: Glyph, at: usize) -> usize {
    match glyph {
        Glyph::Char('\t') => {
            let width = 8 - at % 8;
            out.extend(std::iter::repeat_n(' ', width));
            width
        }
        Glyph::Char(c) => match char_width(c) {
            Some(width) => {
                out.push(c);
                width
            }
            None => put_control(out, c),
        },
        Glyph::Byte(byte) => put_byte(out, byte),
    }
}

/// Columns [`put_glyph`] would use.
pub(crate) fn glyph_width(glyph: Glyph, at: usize) -> usize {
    match glyph {
        Glyph::Char('\t') => 8 - at % 8,
        Glyph::Char('\r') => 2,
        Glyph::Char(c) => char_width(c).unwrap_or(if c.is_ascii() { 4 } else { 6 }),
        Glyph::Byte(_) => 4,
    }
}

/// A message of the database as lines for the terminal: newline and tab pass, every other control
/// character and what is not UTF-8 is escaped. At most 6 bytes for one.
pub fn visible(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for (glyph, _) in glyphs(bytes) {
        match glyph {
            Glyph::Char('\n') => out.push_str("\r\n"),
            Glyph::Char('\t') => out.push('\t'),
            Glyph::Char(_) | Glyph::Byte(_) => {
                put_glyph(&mut out, glyph, 0);
            }
        }
    }
    out
}

/// Bytes that make a piece: whole characters, as far as the value has any.
pub(crate) fn piece_len(rest: &[u8]) -> usize {
    if rest.len() <= SOME {
        return rest.len();
    }
    let is_inside = |idx: &usize| rest.get(*idx).is_some_and(|byte| byte & 0xC0 == 0x80);
    (SOME - 3..=SOME)
        .rev()
        .find(|idx| !is_inside(idx))
        .unwrap_or(SOME)
}

fn put_control(out: &mut String, c: char) -> usize {
    if c == '\r' {
        out.push_str("\\r");
        return 2;
    }
    match u8::try_from(u32::from(c)) {
        Ok(byte) if byte.is_ascii() => put_byte(out, byte),
        _ => {
            out.push_str("\\u");
            out.push_str(&format!("{:04X}", u32::from(c)));
            6
        }
    }
}

fn put_byte(out: &mut String, byte: u8) -> usize {
    out.push_str("\\x");
    out.push_str(&format!("{byte:02X}"));
    4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_are_shown_and_lines_kept() {
        assert_eq!(
            visible("a\u{1B}]0;x\u{7}\n\tb\r\u{9B}31m".as_bytes()),
            "a\\x1B]0;x\\x07\r\n\tb\\r\\u009B31m"
        );
        assert_eq!(
            visible("a\u{202E}b\u{2066}c\u{200F}\u{61C}".as_bytes()),
            "a\\u202Eb\\u2066c\\u200F\\u061C"
        );
        assert_eq!(visible(b"\x9b31m\xff \xe6\x97"), "\\x9B31m\\xFF \\xE6\\x97");
    }

    proptest! {
        #[test]
        fn nothing_a_terminal_would_act_on_passes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let shown = visible(&bytes).replace("\r\n", "");
            prop_assert!(shown.chars().all(|c| c == '\t' || char_width(c).is_some()));
        }

        #[test]
        fn a_glyph_takes_the_columns_it_was_measured_with(bytes in proptest::collection::vec(any::<u8>(), 0..60), at in 0_usize..20) {
            for (glyph, _) in glyphs(&bytes) {
                prop_assert_eq!(put_glyph(&mut String::new(), glyph, at), glyph_width(glyph, at));
            }
        }
    }
}
