//! One value on the screen: its lines, how wide they are, and where a line that was begun goes on.

use super::escape::{Glyph, glyph_width, glyphs, put_glyph};

/// Bytes of a value that are written before others may have a turn.
const SOME: usize = 16 * 1024;

/// No number of PostgreSQL has as many digits. What is longer is not gone through again for each piece of it.
const LONGEST_NUMBER: usize = 256 * 1024;

/// Where in a value the writing stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Byte of the glyph to write next.
    at: usize,
    /// Characters of that glyph's picture that are written: a wrapped line may end within `\x1B`.
    part: usize,
    /// Column within the value's own line, wrapped or not: tabs count from its start.
    column: usize,
}

/// Why a line of a value stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    End,
    /// The cursor is behind it.
    Newline,
    /// No more columns: the line goes on in the next.
    Wrap,
    /// Enough for once: the same line goes on.
    Pause,
}

/// Writes on from `cursor` in at most `room` columns, but one character at least where `fresh` says that the
/// line is empty. Returns the columns used.
pub(super) fn put(
    out: &mut String,
    value: &[u8],
    cursor: &mut Cursor,
    room: Option<usize>,
    fresh: bool,
) -> (usize, Stop) {
    match room {
        None => put_on(out, value, cursor),
        Some(room) => put_within(out, value, cursor, room, fresh),
    }
}

fn put_on(out: &mut String, value: &[u8], cursor: &mut Cursor) -> (usize, Stop) {
    let first = cursor.column;
    let end = out.len() + SOME;
    while out.len() < end {
        let rest = value.get(cursor.at..).unwrap_or_default();
        let plain = plain_len(rest, SOME);
        if plain > 0 {
            let text = rest.get(..plain).unwrap_or_default();
            out.push_str(std::str::from_utf8(text).unwrap_or_default());
            cursor.at += plain;
            cursor.column += plain;
            continue;
        }
        let Some((glyph, len)) = glyphs(rest).next() else {
            return (cursor.column - first, Stop::End);
        };
        cursor.at += len;
        if glyph == Glyph::Char('\n') {
            let width = cursor.column - first;
            cursor.column = 0;
            return (width, Stop::Newline);
        }
        cursor.column += put_glyph(out, glyph, cursor.column);
    }
    (cursor.column - first, Stop::Pause)
}

fn put_within(
    out: &mut String,
    value: &[u8],
    cursor: &mut Cursor,
    room: usize,
    fresh: bool,
) -> (usize, Stop) {
    let mut width = 0;
    let mut picture = String::new();
    let mut empty = fresh;
    let end = out.len() + SOME;
    loop {
        let rest = value.get(cursor.at..).unwrap_or_default();
        let Some((glyph, len)) = glyphs(rest).next() else {
            return (width, Stop::End);
        };
        if glyph == Glyph::Char('\n') {
            cursor.at += len;
            cursor.column = 0;
            return (width, Stop::Newline);
        }
        if out.len() >= end {
            return (width, Stop::Pause);
        }
        picture.clear();
        let columns = put_glyph(&mut picture, glyph, cursor.column);
        let n_chars = picture.chars().count();
        // Pictures of more than one character are ASCII.
        let each = if n_chars == 1 { columns } else { 1 };
        for c in picture.chars().skip(cursor.part) {
            if width + each > room && !empty {
                return (width, Stop::Wrap);
            }
            out.push(c);
            width += each;
            empty = false;
            cursor.part += 1;
        }
        cursor.part = 0;
        cursor.at += len;
        cursor.column += columns;
    }
}

/// Columns from `cursor` to the end of its line.
pub(super) fn line_width(value: &[u8], cursor: Cursor) -> usize {
    let mut column = cursor.column;
    let mut at = cursor.at;
    loop {
        let rest = value.get(at..).unwrap_or_default();
        let plain = plain_len(rest, usize::MAX);
        at += plain;
        column += plain;
        let rest = value.get(at..).unwrap_or_default();
        match glyphs(rest).next() {
            None | Some((Glyph::Char('\n'), _)) => return column - cursor.column,
            Some((glyph, len)) => {
                at += len;
                column += glyph_width(glyph, column);
            }
        }
    }
}

/// Columns of the widest line.
pub(super) fn widest_line(value: &[u8]) -> usize {
    if plain_len(value, usize::MAX) == value.len() {
        return value.len();
    }
    let mut widest = 0;
    let mut width = 0;
    for (glyph, _) in glyphs(value) {
        if glyph == Glyph::Char('\n') {
            widest = widest.max(width);
            width = 0;
        } else {
            width += glyph_width(glyph, width);
        }
    }
    widest.max(width)
}

/// Bytes at the start that are printable ASCII: each takes one column.
fn plain_len(bytes: &[u8], most: usize) -> usize {
    bytes
        .iter()
        .take(most)
        .take_while(|byte| (0x20..0x7F).contains(*byte))
        .count()
}

/// A number with its thousands set apart, as psql's `numericlocale` does in the C locale; anything else as it is.
pub(super) fn grouped(value: &[u8]) -> Option<Vec<u8>> {
    if value.len() > LONGEST_NUMBER || value.iter().any(|byte| !b"0123456789+-.eE".contains(byte)) {
        return None;
    }
    let sign = usize::from(matches!(value.first(), Some(b'-' | b'+')));
    let (head, rest) = value.split_at_checked(sign)?;
    let n_digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(n_digits)?;
    let mut text = head.to_vec();
    for (idx, digit) in digits.iter().enumerate() {
        if idx > 0 && (n_digits - idx).is_multiple_of(3) {
            text.push(b',');
        }
        text.push(*digit);
    }
    text.extend_from_slice(rest);
    Some(text)
}
