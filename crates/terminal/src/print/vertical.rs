//! The expanded form of the aligned formats: a line for each column of a row.

use std::ops::Range;

use pg_proto::backend::DataRow;

use super::cell::{Cursor, Stop, put, widest_line};
use super::escape::visible;
use super::options::{Format, LineStyle};
use super::pen::Pen;
use super::strokes::{Marks, Rule, Strokes};
use super::table::{Next, Sheet, Step};

/// How far an expanded table is written.
#[derive(Debug)]
pub(super) struct Vertical {
    strokes: Strokes,
    border: u16,
    /// Columns of the widest name and of the widest value, or of what of it stands on one line.
    name_width: usize,
    value_width: usize,
    /// Whether any name, any value needs a column for a mark behind it.
    marks_names: bool,
    marks_values: bool,
    wraps: bool,
    record: u64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Title,
    Rows,
    Row(DataRow, Field),
    Footers,
    Done,
}

/// The column of a row being written.
#[derive(Debug)]
struct Field {
    column: usize,
    values: Vec<Option<Range<usize>>>,
    /// None when all its lines are written.
    name: Option<Cursor>,
    value: Option<Cursor>,
    is_first_name_line: bool,
    is_first_value_line: bool,
    /// The value's line before was wrapped.
    is_wrapped: bool,
    /// Columns of the value's line that are written, when it was begun.
    begun: Option<usize>,
}

impl Vertical {
    pub(super) fn new(sheet: &Sheet) -> Self {
        let options = &sheet.options;
        let marks_old = options.line_style == LineStyle::OldAscii;
        let mut vertical = Self {
            strokes: Strokes::new(options),
            border: options.border.min(2),
            name_width: sheet
                .columns
                .iter()
                .map(|head| head.name_width)
                .max()
                .unwrap_or(0),
            value_width: sheet
                .columns
                .iter()
                .map(|head| head.cell_width)
                .max()
                .unwrap_or(0),
            marks_names: sheet.columns.iter().any(|head| head.name.contains(&b'\n')),
            marks_values: sheet.columns.iter().any(|head| head.has_newlines),
            wraps: false,
            record: 0,
            stage: Stage::Title,
        };
        vertical.wraps = options.format == Format::Wrapped;
        let aim = options.aim().filter(|_| vertical.wraps);
        vertical.squeeze(sheet, aim, marks_old);
        vertical
    }

