//! Rows that are kept elsewhere until the widths of their columns are known: packed into chunks in their order, and
//! unpacked when they are printed.

use std::collections::VecDeque;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use pg_proto::backend::DataRow;

use super::{Entry, ROW_OVERHEAD, Table};

/// Bytes of a chunk, or one row more.
const CHUNK: usize = 256 * 1024;

/// Bytes in front of a row in a chunk.
const LENGTH: usize = 4;

/// The rows of one table that come before those it holds.
#[derive(Debug, Default)]
pub(in crate::print) struct Spool {
    /// Rows leave while the table is collected.
    is_begun: bool,
    /// Bytes of a chunk on its way there.
    leaving: usize,
    /// Chunks that are there, and their bytes.
    n_kept: usize,
    kept: usize,
    is_asked: bool,
    /// Rows that are back, and their bytes.
    back: VecDeque<DataRow>,
    held: usize,
}

/// Whether a table has something to be kept elsewhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    Nothing,
    Chunk(Bytes),
    /// It does not fit.
    Full,
}

/// What came back is not what was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

impl Table {
    /// Has rows kept elsewhere from here on.
    pub(crate) fn begin_spooling(&mut self) {
        self.sheet.spool.is_begun = true;
    }

    pub(crate) fn is_spooling(&self) -> bool {
        self.sheet.spool.is_begun
    }

    /// Whether rows are kept elsewhere.
    pub(crate) fn is_away(&self) -> bool {
        self.sheet.spool.is_away()
    }

    /// Whether so many rows wait to be kept elsewhere that more have to wait for them.
    pub(crate) fn has_to_spool(&self) -> bool {
        self.is_spooling() && self.sheet.held >= 2 * CHUNK
    }

    /// The next rows to keep elsewhere, where at most `most` bytes are kept.
    pub(crate) fn pack(&mut self, most: usize) -> Packed {
        let sheet = &mut self.sheet;
        if !sheet.spool.is_begun || sheet.held < CHUNK || sheet.spool.leaving > 0 {
            return Packed::Nothing;
        }
        let (n_rows, len) = sheet.spool.measure(sheet.waiting.iter().map_while(Entry::row));
        if sheet.spool.kept + len > most {
            return Packed::Full;
        }
        let mut chunk = BytesMut::with_capacity(len);
        for row in sheet.waiting.drain(..n_rows).filter_map(Entry::into_row) {
            sheet.held = sheet.held.saturating_sub(row.body().len() + ROW_OVERHEAD);
            put(&mut chunk, &row);
        }
        sheet.spool.leaving = chunk.len();

        Packed::Chunk(chunk.freeze())
    }

    /// What was packed last is kept.
    pub(crate) fn spooled(&mut self) {
        let spool = &mut self.sheet.spool;
        if spool.leaving > 0 {
            spool.kept += std::mem::take(&mut spool.leaving);
            spool.n_kept += 1;
        }
    }

    /// What was packed last could not be kept, nor will more be.
    pub(crate) fn spool_refused(&mut self, chunk: Bytes) {
        let sheet = &mut self.sheet;
        sheet.spool.is_begun = false;
        if std::mem::take(&mut sheet.spool.leaving) == 0 {
            return;
        }
        for row in unpack(chunk).unwrap_or_default().into_iter().rev() {
            sheet.held += row.body().len() + ROW_OVERHEAD;
            sheet.waiting.push_front(Entry::Row(row));
        }
    }

    /// Whether the next chunk is to be fetched back; said once.
    pub(crate) fn wants_unspooled(&mut self) -> bool {
        let spool = &mut self.sheet.spool;
        let wants = spool.n_kept > 0 && spool.leaving == 0 && !spool.is_asked && spool.held < CHUNK;
        spool.is_asked |= wants;

        wants
    }

    /// Takes back what was packed first.
    ///
    /// # Errors
    /// It is lost, or not what was packed: the table is cut short.
    pub(crate) fn unspooled(&mut self, chunk: Option<Bytes>) -> Result<(), Damaged> {
        let spool = &mut self.sheet.spool;
        if !std::mem::take(&mut spool.is_asked) {
            return Ok(());
        }
        let len = chunk.as_ref().map_or(0, Bytes::len);
        if let Some(rows) = chunk.and_then(unpack) {
            spool.n_kept -= 1;
            spool.kept = spool.kept.saturating_sub(len);
            spool.held += len;
            spool.back.extend(rows);
            return Ok(());
        }
        (spool.n_kept, spool.kept) = (0, 0);
        self.sheet.waiting.clear();
        self.sheet.held = 0;
        self.end_without_footer();

        Err(Damaged)
    }
}

impl Entry {
    fn row(&self) -> Option<&DataRow> {
        match self {
            Self::Row(row) => Some(row),
            Self::Text(_) => None,
        }
    }

    fn into_row(self) -> Option<DataRow> {
        match self {
            Self::Row(row) => Some(row),
            Self::Text(_) => None,
        }
    }
}

impl Spool {
    /// Whether rows are elsewhere, or on their way there.
    pub(super) fn is_away(&self) -> bool {
        self.leaving > 0 || self.n_kept > 0
    }

    /// Bytes elsewhere, on their way, or back and not written.
    pub(super) fn len(&self) -> usize {
        self.leaving + self.kept + self.held
    }

    /// How many of the rows that wait make a chunk, and its length.
    fn measure<'r>(&self, rows: impl Iterator<Item = &'r DataRow>) -> (usize, usize) {
        let (mut n_rows, mut len) = (0, 0);
        for row in rows {
            n_rows += 1;
            len += LENGTH + row.body().len();
            if len >= CHUNK {
                break;
            }
        }

        (n_rows, len)
    }

    /// The next row that is back.
    pub(super) fn next(&mut self) -> Option<DataRow> {
        let row = self.back.pop_front()?;
        self.held = self.held.saturating_sub(LENGTH + row.body().len());

        Some(row)
    }
}

fn put(chunk: &mut BytesMut, row: &DataRow) {
    // A message, and so a row, is shorter than 2 GiB.
    chunk.put_u32(u32::try_from(row.body().len()).unwrap_or(u32::MAX));
    chunk.put_slice(row.body());
}

fn unpack(mut chunk: Bytes) -> Option<Vec<DataRow>> {
    let mut rows = Vec::new();
    while chunk.has_remaining() {
        let len = usize::try_from(chunk.try_get_u32().ok()?).ok()?;
        if len > chunk.remaining() {
            return None;
        }
        rows.push(DataRow::decode(chunk.split_to(len)).ok()?);
    }

    Some(rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(rows: &[DataRow]) -> Bytes {
        let mut chunk = BytesMut::new();
        rows.iter().for_each(|row| put(&mut chunk, row));

        chunk.freeze()
    }

    proptest! {
        #[test]
        fn what_is_unpacked_is_what_was_packed(
            rows in proptest::collection::vec(
                proptest::collection::vec(proptest::option::of(".{0,9}"), 0..4),
                0..9,
            ),
        ) {
            let rows: Vec<DataRow> = rows
                .iter()
                .map(|row| DataRow::new(row.iter().map(|cell| cell.as_ref().map(String::as_bytes))))
                .collect();

            prop_assert_eq!(unpack(packed(&rows)), Some(rows));
        }

        #[test]
        fn what_is_no_chunk_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let rows = unpack(Bytes::from(bytes.clone()));

            prop_assert!(rows.is_none_or(|rows| packed(&rows) == bytes));
        }
    }
}
