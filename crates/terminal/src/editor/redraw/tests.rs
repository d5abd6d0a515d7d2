//! The painter against a small terminal: whatever was shown before, the screen is what a fresh paint shows.

use proptest::prelude::*;

use super::*;

/// As much of a terminal as the editor uses: wrapping that waits for the next character, relative movement,
/// erasing below, scrolling.
struct Grid {
    rows: Vec<Vec<String>>,
    row: usize,
    column: usize,
    size: Size,
}

impl Grid {
    fn new(size: Size) -> Self {
        Self {
            rows: vec![vec![String::new(); usize::from(size.cols)]; usize::from(size.rows)],
            row: 0,
            column: 0,
            size,
        }
    }

    fn feed(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' => self.column = 0,
                '\n' => self.line_feed(),
                '\x08' => self.column = self.column.min(usize::from(self.size.cols) - 1).saturating_sub(1),
                '\x1b' => {
                    assert_eq!(chars.next(), Some('['));
                    let mut n = 0;
                    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                        n = n * 10 + usize::try_from(digit).unwrap();
                        chars.next();
                    }
                    self.control(n, chars.next().unwrap());
                }
                _ => self.put(c),
            }
        }
    }

    fn control(&mut self, n: usize, last: char) {
        match last {
            'A' => self.row = self.row.saturating_sub(n),
            'B' => self.row = (self.row + n).min(self.rows.len() - 1),
            'C' => self.column = (self.column + n).min(usize::from(self.size.cols) - 1),
            'J' => {
                let column = self.column.min(usize::from(self.size.cols) - 1);
                self.rows[self.row][column..].fill(String::new());
                self.rows[self.row + 1..].fill(vec![String::new(); usize::from(self.size.cols)]);
            }
            _ => panic!("unexpected CSI {n}{last}"),
        }
    }

    fn put(&mut self, c: char) {
        let width = char_width(c).unwrap();
        if width == 0 {
            let column = self.column.saturating_sub(1);
            let base = (0..=column)
                .rev()
                .find(|&idx| !self.rows[self.row][idx].is_empty());
            self.rows[self.row][base.unwrap()].push(c);
            return;
        }
        if self.column + width > usize::from(self.size.cols) {
            self.column = 0;
            self.line_feed();
        }
        self.rows[self.row][self.column] = c.to_string();
        if width == 2 {
            self.rows[self.row][self.column + 1] = String::new();
        }
        self.column += width;
    }

    fn line_feed(&mut self) {
        if self.row + 1 < self.rows.len() {
            self.row += 1;
        } else {
            self.rows.remove(0);
            self.rows.push(vec![String::new(); usize::from(self.size.cols)]);
        }
    }

    /// The rows from `first` on without blanks at their ends.
    fn text(&self, first: usize) -> Vec<String> {
        let shown = |row: &Vec<String>| {
            let cells = row
                .iter()
                .map(|cell| if cell.is_empty() { " " } else { cell.as_str() });
            cells.collect::<String>().trim_end().to_owned()
        };
        let mut rows: Vec<_> = self.rows[first..].iter().map(shown).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }
}

#[derive(Debug, Clone)]
struct Step {
    text: String,
    cursor: usize,
    cols: Option<u16>,
}

/// Paints all steps one after the other, and the last one on a fresh screen; compares rows and cursor.
fn compare(size: Size, steps: &[Step]) {
    let mut size = size;
    let mut painter = Painter::new(size);
    let mut grid = Grid::new(size);
    for step in steps {
        let mut out = String::new();
        if let Some(cols) = step.cols {
            // As xterm does with the rows of the cursor's line: cut or padded, not wrapped anew.
            size.cols = cols;
            grid.size = size;
            for row in &mut grid.rows {
                row.resize(usize::from(cols), String::new());
            }
            grid.column = grid.column.min(usize::from(cols) - 1);
            painter.resize(size, &mut out);
        }
        painter.paint("app=> ", &step.text, step.cursor, &mut out);
        grid.feed(&out);
        assert_eq!(
            painter.at.column.min(usize::from(size.cols) - 1),
            grid.column.min(usize::from(size.cols) - 1)
        );
    }

    let last = steps.last().unwrap();
    let mut fresh = Painter::new(size);
    fresh.top = painter.top;
    let mut fresh_grid = Grid::new(size);
    let mut out = String::new();
    fresh.paint("app=> ", &last.text, last.cursor, &mut out);
    fresh_grid.feed(&out);

    assert_eq!(painter.top, fresh.top);
    let first = grid.row - painter.at.row;
    let fresh_first = fresh_grid.row - fresh.at.row;
    assert_eq!(grid.text(first), fresh_grid.text(fresh_first), "{steps:?}");
    assert_eq!(
        (painter.at, grid.column),
        (fresh.at, fresh_grid.column),
        "{steps:?}"
    );
}

