//! Results: columns and rows.

use std::iter::FusedIterator;
use std::ops::Range;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::wire::{Body, put_text, put_value};
use crate::{Malformed, Text};

/// One column of a RowDescription.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    pub name: Text,
    /// 0 when the column is not a table's.
    pub table_oid: u32,
    /// Number of the column in that table, from 1; 0 when not a table's.
    pub table_column: i16,
    pub type_oid: u32,
    /// Bytes of a value; negative when it varies.
    pub type_size: i16,
    pub type_modifier: i32,
    /// 0 text, 1 binary.
    pub format: i16,
}

/// One row, checked when decoded and kept as received: columns are ranges of one buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataRow {
    /// A 16-bit count, then a length and bytes for each column. Always well formed.
    body: Bytes,
}

/// The columns of a [`DataRow`] in order, as ranges of its body; `None` is NULL.
#[derive(Debug, Clone)]
pub struct Columns<'a> {
    body: &'a [u8],
    at: usize,
    left: usize,
}

impl Column {
    pub(super) fn decode(body: &mut Body) -> Result<Self, Malformed> {
        Ok(Self {
            name: body.text()?,
            table_oid: body.u32()?,
            table_column: body.i16()?,
            type_oid: body.u32()?,
            type_size: body.i16()?,
            type_modifier: body.i32()?,
            format: body.i16()?,
        })
    }

    pub(super) fn encode(&self, out: &mut BytesMut) {
        put_text(out, &self.name);
        out.put_u32(self.table_oid);
        out.put_i16(self.table_column);
        out.put_u32(self.type_oid);
        out.put_i16(self.type_size);
        out.put_i32(self.type_modifier);
        out.put_i16(self.format);
    }
}

impl DataRow {
    /// The row whose [`Self::body`] was kept.
    ///
    /// # Errors
    /// The bytes are not one row.
    pub fn decode(body: Bytes) -> Result<Self, Malformed> {
        let mut check = Body::new(super::tag::DATA_ROW, body.clone());
        let n_columns = check.u16()?;
        for _ in 0..n_columns {
            check.value()?;
        }
        check.finish()?;

        Ok(Self { body })
    }

    /// A row of these columns; at most 65,535.
    pub fn new<'a>(columns: impl IntoIterator<Item = Option<&'a [u8]>>) -> Self {
        let mut out = BytesMut::from(&[0, 0][..]);
        let mut n_columns = 0_u16;
        for column in columns.into_iter().take(usize::from(u16::MAX)) {
            put_value(&mut out, column);
            n_columns += 1;
        }
        if let Some(count) = out.get_mut(..2) {
            count.copy_from_slice(&n_columns.to_be_bytes());
        }
        Self { body: out.freeze() }
    }

    /// The number of columns.
    pub fn len(&self) -> usize {
        self.body.as_ref().try_get_u16().map_or(0, usize::from)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values in order; `None` is NULL.
    pub fn columns(&self) -> impl Iterator<Item = Option<&[u8]>> {
        self.ranges()
            .map(|range| range.and_then(|range| self.body.get(range)))
    }

    /// Where in [`Self::body`] each value lies; `None` is NULL.
    pub fn ranges(&self) -> Columns<'_> {
        Columns {
            body: &self.body,
            at: 2,
            left: self.len(),
        }
    }

    /// The message's body as received. Share it to keep a row without copying.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

impl Iterator for Columns<'_> {
    type Item = Option<Range<usize>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let len = self.body.get(self.at..)?.try_get_i32().ok()?;
        self.at += 4;
        let Ok(len) = usize::try_from(len) else {
            return Some(None);
        };
        let start = self.at;
        self.at += len;

        Some(Some(start..self.at))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Columns<'_> {}
impl FusedIterator for Columns<'_> {}
