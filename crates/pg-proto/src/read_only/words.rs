//! A text's words, statement by statement.

use crate::lexer::{Backslash, Lexer, Quoting, Token};

use super::is_guarded;

/// What pg_dump sets `restrict_nonsystem_relation_kind` to, a setting it names in the query's condition.
const OF_A_DUMP: [&[u8]; 2] = [b"view, foreign-table", b"view"];

/// What can be told of a text's words.
#[derive(Debug)]
pub(super) struct Words<'a> {
    sql: &'a [u8],
    lexer: Lexer<'a>,
}

/// Whatever is no whitespace and no comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A keyword, or a name without quotes.
    Word(&'a [u8]),
    /// A name in quotes.
    Name(&'a [u8]),
    Literal,
    Byte(u8),
    /// A semicolon, or the end of the text.
    End,
}

impl Piece<'_> {
    /// Whether it is this keyword.
    pub(super) fn is(self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword.as_bytes()))
    }

    /// Whether it says this, in quotes or not.
    pub(super) fn spells(self, word: &str) -> bool {
        self.is(word) || matches!(self, Self::Name(name) if name.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Whether a point behind it leads to a part of it.
    pub(super) fn may_be_qualified(self) -> bool {
        match self {
            Self::Word(word) => !word.first().is_some_and(u8::is_ascii_digit),
            Self::Name(_) | Self::Byte(b')' | b']') => true,
            Self::Literal | Self::Byte(_) | Self::End => false,
        }
    }

    pub(super) fn is_any(self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }
}

impl<'a> Words<'a> {
    pub(super) fn new(sql: &'a [u8], standard_strings: bool) -> Self {
        let backslash = if standard_strings {
            Backslash::Plain
        } else {
            Backslash::Unknown
        };

        Self {
            sql,
            lexer: Lexer::new(sql, backslash),
        }
    }

    /// The next piece; `None` where the text can be read in two ways, or calls `set_config` for what it may not set.
    pub(super) fn take(&mut self) -> Option<Piece<'a>> {
        let Some(token) = significant(&mut self.lexer)? else {
            return Some(Piece::End);
        };
        let piece = match token {
            Token::Word(word) => Piece::Word(word),
            Token::Name(name) => Piece::Name(name),
            Token::Literal { .. } => Piece::Literal,
            Token::Other(b';') => Piece::End,
            Token::Other(byte) => Piece::Byte(byte),
            // What it spells is not looked into.
            Token::EscapedName(_) | Token::Space => return None,
        };
        if let Piece::Word(name) | Piece::Name(name) = piece
            && name.eq_ignore_ascii_case(b"set_config")
        {
            self.weigh_set_config()?;
        }

        Some(piece)
    }

    /// Passes over what is left of the statement.
    pub(super) fn pass(&mut self) -> Option<()> {
        while self.take()? != Piece::End {}

        Some(())
    }

    pub(super) fn is_at_end(&self) -> Option<bool> {
        Some(significant(&mut self.lexer.clone())?.is_none())
    }

    /// A call is permitted that says in plain text which setting it is about, and that is none of the guarded ones; and
    /// one that says what the setting becomes, where that is nothing to any of those.
    fn weigh_set_config(&self) -> Option<()> {
        let mut ahead = self.lexer.clone();
        if significant(&mut ahead)? != Some(Token::Other(b'(')) {
            return Some(());
        }
        let name = significant(&mut ahead)??;
        // Nothing follows that would make another name of it.
        if significant(&mut ahead)? != Some(Token::Other(b',')) {
            return None;
        }
        let is_permitted = match self.plain(&name) {
            Some(name) => {
                let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
                name.iter().all(is_plain) && !is_guarded(name)
            }
            None => {
                let value = significant(&mut ahead)??;
                let is_whole = significant(&mut ahead)? == Some(Token::Other(b','));
                let is_of_a_dump = self.plain(&value).is_some_and(|value| OF_A_DUMP.contains(&value));
                name == Token::Word(b"name") && is_whole && is_of_a_dump
            }
        };

        is_permitted.then_some(())
    }

    /// What a literal says that has no escapes.
    fn plain(&self, token: &Token<'_>) -> Option<&'a [u8]> {
        match token {
            Token::Literal {
                quoting: Quoting::Plain,
                inner,
            } => self.sql.get(inner.clone()),
            Token::Literal { .. }
            | Token::Space
            | Token::Word(_)
            | Token::Name(_)
            | Token::EscapedName(_)
            | Token::Other(_) => None,
        }
    }
}

/// The next token that is no space.
fn significant<'a>(lexer: &mut Lexer<'a>) -> Option<Option<Token<'a>>> {
    loop {
        match lexer.next()? {
            Some(Token::Space) => {}
            token => return Some(token),
        }
    }
}
