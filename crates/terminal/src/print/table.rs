//! A table: collects rows and learns the widths, then is written in pieces, so that what waits for a slow
//! browser is rows as received and not their padding.

mod spool;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use pg_proto::backend::{Column, DataRow};

use super::aligned::Aligned;
use super::cell::{grouped, widest_line};
use super::options::{Expanded, Format, Options};
use super::pen::{Debts, Pen};
use super::unaligned::Unaligned;
use super::vertical::Vertical;
pub(crate) use spool::Packed;
use spool::Spool;

/// What a row costs besides its bytes.
pub(crate) const ROW_OVERHEAD: usize = 64;

/// One result or listing: collected, then written.
#[derive(Debug)]
pub(crate) struct Table {
    sheet: Sheet,
    layout: Layout,
    debts: Debts,
}

/// What a table consists of.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) options: Options,
    pub(super) title: Option<String>,
    pub(super) columns: Vec<Head>,
    /// Rows that come before those waiting.
    spool: Spool,
    waiting: VecDeque<Entry>,
    /// Bytes held by `waiting`.
    held: usize,
    /// Bytes of what was taken last, which is being written.
    in_hand: usize,
    pub(super) n_rows: u64,
    /// No more rows will come.
    ended: bool,
    /// None for a table that was cut short.
    pub(super) footers: Option<Footers>,
}

/// A column and what its cells need.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) name: Bytes,
    pub(super) align: Align,
    pub(super) name_width: usize,
    /// The widest cell.
    pub(super) cell_width: usize,
    /// Whether any cell has more than one line.
    pub(super) has_newlines: bool,
    /// The widths of all cells, added up.
    pub(super) sum: usize,
}

#[derive(Debug)]
enum Entry {
    Row(DataRow),
    /// A notice that arrived between rows, ready for the terminal.
    Text(String),
}

/// How the table is written; decided with its first byte.
#[derive(Debug)]
enum Layout {
    Undecided,
    Aligned(Aligned),
    Vertical(Vertical),
    Unaligned(Unaligned),
    Done,
}

/// What a layout's step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Wrote,
    /// Nothing to write before more rows come.
    Waits,
    Done,
}

/// What is next in a sheet.
#[derive(Debug)]
pub(super) enum Next {
    Row(DataRow),
    Text(String),
    /// Neither now.
    Nothing,
    End,
}

/// How a column's cells are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// What a column is called and how its cells are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) name: Bytes,
    pub(crate) align: Align,
}

/// What stands below a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Footers {
    /// `(n rows)`, unless `\pset footer off`.
    Count,
    /// These lines, each made safe for a terminal when it is printed; none at all when empty.
    Lines(Vec<String>),
}

impl Heading {
    /// Of a column of the database's: numbers to the right.
    pub(crate) fn of_column(column: &Column) -> Self {
        Self {
            name: column.name.clone().into_bytes(),
            align: align_of(column.type_oid),
        }
    }
}

impl Table {
    /// A result of the database: NULL as `\pset null` says, title of `\C`.
    pub(crate) fn of_result(options: &Options, columns: &[Column]) -> Self {
        let headings = columns.iter().map(Heading::of_column);
        Self::new(options.clone(), options.title.clone(), headings, Footers::Count)
    }

    /// A whole table of our own: NULL shows as nothing, whatever `\pset null` says.
    ///
    /// Title, headings, cells and footers may hold the database's text: it is made visible here.
    pub(crate) fn of_strings(
        options: &Options,
        title: &str,
        headings: &[Heading],
        rows: impl IntoIterator<Item = Vec<Option<Bytes>>>,
        footers: Footers,
    ) -> Self {
        let options = Options {
            null: String::new(),
            numeric_locale: false,
            ..options.clone()
        };
        let title = (!title.is_empty()).then(|| title.to_owned());
        let mut table = Self::new(options, title, headings.iter().cloned(), footers);
        for row in rows {
            table.collect(DataRow::new(row.iter().map(|cell| cell.as_deref())));
        }
        table.end();
        table
    }

