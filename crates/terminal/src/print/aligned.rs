//! The aligned format and its wrapped variant: one line of the terminal for each line of a row.

use std::ops::Range;

use pg_proto::backend::DataRow;

use super::cell::{Cursor, Stop, line_width, put, widest_line};
use super::escape::visible;
use super::options::Format;
use super::pen::Pen;
use super::squeeze::squeeze;
use super::strokes::{Rule, Strokes};
use super::table::{Align, Head, Next, Sheet, Step};

/// How far an aligned table is written.
#[derive(Debug)]
pub(super) struct Aligned {
    strokes: Strokes,
    border: u16,
    /// Columns of the terminal each column of the table takes.
    widths: Vec<usize>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Title,
    Header(Line),
    Rows,
    Row(DataRow, Line),
    Footers,
    Done,
}

/// The row being written: for each cell where its next line begins.
#[derive(Debug)]
struct Line {
    cells: Vec<Cell>,
    /// Where in the row each value lies; empty for the header.
    values: Vec<Option<Range<usize>>>,
    column: usize,
    /// No line of this row is finished.
    is_first: bool,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    /// None when all its lines are written.
    next: Option<Cursor>,
    mark: Mark,
}

/// Why a cell goes on in the line to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Newline,
    Wrap,
}

/// How much of the current cell's line is written.
#[derive(Debug, Clone, Copy)]
enum Phase {
    Nothing,
    /// Columns of its text.
    Text(usize),
}

impl Aligned {
    pub(super) fn new(sheet: &Sheet) -> Self {
        let border = sheet.options.border.min(2);
        let mut aligned = Self {
            strokes: Strokes::new(&sheet.options),
            border,
            widths: sheet.columns.iter().map(Head::width).collect(),
            stage: Stage::Title,
        };
        if let Some(aim) = sheet.options.aim()
            && sheet.options.format == Format::Wrapped
        {
            aligned.squeeze(sheet, aim);
        }
        aligned
    }

    /// Whether headers or cells need more than `aim` columns.
    pub(super) fn is_wider(&self, sheet: &Sheet, aim: usize) -> bool {
        self.total(self.widths.iter().copied()) > aim
            || self.total(sheet.columns.iter().map(|head| head.name_width)) > aim
    }

