//! The formats without padding: unaligned and CSV, in rows or expanded.

use std::ops::Range;

use pg_proto::backend::DataRow;

use super::escape::{piece_len, visible};
use super::options::{Expanded, Format, Separator};
use super::pen::Pen;
use super::table::{Next, Sheet, Step};

/// How far such a table is written.
#[derive(Debug)]
pub(super) struct Unaligned {
    is_csv: bool,
    is_expanded: bool,
    /// What is written is for a program.
    is_verbatim: bool,
    field_sep: String,
    record_sep: String,
    /// Records end in NUL, the last one too.
    ends_in_zero: bool,
    /// A record was written and its separator was not.
    owes_separator: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Header,
    Rows,
    Row(DataRow, Place),
    Footers,
    Done,
}

/// Where in a row the writing stands.
#[derive(Debug)]
struct Place {
    values: Vec<Option<Range<usize>>>,
    column: usize,
    /// Byte of the current value; none of it, not even its quote, is written while it is `None`.
    at: Option<usize>,
    /// Whether the current value is in quotes. All of it was looked at for that, once.
    is_quoted: bool,
}

impl Unaligned {
    pub(super) fn new(sheet: &Sheet) -> Self {
        let options = &sheet.options;
        let is_csv = options.format == Format::Csv;
        let is_verbatim = options.verbatim;
        let separator = |separator: &Separator| match separator {
            Separator::Text(text) => written(text.as_bytes(), is_verbatim),
            Separator::Zero => written(b"\0", is_verbatim),
        };
        Self {
            is_csv,
            is_expanded: options.expanded == Expanded::On,
            is_verbatim,
            field_sep: match is_csv {
                true => written(
                    options.csv_field_sep.encode_utf8(&mut [0; 4]).as_bytes(),
                    is_verbatim,
                ),
                false => separator(&options.field_sep),
            },
            record_sep: match is_csv {
                true => written(b"\n", is_verbatim),
                false => separator(&options.record_sep),
            },
            ends_in_zero: !is_csv && options.record_sep == Separator::Zero,
            owes_separator: false,
            stage: Stage::Header,
        }
    }

