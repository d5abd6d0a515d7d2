//! Messages of a client read where they lie: nothing is copied, nothing is allocated.

use crate::Malformed;

use super::tag;

/// A Parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseView<'a> {
    pub statement: &'a [u8],
    pub sql: &'a [u8],
    types: &'a [u8],
}

/// An Execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExecuteView<'a> {
    pub portal: &'a [u8],
    /// 0 is all.
    pub max_rows: i32,
}

/// What a Describe or a Close is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedView<'a> {
    Statement(&'a [u8]),
    Portal(&'a [u8]),
}

/// The names a Bind begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindNames<'a> {
    pub portal: &'a [u8],
    pub statement: &'a [u8],
}

/// The text of a Query.
pub fn query(body: &[u8]) -> Result<&[u8], Malformed> {
    let (sql, rest) = text(tag::QUERY, body)?;
    finish(tag::QUERY, rest)?;

    Ok(sql)
}

impl<'a> ParseView<'a> {
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let (statement, rest) = text(tag::PARSE, body)?;
        let (sql, rest) = text(tag::PARSE, rest)?;
        let (n_types, types) = rest.split_first_chunk().ok_or(Malformed::Truncated(tag::PARSE))?;
        let n_bytes = 4 * usize::from(u16::from_be_bytes(*n_types));
        match types.len() {
            len if len < n_bytes => Err(Malformed::Truncated(tag::PARSE)),
            len if len > n_bytes => Err(Malformed::Trailing(tag::PARSE)),
            _ => Ok(Self {
                statement,
                sql,
                types,
            }),
        }
    }

    /// OIDs of the parameters' types; 0 is left to the server.
    pub fn types(&self) -> impl Iterator<Item = u32> + 'a {
        let (types, _) = self.types.as_chunks();

        types.iter().copied().map(u32::from_be_bytes)
    }
}

impl<'a> ExecuteView<'a> {
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let (portal, rest) = text(tag::EXECUTE, body)?;
        let (max_rows, rest) = rest
            .split_first_chunk()
            .ok_or(Malformed::Truncated(tag::EXECUTE))?;
        finish(tag::EXECUTE, rest)?;

        Ok(Self {
            portal,
            max_rows: i32::from_be_bytes(*max_rows),
        })
    }
}

impl<'a> NamedView<'a> {
    /// Reads the body of a message of this type, Describe or Close.
    pub fn read(tag: u8, body: &'a [u8]) -> Result<Self, Malformed> {
        let (kind, rest) = body.split_first().ok_or(Malformed::Truncated(tag))?;
        let (name, rest) = text(tag, rest)?;
        finish(tag, rest)?;
        match kind {
            b'S' => Ok(Self::Statement(name)),
            b'P' => Ok(Self::Portal(name)),
            _ => Err(Malformed::Value(tag)),
        }
    }
}

impl<'a> BindNames<'a> {
    /// Reads the start of a body; `None` when it is not long enough yet.
    pub fn read(start: &'a [u8]) -> Option<Self> {
        let (portal, rest) = text(tag::BIND, start).ok()?;
        let (statement, _) = text(tag::BIND, rest).ok()?;

        Some(Self { portal, statement })
    }
}

fn text(tag: u8, bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let nul = bytes.iter().position(|&byte| byte == 0);
    let (text, rest) = nul
        .and_then(|nul| bytes.split_at_checked(nul))
        .ok_or(Malformed::Truncated(tag))?;

    Ok((text, rest.get(1..).unwrap_or_default()))
}

fn finish(tag: u8, rest: &[u8]) -> Result<(), Malformed> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(Malformed::Trailing(tag))
    }
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};
    use proptest::prelude::*;

    use super::*;
    use crate::frontend::{Message, Named, decode_body};
    use crate::header;

    fn body(message: &Message) -> Bytes {
        let mut out = BytesMut::new();
        message.encode(&mut out);
        out.freeze().slice(header::LEN..)
    }

    proptest! {
        #[test]
        fn a_view_says_what_decoding_says(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let decode = |tag| decode_body(tag, Bytes::from(bytes.clone()));

            match decode(tag::QUERY) {
                Ok(Message::Query { sql }) => prop_assert_eq!(query(&bytes).unwrap(), sql.as_bytes()),
                other => prop_assert_eq!(query(&bytes).err(), other.err()),
            }
            match decode(tag::PARSE) {
                Ok(Message::Parse { statement, sql, types }) => {
                    let view = ParseView::read(&bytes).unwrap();
                    prop_assert_eq!(view.statement, statement.as_bytes());
                    prop_assert_eq!(view.sql, sql.as_bytes());
                    prop_assert_eq!(view.types().collect::<Vec<_>>(), types);
                }
                other => prop_assert_eq!(ParseView::read(&bytes).err(), other.err()),
            }
            match decode(tag::EXECUTE) {
                Ok(Message::Execute { portal, max_rows }) => {
                    let view = ExecuteView::read(&bytes).unwrap();
                    prop_assert_eq!((view.portal, view.max_rows), (portal.as_bytes(), max_rows));
                }
                other => prop_assert_eq!(ExecuteView::read(&bytes).err(), other.err()),
            }
        }
    }

    #[test]
    fn names_are_read_where_they_lie() {
        let describe = body(&Message::Describe(Named::Portal("p".into())));
        assert_eq!(
            NamedView::read(tag::DESCRIBE, &describe).unwrap(),
            NamedView::Portal(b"p")
        );
        assert_eq!(
            NamedView::read(tag::CLOSE, b"Xp\0"),
            Err(Malformed::Value(tag::CLOSE))
        );

        assert_eq!(BindNames::read(b"p\0s"), None);
        let names = BindNames::read(b"p\0s\0\0").unwrap();
        assert_eq!((names.portal, names.statement), (&b"p"[..], &b"s"[..]));
    }
}
