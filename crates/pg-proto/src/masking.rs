//! Secrets in SQL, masked before the text is kept.
//!
//! Masked are: a literal after the word PASSWORD, wherever SQL has that; the password of a connection URI and of a
//! connection string, where a literal is one and nothing else. Only what stands within a literal is masked, so that
//! nobody can hide with it what runs. Where a text can be read in two ways, by a backslash before a quote or by what may
//! be half of a character, nothing is: better a secret on record than a statement that is not.

mod connection;

use std::borrow::Cow;
use std::ops::Range;

use crate::lexer::{self, Backslash, Lexer, Quoting, Token};

/// What stands in the place of a secret.
pub const MASKED: &str = "[MASKED]";

/// Bodies within bodies that are looked into.
const DEPTH: usize = 4;

/// The text as it may be kept. Costs little where it holds no secret.
pub fn masked(sql: &str) -> Cow<'_, str> {
    if !may_hold_secret(sql.as_bytes()) || lexer::may_be_other_characters(sql.as_bytes()) {
        return Cow::Borrowed(sql);
    }
    let mut search = Search {
        sql,
        looks_into_bodies: is_sql_throughout(sql.as_bytes()),
        secrets: Vec::new(),
    };
    if search.run(0..sql.len(), DEPTH).is_none() || search.secrets.is_empty() {
        return Cow::Borrowed(sql);
    }
    let mut out = String::with_capacity(sql.len());
    let mut end = 0;
    for secret in search.secrets {
        out.push_str(sql.get(end..secret.start).unwrap_or_default());
        out.push_str(MASKED);
        end = secret.end;
    }
    out.push_str(sql.get(end..).unwrap_or_default());

    Cow::Owned(out)
}

/// Without one of these there is nothing to look for.
fn may_hold_secret(sql: &[u8]) -> bool {
    sql.iter().enumerate().any(|(n, byte)| match byte {
        b'w' | b'W' => n
            .checked_sub(4)
            .and_then(|start| sql.get(start..n))
            .is_some_and(|before| before.eq_ignore_ascii_case(b"pass")),
        b':' => sql.get(n..).is_some_and(|rest| rest.starts_with(b"://")),
        _ => false,
    })
}

/// Whether bodies of functions are in a language that has SQL's literals: every mention of a language names one.
fn is_sql_throughout(sql: &[u8]) -> bool {
    const WORD: &[u8] = b"language";
    let mentions = sql
        .windows(WORD.len())
        .enumerate()
        .filter(|(_, window)| window.eq_ignore_ascii_case(WORD));
    mentions.into_iter().all(|(start, _)| {
        let after = sql
            .get(start + WORD.len()..)
            .unwrap_or_default()
            .trim_ascii_start();
        let len = after
            .iter()
            .position(|byte| !lexer::is_word(*byte))
            .unwrap_or(after.len());
        let name = after.get(..len).unwrap_or_default();
        name.eq_ignore_ascii_case(b"plpgsql") || name.eq_ignore_ascii_case(b"sql")
    })
}

struct Search<'a> {
    sql: &'a str,
    looks_into_bodies: bool,
    /// In order, none within another.
    secrets: Vec<Range<usize>>,
}

impl Search<'_> {
    /// Looks through a part of the text; `None` where it can be read in two ways.
    fn run(&mut self, part: Range<usize>, depth: usize) -> Option<()> {
        let text = self.sql.as_bytes().get(part.clone()).unwrap_or_default();
        let mut lexer = Lexer::new(text, Backslash::Unknown);
        let mut is_password = false;
        while let Some(token) = lexer.next()? {
            match token {
                Token::Space => (),
                Token::Word(word) | Token::Name(word) | Token::EscapedName(word) => {
                    is_password = word.eq_ignore_ascii_case(b"password");
                }
                // `password = 'x'` of a list of options.
                Token::Other(b'=') => (),
                Token::Other(_) => is_password = false,
                Token::Literal { quoting, inner } => {
                    let inner = part.start + inner.start..part.start + inner.end;
                    if is_password {
                        // What follows continues it.
                        self.secrets.push(inner);
                    } else {
                        self.literal(quoting, inner, depth)?;
                    }
                }
            }
        }
        Some(())
    }

    fn literal(&mut self, quoting: Quoting, inner: Range<usize>, depth: usize) -> Option<()> {
        let text = self.sql.as_bytes().get(inner.clone()).unwrap_or_default();
        let found = connection::passwords(text, quoting);
        if !found.is_empty() {
            let found = found.into_iter();
            self.secrets
                .extend(found.map(|secret| inner.start + secret.start..inner.start + secret.end));
            return Some(());
        }
        if quoting == Quoting::Dollar && self.looks_into_bodies && depth > 0 {
            return self.run(inner, depth - 1);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