fn steps(texts: &[(&str, usize)]) -> Vec<Step> {
    let step = |&(text, cursor): &(&str, usize)| Step {
        text: text.to_owned(),
        cursor,
        cols: None,
    };
    texts.iter().map(step).collect()
}

#[test]
fn typing_sends_only_what_was_typed() {
    let mut painter = Painter::new(Size { cols: 20, rows: 5 });
    let mut out = String::new();
    painter.paint("app=> ", "", 0, &mut out);
    painter.paint("app=> ", "s", 1, &mut out);
    painter.paint("app=> ", "se", 2, &mut out);
    painter.paint("app=> ", "s", 1, &mut out);

    assert_eq!(out, "app=> se\x08\x1b[J");
}

#[test]
fn texts_wrap_at_the_edge_and_come_back() {
    let size = Size { cols: 10, rows: 6 };
    compare(
        size,
        &steps(&[
            ("abcd", 4),
            ("abcde", 5),
            ("abcd", 4),
            ("abcdefghijklmn", 14),
            ("abXcdefghijklmn", 3),
        ]),
    );
    compare(
        size,
        &steps(&[("abc日", 6), ("abc日本", 9), ("ab日本", 2), ("", 0)]),
    );
    compare(
        size,
        &steps(&[("a\nb", 1), ("abcd\nb", 4), ("abcd\nb", 6), ("abcd\n\nb", 5)]),
    );
    compare(
        size,
        &steps(&[("e\u{301}", 3), ("e", 1), ("\u{301}", 2), ("a\n\u{301}x", 5)]),
    );
    compare(size, &steps(&[("a\tb\tc", 5), ("a\x1bb", 3)]));
}

#[test]
fn a_newline_behind_a_full_row_is_one() {
    let size = Size { cols: 6, rows: 6 };
    compare(
        size,
        &steps(&[("", 0), ("\n", 1), ("\nx", 2), ("abcdef", 6), ("abcdef\ng", 8)]),
    );
}

#[test]
fn what_stays_at_the_end_of_a_row_is_erased_when_the_text_wraps_earlier() {
    let size = Size { cols: 7, rows: 6 };
    compare(size, &steps(&[("a", 0), ("日", 0)]));
}

#[test]
fn a_text_taller_than_the_screen_shows_the_rows_around_the_cursor() {
    let size = Size { cols: 10, rows: 3 };
    let text = "one\ntwo\nthree\nfour\nfive";
    compare(
        size,
        &steps(&[(text, text.len()), (text, 0), (text, 8), (text, text.len())]),
    );

    let mut painter = Painter::new(size);
    let mut out = String::new();
    painter.paint("app=> ", text, text.len(), &mut out);
    let mut grid = Grid::new(size);
    grid.feed(&out);
    assert_eq!(grid.text(0), ["three", "four", "five"]);
}

#[test]
fn a_new_width_is_painted_anew() {
    let mut resized = steps(&[("select 1 from somewhere", 8), ("select 1 from somewhere", 8)]);
    resized[1].cols = Some(14);
    compare(Size { cols: 30, rows: 6 }, &resized);
    resized[1].cols = Some(40);
    compare(Size { cols: 12, rows: 6 }, &resized);
}

fn any_step() -> impl Strategy<Value = Step> {
    let text = "[ab日é\u{301}\n\t]{0,40}";
    (text, 0_usize..60).prop_map(|(text, cursor)| {
        let cursor = text.floor_char_boundary(cursor.min(text.len()));
        Step {
            text,
            cursor,
            cols: None,
        }
    })
}

proptest! {
    #[test]
    fn every_redraw_equals_a_fresh_paint(
        cols in 4_u16..16,
        rows in 2_u16..9,
        steps in proptest::collection::vec(any_step(), 1..8),
    ) {
        compare(Size { cols, rows }, &steps);
    }

    #[test]
    fn every_redraw_after_a_resize_equals_a_fresh_paint(
        from in 8_u16..16,
        to in 8_u16..16,
        mut steps in proptest::collection::vec(any_step(), 2..4),
    ) {
        steps.last_mut().unwrap().cols = Some(to);
        compare(Size { cols: from, rows: 40 }, &steps);
    }
}
