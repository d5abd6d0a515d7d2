//! psql's aligned format (border 1, ASCII lines), written piece by piece.
//!
//! A [`Table`] first collects rows and learns the widths, then is written a cell at a time, so that what
//! waits for a slow browser is rows as received and not their padding.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use pg_proto::backend::{Column, DataRow};

use super::escape::{Glyph, glyph_width, glyphs, put_glyph, visible};
use super::options::Options;

/// What a row costs besides its bytes.
const ROW_OVERHEAD: usize = 64;

/// One result: collected, then written.
#[derive(Debug)]
pub(crate) struct Table {
    options: Options,
    title: Option<String>,
    columns: Vec<Head>,
    waiting: VecDeque<Entry>,
    /// Bytes held by `waiting`.
    held: usize,
    n_rows: u64,
    stage: Stage,
    /// No more rows will come.
    ended: bool,
    /// None for a table that was cut short.
    footers: Option<Footers>,
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

impl Heading {
    pub(crate) fn left(name: &str) -> Self {
        Self {
            name: Bytes::copy_from_slice(name.as_bytes()),
            align: Align::Left,
        }
    }

    pub(crate) fn right(name: &str) -> Self {
        Self {
            align: Align::Right,
            ..Self::left(name)
        }
    }
}

/// What stands below a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Footers {
    /// `(n rows)`, unless `\pset footer off`.
    Count,
    /// These lines, each made safe for a terminal when it is printed; none at all when empty.
    Lines(Vec<String>),
}

#[derive(Debug)]
struct Head {
    name: Bytes,
    align: Align,
    width: usize,
}

#[derive(Debug)]
enum Entry {
    Row(DataRow),
    /// A notice that arrived between rows, ready for the terminal.
    Text(String),
}

#[derive(Debug)]
enum Stage {
    Title,
    Header(Line),
    Rule,
    Rows,
    Row(DataRow, Line),
    Footer,
    Done,
}

/// Where in a row the writing stands: the cell to write next, and for each cell its next line.
#[derive(Debug)]
struct Line {
    /// Offset in the value of each cell's next line; `None` when all its lines are written.
    next: Vec<Option<usize>>,
    /// Where in the row each value lies.
    values: Vec<Option<Range<usize>>>,
    column: usize,
}

impl Table {
    /// A result of the database: NULL as `\pset null` says, title of `\C`.
    pub(crate) fn of_result(options: &Options, columns: &[Column]) -> Self {
        let headings = columns.iter().map(|column| Heading {
            name: column.name.clone().into_bytes(),
            align: align_of(column.type_oid),
        });
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
        let columns: Vec<_> = headings
            .map(|heading| Head {
                width: widest_line(&heading.name),
                name: heading.name,
                align: heading.align,
            })
            .collect();
        Self {
            options,
            title,
            columns,
            waiting: VecDeque::new(),
            held: 0,
            n_rows: 0,
            stage: Stage::Title,
            ended: false,
            footers: Some(footers),
        }
    }

    /// Takes a row and widens the columns for it. After the first byte was written, only [`Self::push`].
    pub(crate) fn collect(&mut self, row: DataRow) {
        for (head, value) in self.columns.iter_mut().zip(row.columns()) {
            let value = value.unwrap_or(self.options.null.as_bytes());
            head.width = head.width.max(widest_line(value));
        }
        self.push(row);
    }

    /// Takes a row as it is; what is wider than its column pushes the rest of its line to the right.
    pub(crate) fn push(&mut self, row: DataRow) {
        self.n_rows += 1;
        self.held += row.body().len() + ROW_OVERHEAD;
        self.waiting.push_back(Entry::Row(row));
    }

    /// Puts text between the rows received so far and those to come.
    pub(crate) fn push_text(&mut self, text: String) {
        self.held += text.len() + ROW_OVERHEAD;
        self.waiting.push_back(Entry::Text(text));
    }

