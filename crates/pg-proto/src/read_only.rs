//! Which texts a read-only session may send.
//!
//! What keeps such a session from writing is the server: every transaction of it is read-only. A list of what is
//! permitted, read as PostgreSQL's scanner reads it, keeps out what would begin a transaction of another kind, and most
//! of what a read-only transaction does not stop. It says too where a text ends the transaction it runs in. Where a
//! text can be read in two ways it is refused.

mod statement;
mod words;

use crate::lexer;
use words::{Piece, Words};

/// How a text is to be read, as far as the server has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// `standard_conforming_strings` is on.
    pub standard_strings: bool,
    /// A byte that looks like ASCII is no half of another character; see [`keeps_ascii`].
    pub keeps_ascii: bool,
}

/// What comes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Permitted,
    /// Permitted, and its last statement ends the transaction: another one begins with whatever runs next.
    EndsTransaction,
    Refused,
}

/// Settings that would take the session out of read-only mode, or its account away.
const GUARDED: [&[u8]; 4] = [
    b"transaction_read_only",
    b"default_transaction_read_only",
    b"role",
    b"session_authorization",
];

/// Judges the text of a Query or a Parse, which may hold several statements: each has to be permitted.
pub fn judge(sql: &[u8], reading: Reading) -> Verdict {
    if !reading.keeps_ascii && lexer::may_be_other_characters(sql) {
        return Verdict::Refused;
    }
    match Words::new(sql, reading.standard_strings).statements() {
        Some(false) => Verdict::Permitted,
        Some(true) => Verdict::EndsTransaction,
        None => Verdict::Refused,
    }
}

/// Whether in this encoding of a client a byte that looks like ASCII is. PostgreSQL keeps the others out of its databases
/// for what would come of that. See <https://www.postgresql.org/docs/current/multibyte.html>.
pub fn keeps_ascii(encoding: &[u8]) -> bool {
    let families = [b"LATIN".as_slice(), b"WIN", b"KOI8", b"ISO_8859_", b"EUC_"];

    matches!(encoding, b"UTF8" | b"SQL_ASCII") || families.iter().any(|family| encoding.starts_with(family))
}

/// Whether a setting of this name is guarded. PostgreSQL takes any case.
pub fn is_guarded(name: &[u8]) -> bool {
    GUARDED.iter().any(|guarded| name.eq_ignore_ascii_case(guarded))
}

impl Words<'_> {
    /// `None` where one is not permitted, or stands behind the end of a transaction; otherwise whether the last ends one.
    fn statements(&mut self) -> Option<bool> {
        let mut ends = false;
        while !self.is_at_end()? {
            let first = self.take()?;
            if first == Piece::End {
                continue;
            }
            if ends {
                return None;
            }
            ends = self.statement(first)?;
        }

        Some(ends)
    }
}

#[cfg(test)]
mod tests;
