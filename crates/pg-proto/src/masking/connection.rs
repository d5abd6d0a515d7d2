//! Passwords within a literal that is a connection string or a connection URI, and nothing else.

use std::ops::Range;

use crate::lexer::Quoting;

/// Where they are.
pub(super) fn passwords(text: &[u8], quoting: Quoting) -> Vec<Range<usize>> {
    if let Some(found) = of_uri(text) {
        return found;
    }
    of_pairs(text, quoting).unwrap_or_default()
}

/// `scheme://user:password@host/…?password=…`
fn of_uri(text: &[u8]) -> Option<Vec<Range<usize>>> {
    let scheme = text.iter().position(|byte| !is_of_scheme(*byte))?;
    let rest = text.get(scheme..)?;
    if scheme == 0 || !rest.starts_with(b"://") || rest.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    let mut found = Vec::new();
    let start = scheme + 3;
    let authority = text.get(start..)?;
    let len = authority
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let authority = authority.get(..len.unwrap_or(authority.len()))?;
    if let Some(at) = authority.iter().rposition(|byte| *byte == b'@')
        && let Some(colon) = authority.get(..at)?.iter().position(|byte| *byte == b':')
    {
        found.push(start + colon + 1..start + at);
    }
    let mut at = start + authority.len();
    for parameter in text.get(at..)?.split(|byte| matches!(byte, b'?' | b'&')) {
        if let Some(equals) = parameter.iter().position(|byte| *byte == b'=')
            && is_secret(parameter.get(..equals)?)
        {
            found.push(at + equals + 1..at + parameter.len());
        }
        at += parameter.len() + 1;
    }
    Some(found)
}

fn is_of_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

fn is_secret(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"password") || name.eq_ignore_ascii_case(b"sslpassword")
}

/// `name = value name = 'value'`; `None` where the text is something else.
fn of_pairs(text: &[u8], quoting: Quoting) -> Option<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut at = spaces(text, 0);
    while at < text.len() {
        let name = at..end_of(text, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let equals = spaces(text, name.end);
        if name.is_empty() || text.get(equals) != Some(&b'=') {
            return None;
        }
        let start = spaces(text, equals + 1);
        let value = match quote(text, start, quoting) {
            0 => start..end_of(text, start, |byte| !byte.is_ascii_whitespace()),
            n_bytes => quoted(text, start + n_bytes, quoting)?,
        };
        if is_secret(text.get(name)?) {
            found.push(value.clone());
        }
        at = value.end + quote(text, value.end, quoting);
        let next = spaces(text, at);
        if next == at && at < text.len() {
            return None;
        }
        at = next;
    }
    Some(found)
}

fn spaces(text: &[u8], start: usize) -> usize {
    end_of(text, start, |byte| byte.is_ascii_whitespace())
}

fn end_of(text: &[u8], start: usize, belongs: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let len = rest.iter().position(|byte| !belongs(*byte));

    start + len.unwrap_or(rest.len())
}

/// Bytes of a quote in this place, as the literal around it writes one; 0 where there is none.
fn quote(text: &[u8], at: usize, quoting: Quoting) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    match quoting {
        Quoting::Dollar => usize::from(rest.starts_with(b"'")),
        Quoting::Plain if rest.starts_with(b"''") => 2,
        Quoting::Escaped if rest.starts_with(b"''") || rest.starts_with(b"\\'") => 2,
        Quoting::Plain | Quoting::Escaped => 0,
    }
}

/// Up to the quote that closes; one without is not a connection string.
fn quoted(text: &[u8], start: usize, quoting: Quoting) -> Option<Range<usize>> {
    let mut at = start;
    while at < text.len() {
        if quote(text, at, quoting) > 0 {
            return Some(start..at);
        }
        let escapes = text.get(at) == Some(&b'\\');
        // Within a connection string a backslash keeps what follows from its meaning.
        at += if escapes {
            1 + quote(text, at + 1, quoting).max(1)
        } else {
            1
        };
    }
    None
}
