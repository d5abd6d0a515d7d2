//! Lines that have scrolled off the screen, as what to print to have them back.

use avt::{Color, Line, Pen};

/// Most bytes of lines that are kept.
const HISTORY_BYTES: usize = 256 * 1024;

/// The last lines above the screen. At most [`HISTORY_BYTES`], whatever their number.
#[derive(Default)]
pub(super) struct History {
    text: String,
    n_lines: usize,
    limit: usize,
    /// The last row goes on in the next one.
    is_wrapped: bool,
}

impl History {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// A row of the screen; a wrapped one goes on in the next.
    pub(super) fn push(&mut self, line: &Line) {
        if self.limit == 0 {
            return;
        }
        let cells = line.cells();
        let len = match line.is_wrapped() {
            true => cells.len(),
            false => cells
                .iter()
                .rposition(|cell| cell.char() != ' ' || !cell.pen().is_default())
                .map_or(0, |last| last + 1)
                // Without a cell the row before would not be wrapped.
                .max(usize::from(self.is_wrapped)),
        };
        self.is_wrapped = line.is_wrapped();
        let mut pen = Pen::default();
        for cell in cells.iter().take(len).filter(|cell| cell.width() > 0) {
            if *cell.pen() != pen {
                pen = *cell.pen();
                self.text.push_str(&sgr(&pen));
            }
            self.text.push(cell.char());
        }
        if !pen.is_default() {
            self.text.push_str("\x1b[m");
        }
        if !line.is_wrapped() {
            self.text.push_str("\r\n");
            self.n_lines += 1;
        }
        self.trim();
    }

    /// Plain lines that no screen has seen, with their ends.
    pub(super) fn push_text(&mut self, text: &str) {
        let text = last_lines(text, self.limit);
        let too_many = text.len().saturating_sub(HISTORY_BYTES);
        let start = text.ceil_char_boundary(too_many);
        let text = text.get(start..).unwrap_or_default();
        self.text.push_str(text);
        self.n_lines += text.matches('\n').count();
        self.trim();
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    /// The last `n` lines and what follows them.
    pub(super) fn last(&self, n: usize) -> &str {
        last_lines(&self.text, n)
    }

    /// Lines go once a quarter too many are there, so that not every line moves all others.
    fn trim(&mut self) {
        if self.text.len() > HISTORY_BYTES {
            let start = self
                .text
                .ceil_char_boundary(self.text.len() - HISTORY_BYTES * 3 / 4);
            let rest = self.text.get(start..).unwrap_or_default();
            let line = rest.find('\n').map_or(0, |newline| newline + 1);
            self.drop_before(start + line);
        }
        if self.n_lines > self.limit + self.limit / 4 {
            let kept = last_lines(&self.text, self.limit).len();
            self.drop_before(self.text.len() - kept);
        }
    }

    fn drop_before(&mut self, start: usize) {
        let dropped = self.text.get(..start).unwrap_or_default();
        self.n_lines -= dropped.matches('\n').count().min(self.n_lines);
        self.text.drain(..start);
    }
}

/// The last `n` lines of a text, and what follows the last line end.
pub(super) fn last_lines(text: &str, n: usize) -> &str {
    let start = text
        .rmatch_indices('\n')
        .nth(n)
        .map_or(0, |(newline, _)| newline + 1);
    text.get(start..).unwrap_or(text)
}

/// The control sequence that makes any pen this one.
fn sgr(pen: &Pen) -> String {
    let attributes = [
        (pen.is_bold(), "1"),
        (pen.is_faint(), "2"),
        (pen.is_italic(), "3"),
        (pen.is_underline(), "4"),
        (pen.is_blink(), "5"),
        (pen.is_inverse(), "7"),
        (pen.is_strikethrough(), "9"),
    ];
    let mut sgr = "\x1b[0".to_owned();
    for (_, number) in attributes.into_iter().filter(|(is_set, _)| *is_set) {
        sgr.push(';');
        sgr.push_str(number);
    }
    for (color, number) in [(pen.foreground(), 38), (pen.background(), 48)] {
        match color {
            Some(Color::Indexed(index)) => sgr.push_str(&format!(";{number};5;{index}")),
            Some(Color::RGB(rgb)) => sgr.push_str(&format!(";{number};2;{};{};{}", rgb.r, rgb.g, rgb.b)),
            None => {}
        }
    }
    sgr.push('m');
    sgr
}
