//! Errors and notices: a list of one-letter fields.

use std::borrow::Cow;

use bytes::{BufMut, Bytes, BytesMut};

use crate::password::without_verifier;
use crate::wire::{Body, put_text};
use crate::{Malformed, Text};

/// The most fields one error or notice may have; PostgreSQL has 18.
const MAX_FIELDS: usize = 64;

/// What a text that is cut ends in.
const CUT: &str = "…";

/// The fields of an error or notice, in the order the server sent them, unknown ones included.
/// See <https://www.postgresql.org/docs/current/protocol-error-fields.html>.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(u8, Text)>);

/// Names of the fields PostgreSQL documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// `ERROR`, `FATAL`, `WARNING` and so on, possibly translated.
    Severity = b'S',
    /// The same, never translated.
    SeverityPlain = b'V',
    /// SQLSTATE.
    Code = b'C',
    Message = b'M',
    Detail = b'D',
    Hint = b'H',
    /// Place in the statement, in characters, from 1.
    Position = b'P',
    /// Place in the internal query, in characters, from 1.
    InternalPosition = b'p',
    InternalQuery = b'q',
    Where = b'W',
    Schema = b's',
    Table = b't',
    Column = b'c',
    DataType = b'd',
    Constraint = b'n',
    File = b'F',
    Line = b'L',
    Routine = b'R',
}

impl Fields {
    /// An error of our own: both severities, SQLSTATE and message.
    pub fn new(severity: &str, code: &str, message: &str) -> Self {
        Self::default()
            .with(Field::Severity, severity)
            .with(Field::SeverityPlain, severity)
            .with(Field::Code, code)
            .with(Field::Message, message)
    }

    #[must_use]
    pub fn with(mut self, field: Field, text: &str) -> Self {
        self.0.push((field as u8, Text::from(text)));
        self
    }

    /// The field as text for a person.
    pub fn get(&self, field: Field) -> Option<Cow<'_, str>> {
        self.raw(field as u8).map(Text::to_str)
    }

    /// The field with this letter, as sent.
    pub fn raw(&self, letter: u8) -> Option<&Text> {
        self.0
            .iter()
            .find(|(each, _)| *each == letter)
            .map(|(_, text)| text)
    }

    /// All fields, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &Text)> {
        self.0.iter().map(|(letter, text)| (*letter, text))
    }

    /// The same, but for verifiers of passwords and what stands behind them.
    #[must_use]
    pub fn without_verifiers(mut self) -> Self {
        for (_, text) in &mut self.0 {
            if let Some(redacted) = without_verifier(text.as_bytes()) {
                *text = Text::new(redacted);
            }
        }
        self
    }

    /// As the server's language has it; empty when missing.
    pub fn severity(&self) -> Cow<'_, str> {
        self.get(Field::Severity).unwrap_or_default()
    }

    /// SQLSTATE; empty when missing.
    pub fn code(&self) -> Cow<'_, str> {
        self.get(Field::Code).unwrap_or_default()
    }

    /// Empty when missing.
    pub fn message(&self) -> Cow<'_, str> {
        self.get(Field::Message).unwrap_or_default()
    }

    pub fn detail(&self) -> Option<Cow<'_, str>> {
        self.get(Field::Detail)
    }

    pub fn hint(&self) -> Option<Cow<'_, str>> {
        self.get(Field::Hint)
    }

    /// Where in the statement, in characters, from 1.
    pub fn position(&self) -> Option<usize> {
        self.get(Field::Position)?.parse().ok()
    }

    /// Where in [`Self::internal_query`], in characters, from 1.
    pub fn internal_position(&self) -> Option<usize> {
        self.get(Field::InternalPosition)?.parse().ok()
    }

    pub fn internal_query(&self) -> Option<Cow<'_, str>> {
        self.get(Field::InternalQuery)
    }

    /// The call stack: psql's `CONTEXT`.
    pub fn context(&self) -> Option<Cow<'_, str>> {
        self.get(Field::Where)
    }

    /// True for FATAL and PANIC: the server closes the connection after this.
    pub fn is_fatal(&self) -> bool {
        let severity = self
            .raw(Field::SeverityPlain as u8)
            .or_else(|| self.raw(Field::Severity as u8));
        severity.is_some_and(|text| *text == "FATAL" || *text == "PANIC")
    }

    /// Reads the fields at the start of a body that is too long to wait for. The text of the last one ends in `…`
    /// where it is cut.
    pub fn from_prefix(prefix: Bytes) -> Self {
        let mut body = Body::new(super::tag::ERROR_RESPONSE, prefix);
        let mut fields = Vec::new();
        while fields.len() < MAX_FIELDS
            && let Ok(letter @ 1..) = body.u8()
        {
            let text = body.text().unwrap_or_else(|_| cut(&body.rest()));
            fields.push((letter, text));
        }
        Self(fields)
    }

    pub(super) fn decode(body: &mut Body) -> Result<Self, Malformed> {
        let mut fields = Vec::new();
        loop {
            match body.u8()? {
                0 => return Ok(Self(fields)),
                _ if fields.len() == MAX_FIELDS => return Err(body.wrong()),
                letter => fields.push((letter, body.text()?)),
            }
        }
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        for (letter, text) in &self.0 {
            out.put_u8(*letter);
            put_text(out, text);
        }
        out.put_u8(0);
    }

    #[cfg(test)]
    pub(super) fn from_raw(fields: Vec<(u8, Text)>) -> Self {
        Self(fields)
    }
}

/// The start of a text, without the bytes of a character of which more was to come.
fn cut(start: &[u8]) -> Text {
    let whole = match std::str::from_utf8(start) {
        Err(error) if error.error_len().is_none() => start.get(..error.valid_up_to()).unwrap_or_default(),
        Ok(_) | Err(_) => start,
    };

    Text::new([whole, CUT.as_bytes()].concat())
}
