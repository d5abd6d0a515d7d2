//! What waits to be printed: text and tables, made into chunks when somebody asks for them.
//!
//! For a terminal all of it is one stream, safe to show, with `\\r\\n` at the ends of lines. For who reads a script's
//! output there are two, and what they hold is what psql writes: lines end in `\\n`, and values nobody aligns are as
//! the server sent them.

use std::borrow::Cow;
use std::collections::VecDeque;

use bytes::Bytes;

use crate::print::Table;
use crate::print::escape::{SOME, piece_len, visible};

/// Where output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// The terminal, or a script's standard output.
    Out,
    /// A script's standard error.
    Err,
}

/// Most bytes of one chunk.
pub(super) const CHUNK: usize = 32 * 1024;

/// Output in order. Text is held as it is, tables as rows.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// It is no terminal that is written to.
    is_piped: bool,
    /// Written; of which the first `n_taken` bytes have been taken. A line of 100 MiB is not moved for each chunk of it.
    ready: Vec<u8>,
    n_taken: usize,
    /// What a table has written last.
    written: String,
    pieces: VecDeque<Piece>,
    /// Bytes of `pieces` to be printed, tables not counted.
    text: usize,
    /// The last chunk taken ended inside a line.
    within_line: bool,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    /// Text for standard error.
    Complaint(String),
    /// A long text of the database's. Made visible as it is printed: it may be 256 MiB, and six times as much then.
    Raw(Bytes),
    /// Boxed: it is far larger than a text.
    Table(Box<Table>),
}

impl Output {
    /// For who reads a script's output.
    pub(super) fn piped() -> Self {
        Self {
            is_piped: true,
            ..Self::default()
        }
    }

    /// Appends text; it goes between the rows of a table that is still growing.
    pub(super) fn say(&mut self, text: &str) {
        let text: &str = &self.with_line_ends(text);
        match self.pieces.back_mut() {
            Some(Piece::Table(table)) if table.is_open() => table.push_text(text.to_owned()),
            Some(Piece::Text(last)) => {
                last.push_str(text);
                self.text += text.len();
            }
            Some(Piece::Table(_) | Piece::Raw(_) | Piece::Complaint(_)) => {
                self.pieces.push_back(Piece::Text(text.to_owned()));
                self.text += text.len();
            }
            None => self.ready.extend_from_slice(text.as_bytes()),
        }
    }

    /// Appends text of the person's as it is, where it is not shown on a terminal.
    pub(super) fn say_verbatim(&mut self, text: &str) {
        if self.is_piped {
            self.say_raw(&Bytes::copy_from_slice(text.as_bytes()));
        } else {
            self.say(&visible(text.as_bytes()));
        }
    }

    /// Appends text for standard error. It does not wait for a table that is still growing.
    pub(super) fn complain(&mut self, text: &str) {
        let text = self.with_line_ends(text).into_owned();
        self.text += text.len();
        let is_growing = self.open_table().is_some();
        let idx = self.pieces.len() - usize::from(is_growing);
        match idx.checked_sub(1).and_then(|before| self.pieces.get_mut(before)) {
            Some(Piece::Complaint(last)) => last.push_str(&text),
            Some(Piece::Text(_) | Piece::Raw(_) | Piece::Table(_)) | None => {
                self.pieces.insert(idx, Piece::Complaint(text));
            }
        }
    }

    /// Appends text of the database's, as it came.
    pub(super) fn say_raw(&mut self, bytes: &Bytes) {
        if bytes.len() <= SOME && !self.is_piped {
            return self.say(&visible(bytes));
        }
        if let Some(table) = self.open_table() {
            // No server that speaks the protocol: its rows are over.
            table.end_without_footer();
        }
        self.text += bytes.len();
        self.pieces.push_back(Piece::Raw(bytes.clone()));
    }

    pub(super) fn push_table(&mut self, table: Table) {
        self.pieces.push_back(Piece::Table(Box::new(table)));
    }

    /// The table that is still growing.
    pub(super) fn open_table(&mut self) -> Option<&mut Table> {
        match self.pieces.back_mut() {
            Some(Piece::Table(table)) if table.is_open() => Some(table),
            Some(Piece::Table(_) | Piece::Text(_) | Piece::Raw(_) | Piece::Complaint(_)) | None => None,
        }
    }

