//! Finds where statements end, as psql's own scanner does: it looks at one line at a time and knows
//! quotes, dollar quotes, comments, parentheses and the bodies of `BEGIN ATOMIC` functions.

mod references;
mod secrets;
#[cfg(test)]
mod tests;

pub(crate) use references::{Kind, Reference};
pub(crate) use secrets::holds_password;

/// What a person is in the middle of; the character the prompt shows for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pending {
    /// A new statement.
    Ready,
    Continue,
    SingleQuote,
    DoubleQuote,
    DollarQuote,
    Comment,
    Parenthesis,
}

/// Why the scanner stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// A statement is complete, its semicolon included.
    Semicolon,
    /// A backslash command begins; its name is next.
    Backslash,
    /// A reference to a variable is next.
    Reference,
    EndOfLine,
}

/// The state between lines.
#[derive(Debug)]
pub(crate) struct Scanner {
    state: State,
    /// Whether a backslash in a plain quote is just a backslash: the server's parameter of that name.
    standard_strings: bool,
    parentheses: usize,
    /// Open BEGIN and CASE inside the body of a function.
    begins: usize,
    n_words: usize,
    /// Initials of the first words of a statement, when they are those of CREATE OR REPLACE FUNCTION or
    /// PROCEDURE; `\0` for any other word.
    initials: [u8; 4],
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Plain,
    Quote {
        escapes: bool,
    },
    DoubleQuote,
    /// The delimiter with its dollars.
    Dollar(String),
    /// How deep comments are nested.
    Comment(usize),
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Plain,
            standard_strings: true,
            parentheses: 0,
            begins: 0,
            n_words: 0,
            initials: [0; 4],
        }
    }

    pub(crate) fn set_standard_strings(&mut self, on: bool) {
        self.standard_strings = on;
    }

    /// Forgets everything but the server's parameter.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            standard_strings: self.standard_strings,
            ..Self::new()
        };
    }

    /// Scans `line` from byte `at` on; appends what belongs to the statement to `statement` and moves `at`.
    ///
    /// White space and `--` comments in front of a statement are left out, `\;` becomes `;`.
    pub(crate) fn scan(&mut self, line: &str, at: &mut usize, statement: &mut String) -> Stop {
        while let Some(rest) = line.get(*at..).filter(|rest| !rest.is_empty()) {
            let (len, stop) = match &mut self.state {
                State::Plain => self.plain(rest, statement),
                State::Quote { escapes } => {
                    let (len, closed) = quoted(rest, b'\'', *escapes);
                    self.close_if(closed);
                    (len, None)
                }
                State::DoubleQuote => {
                    let (len, closed) = quoted(rest, b'"', false);
                    self.close_if(closed);
                    (len, None)
                }
                State::Dollar(tag) => {
                    let end = rest.find(tag.as_str()).map(|idx| idx + tag.len());
                    self.close_if(end.is_some());
                    (end.unwrap_or(rest.len()), None)
                }
                State::Comment(depth) => {
                    let len = comment(rest, depth);
                    let closed = *depth == 0;
                    self.close_if(closed);
                    (len, None)
                }
            };
            let (taken, _) = rest.split_at_checked(len).unwrap_or((rest, ""));
            match stop {
                Some(Stop::Backslash) => {
                    *at += len;
                    return Stop::Backslash;
                }
                Some(Stop::Reference) => return Stop::Reference,
                Some(Stop::Semicolon) => {
                    statement.push_str(taken);
                    *at += len;
                    return Stop::Semicolon;
                }
                Some(Stop::EndOfLine) => {}
                None => statement.push_str(taken),
            }
            *at += taken.len().max(1);
        }
        Stop::EndOfLine
    }

    /// What the prompt of the next line says.
    pub(crate) fn pending(&self, statement: &str) -> Pending {
        match &self.state {
            State::Plain if self.parentheses > 0 => Pending::Parenthesis,
            State::Plain if self.begins > 0 || !statement.is_empty() => Pending::Continue,
            State::Plain => Pending::Ready,
            State::Quote { .. } => Pending::SingleQuote,
            State::DoubleQuote => Pending::DoubleQuote,
            State::Dollar(_) => Pending::DollarQuote,
            State::Comment(_) => Pending::Comment,
        }
    }

    /// Whether a quote or a comment is open.
    pub(crate) fn is_within(&self) -> bool {
        !matches!(self.state, State::Plain)
    }

    /// Whether the end of a line may end the statement, where it is told to.
    pub(crate) fn may_end(&self, statement: &str) -> bool {
        !self.is_within() && self.parentheses == 0 && self.begins == 0 && !statement.is_empty()
    }

    fn close_if(&mut self, closed: bool) {
        if closed {
            self.state = State::Plain;
        }
    }

    /// One token outside of quotes: its length, and why to stop. `Stop::EndOfLine` says "leave it out".
    fn plain(&mut self, rest: &str, statement: &mut String) -> (usize, Option<Stop>) {
        let bytes = rest.as_bytes();
        let (first, second) = (bytes.first().copied().unwrap_or(0), bytes.get(1).copied());
        match (first, second) {
            (b' ' | b'\t' | b'\n' | b'\r' | 0x0C | 0x0B, _) => (1, leave_out_in_front(statement)),
            (b'-', Some(b'-')) => (
                rest.find('\n').unwrap_or(rest.len()),
                leave_out_in_front(statement),
            ),
            (b'/', Some(b'*')) => {
                self.state = State::Comment(1);
                (2, None)
            }
            (b'\'', _) => self.open_quote(1, !self.standard_strings),
            (b'e' | b'E', Some(b'\'')) => self.open_quote(2, true),
            (b'b' | b'B' | b'x' | b'X', Some(b'\'')) => self.open_quote(2, false),
            (b'u' | b'U', Some(b'&')) if bytes.get(2) == Some(&b'\'') => self.open_quote(3, false),
            (b'"', _) => {
                self.state = State::DoubleQuote;
                (1, None)
            }
            (b'$', _) => self.dollar(rest),
            (b'(', _) => {
                self.parentheses += 1;
                (1, None)
            }
            (b')', _) => {
                self.parentheses = self.parentheses.saturating_sub(1);
                (1, None)
            }
            (b';', _) if self.parentheses == 0 && self.begins == 0 => {
                self.n_words = 0;
                (1, Some(Stop::Semicolon))
            }
            (b'\\', Some(forced @ (b';' | b':'))) => {
                if forced == b';' {
                    self.n_words = 0;
                }
                statement.push(char::from(forced));
                (2, Some(Stop::EndOfLine))
            }
            (b'\\', _) => (1, Some(Stop::Backslash)),
            (b':', Some(b':' | b'=')) => (2, None),
            (b':', _) if Reference::at(rest).is_some() => (0, Some(Stop::Reference)),
            (b'0'..=b'9', _) => (number_len(rest), None),
            _ if is_word_start(first) => {
                let len = word_len(rest);
                self.word(rest.get(..len).unwrap_or_default());
                (len, None)
            }
            _ => (1, None),
        }
    }

    fn open_quote(&mut self, len: usize, escapes: bool) -> (usize, Option<Stop>) {
        self.state = State::Quote { escapes };
        (len, None)
    }

    fn dollar(&mut self, rest: &str) -> (usize, Option<Stop>) {
        let tail = rest.get(1..).unwrap_or_default();
        let tag = tail
            .bytes()
            .take_while(|&byte| is_word_start(byte) || byte.is_ascii_digit());
        let tag_len = tag.count();
        let starts = tail.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        if starts && tail.as_bytes().get(tag_len) == Some(&b'$') {
            let delimiter = rest.get(..tag_len + 2).unwrap_or_default();
            self.state = State::Dollar(delimiter.to_owned());
            return (delimiter.len(), None);
        }
        // `$1` and what is no tag.
        (1 + tail.bytes().take_while(u8::is_ascii_digit).count(), None)
    }

    /// Follows CREATE [OR REPLACE] FUNCTION or PROCEDURE with a body of BEGIN … END.
    fn word(&mut self, word: &str) {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if self.n_words == 0 {
            self.initials = [0; 4];
        }
        if let Some(initial) = self.initials.get_mut(self.n_words)
            && ["create", "function", "procedure", "or", "replace"]
                .into_iter()
                .any(is)
        {
            *initial = word.bytes().next().unwrap_or(0).to_ascii_lowercase();
        }
        self.n_words += 1;

        let defines = matches!(
            self.initials,
            [b'c', b'f' | b'p', _, _] | [b'c', b'o', b'r', b'f' | b'p']
        );
        if !defines || self.parentheses > 0 {
            return;
        }
        if is("begin") || (is("case") && self.begins > 0) {
            self.begins += 1;
        } else if is("end") {
            self.begins = self.begins.saturating_sub(1);
        }
    }
}

fn leave_out_in_front(statement: &str) -> Option<Stop> {
    statement.is_empty().then_some(Stop::EndOfLine)
}

/// Bytes of a quote's inside up to and with its end, and whether the end was there.
fn quoted(rest: &str, quote: u8, escapes: bool) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let doubled = byte == quote && bytes.get(at + 1) == Some(&quote);
        if doubled || (byte == b'\\' && escapes) {
            at += 2;
        } else if byte == quote {
            return (at + 1, true);
        } else {
            at += 1;
        }
    }
    (rest.len(), false)
}

/// Bytes of a comment up to and with its end.
fn comment(rest: &str, depth: &mut usize) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => *depth += 1,
            b"*/" => *depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if *depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn word_len(rest: &str) -> usize {
    rest.bytes()
        .take_while(|&byte| is_word_start(byte) || byte.is_ascii_digit() || byte == b'$')
        .count()
}

/// A number takes the letter that stuck to it, so that `1$$` still opens a dollar quote.
fn number_len(rest: &str) -> usize {
    let len = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let letter = rest.get(len..).and_then(|tail| tail.chars().next());
    len + letter
        .filter(|c| c.is_alphabetic() || *c == '_')
        .map_or(0, char::len_utf8)
}
