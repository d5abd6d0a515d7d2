//! The values of a Bind, kept as far as there is room while the message passes.

use crate::Malformed;

use super::tag;

/// Reads the body of a Bind, in pieces of any size, and keeps the beginnings of its values.
#[derive(Debug)]
pub struct ValuesReader {
    step: Step,
    /// A number of which not all bytes have come.
    partial: [u8; 4],
    n_partial: usize,
    /// Bytes kept of any one value.
    each: usize,
    /// Bytes that may still be kept of all together.
    room: usize,
    values: Values,
}

/// What was bound, or the beginning of it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Values {
    formats: Vec<i16>,
    slots: Vec<Slot>,
    kept: Vec<u8>,
}

/// One value. What is missing of it was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// 0 text, 1 binary.
    pub format: i16,
    /// The first bytes of it; `None` is NULL.
    pub start: Option<&'a [u8]>,
    /// How many it has.
    pub len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    is_null: bool,
    kept: u32,
    len: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Portal,
    Statement,
    CountFormats,
    Formats(u16),
    CountValues,
    /// The length of the next value; so many are to come with it.
    Length(u16),
    /// So many bytes of a value, and so many values after it.
    Bytes(u32, u16),
    CountResults,
    Results(u32),
    End,
}

impl ValuesReader {
    /// Keeps at most `each` bytes of one value and `all` bytes of them together.
    pub fn new(each: usize, all: usize) -> Self {
        Self {
            step: Step::Portal,
            partial: [0; 4],
            n_partial: 0,
            each,
            room: all,
            values: Values::default(),
        }
    }

    /// Takes the next bytes of the body.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        // A step that needs nothing, such as a value without bytes, is done when the next one begins.
        while !bytes.is_empty() {
            bytes = self.take(bytes)?;
        }
        Ok(())
    }

    /// What was read, when the body is over.
    pub fn finish(self) -> Result<Values, Malformed> {
        match self.step {
            Step::End => Ok(self.values),
            Step::Portal
            | Step::Statement
            | Step::CountFormats
            | Step::Formats(_)
            | Step::CountValues
            | Step::Length(_)
            | Step::Bytes(..)
            | Step::CountResults
            | Step::Results(_) => Err(Malformed::Truncated(tag::BIND)),
        }
    }

    /// Takes some bytes, at least one, and gives the rest.
    fn take<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Malformed> {
        match self.step {
            Step::Portal => Ok(self.skip_text(bytes, Step::Statement)),
            Step::Statement => Ok(self.skip_text(bytes, Step::CountFormats)),
            Step::CountFormats => Ok(self.number(bytes, |_, n| match u16::from_be_bytes(n) {
                0 => Step::CountValues,
                n => Step::Formats(n),
            })),
            Step::Formats(left) => Ok(self.number(bytes, |reader, n| {
                reader.values.formats.push(i16::from_be_bytes(n));
                match left - 1 {
                    0 => Step::CountValues,
                    left => Step::Formats(left),
                }
            })),
            Step::CountValues => Ok(self.number(bytes, |_, n| before_value(u16::from_be_bytes(n)))),
            Step::Length(left) => {
                let mut malformed = false;
                let rest = self.number(bytes, |reader, n| {
                    let len = i32::from_be_bytes(n);
                    malformed = len < -1;
                    reader.begin_value(len, left)
                });
                if malformed {
                    return Err(Malformed::Value(tag::BIND));
                }
                Ok(rest)
            }
            Step::Bytes(len, left) => Ok(self.value(bytes, len, left)),
            Step::CountResults => Ok(self.number(bytes, |_, n| match u16::from_be_bytes(n) {
                0 => Step::End,
                n => Step::Results(2 * u32::from(n)),
            })),
            Step::Results(left) => {
                let n_bytes = bytes.len().min(left as usize);
                self.step = match left - n_bytes as u32 {
                    0 => Step::End,
                    left => Step::Results(left),
                };
                Ok(bytes.get(n_bytes..).unwrap_or_default())
            }
            Step::End => Err(Malformed::Trailing(tag::BIND)),
        }
    }

    fn skip_text<'a>(&mut self, bytes: &'a [u8], next: Step) -> &'a [u8] {
        let Some(nul) = bytes.iter().position(|&byte| byte == 0) else {
            return &[];
        };
        self.step = next;

        bytes.get(nul + 1..).unwrap_or_default()
    }

    /// Takes as much of a number of `N` bytes as there is; with all of them, `done` says what comes next.
    fn number<'a, const N: usize>(
        &mut self,
        bytes: &'a [u8],
        done: impl FnOnce(&mut Self, [u8; N]) -> Step,
    ) -> &'a [u8] {
        let n_bytes = bytes.len().min(N - self.n_partial);
        let (taken, rest) = bytes.split_at_checked(n_bytes).unwrap_or_default();
        if let Some(place) = self.partial.get_mut(self.n_partial..self.n_partial + n_bytes) {
            place.copy_from_slice(taken);
        }
        self.n_partial += n_bytes;
        if self.n_partial == N
            && let Some(number) = self.partial.first_chunk().copied()
        {
            self.n_partial = 0;
            self.step = done(self, number);
        }
        rest
    }

    fn begin_value(&mut self, len: i32, left: u16) -> Step {
        let is_null = len < 0;
        let len = u32::try_from(len).unwrap_or(0);
        self.values.slots.push(Slot {
            is_null,
            kept: 0,
            len,
        });
        match len {
            0 => before_value(left - 1),
            len => Step::Bytes(len, left - 1),
        }
    }

    fn value<'a>(&mut self, bytes: &'a [u8], len: u32, left: u16) -> &'a [u8] {
        let n_bytes = bytes.len().min(len as usize);
        let (taken, rest) = bytes.split_at_checked(n_bytes).unwrap_or_default();
        if let Some(slot) = self.values.slots.last_mut() {
            let room = self.room.min(self.each.saturating_sub(slot.kept as usize));
            let kept = taken.get(..room).unwrap_or(taken);
            self.values.kept.extend_from_slice(kept);
            self.room -= kept.len();
            slot.kept += kept.len() as u32;
        }
        self.step = match len - n_bytes as u32 {
            0 => before_value(left),
            len => Step::Bytes(len, left),
        };
        rest
    }
}