    fn new(
        options: Options,
        title: Option<String>,
        headings: impl Iterator<Item = Heading>,
        footers: Footers,
    ) -> Self {
        let columns = headings
            .map(|heading| Head {
                name_width: widest_line(&heading.name),
                name: heading.name,
                align: heading.align,
                cell_width: 0,
                has_newlines: false,
                sum: 0,
            })
            .collect();
        Self {
            sheet: Sheet {
                options,
                title,
                columns,
                spool: Spool::default(),
                waiting: VecDeque::new(),
                held: 0,
                in_hand: 0,
                n_rows: 0,
                ended: false,
                footers: Some(footers),
            },
            layout: Layout::Undecided,
            debts: Debts::default(),
        }
    }

    /// Takes a row and widens the columns for it. After the first byte was written, only [`Self::push`].
    pub(crate) fn collect(&mut self, row: DataRow) {
        self.sheet.measure(&row);
        self.push(row);
    }

    /// Takes a row as it is; what is wider than its column pushes the rest of its line to the right.
    pub(crate) fn push(&mut self, row: DataRow) {
        self.sheet.n_rows += 1;
        self.sheet.held += row.body().len() + ROW_OVERHEAD;
        self.sheet.waiting.push_back(Entry::Row(row));
    }

    /// Puts text between the rows received so far and those to come.
    pub(crate) fn push_text(&mut self, text: String) {
        self.sheet.held += text.len() + ROW_OVERHEAD;
        self.sheet.waiting.push_back(Entry::Text(text));
    }

    /// All rows are there; the footer counts them.
    pub(crate) fn end(&mut self) {
        self.sheet.ended = true;
    }

    /// The statement failed half way: no footer.
    pub(crate) fn end_without_footer(&mut self) {
        self.sheet.ended = true;
        self.sheet.footers = None;
    }

    pub(crate) fn n_rows(&self) -> u64 {
        self.sheet.n_rows
    }

    /// Bytes of rows and text held for columns that are still measured.
    pub(crate) fn held(&self) -> usize {
        self.sheet.held
    }

    /// Bytes not written yet, wherever they are: of rows and text, and of lines and blanks that were begun.
    pub(crate) fn pending(&self) -> usize {
        self.sheet.held + self.sheet.in_hand + self.sheet.spool.len() + self.debts.len()
    }

    /// Whether nothing can be written before all rows were seen.
    pub(crate) fn needs_widths(&self) -> bool {
        match self.sheet.options.format {
            Format::Aligned | Format::Wrapped => true,
            Format::Unaligned | Format::Csv => false,
        }
    }

    /// Whether cells are written as the server sent them.
    pub(crate) fn is_verbatim(&self) -> bool {
        self.sheet.options.verbatim && !self.needs_widths()
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.sheet.ended
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.layout, Layout::Done)
    }

    /// Appends output until `out` holds `limit` bytes, or some KiB more, or nothing is left to write.
    pub(crate) fn write(&mut self, out: &mut String, limit: usize) {
        while out.len() < limit {
            if !self.debts.pay(out, limit) {
                continue;
            }
            let mut pen = Pen::new(out, &mut self.debts);
            let step = match &mut self.layout {
                Layout::Undecided => {
                    self.layout = Layout::of(&self.sheet);
                    Step::Wrote
                }
                Layout::Aligned(aligned) => aligned.step(&mut self.sheet, &mut pen),
                Layout::Vertical(vertical) => vertical.step(&mut self.sheet, &mut pen),
                Layout::Unaligned(unaligned) => unaligned.step(&mut self.sheet, &mut pen),
                Layout::Done => return,
            };
            match step {
                Step::Wrote => {}
                Step::Waits => return,
                Step::Done if pen.owes() => {}
                Step::Done => self.layout = Layout::Done,
            }
        }
    }
}

impl Head {
    /// The widest of name and cells.
    pub(super) fn width(&self) -> usize {
        self.name_width.max(self.cell_width)
    }
}