    pub(super) fn step(&mut self, sheet: &mut Sheet, pen: &mut Pen<'_>) -> Step {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Header => {
                self.write_header(sheet, pen);
                self.stage = Stage::Rows;
            }
            Stage::Rows => {
                self.stage = Stage::Rows;
                match sheet.next() {
                    Next::Row(row) if !sheet.columns.is_empty() => {
                        if std::mem::take(&mut self.owes_separator) {
                            self.end_record(pen);
                        }
                        let values = row.ranges().collect();
                        self.stage = Stage::Row(
                            row,
                            Place {
                                values,
                                column: 0,
                                at: None,
                                is_quoted: false,
                            },
                        );
                    }
                    Next::Row(_) => {}
                    Next::Text(text) => {
                        if std::mem::take(&mut self.owes_separator) {
                            pen.text(&self.written(b"\n"));
                        }
                        pen.text(&text);
                    }
                    Next::Nothing => return Step::Waits,
                    Next::End => self.stage = Stage::Footers,
                }
            }
            Stage::Row(row, mut place) => {
                let is_done = self.write_value(sheet, &row, &mut place, pen);
                self.stage = match is_done {
                    true => Stage::Rows,
                    false => Stage::Row(row, place),
                };
            }
            Stage::Footers => self.write_footers(sheet, pen),
            Stage::Done => return Step::Done,
        }
        Step::Wrote
    }

    fn write_header(&mut self, sheet: &Sheet, pen: &mut Pen<'_>) {
        if sheet.options.tuples_only {
            return;
        }
        if let Some(title) = sheet.shown_title().filter(|_| !self.is_csv) {
            pen.text(&self.written(title.as_bytes()));
            match self.is_expanded {
                true => self.owes_separator = true,
                false => pen.text(&self.record_sep),
            }
        }
        if self.is_expanded {
            return;
        }
        for (idx, head) in sheet.columns.iter().enumerate() {
            if idx > 0 {
                pen.text(&self.field_sep);
            }
            self.write_text(&head.name, pen);
        }
        self.owes_separator = true;
    }

    /// Separates what was written from the next record: expanded records stand apart.
    fn end_record(&self, pen: &mut Pen<'_>) {
        pen.text(&self.record_sep);
        if self.is_expanded && !self.is_csv {
            pen.text(&self.record_sep);
        }
    }

    /// Writes on in the current value; true when the row is done.
    fn write_value(&mut self, sheet: &Sheet, row: &DataRow, place: &mut Place, pen: &mut Pen<'_>) -> bool {
        let range = place.values.get(place.column).cloned().flatten();
        let value = sheet.value(row, range, place.column);
        let at = match place.at {
            Some(at) => at,
            None => {
                if let Some(head) = sheet.columns.get(place.column).filter(|_| self.is_expanded) {
                    self.write_text(&head.name, pen);
                    pen.text(&self.field_sep);
                }
                place.is_quoted = self.is_csv && needs_quotes(&value, sheet.options.csv_field_sep);
                if place.is_quoted {
                    pen.text("\"");
                }
                0
            }
        };
        let rest = value.get(at..).unwrap_or_default();
        let piece = rest.get(..piece_len(rest)).unwrap_or_default();
        let text = self.written(piece);
        pen.text(&if place.is_quoted {
            text.replace('"', "\"\"")
        } else {
            text
        });
        if piece.len() < rest.len() {
            place.at = Some(at + piece.len());
            return false;
        }
        if place.is_quoted {
            pen.text("\"");
        }
        place.at = None;
        place.column += 1;
        if place.column < sheet.columns.len() {
            pen.text(if self.is_expanded {
                &self.record_sep
            } else {
                &self.field_sep
            });
            return false;
        }
        self.owes_separator = true;
        true
    }

    fn write_text(&self, text: &[u8], pen: &mut Pen<'_>) {
        let shown = self.written(text);
        if self.is_csv && needs_quotes(text, self.field_sep.chars().next().unwrap_or(',')) {
            pen.text(&format!("\"{}\"", shown.replace('"', "\"\"")));
        } else {
            pen.text(&shown);
        }
    }

    fn write_footers(&mut self, sheet: &Sheet, pen: &mut Pen<'_>) {
        let footers = match self.is_csv {
            true => Vec::new(),
            // Expanded rows are not even counted when there are none.
            false => sheet.shown_footers(!self.is_expanded),
        };
        if self.is_expanded && !footers.is_empty() {
            pen.text(&self.record_sep);
        }
        for footer in footers {
            if std::mem::take(&mut self.owes_separator) || self.is_expanded {
                pen.text(&self.record_sep);
            }
            pen.text(&self.written(footer.as_bytes()));
            self.owes_separator = true;
        }
        if self.owes_separator {
            if self.ends_in_zero {
                pen.text(&self.record_sep);
            } else {
                pen.text(&self.written(b"\n"));
            }
        }
    }

    fn written(&self, text: &[u8]) -> String {
        written(text, self.is_verbatim)
    }
}

/// Text as it is, or as a terminal may show it. What is not UTF-8 is shown either way.
fn written(text: &[u8], is_verbatim: bool) -> String {
    if is_verbatim && let Ok(text) = std::str::from_utf8(text) {
        return text.to_owned();
    }

    visible(text)
}

fn needs_quotes(value: &[u8], separator: char) -> bool {
    let mut bytes = [0; 4];
    let separator = separator.encode_utf8(&mut bytes).as_bytes();
    value.iter().any(|byte| b"\n\r\"".contains(byte))
        || value.windows(separator.len()).any(|window| window == separator)
        || value == b"\\."
}