    pub(super) fn step(&mut self, sheet: &mut Sheet, pen: &mut Pen<'_>) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Title => {
                if let Some(title) = sheet
                    .shown_title()
                    .filter(|_| !sheet.is_empty() && !sheet.columns.is_empty())
                {
                    pen.text(&visible(title.as_bytes()));
                    pen.newline();
                }
                self.stage = Stage::Rows;
            }
            Stage::Rows => {
                self.stage = Stage::Rows;
                match sheet.next() {
                    Next::Row(row) if !sheet.columns.is_empty() => {
                        self.begin_row(sheet.options.tuples_only, pen);
                        self.stage = Stage::Row(row.clone(), Field::new(0, row.ranges().collect()));
                    }
                    Next::Row(_) => {}
                    Next::Text(text) => pen.text(&text),
                    Next::Nothing => return Step::Waits,
                    Next::End => self.stage = Stage::Footers,
                }
            }
            Stage::Row(row, mut field) => {
                let is_done = self.write_line(sheet, &row, &mut field, pen);
                self.stage = match (is_done, field.column + 1 < sheet.columns.len()) {
                    (true, false) => Stage::Rows,
                    (true, true) => Stage::Row(row, Field::new(field.column + 1, field.values)),
                    (false, _) => Stage::Row(row, field),
                };
            }
            Stage::Footers => self.write_footers(sheet, pen),
            Stage::Done => return Step::Done,
        }
        Step::Wrote
    }

    /// Finds how many columns values get so that a line fits into `aim`, with three at least, and that the line above
    /// a record does.
    fn squeeze(&mut self, sheet: &Sheet, aim: Option<usize>, marks_old: bool) {
        let mut between = match self.border {
            0 => 1,
            1 => 3,
            _ => 7,
        };
        if self.border < 2 && self.marks_names && marks_old {
            between += 1;
        }
        if self.border == 0 && self.marks_names && !marks_old {
            between += 1;
        }
        if self.border < 2 && self.marks_values && !marks_old {
            between += 1;
        }
        let digits = sheet.n_rows.checked_ilog10().map_or(0, |log| log as usize + 1);
        let record = match (sheet.options.tuples_only, self.border) {
            (true, _) => 0,
            (false, 0) => digits + 9,
            (false, 1) => digits + 12,
            (false, _) => digits + 15,
        };
        loop {
            let frame = self.name_width + between;
            let full = (frame + self.value_width).max(record);
            let least = (frame + 3).max(record);
            let width = match aim {
                Some(aim) if aim < full => aim.max(least),
                Some(_) | None => full,
            };
            let value_width = width.saturating_sub(frame);
            // Values that wrap need a column for the mark.
            if value_width < self.value_width && !self.marks_values && self.border < 2 && !marks_old {
                self.marks_values = true;
                between += 1;
                continue;
            }
            self.value_width = value_width;
            return;
        }
    }

    fn begin_row(&mut self, tuples_only: bool, pen: &mut Pen<'_>) {
        let is_first = self.record == 0;
        let rule = if is_first {
            self.strokes.top
        } else {
            self.strokes.middle
        };
        self.record += 1;
        if !tuples_only {
            self.write_rule(rule, Some(self.record), pen);
        } else if !is_first || self.border == 2 {
            self.write_rule(rule, None, pen);
        }
    }

    fn write_rule(&self, rule: Rule, record: Option<u64>, pen: &mut Pen<'_>) {
        let fill = if self.border > 0 { rule.line } else { " " };
        let label = match (record, self.border) {
            (None, _) => String::new(),
            (Some(record), 0) => format!("* Record {record}"),
            (Some(record), _) => format!("[ RECORD {record} ]"),
        };
        match self.border {
            0 => {}
            1 => pen.text(rule.line),
            _ => {
                pen.text(rule.left);
                pen.text(rule.line);
            }
        }
        pen.text(&label);
        // The label may reach over the columns of the names, the separator and those of the values.
        let mut reach = label.len() + usize::from(self.border != 2);
        pen.run(fill, self.name_width.saturating_sub(reach));
        reach = reach.saturating_sub(self.name_width);
        let separator: &[&'static str] = match self.border {
            0 => &[" "],
            _ => &[rule.line, rule.cross, rule.line],
        };
        for stroke in separator {
            match reach.checked_sub(1) {
                None => pen.text(stroke),
                Some(less) => reach = less,
            }
        }
        pen.run(fill, self.value_width.saturating_sub(reach));
        if self.border == 2 {
            pen.text(rule.line);
            pen.text(rule.right);
        }
        pen.newline();
    }

    /// Writes on in the current line of a column; true when all its lines are written.
    fn write_line(&self, sheet: &Sheet, row: &DataRow, field: &mut Field, pen: &mut Pen<'_>) -> bool {
        let used = match field.begun {
            Some(used) => used,
            None => {
                self.write_name(sheet, field, pen);
                let Some(_) = field.value else {
                    if self.border == 2 {
                        pen.blanks(self.value_width + 2);
                        pen.text(self.strokes.data.right);
                    }
                    pen.newline();
                    return field.name.is_none();
                };
                pen.text(if field.is_wrapped {
                    self.strokes.wrap.before
                } else {
                    " "
                });
                field.begun = Some(0);
                if pen.owes() {
                    return false;
                }
                0
            }
        };
        let range = field.values.get(field.column).cloned().flatten();
        let value = sheet.value(row, range, field.column);
        let mut cursor = field.value.unwrap_or_default();
        let room = self.wraps.then(|| self.value_width.saturating_sub(used));
        let (columns, stop) = put(pen.out, &value, &mut cursor, room, used == 0);
        let used = used + columns;
        let space = self.value_width.saturating_sub(used);
        let marks = |marks: Marks, pen: &mut Pen<'_>| {
            if self.border > 1 || (self.marks_values && self.strokes.marks_right) {
                pen.blanks(space);
                pen.text(marks.behind);
            }
        };
        match stop {
            Stop::Pause => {
                field.value = Some(cursor);
                field.begun = Some(used);
                return false;
            }
            Stop::Wrap => marks(self.strokes.wrap, pen),
            Stop::Newline => marks(self.strokes.newline, pen),
            Stop::End if self.border > 1 => pen.blanks(space + 1),
            Stop::End => {}
        }
        field.is_wrapped = stop == Stop::Wrap;
        field.is_first_value_line &= field.is_wrapped;
        field.value = (stop != Stop::End).then_some(cursor);
        field.begun = None;
        if self.border == 2 {
            pen.text(self.strokes.data.right);
        }
        pen.newline();
        field.name.is_none() && field.value.is_none()
    }

    /// Writes the frame, a line of the name or blanks in its place, and the separator.
    fn write_name(&self, sheet: &Sheet, field: &mut Field, pen: &mut Pen<'_>) {
        let marks_before = self.border == 2 || (self.marks_names && !self.strokes.marks_right);
        let marks_behind = self.border > 0 || (self.marks_names && self.strokes.marks_right);
        if self.border == 2 {
            pen.text(self.strokes.data.left);
        }
        match (field.name, sheet.columns.get(field.column)) {
            (Some(mut cursor), Some(head)) => {
                let marks = self.strokes.header_newline;
                if marks_before {
                    pen.text(if field.is_first_name_line {
                        " "
                    } else {
                        marks.before
                    });
                }
                let (width, stop) = put_name(&head.name, &mut cursor, pen);
                pen.blanks(self.name_width.saturating_sub(width));
                let goes_on = stop != Stop::End;
                if marks_behind {
                    pen.text(if goes_on { marks.behind } else { " " });
                }
                field.name = goes_on.then_some(cursor);
                field.is_first_name_line = false;
            }
            (_, _) => {
                let marks = usize::from(self.border < 2 && self.marks_names && !self.strokes.marks_right)
                    + usize::from(self.border == 0 && self.marks_names && self.strokes.marks_right);
                pen.blanks((self.name_width + usize::from(self.border) + marks).max(1));
            }
        }
        if self.border > 0 {
            pen.text(match (field.is_wrapped, field.is_first_value_line) {
                (true, _) => self.strokes.cross_wrap,
                (false, true) => self.strokes.data.cross,
                (false, false) => self.strokes.cross_newline,
            });
        }
    }

    fn write_footers(&self, sheet: &Sheet, pen: &mut Pen<'_>) {
        if sheet.footers.is_none() {
            return;
        }
        let footers = sheet.shown_footers(self.record == 0);
        if self.record > 0 && self.border == 2 {
            self.write_rule(self.strokes.bottom, None, pen);
        }
        if self.record > 0 && self.border < 2 && !footers.is_empty() {
            pen.newline();
        }
        for footer in footers {
            pen.text(&visible(footer.as_bytes()));
            pen.newline();
        }
        pen.newline();
    }
}

/// Writes one line of a column's name, which is short.
fn put_name(name: &[u8], cursor: &mut Cursor, pen: &mut Pen<'_>) -> (usize, Stop) {
    let mut text = String::new();
    let (width, stop) = put(&mut text, name, cursor, None, true);
    debug_assert!(width <= widest_line(name), "a line of it");
    pen.text(&text);
    (width, stop)
}

impl Field {
    fn new(column: usize, values: Vec<Option<Range<usize>>>) -> Self {
        Self {
            column,
            values,
            name: Some(Cursor::default()),
            value: Some(Cursor::default()),
            is_first_name_line: true,
            is_first_value_line: true,
            is_wrapped: false,
            begun: None,
        }
    }
}