fn before_value(left: u16) -> Step {
    match left {
        0 => Step::CountResults,
        left => Step::Length(left),
    }
}

impl Values {
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Value<'_>> {
        let mut kept = self.kept.as_slice();
        self.slots.iter().enumerate().map(move |(n, slot)| {
            let (start, rest) = kept.split_at_checked(slot.kept as usize).unwrap_or_default();
            kept = rest;
            Value {
                format: self.format(n),
                start: (!slot.is_null).then_some(start),
                len: slot.len as usize,
            }
        })
    }

    /// Bytes of memory held.
    pub fn size(&self) -> usize {
        self.kept.capacity()
            + self.slots.capacity() * size_of::<Slot>()
            + self.formats.capacity() * size_of::<i16>()
    }

    /// None: all text; one: for all; else one for each.
    fn format(&self, n: usize) -> i16 {
        match self.formats.as_slice() {
            [] => 0,
            [all] => *all,
            each => each.get(n).copied().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};
    use proptest::prelude::*;

    use super::*;
    use crate::frontend::{Bind, Message, decode_body};
    use crate::header;

    fn binds() -> impl Strategy<Value = Bind> {
        let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..20).prop_map(Bytes::from));
        (
            "[a-z]{0,5}",
            "[a-z]{0,5}",
            prop::collection::vec(any::<i16>(), 0..4),
            prop::collection::vec(value, 0..6),
            prop::collection::vec(any::<i16>(), 0..4),
        )
            .prop_map(|(portal, statement, formats, values, result_formats)| Bind {
                portal: portal.into(),
                statement: statement.into(),
                formats,
                values,
                result_formats,
            })
    }

    fn read(body: &[u8], piece: usize, each: usize, all: usize) -> Result<Values, Malformed> {
        let mut reader = ValuesReader::new(each, all);
        for piece in body.chunks(piece) {
            reader.feed(piece)?;
        }
        reader.finish()
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_values(bind in binds(), piece in 1usize..30) {
            let mut out = BytesMut::new();
            Message::Bind(bind.clone()).encode(&mut out);

            let values = read(&out[header::LEN..], piece, 100, 1000).unwrap();

            let starts: Vec<_> = values.iter().map(|value| value.start.map(Bytes::copy_from_slice)).collect();
            prop_assert_eq!(starts, bind.values);
        }

        #[test]
        fn what_is_kept_has_its_bounds(bind in binds(), each in 0usize..20, all in 0usize..40) {
            let mut out = BytesMut::new();
            Message::Bind(bind.clone()).encode(&mut out);

            let values = read(&out[header::LEN..], 3, each, all).unwrap();

            let kept: usize = values.iter().filter_map(|value| value.start).map(<[u8]>::len).sum();
            prop_assert!(kept <= all);
            for (value, whole) in values.iter().zip(&bind.values) {
                prop_assert_eq!(value.len, whole.as_ref().map_or(0, Bytes::len));
                let start = value.start.map(|start| start.len() <= each && whole.as_ref().unwrap().starts_with(start));
                prop_assert_ne!(start, Some(false));
            }
        }

        #[test]
        fn any_bytes_are_a_bind_for_both_or_for_none(
            body in prop::collection::vec(0u8..4, 0..40),
            piece in 1usize..10,
        ) {
            let decoded = decode_body(tag::BIND, Bytes::from(body.clone()));
            prop_assert_eq!(read(&body, piece, 9, 99).is_ok(), decoded.is_ok());
        }
    }

    #[test]
    fn formats_are_for_all_or_for_each() {
        let formats = |formats: &[i16]| {
            let values = Values {
                formats: formats.to_vec(),
                ..Values::default()
            };
            [values.format(0), values.format(1)]
        };

        assert_eq!(formats(&[]), [0, 0]);
        assert_eq!(formats(&[1]), [1, 1]);
        assert_eq!(formats(&[0, 1]), [0, 1]);
    }
}
