//! What the line being edited looks like on the screen, and the least that must be sent to show it.
//!
//! A [`Screen`] is the wanted picture: every character with its row and column. A [`Painter`] knows the
//! picture the terminal has and sends what differs: the characters from the first difference on. Text wraps
//! by the terminal's own wrapping, so that copying it gives one line. A text taller than the screen shows
//! the rows around the cursor.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crate::Size;
use crate::print::char_width;

/// Row and column, from 0, of the region the editor paints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pos {
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// One character with its marks, at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    /// Start and end of its bytes in [`Screen::text`].
    start: usize,
    end: usize,
    at: Pos,
    width: usize,
    /// Ends the row.
    newline: bool,
}

/// A picture of prompt and text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Screen {
    text: String,
    cells: Vec<Cell>,
    /// Where the next character would go.
    end: Pos,
    /// The last character filled its row: the terminal has not wrapped yet.
    full: bool,
    cursor: Pos,
}

/// The picture on the terminal.
#[derive(Debug, Default)]
pub(crate) struct Painter {
    shown: Screen,
    /// Where the terminal's cursor is.
    at: Pos,
    /// First row shown of a text taller than the screen.
    top: usize,
    size: Size,
}

impl Cell {
    /// Where writing it leaves the cursor.
    fn behind(&self) -> Pos {
        match self.newline {
            true => Pos {
                row: self.at.row + 1,
                column: 0,
            },
            false => Pos {
                row: self.at.row,
                column: self.at.column + self.width,
            },
        }
    }
}

impl Screen {
    /// Lays out prompt and text; `cursor` is a byte of `text`.
    fn new(prompt: &str, text: &str, cursor: usize, columns: usize) -> Self {
        let mut layout = Layout {
            screen: Self::default(),
            columns: columns.max(2),
            at: Pos::default(),
        };
        for c in prompt.chars() {
            layout.put(c);
        }
        let mut cursor_at = None;
        for (idx, c) in text.char_indices() {
            let cell = layout.screen.cells.len();
            layout.put(c);
            if idx == cursor {
                cursor_at = Some(cell);
            }
        }
        let mut screen = layout.finish();
        let cell = cursor_at.and_then(|idx| screen.cells.get(idx));
        screen.cursor = cell.map_or(screen.end, |cell| Pos {
            row: cell.at.row,
            column: cell.at.column.min(columns.max(2) - 1),
        });
        screen
    }

    fn n_rows(&self) -> usize {
        self.end.row + 1
    }

    /// The rows from `top` on that fit the height.
    fn window(mut self, top: usize, height: usize) -> Self {
        if self.n_rows() <= height {
            return self;
        }
        let last = top + height - 1;
        self.cells.retain(|cell| {
            cell.at.row >= top && (cell.at.row < last || cell.at.row == last && !cell.newline)
        });
        for cell in &mut self.cells {
            cell.at.row -= top;
        }
        self.cursor.row = self.cursor.row.saturating_sub(top);
        if self.end.row > last {
            self.full = false;
            self.end = self.cells.last().map_or(Pos::default(), Cell::behind);
        } else {
            self.end.row -= top;
        }
        self
    }

    fn glyph(&self, cell: &Cell) -> &str {
        self.text.get(cell.start..cell.end).unwrap_or_default()
    }

    /// Where the cell goes, or the end of all cells.
    fn place(&self, idx: usize) -> Pos {
        self.cells.get(idx).map_or(self.end, |cell| cell.at)
    }

    /// Whether the cell stands at the start of a row because the row above was full.
    fn wraps_before(&self, idx: usize) -> bool {
        let before = idx.checked_sub(1).and_then(|idx| self.cells.get(idx));
        self.place(idx).column == 0 && before.is_some_and(|cell| !cell.newline)
    }

    fn common_cells(&self, other: &Self) -> usize {
        let both = self.cells.iter().zip(&other.cells);
        both.take_while(|(a, b)| a.at == b.at && a.newline == b.newline && self.glyph(a) == other.glyph(b))
            .count()
    }
}

struct Layout {
    screen: Screen,
    columns: usize,
    at: Pos,
}

impl Layout {
    fn put(&mut self, c: char) {
        if c == '\n' {
            self.cell("\r\n", 0, true);
            self.at = Pos {
                row: self.at.row + 1,
                column: 0,
            };
            return;
        }
        let mut bytes = [0; 4];
        match char_width(c) {
            Some(0) => self.mark(c),
            Some(width) => self.cell(c.encode_utf8(&mut bytes), width, false),
            None if c == '\t' => {
                let left = self.columns.saturating_sub(self.at.column);
                let width = (8 - self.at.column % 8).min(if left == 0 { 8 } else { left });
                self.cell(
                    " ".repeat(width.min(self.columns)).as_str(),
                    width.min(self.columns),
                    false,
                );
            }
            None if !c.is_ascii() => {
                for shown in format!("\\u{:04X}", u32::from(c)).chars() {
                    self.cell(shown.encode_utf8(&mut bytes), 1, false);
                }
            }
            // As readline shows them: ^G, ^[.
            None => {
                self.cell("^", 1, false);
                let letter = u8::try_from(u32::from(c)).map_or('?', |byte| char::from((byte ^ 0x40) & 0x7F));
                self.cell(letter.encode_utf8(&mut bytes), 1, false);
            }
        }
    }

