//! SQL's tokens, as far as one has to know them to find its literals, its names and the ends of its statements.
//!
//! See <https://www.postgresql.org/docs/current/sql-syntax-lexical.html>.

use std::ops::Range;

/// Walks over a text, token by token.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    backslash: Backslash,
}

/// What a backslash is within a literal that has no `E` before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backslash {
    /// A backslash: `standard_conforming_strings` is on.
    Plain,
    /// That, or the beginning of an escape: nobody knows.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Whitespace or a comment.
    Space,
    /// A keyword, or a name without quotes.
    Word(&'a [u8]),
    /// What is between the quotes of a name.
    Name(&'a [u8]),
    /// The same of one with escapes, `U&"…"`.
    EscapedName(&'a [u8]),
    Literal {
        quoting: Quoting,
        /// What is between the quotes.
        inner: Range<usize>,
    },
    Other(u8),
}

/// How a quote is written within a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// Twice.
    Plain,
    /// Twice, or behind a backslash.
    Escaped,
    /// As it is.
    Dollar,
}

pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// Whether a character that matters here may be half of another one: in Shift-JIS, Big5, GBK and their relatives
/// it is, behind a byte that is none of ASCII, and the client says which encoding its text is in.
pub(crate) fn may_be_other_characters(sql: &[u8]) -> bool {
    sql.array_windows()
        .any(|[first, second]| !first.is_ascii() && matches!(second, b'0'..=b'~') && !is_word(*second))
}

fn begins_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | 0x80..)
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8], backslash: Backslash) -> Self {
        Self {
            text,
            at: 0,
            backslash,
        }
    }

    /// The next token; the inner `None` at the end, the outer one where the text can be read in two ways.
    pub(crate) fn next(&mut self) -> Option<Option<Token<'a>>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(&first) = rest.first() else {
            return Some(None);
        };
        let token = match (first, rest.get(1)) {
            (b'-', Some(b'-')) => self.line_comment(),
            (b'/', Some(b'*')) => self.block_comment(),
            (b'e' | b'E', Some(b'\'')) => {
                self.at += 1;
                self.literal(Quoting::Escaped)?
            }
            (b'u' | b'U', Some(b'&')) if rest.get(2) == Some(&b'\'') => {
                self.at += 2;
                self.literal(Quoting::Plain)?
            }
            (b'u' | b'U', Some(b'&')) if rest.get(2) == Some(&b'"') => {
                self.at += 2;
                Token::EscapedName(self.quoted())
            }
            (b'\'', _) => self.literal(Quoting::Plain)?,
            (b'"', _) => Token::Name(self.quoted()),
            (b'$', _) => self.dollar(),
            (first, _) if first.is_ascii_whitespace() || first == 0x0B => {
                self.at += 1;
                Token::Space
            }
            (first, _) if begins_word(first) => {
                let len = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
                self.at += len;
                Token::Word(rest.get(..len).unwrap_or_default())
            }
            (first, _) => {
                self.at += 1;
                Token::Other(first)
            }
        };
        Some(Some(token))
    }

    fn line_comment(&mut self) -> Token<'a> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        self.at += len.unwrap_or(rest.len());
        Token::Space
    }

    /// Comments nest.
    fn block_comment(&mut self) -> Token<'a> {
        let mut depth = 0usize;
        while let Some(rest) = self.text.get(self.at..)
            && !rest.is_empty()
        {
            if rest.starts_with(b"/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with(b"*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    break;
                }
            } else {
                self.at += 1;
            }
        }
        Token::Space
    }

    /// From its opening quote on. One without an end goes to the end of the text.
    fn literal(&mut self, quoting: Quoting) -> Option<Token<'a>> {
        self.at += 1;
        let start = self.at;
        while let Some(&byte) = self.text.get(self.at) {
            let before = self.text.get(start..self.at).unwrap_or_default();
            match (byte, self.text.get(self.at + 1)) {
                (b'\'', _)
                    if quoting == Quoting::Plain
                        && self.backslash == Backslash::Unknown
                        && before.ends_with(b"\\") =>
                {
                    return None;
                }
                (b'\'', Some(b'\'')) => self.at += 1,
                (b'\'', _) => {
                    let inner = start..self.at;
                    self.at += 1;
                    if quoting == Quoting::Escaped && self.may_continue() {
                        return None;
                    }
                    return Some(Token::Literal { quoting, inner });
                }
                (b'\\', _) if quoting == Quoting::Escaped => self.at += 1,
                _ => (),
            }
            self.at += 1;
        }
        self.at = self.text.len();
        let inner = start..self.at;

        Some(Token::Literal { quoting, inner })
    }

    /// Whether a literal follows that may be the rest of this one, with its escapes. Where a backslash before a quote is
    /// doubtful in every literal nothing hangs on it.
    fn may_continue(&self) -> bool {
        if self.backslash == Backslash::Unknown {
            return false;
        }
        let mut ahead = self.clone();
        loop {
            match ahead.text.get(ahead.at) {
                Some(b'\'') => return true,
                Some(byte) if byte.is_ascii_whitespace() || *byte == 0x0B => ahead.at += 1,
                Some(b'-') if ahead.text.get(ahead.at + 1) == Some(&b'-') => drop(ahead.line_comment()),
                Some(_) | None => return false,
            }
        }
    }

    fn quoted(&mut self) -> &'a [u8] {
        let start = self.at + 1;
        self.at = start;
        while let Some(&byte) = self.text.get(self.at) {
            if byte == b'"' {
                if self.text.get(self.at + 1) != Some(&b'"') {
                    break;
                }
                self.at += 1;
            }
            self.at += 1;
        }
        let word = self.text.get(start..self.at).unwrap_or_default();
        self.at = (self.at + 1).min(self.text.len());

        word
    }

    /// `$tag$ … $tag$`, or the `$` of a parameter.
    fn dollar(&mut self) -> Token<'a> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let tag = rest.get(1..).unwrap_or_default();
        let len = tag.iter().position(|byte| *byte == b'$' || !is_word(*byte));
        let Some(len) = len.filter(|len| tag.get(*len) == Some(&b'$')) else {
            self.at += 1;
            return Token::Other(b'$');
        };
        if tag
            .first()
            .is_some_and(|first| *first != b'$' && !begins_word(*first))
        {
            self.at += 1;
            return Token::Other(b'$');
        }
        let delimiter = rest.get(..len + 2).unwrap_or_default();
        let start = self.at + delimiter.len();
        let body = self.text.get(start..).unwrap_or_default();
        let end = start + find(body, delimiter).unwrap_or(body.len());
        self.at = (end + delimiter.len()).min(self.text.len());

        Token::Literal {
            quoting: Quoting::Dollar,
            inner: start..end,
        }
    }
}

/// Where `delimiter`, which begins and ends with the only two `$` it has, is found first.
fn find(body: &[u8], delimiter: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        let rest = body.get(start..)?;
        start += rest.iter().position(|byte| *byte == b'$')?;
        let rest = body.get(start..)?;
        if rest.starts_with(delimiter) {
            return Some(start);
        }
        // Compared as far as it is the same, and never again: the next `$` comes after that.
        let same = rest.iter().zip(delimiter).take_while(|(one, other)| one == other);
        start += same.count().max(1);
    }
}