    /// The table of which rows are kept elsewhere.
    pub(super) fn away_table(&mut self) -> Option<&mut Table> {
        self.pieces.iter_mut().find_map(|piece| match piece {
            Piece::Table(table) if table.is_away() => Some(&mut **table),
            Piece::Table(_) | Piece::Text(_) | Piece::Raw(_) | Piece::Complaint(_) => None,
        })
    }

    /// Bytes to be printed: a table counts as its rows, wherever they are.
    pub(super) fn pending(&self) -> usize {
        let tables = self.pieces.iter().map(|piece| match piece {
            Piece::Text(_) | Piece::Raw(_) | Piece::Complaint(_) => 0,
            Piece::Table(table) => table.pending(),
        });
        self.rest().len() + self.text + tables.sum::<usize>()
    }

    /// The next chunk, cut between characters, and where it goes; `None` when nothing can be printed.
    pub(super) fn next_chunk(&mut self) -> Option<(Stream, Bytes)> {
        self.fill();
        let rest = self.rest();
        let chunk = rest.get(..piece_end(rest)).unwrap_or_default();
        if chunk.is_empty() {
            return self.next_complaint().map(|text| (Stream::Err, text));
        }
        let within_line = !chunk.ends_with(b"\n");
        let chunk = Bytes::copy_from_slice(chunk);
        self.n_taken += chunk.len();
        self.within_line = within_line;

        Some((Stream::Out, chunk))
    }

    /// Drops everything. A line of which a part was taken already is finished if its rest is at hand, else
    /// cut. What goes on behind a line that waits for more, such as keys typed ahead, stays where it is.
    pub(super) fn clear(&mut self) {
        if self.rest().is_empty() && self.pieces.is_empty() {
            return;
        }
        self.drop_taken();
        let rest = self.ready.iter().position(|byte| *byte == b'\n');
        let n_kept = match (self.within_line, rest.filter(|idx| *idx < CHUNK)) {
            (true, Some(idx)) => idx + 1,
            (true, None) | (false, _) => 0,
        };
        self.ready.truncate(n_kept);
        if self.within_line && n_kept == 0 {
            self.ready
                .extend_from_slice(if self.is_piped { b"\n" } else { b"\r\n" });
        }
        self.pieces.clear();
        self.text = 0;
    }

    /// Text of ours with the ends of lines its reader expects. A carriage return of somebody else's is never in it.
    fn with_line_ends<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.is_piped && text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n"))
        } else {
            Cow::Borrowed(text)
        }
    }

    fn next_complaint(&mut self) -> Option<Bytes> {
        let Some(Piece::Complaint(text)) = self.pieces.front_mut() else {
            return None;
        };
        let end = text.floor_char_boundary(CHUNK);
        let chunk: String = text.drain(..end).collect();
        self.text -= chunk.len();
        if text.is_empty() {
            self.pieces.pop_front();
        }

        Some(chunk.into())
    }

    /// What has not been taken.
    fn rest(&self) -> &[u8] {
        self.ready.get(self.n_taken..).unwrap_or_default()
    }

    fn drop_taken(&mut self) {
        self.ready.drain(..self.n_taken);
        self.n_taken = 0;
        // One long line must not hold its memory for the rest of the session.
        if self.ready.len() < CHUNK {
            self.ready.shrink_to(2 * CHUNK);
        }
    }

    fn fill(&mut self) {
        if self.rest().len() >= CHUNK {
            return;
        }
        self.drop_taken();
        while self.ready.len() < CHUNK {
            match self.pieces.front_mut() {
                Some(Piece::Text(text)) => {
                    self.text -= text.len();
                    self.ready.extend_from_slice(text.as_bytes());
                    self.pieces.pop_front();
                }
                Some(Piece::Complaint(_)) => return,
                Some(Piece::Raw(bytes)) => {
                    let piece = bytes.split_to(piece_len(bytes));
                    self.text -= piece.len();
                    if self.is_piped {
                        self.ready.extend_from_slice(&piece);
                    } else {
                        self.ready.extend_from_slice(visible(&piece).as_bytes());
                    }
                    if bytes.is_empty() {
                        self.pieces.pop_front();
                    }
                }
                Some(Piece::Table(table)) => {
                    self.written.clear();
                    table.write(&mut self.written, CHUNK - self.ready.len());
                    let is_done = table.is_done();
                    // Where cells are aligned, carriage returns of theirs are shown, not written.
                    if self.is_piped && !table.is_verbatim() {
                        let text = self.written.replace("\r\n", "\n");
                        self.ready.extend_from_slice(text.as_bytes());
                    } else {
                        self.ready.extend_from_slice(self.written.as_bytes());
                    }
                    self.written.shrink_to(2 * CHUNK);
                    if !is_done {
                        return;
                    }
                    self.pieces.pop_front();
                }
                None => return,
            }
        }
    }
}