    pub(super) fn step(&mut self, sheet: &mut Sheet, pen: &mut Pen<'_>) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Title => {
                self.write_title(sheet, pen);
                self.stage = Stage::Rows;
                if !sheet.options.tuples_only {
                    if self.border == 2 {
                        self.write_rule(self.strokes.top, pen);
                    }
                    self.stage = Stage::Header(Line::new(self.widths.len(), Vec::new()));
                }
            }
            Stage::Header(mut line) => {
                let is_done = self.write_header_cell(sheet, &mut line, pen);
                self.stage = match is_done {
                    true => {
                        self.write_rule(self.strokes.middle, pen);
                        Stage::Rows
                    }
                    false => Stage::Header(line),
                };
            }
            Stage::Rows => {
                self.stage = Stage::Rows;
                match sheet.next() {
                    Next::Row(row) => {
                        if !self.widths.is_empty() {
                            let line = Line::new(self.widths.len(), row.ranges().collect());
                            self.stage = Stage::Row(row, line);
                        }
                    }
                    Next::Text(text) => pen.text(&text),
                    Next::Nothing => return Step::Waits,
                    Next::End => self.stage = Stage::Footers,
                }
            }
            Stage::Row(row, mut line) => {
                let is_done = self.write_cell(sheet, &row, &mut line, pen);
                self.stage = match is_done {
                    true => Stage::Rows,
                    false => Stage::Row(row, line),
                };
            }
            Stage::Footers => self.write_footers(sheet, pen),
            Stage::Done => return Step::Done,
        }
        Step::Wrote
    }

    /// Columns of a line whose columns have these widths.
    fn total(&self, widths: impl Iterator<Item = usize>) -> usize {
        let n = self.widths.len();
        let between = match self.border {
            0 => n,
            1 => (n * 3).saturating_sub(1),
            _ => n * 3 + 1,
        };
        between + widths.sum::<usize>()
    }

    /// Takes columns from those whose widest cell stands out most until the table fits, if its headers do.
    fn squeeze(&mut self, sheet: &Sheet, aim: usize) {
        if self.total(sheet.columns.iter().map(|head| head.name_width)) > aim {
            return;
        }
        let excess = self.total(self.widths.iter().copied()).saturating_sub(aim);
        let n_rows = usize::try_from(sheet.n_rows).unwrap_or(usize::MAX).max(1);
        squeeze(&mut self.widths, &sheet.columns, n_rows, excess);
    }

    fn write_title(&self, sheet: &Sheet, pen: &mut Pen<'_>) {
        let Some(title) = sheet.shown_title() else {
            return;
        };
        let total = self.total(self.widths.iter().copied());
        pen.blanks(total.saturating_sub(widest_line(title.as_bytes())) / 2);
        pen.text(&visible(title.as_bytes()));
        pen.newline();
    }

    fn write_rule(&self, rule: Rule, pen: &mut Pen<'_>) {
        match self.border {
            0 => {}
            1 => pen.text(rule.line),
            _ => {
                pen.text(rule.left);
                pen.text(rule.line);
            }
        }
        for (idx, width) in self.widths.iter().enumerate() {
            if idx > 0 && self.border == 0 {
                pen.text(" ");
            } else if idx > 0 {
                pen.text(rule.line);
                pen.text(rule.cross);
                pen.text(rule.line);
            }
            pen.run(rule.line, *width);
        }
        match self.border {
            0 => {}
            1 => pen.text(rule.line),
            _ => {
                pen.text(rule.line);
                pen.text(rule.right);
            }
        }
        pen.newline();
    }

    fn write_footers(&self, sheet: &Sheet, pen: &mut Pen<'_>) {
        if sheet.footers.is_none() {
            return;
        }
        if self.border == 2 {
            self.write_rule(self.strokes.bottom, pen);
        }
        for footer in sheet.shown_footers(true) {
            pen.text(&visible(footer.as_bytes()));
            pen.newline();
        }
        pen.newline();
    }

    /// Writes on in the header's current cell; true when the header is done.
    fn write_header_cell(&self, sheet: &Sheet, line: &mut Line, pen: &mut Pen<'_>) -> bool {
        let (Some(head), Some(&width)) = (sheet.columns.get(line.column), self.widths.get(line.column))
        else {
            return true;
        };
        let marks = self.strokes.header_newline;
        let next = line.next();
        let used = match line.phase {
            Phase::Nothing => {
                if self.border == 2 && line.column == 0 {
                    pen.text(self.strokes.data.left);
                }
                if self.border != 0 || (!self.strokes.marks_right && line.column > 0) {
                    pen.text(if line.is_first { " " } else { marks.before });
                }
                let blanks = match next {
                    Some(cursor) => width.saturating_sub(line_width(&head.name, cursor)) / 2,
                    None => width,
                };
                pen.blanks(blanks);
                line.phase = Phase::Text(0);
                if pen.owes() {
                    return false;
                }
                0
            }
            Phase::Text(used) => used,
        };
        let mut goes_on = false;
        if let Some(mut cursor) = next {
            let (columns, stop) = put(pen.out, &head.name, &mut cursor, None, used == 0);
            if stop == Stop::Pause {
                line.pause(cursor, used + columns);
                return false;
            }
            pen.blanks(width.saturating_sub(used + columns).div_ceil(2));
            goes_on = stop == Stop::Newline;
            line.advance(goes_on.then_some(cursor), Mark::None);
        }
        if self.border != 0 || self.strokes.marks_right {
            pen.text(if goes_on { marks.behind } else { " " });
        }
        if self.border != 0 && line.column + 1 < self.widths.len() {
            pen.text(self.strokes.data.cross);
        }
        self.finish_cell(line, pen)
    }

    /// Writes on in the current cell of a row's current line; true when the row is done.
    fn write_cell(&self, sheet: &Sheet, row: &DataRow, line: &mut Line, pen: &mut Pen<'_>) -> bool {
        let (Some(head), Some(&width)) = (sheet.columns.get(line.column), self.widths.get(line.column))
        else {
            return true;
        };
        let range = line.values.get(line.column).cloned().flatten();
        let value = sheet.value(row, range, line.column);
        let is_wrapped = sheet.options.format == Format::Wrapped;
        let is_last = line.column + 1 == self.widths.len();
        let has_blanks_behind = self.border == 2 || !is_last;
        let next = line.next();

        let mut used = match line.phase {
            Phase::Nothing => {
                self.write_before(line, pen);
                match next {
                    Some(cursor) if head.align == Align::Right => {
                        let columns = line_columns(&value, cursor, width, is_wrapped);
                        pen.blanks(width.saturating_sub(columns));
                    }
                    None if has_blanks_behind => pen.blanks(width),
                    Some(_) | None => {}
                }
                line.phase = Phase::Text(0);
                if pen.owes() {
                    return false;
                }
                0
            }
            Phase::Text(used) => used,
        };
        let mut mark = Mark::None;
        if let Some(mut cursor) = next {
            let room = is_wrapped.then(|| width.saturating_sub(used));
            let (columns, stop) = put(pen.out, &value, &mut cursor, room, used == 0);
            used += columns;
            mark = match stop {
                Stop::Pause => {
                    line.pause(cursor, used);
                    return false;
                }
                Stop::End => Mark::None,
                Stop::Newline => Mark::Newline,
                Stop::Wrap => Mark::Wrap,
            };
            line.advance((mark != Mark::None).then_some(cursor), mark);
            if head.align == Align::Left && (has_blanks_behind || mark != Mark::None) {
                pen.blanks(width.saturating_sub(used));
            }
        }
        match mark {
            Mark::Newline => pen.text(self.strokes.newline.behind),
            Mark::Wrap => pen.text(self.strokes.wrap.behind),
            Mark::None if has_blanks_behind => pen.text(" "),
            Mark::None => {}
        }
        if self.border != 0 && !is_last {
            let cross = match line.cells.get(line.column + 1) {
                Some(Cell { next: None, .. }) => self.strokes.cross_blank,
                Some(Cell {
                    mark: Mark::Newline, ..
                }) => self.strokes.cross_newline,
                Some(Cell { mark: Mark::Wrap, .. }) => self.strokes.cross_wrap,
                Some(Cell { mark: Mark::None, .. }) | None => self.strokes.data.cross,
            };
            pen.text(cross);
        }
        self.finish_cell(line, pen)
    }

    /// Writes the frame and the mark in front of a cell's line.
    fn write_before(&self, line: &Line, pen: &mut Pen<'_>) {
        if self.border == 2 && line.column == 0 {
            pen.text(self.strokes.data.left);
        }
        if self.border == 0 {
            return;
        }
        pen.text(match line.cells.get(line.column).map(|cell| cell.mark) {
            Some(Mark::Wrap) => self.strokes.wrap.before,
            Some(Mark::Newline) => self.strokes.newline.before,
            Some(Mark::None) | None => " ",
        });
    }

    fn finish_cell(&self, line: &mut Line, pen: &mut Pen<'_>) -> bool {
        line.phase = Phase::Nothing;
        line.column += 1;
        if line.column < self.widths.len() {
            return false;
        }
        if self.border == 2 {
            pen.text(self.strokes.data.right);
        }
        pen.newline();
        line.column = 0;
        line.is_first = false;
        line.cells.iter().all(|cell| cell.next.is_none())
    }
}

impl Line {
    fn new(n_columns: usize, values: Vec<Option<Range<usize>>>) -> Self {
        let cell = Cell {
            next: Some(Cursor::default()),
            mark: Mark::None,
        };
        Self {
            cells: vec![cell; n_columns],
            values,
            column: 0,
            is_first: true,
            phase: Phase::Nothing,
        }
    }

    fn next(&self) -> Option<Cursor> {
        self.cells.get(self.column)?.next
    }

    fn pause(&mut self, cursor: Cursor, used: usize) {
        if let Some(cell) = self.cells.get_mut(self.column) {
            cell.next = Some(cursor);
        }
        self.phase = Phase::Text(used);
    }

    fn advance(&mut self, next: Option<Cursor>, mark: Mark) {
        if let Some(cell) = self.cells.get_mut(self.column) {
            *cell = Cell { next, mark };
        }
    }
}

/// Columns of the line of a value that begins at `cursor`.
fn line_columns(value: &[u8], mut cursor: Cursor, width: usize, is_wrapped: bool) -> usize {
    if !is_wrapped {
        return line_width(value, cursor);
    }
    put(&mut String::new(), value, &mut cursor, Some(width), true)
        .0
        .min(width)
}
