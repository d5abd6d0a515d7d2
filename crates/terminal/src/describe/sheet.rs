//! Answers of the catalog, and the tables made of them.

use bytes::Bytes;
use pg_proto::backend::{Column, DataRow};

use crate::print::{Align, Heading};

/// A table to print.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) title: String,
    pub(crate) headings: Vec<Heading>,
    pub(crate) rows: Vec<Vec<Option<Bytes>>>,
    /// Lines below the table; none is the count of rows.
    pub(crate) footers: Option<Vec<String>>,
    /// Printed in columns even where `\x` is on.
    pub(crate) never_expanded: bool,
    /// Counts its rows even where `\pset footer` is off.
    pub(crate) always_counted: bool,
}

/// All rows of one answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) headings: Vec<Heading>,
    pub(crate) rows: Vec<Vec<Option<Bytes>>>,
}

impl Answer {
    pub(crate) fn begin(columns: &[Column]) -> Self {
        Self {
            headings: columns.iter().map(Heading::of_column).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, row: &DataRow) {
        let cells = row.ranges().map(|range| Some(row.body().slice(range?)));
        self.rows.push(cells.collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The answer as it is, under a title and with the count of its rows below.
    pub(crate) fn titled(self, title: &str) -> Sheet {
        Sheet {
            title: title.to_owned(),
            headings: self.headings,
            rows: self.rows,
            footers: None,
            never_expanded: false,
            always_counted: false,
        }
    }

    /// The same with every column on the left.
    pub(crate) fn left(self, title: &str) -> Sheet {
        let mut sheet = self.titled(title);
        for heading in &mut sheet.headings {
            heading.align = Align::Left;
        }
        sheet
    }

    /// The rows as text; NULL is empty.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Texts<'_>> {
        self.rows.iter().map(|cells| Texts { cells })
    }

    /// The only row, or nothing but empty text.
    pub(crate) fn first(&self) -> Texts<'_> {
        Texts {
            cells: self.rows.first().map_or(&[], Vec::as_slice),
        }
    }
}

/// One row as text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'a> {
    cells: &'a [Option<Bytes>],
}

impl Texts<'_> {
    /// The cell; NULL, or one that is not there, is empty.
    pub(crate) fn text(self, idx: usize) -> String {
        let cell = self.cell(idx).unwrap_or_default();
        String::from_utf8_lossy(&cell).into_owned()
    }

    pub(crate) fn cell(self, idx: usize) -> Option<Bytes> {
        self.cells.get(idx).cloned().flatten()
    }

    /// Whether a boolean cell holds true.
    pub(crate) fn is_true(self, idx: usize) -> bool {
        self.cell(idx).is_some_and(|cell| &*cell == b"t")
    }

    pub(crate) fn is_null(self, idx: usize) -> bool {
        self.cell(idx).is_none()
    }
}