impl Layout {
    fn of(sheet: &Sheet) -> Self {
        let expanded = sheet.options.expanded;
        match sheet.options.format {
            Format::Unaligned | Format::Csv => Self::Unaligned(Unaligned::new(sheet)),
            Format::Aligned | Format::Wrapped if expanded == Expanded::On => {
                Self::Vertical(Vertical::new(sheet))
            }
            Format::Aligned | Format::Wrapped => {
                let aligned = Aligned::new(sheet);
                let too_wide = sheet
                    .options
                    .aim()
                    .is_some_and(|aim| aligned.is_wider(sheet, aim));
                if expanded == Expanded::Auto && sheet.columns.len() > 1 && too_wide {
                    Self::Vertical(Vertical::new(sheet))
                } else {
                    Self::Aligned(aligned)
                }
            }
        }
    }
}

impl Sheet {
    fn measure(&mut self, row: &DataRow) {
        for (idx, range) in row.ranges().enumerate() {
            let value = self.value(row, range, idx);
            let width = widest_line(&value);
            let has_newlines = width < value.len() && value.contains(&b'\n');
            if let Some(head) = self.columns.get_mut(idx) {
                head.cell_width = head.cell_width.max(width);
                head.has_newlines |= has_newlines;
                head.sum += width;
            }
        }
    }

    /// A cell as it is printed.
    pub(super) fn value<'r>(
        &'r self,
        row: &'r DataRow,
        range: Option<Range<usize>>,
        column: usize,
    ) -> Cow<'r, [u8]> {
        let Some(range) = range else {
            return Cow::Borrowed(self.options.null.as_bytes());
        };
        let value = row.body().get(range).unwrap_or_default();
        let is_right = || {
            self.columns
                .get(column)
                .is_some_and(|head| head.align == Align::Right)
        };
        if self.options.numeric_locale
            && is_right()
            && let Some(grouped) = grouped(value)
        {
            return Cow::Owned(grouped);
        }
        Cow::Borrowed(value)
    }

    pub(super) fn next(&mut self) -> Next {
        self.in_hand = 0;
        if let Some(row) = self.spool.next() {
            self.in_hand = row.body().len();
            return Next::Row(row);
        }
        if self.spool.is_away() {
            return Next::Nothing;
        }
        match self.waiting.pop_front() {
            Some(Entry::Row(row)) => {
                self.in_hand = row.body().len();
                self.held = self.held.saturating_sub(row.body().len() + ROW_OVERHEAD);
                Next::Row(row)
            }
            Some(Entry::Text(text)) => {
                self.held = self.held.saturating_sub(text.len() + ROW_OVERHEAD);
                Next::Text(text)
            }
            None if self.ended => Next::End,
            None => Next::Nothing,
        }
    }

    /// Whether no row has come.
    pub(super) fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// The title, unless only rows are wanted.
    pub(super) fn shown_title(&self) -> Option<&str> {
        self.title.as_deref().filter(|_| !self.options.tuples_only)
    }

    /// The lines below the table.
    pub(super) fn shown_footers(&self, counts: bool) -> Vec<Cow<'_, str>> {
        match &self.footers {
            _ if self.options.tuples_only => Vec::new(),
            Some(Footers::Count) if self.options.footer && counts => {
                let rows = if self.n_rows == 1 { "row" } else { "rows" };
                vec![Cow::Owned(format!("({} {rows})", self.n_rows))]
            }
            Some(Footers::Lines(lines)) => lines.iter().map(|line| Cow::Borrowed(line.as_str())).collect(),
            Some(Footers::Count) | None => Vec::new(),
        }
    }
}

/// Types psql prints right-aligned: integers, floats, numeric, oid, xid, cid, money.
fn align_of(type_oid: u32) -> Align {
    match type_oid {
        20 | 21 | 23 | 26 | 28 | 29 | 700 | 701 | 790 | 1700 | 5069 => Align::Right,
        _ => Align::Left,
    }
}

/// A column as a test names it.
#[cfg(test)]
pub(crate) fn column(name: &str, type_oid: u32) -> Column {
    Column {
        name: pg_proto::Text::from(name),
        type_oid,
        ..Column::default()
    }
}
