//! Which texts a read-only session may send.
//!
//! What keeps such a session from writing is the server: every transaction of it is read-only. A list of what is
//! permitted, read as PostgreSQL's scanner reads it, keeps out what would begin a transaction of another kind, and most
//! of what a read-only transaction does not stop. It says too where a text ends the transaction it runs in. Where a
//! text can be read in two ways it is refused.

mod statement;
mod words;

use words::{Piece, Words};

/// How a text is to be read, as far as the server has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// `standard_conforming_strings` is on.
    pub standard_strings: bool,
    /// What looks like ASCII is, and nothing else becomes it; see [`keeps_ascii`].
    pub keeps_ascii: bool,
}

impl Reading {
    /// Nothing is known: something runs that may change both.
    pub const UNKNOWN: Self = Self {
        standard_strings: false,
        keeps_ascii: false,
    };

    /// Whether the server reads the same letters in a text, or a name, as stand there. Each byte of ASCII stays what it is in
    /// every encoding. Others may become ASCII: SHIFT_JIS_2004 has a backslash and a tilde of two bytes.
    pub fn is_certain(self, text: &[u8]) -> bool {
        self.keeps_ascii || text.is_ascii()
    }
}

/// What comes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Permitted,
    /// Permitted, and all it does is to begin a transaction: it runs nothing of anybody's.
    Begins,
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
    if !reading.is_certain(sql) {
        return Verdict::Refused;
    }

    Words::new(sql, reading.standard_strings)
        .statements()
        .unwrap_or(Verdict::Refused)
}

/// Whether what looks like ASCII in a client's encoding is, and nothing else becomes ASCII in the server's. PostgreSQL
/// keeps encodings out of its databases that hide ASCII in letters, for what would come of that; and what has one for
/// a yen sign may make a backslash of it. See <https://www.postgresql.org/docs/current/multibyte.html>.
pub fn keeps_ascii(client: &[u8], server: &[u8]) -> bool {
    if server.is_empty() || client.is_empty() {
        return false;
    }
    let single_bytes = [b"LATIN".as_slice(), b"WIN", b"KOI8", b"ISO_8859_"];
    let is_plain = client == b"UTF8" || single_bytes.iter().any(|family| client.starts_with(family));

    // The server converts nothing.
    client == b"SQL_ASCII" || client == server || is_plain && matches!(server, b"UTF8" | b"SQL_ASCII")
}

/// Whether a setting of this name is guarded. PostgreSQL takes any case.
pub fn is_guarded(name: &[u8]) -> bool {
    GUARDED.iter().any(|guarded| name.eq_ignore_ascii_case(guarded))
}

impl Words<'_> {
    /// `None` where one is not permitted, or stands behind the end of a transaction.
    fn statements(&mut self) -> Option<Verdict> {
        let mut so_far = None;
        while !self.is_at_end()? {
            let first = self.take()?;
            if first == Piece::End {
                continue;
            }
            if so_far == Some(Verdict::EndsTransaction) {
                return None;
            }
            let verdict = self.statement(first)?;
            so_far = match so_far {
                Some(_) if verdict == Verdict::Begins => Some(Verdict::Permitted),
                Some(_) | None => Some(verdict),
            };
        }

        Some(so_far.unwrap_or(Verdict::Permitted))
    }
}

#[cfg(test)]
mod tests;