    /// All rows are there; the footer counts them.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// The statement failed half way: no footer.
    pub(crate) fn end_without_footer(&mut self) {
        self.ended = true;
        self.footers = None;
    }

    pub(crate) fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Bytes of rows and text not written yet.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.ended
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Appends output until `out` holds `limit` bytes, or one cell's line more, or nothing is left to write.
    pub(crate) fn write(&mut self, out: &mut String, limit: usize) {
        while out.len() < limit {
            match std::mem::replace(&mut self.stage, Stage::Done) {
                Stage::Title => {
                    self.write_title(out);
                    self.stage = match self.options.tuples_only {
                        true => Stage::Rows,
                        false => Stage::Header(Line::new(self.columns.len(), Vec::new())),
                    };
                }
                Stage::Header(mut line) => {
                    let done = self.columns.is_empty() || self.write_header_cell(out, &mut line);
                    self.stage = if done { Stage::Rule } else { Stage::Header(line) };
                }
                Stage::Rule => {
                    self.write_rule(out);
                    self.stage = Stage::Rows;
                }
                Stage::Rows => {
                    self.stage = Stage::Rows;
                    match self.waiting.pop_front() {
                        Some(Entry::Row(row)) => {
                            self.held = self.held.saturating_sub(row.body().len() + ROW_OVERHEAD);
                            if !self.columns.is_empty() {
                                let line = Line::new(self.columns.len(), row.ranges().collect());
                                self.stage = Stage::Row(row, line);
                            }
                        }
                        Some(Entry::Text(text)) => {
                            self.held = self.held.saturating_sub(text.len() + ROW_OVERHEAD);
                            out.push_str(&text);
                        }
                        None if self.ended => self.stage = Stage::Footer,
                        None => return,
                    }
                }
                Stage::Row(row, mut line) => {
                    let done = self.write_cell(out, &row, &mut line);
                    self.stage = if done { Stage::Rows } else { Stage::Row(row, line) };
                }
                Stage::Footer => {
                    self.write_footers(out);
                    return;
                }
                Stage::Done => return,
            }
        }
    }

    /// Centres the title above the columns.
    fn write_title(&self, out: &mut String) {
        let Some(title) = self.title.as_ref().filter(|_| !self.options.tuples_only) else {
            return;
        };
        let columns: usize = self.columns.iter().map(|head| head.width + 3).sum();
        let space = columns
            .saturating_sub(1)
            .saturating_sub(widest_line(title.as_bytes()));
        pad(out, space / 2);
        out.push_str(&visible(title.as_bytes()));
        out.push_str("\r\n");
    }

    fn write_footers(&self, out: &mut String) {
        let Some(footers) = &self.footers else {
            return;
        };
        if !self.options.tuples_only {
            match footers {
                Footers::Count if self.options.footer => {
                    let rows = if self.n_rows == 1 { "row" } else { "rows" };
                    out.push_str(&format!("({} {rows})\r\n", self.n_rows));
                }
                Footers::Count => {}
                Footers::Lines(lines) => {
                    for line in lines {
                        out.push_str(&visible(line.as_bytes()));
                        out.push_str("\r\n");
                    }
                }
            }
        }
        out.push_str("\r\n");
    }

    /// Writes the next cell of the header; true when the header is done.
    fn write_header_cell(&self, out: &mut String, line: &mut Line) -> bool {
        let Some(head) = self.columns.get(line.column) else {
            return true;
        };
        out.push(' ');
        match line.take() {
            Some(start) => {
                let begin = out.len();
                let (width, next) = put_line(out, &head.name, start);
                let space = head.width.saturating_sub(width);
                pad_before(out, begin, space / 2);
                pad(out, space.div_ceil(2));
                out.push(if next.is_some() { '+' } else { ' ' });
                line.advance(next);
            }
            None => {
                pad(out, head.width);
                out.push(' ');
                line.advance(None);
            }
        }
        self.finish_cell(out, line)
    }

