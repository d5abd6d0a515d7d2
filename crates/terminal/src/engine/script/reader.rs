//! The bytes of a script as they come: lines, rows of COPY, or all of them.

use bytes::{Bytes, BytesMut};

/// Bytes of a row that has not ended which are passed on.
const LONG_ROW: usize = 32 * 1024;

/// What is left of a source.
#[derive(Debug, Default)]
pub(super) struct Reader {
    held: BytesMut,
    /// Bytes of `held` that were searched for the end of a line.
    looked: usize,
    has_ended: bool,
    /// The beginning of a row was passed on.
    is_within_row: bool,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Bytes, without the newline where it is a line.
    Line(Bytes),
    /// More has to be read first.
    More,
    TooLong,
    End,
}

impl Reader {
    /// Takes what was read; `None` at the end.
    pub(super) fn take(&mut self, bytes: Option<Bytes>) {
        match bytes {
            Some(bytes) => self.held.extend_from_slice(&bytes),
            None => self.has_ended = true,
        }
    }

    /// The next line; the last one may lack its newline.
    pub(super) fn line(&mut self, most: usize) -> Next {
        if let Some(end) = self.end_of_line(self.looked) {
            let mut line = self.split_to(end);
            line.truncate(end - 1);
            return Next::Line(line);
        }
        self.looked = self.held.len();
        if self.held.len() > most {
            return Next::TooLong;
        }
        match (self.has_ended, self.held.is_empty()) {
            (false, _) => Next::More,
            (true, true) => Next::End,
            (true, false) => Next::Line(self.split_to(self.held.len())),
        }
    }

    /// Everything, once it is there.
    pub(super) fn rest(&mut self, most: usize) -> Next {
        if self.held.len() > most {
            return Next::TooLong;
        }
        match self.has_ended {
            true => Next::Line(self.split_to(self.held.len())),
            false => Next::More,
        }
    }

    /// What is there.
    pub(super) fn some(&mut self) -> Next {
        match (self.held.is_empty(), self.has_ended) {
            (false, _) => Next::Line(self.split_to(self.held.len())),
            (true, false) => Next::More,
            (true, true) => Next::End,
        }
    }

    /// The rows that are there with their newlines, up to `\.` on a line of its own, which is taken with the last of
    /// them; and how many lines that was.
    pub(super) fn rows(&mut self) -> (Next, u64) {
        let (mut end, mut n_lines) = (0, 0);
        while let Some(end_of_line) = self.end_of_line(end) {
            let line = self.held.get(end..end_of_line).unwrap_or_default();
            let is_marker = !self.is_within_row && matches!(line, b"\\.\n" | b"\\.\r\n");
            if is_marker && end > 0 {
                return (Next::Line(self.split_to(end)), n_lines);
            }
            if is_marker {
                self.split_to(end_of_line);
                return (Next::End, 1);
            }
            self.is_within_row = false;
            end = end_of_line;
            n_lines += 1;
        }
        if end > 0 {
            return (Next::Line(self.split_to(end)), n_lines);
        }
        if self.has_ended && !self.is_within_row && *self.held == *b"\\." {
            self.split_to(self.held.len());
        }
        if self.held.len() >= LONG_ROW || (self.has_ended && !self.held.is_empty()) {
            self.is_within_row = true;
            return (Next::Line(self.split_to(self.held.len())), 0);
        }
        if self.has_ended {
            self.is_within_row = false;
            return (Next::End, 0);
        }

        (Next::More, 0)
    }

    /// Where the line that is not over at `from` ends, its newline included.
    fn end_of_line(&self, from: usize) -> Option<usize> {
        let idx = self.held.get(from..)?.iter().position(|byte| *byte == b'\n')?;

        Some(from + idx + 1)
    }

    fn split_to(&mut self, end: usize) -> Bytes {
        self.looked = 0;
        self.held.split_to(end).freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(text: &'static str, has_ended: bool) -> Reader {
        let mut reader = Reader::default();
        reader.take(Some(Bytes::from_static(text.as_bytes())));
        if has_ended {
            reader.take(None);
        }

        reader
    }

    fn line(text: &'static str) -> Next {
        Next::Line(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn lines_come_whole_and_the_last_one_may_lack_its_newline() {
        let mut reader = holding("a\n\nb", false);

        assert_eq!(reader.line(9), line("a"));
        assert_eq!(reader.line(9), line(""));
        assert_eq!(reader.line(9), Next::More);
        reader.take(Some(Bytes::from_static(b"c")));
        reader.take(None);
        assert_eq!(reader.line(9), line("bc"));
        assert_eq!(reader.line(9), Next::End);
        assert_eq!(holding("0123456789", false).line(9), Next::TooLong);
    }

    #[test]
    fn rows_end_with_a_marker_or_with_the_source() {
        let mut reader = holding("1\n2\n\\.\nselect", false);
        assert_eq!(reader.rows(), (line("1\n2\n"), 2));
        assert_eq!(reader.rows(), (Next::End, 1));
        reader.take(None);
        assert_eq!(reader.line(9), line("select"));

        let mut reader = holding("1\r\n\\.\r\n", false);
        assert_eq!(reader.rows(), (line("1\r\n"), 1));
        assert_eq!(reader.rows(), (Next::End, 1));

        let mut reader = holding("1\n2", true);
        assert_eq!(reader.rows(), (line("1\n"), 1));
        assert_eq!(reader.rows(), (line("2"), 0));
        assert_eq!(reader.rows(), (Next::End, 0));

        let mut reader = holding("\\.", true);
        assert_eq!(reader.rows(), (Next::End, 0));
    }

    #[test]
    fn a_long_row_is_passed_on_before_it_has_ended() {
        let mut reader = Reader::default();
        reader.take(Some(Bytes::from(vec![b'x'; LONG_ROW])));
        assert!(matches!(reader.rows(), (Next::Line(_), 0)));

        // No marker, but the end of that row.
        reader.take(Some(Bytes::from_static(b"\\.\n\\.\n")));
        assert_eq!(reader.rows(), (line("\\.\n"), 1));
        assert_eq!(reader.rows(), (Next::End, 1));
    }
}