    /// A mark joins the character before it, or stands on a space.
    fn mark(&mut self, mark: char) {
        match self.screen.cells.last_mut() {
            Some(cell) if !cell.newline => {
                self.screen.text.push(mark);
                cell.end = self.screen.text.len();
            }
            Some(_) | None => {
                let mut text = String::from(" ");
                text.push(mark);
                self.cell(&text, 1, false);
            }
        }
    }

    fn cell(&mut self, glyph: &str, width: usize, newline: bool) {
        if !newline && self.at.column + width > self.columns {
            self.at = Pos {
                row: self.at.row + 1,
                column: 0,
            };
        }
        let start = self.screen.text.len();
        self.screen.text.push_str(glyph);
        self.screen.cells.push(Cell {
            start,
            end: self.screen.text.len(),
            at: self.at,
            width,
            newline,
        });
        self.at.column += width;
    }

    fn finish(mut self) -> Screen {
        self.screen.end = self.at;
        if self.at.column >= self.columns {
            self.screen.full = true;
            self.screen.end = Pos {
                row: self.at.row + 1,
                column: 0,
            };
        }
        self.screen
    }
}

impl Painter {
    pub(crate) fn new(size: Size) -> Self {
        Self {
            size,
            ..Self::default()
        }
    }

    /// Begins at the terminal's cursor, which is at the start of an empty row.
    pub(crate) fn begin(&mut self) {
        self.shown = Screen::default();
        self.at = Pos::default();
        self.top = 0;
    }

    /// Brings the terminal from the picture it has to this one.
    pub(crate) fn paint(&mut self, prompt: &str, text: &str, cursor: usize, out: &mut String) {
        let wanted = Screen::new(prompt, text, cursor, self.columns());
        self.scroll_to(&wanted);
        let wanted = wanted.window(self.top, self.height());
        self.update(&wanted, out);
        self.shown = wanted;
    }

    /// Leaves the region: the cursor goes to the row below it.
    pub(crate) fn leave(&mut self, out: &mut String) {
        self.move_to(self.shown.end, out);
        out.push_str("\r\n");
        self.begin();
    }

    /// Puts the cursor at the end of the text, where something may be appended to it.
    pub(crate) fn move_to_end(&mut self, out: &mut String) {
        self.move_to(self.shown.end, out);
    }

    /// Takes the region off the screen; the cursor is where it began.
    pub(crate) fn erase(&mut self, out: &mut String) {
        self.move_to(Pos::default(), out);
        out.push_str("\x1b[J");
        self.begin();
    }

    /// Takes a new size. xterm leaves the rows of the cursor's own line as they are, so the region still
    /// begins as many rows above the cursor as it did.
    pub(crate) fn resize(&mut self, size: Size, out: &mut String) {
        self.size = size;
        self.at.row = self.at.row.min(self.height() - 1);
        // Whatever column the cursor was moved to, the return in front of the erasure undoes it.
        self.at.column = usize::MAX;
        self.erase(out);
    }

    fn update(&mut self, wanted: &Screen, out: &mut String) {
        let same = self.shown.common_cells(wanted);
        let unchanged = same == self.shown.cells.len() && same == wanted.cells.len();
        if !unchanged {
            // Behind a full row the terminal has wrapped already: a newline there would be a second one.
            let wrapped = self.shown.full && wanted.cells.get(same).is_some_and(|cell| cell.newline);
            let appends = same == self.shown.cells.len() && self.at == self.shown.end && !wrapped;
            let mut from = same;
            if !appends {
                // A place the terminal has not got yet is reached by writing what stands before it; so is the
                // start of a wrapped row, for what is left at the end of the row above.
                while from > 0 && (!self.reaches(wanted.place(from)) || wanted.wraps_before(from)) {
                    from -= 1;
                }
                self.move_to(wanted.place(from), out);
                out.push_str("\x1b[J");
            }
            for cell in wanted.cells.get(from..).unwrap_or_default() {
                out.push_str(wanted.glyph(cell));
            }
            if wanted.full {
                out.push_str(" \r");
            }
            self.at = wanted.end;
        }
        self.move_to(wanted.cursor, out);
    }

    fn reaches(&self, pos: Pos) -> bool {
        pos.row <= self.shown.end.row && pos.column < self.columns()
    }

    fn move_to(&mut self, pos: Pos, out: &mut String) {
        if self.at == pos {
            return;
        }
        if pos.row < self.at.row {
            let _ = write!(out, "\x1b[{}A", self.at.row - pos.row);
        } else if pos.row > self.at.row {
            let _ = write!(out, "\x1b[{}B", pos.row - self.at.row);
        }
        let pending = self.at.column >= self.columns();
        if !pending && pos.column < self.at.column && self.at.column - pos.column <= 4 {
            out.extend(std::iter::repeat_n('\x08', self.at.column - pos.column));
        } else if pending || pos.column != self.at.column {
            out.push('\r');
            if pos.column > 0 {
                let _ = write!(out, "\x1b[{}C", pos.column);
            }
        }
        self.at = pos;
    }

    fn scroll_to(&mut self, wanted: &Screen) {
        let height = self.height();
        let lowest_top = (wanted.n_rows()).saturating_sub(height);
        self.top = self
            .top
            .min(wanted.cursor.row)
            .max((wanted.cursor.row + 1).saturating_sub(height))
            .min(lowest_top);
    }

    fn columns(&self) -> usize {
        usize::from(self.size.cols).max(2)
    }

    fn height(&self) -> usize {
        usize::from(self.size.rows).max(1)
    }
}