    /// Writes the next cell of a row's current line; true when the row is done.
    fn write_cell(&self, out: &mut String, row: &DataRow, line: &mut Line) -> bool {
        let Some(head) = self.columns.get(line.column) else {
            return true;
        };
        let last = line.column + 1 == self.columns.len();
        let range = line.values.get(line.column).cloned().flatten();
        let value = match range {
            Some(range) => row.body().get(range).unwrap_or_default(),
            None => self.options.null.as_bytes(),
        };
        out.push(' ');
        match line.take() {
            Some(start) => {
                let begin = out.len();
                let (width, next) = put_line(out, value, start);
                let space = head.width.saturating_sub(width);
                if head.align == Align::Right {
                    pad_before(out, begin, space);
                }
                if head.align == Align::Left && (!last || next.is_some()) {
                    pad(out, space);
                }
                if next.is_some() {
                    out.push('+');
                } else if !last {
                    out.push(' ');
                }
                line.advance(next);
            }
            None => {
                if !last {
                    pad(out, head.width + 1);
                }
                line.advance(None);
            }
        }
        self.finish_cell(out, line)
    }

    fn finish_cell(&self, out: &mut String, line: &mut Line) -> bool {
        if line.column < self.columns.len() {
            out.push('|');
            return false;
        }
        out.push_str("\r\n");
        line.column = 0;
        line.next.iter().all(Option::is_none)
    }

    fn write_rule(&self, out: &mut String) {
        out.push('-');
        for (idx, head) in self.columns.iter().enumerate() {
            if idx > 0 {
                out.push_str("-+-");
            }
            out.extend(std::iter::repeat_n('-', head.width));
        }
        out.push_str("-\r\n");
    }
}

impl Line {
    fn new(n_columns: usize, values: Vec<Option<Range<usize>>>) -> Self {
        Self {
            next: vec![Some(0); n_columns],
            values,
            column: 0,
        }
    }

    fn take(&mut self) -> Option<usize> {
        self.next.get_mut(self.column)?.take()
    }

    fn advance(&mut self, next: Option<usize>) {
        if let Some(slot) = self.next.get_mut(self.column) {
            *slot = next;
        }
        self.column += 1;
    }
}

/// Types psql prints right-aligned: integers, floats, numeric, oid, xid, cid, money.
fn align_of(type_oid: u32) -> Align {
    match type_oid {
        20 | 21 | 23 | 26 | 28 | 29 | 700 | 701 | 790 | 1700 | 5069 => Align::Right,
        _ => Align::Left,
    }
}

/// Appends the line of `value` that begins at `start`; returns its columns and where the next one begins.
fn put_line(out: &mut String, value: &[u8], start: usize) -> (usize, Option<usize>) {
    let mut width = 0;
    let mut at = start;
    for (glyph, len) in glyphs(value.get(start..).unwrap_or_default()) {
        at += len;
        if glyph == Glyph::Char('\n') {
            return (width, Some(at));
        }
        width += put_glyph(out, glyph, width);
    }
    (width, None)
}

fn widest_line(value: &[u8]) -> usize {
    let mut widest = 0;
    let mut width = 0;
    for (glyph, _) in glyphs(value) {
        if glyph == Glyph::Char('\n') {
            widest = widest.max(width);
            width = 0;
        } else {
            width += glyph_width(glyph, width);
        }
    }
    widest.max(width)
}

fn pad(out: &mut String, width: usize) {
    out.extend(std::iter::repeat_n(' ', width));
}

/// Puts spaces in front of what was written since `begin`.
fn pad_before(out: &mut String, begin: usize, width: usize) {
    const SPACES: &str = "                                                                ";
    let mut left = width;
    while left > 0 {
        let spaces = SPACES.get(..left).unwrap_or(SPACES);
        out.insert_str(begin, spaces);
        left -= spaces.len();
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