/// Bytes that make a chunk: whole characters, as far as there are any.
fn piece_end(rest: &[u8]) -> usize {
    if rest.len() <= CHUNK {
        return rest.len();
    }
    let is_inside = |idx: &usize| rest.get(*idx).is_some_and(|byte| byte & 0xC0 == 0x80);

    (CHUNK - 3..=CHUNK)
        .rev()
        .find(|idx| !is_inside(idx))
        .unwrap_or(CHUNK)
}

#[cfg(test)]
mod tests {
    use pg_proto::backend::DataRow;

    use super::*;
    use crate::print::options::Options;
    use crate::print::table::column;

    fn table(n_rows: usize) -> Table {
        let mut table = Table::of_result(&Options::default(), &[column("n", 23)]);
        for n in 0..n_rows {
            table.collect(DataRow::new([Some(n.to_string().as_bytes())]));
        }
        table
    }

    fn drain(output: &mut Output) -> String {
        let mut shown = String::new();
        while let Some((_, chunk)) = output.next_chunk() {
            assert!(chunk.len() <= CHUNK);
            shown.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        shown
    }

    #[test]
    fn chunks_are_bounded_and_hold_whole_characters() {
        let mut output = Output::default();
        let text = format!("a{}\r\n", "é".repeat(100_000));
        output.say(&text);

        assert_eq!(drain(&mut output), text);
    }

    #[test]
    fn a_long_row_of_copy_is_made_visible_as_it_is_printed() {
        let mut output = Output::default();
        let row = Bytes::from(format!("a{}\n", "é\u{1}".repeat(1_000_000)));
        output.say_raw(&row);
        output.say("COPY 1\r\n");

        assert_eq!(output.pending(), row.len() + "COPY 1\r\n".len());
        let mut held = 0;
        let mut shown = String::new();
        while let Some((_, chunk)) = output.next_chunk() {
            held = held.max(output.ready.capacity());
            shown.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        assert!(shown == visible(&row) + "COPY 1\r\n");
        assert!(held < 8 * CHUNK, "{held}");
        assert_eq!(output.pending(), 0);
    }

    #[test]
    fn text_said_after_a_table_comes_after_it() {
        let mut output = Output::default();
        let mut finished = table(1);
        finished.end();
        output.push_table(finished);
        output.say("INSERT 0 1\r\n");

        assert_eq!(
            drain(&mut output),
            " n \r\n---\r\n 0\r\n(1 row)\r\n\r\nINSERT 0 1\r\n"
        );
        assert_eq!(output.pending(), 0);
    }

    #[test]
    fn text_said_while_a_table_grows_comes_between_its_rows() {
        let mut output = Output::default();
        output.push_table(table(1));
        output.say("NOTICE:  x\r\n");
        let open = output.open_table().unwrap();
        open.push(DataRow::new([Some(&b"12"[..])]));
        open.end();

        assert_eq!(
            drain(&mut output),
            " n \r\n---\r\n 0\r\nNOTICE:  x\r\n 12\r\n(2 rows)\r\n\r\n"
        );
    }

    #[test]
    fn clearing_stops_at_the_end_of_a_line() {
        let mut output = Output::default();
        let mut finished = table(100_000);
        finished.end();
        output.push_table(finished);
        let (_, first) = output.next_chunk().unwrap();
        output.clear();

        let shown = String::from_utf8(first.to_vec()).unwrap() + &drain(&mut output);
        assert!(shown.len() < CHUNK + 20);
        assert!(shown.ends_with("\r\n"));
        assert!(shown.lines().skip(2).all(|line| line.len() == 6), "no cut line");
        assert_eq!(output.pending(), 0);
    }
}
