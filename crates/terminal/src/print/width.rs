//! How many columns a character takes, as psql 15 counts.
//!
//! One table serves the tables we print, the line editor and the browser's terminal: what they agree on is
//! what keeps a caret under its word.

use super::ranges::{TWO, ZERO};

/// Columns of a character on the screen: 0, 1 or 2. Control characters take none; the engine never prints one.
pub fn width(c: char) -> usize {
    char_width(c).unwrap_or(0)
}

/// Columns of a character: 0, 1 or 2; `None` for what is never shown as itself: control characters and those
/// that reorder the text around them.
pub fn char_width(c: char) -> Option<usize> {
    let code = u32::from(c);
    if (0x20..0x7F).contains(&code) {
        return Some(1);
    }
    if code < 0x20 || (0x7F..0xA0).contains(&code) {
        return None;
    }
    if is_bidi_control(code) {
        return None;
    }
    if contains(&ZERO, code) {
        return Some(0);
    }
    if contains(&TWO, code) {
        return Some(2);
    }

    Some(1)
}

/// Marks, embeddings, overrides and isolates of the bidirectional algorithm: by them a line can read other than
/// it is.
fn is_bidi_control(code: u32) -> bool {
    matches!(code, 0x61C | 0x200E | 0x200F | 0x202A..=0x202E | 0x2066..=0x2069)
}

/// Ranges of code points that take two columns, first and last inclusive; for the browser's terminal.
pub fn wide_ranges() -> &'static [(u32, u32)] {
    &TWO
}

/// Ranges of code points that take no column, first and last inclusive; for the browser's terminal.
pub fn zero_width_ranges() -> &'static [(u32, u32)] {
    &ZERO
}

fn contains(ranges: &[(u32, u32)], code: u32) -> bool {
    let idx = ranges.partition_point(|&(_, last)| last < code);
    ranges.get(idx).is_some_and(|&(first, _)| first <= code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_psql_pads_with() {
        let cases = [
            ('a', Some(1)),
            ('é', Some(1)),
            ('\u{301}', Some(0)),
            ('日', Some(2)),
            ('😀', Some(2)),
            ('\u{200D}', Some(1)),
            ('\u{1B}', None),
            ('\u{9B}', None),
            ('\u{202E}', None),
            ('\u{61C}', None),
            ('\u{10FFFF}', Some(1)),
        ];
        for (c, width) in cases {
            assert_eq!(char_width(c), width, "{c:?}");
        }
    }

    #[test]
    fn ranges_are_in_order_and_apart() {
        for ranges in [&ZERO[..], &TWO[..]] {
            assert!(ranges.iter().all(|(first, last)| first <= last));
            assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
