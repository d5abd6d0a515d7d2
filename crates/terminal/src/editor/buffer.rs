//! The text being edited, its cursor, and what has been killed.

use crate::print::char_width;

/// Longest text the line editor holds, in bytes.
pub(crate) const MAX_TEXT: usize = 256 * 1024;

/// Text and cursor. The cursor is always at a boundary of characters, never inside of a base character and
/// its combining marks.
#[derive(Debug, Default, Clone)]
pub(crate) struct Buffer {
    text: String,
    at: usize,
    /// What Ctrl-Y brings back.
    killed: String,
    /// The last edit was a kill: the next one adds to it.
    killing: bool,
}

/// The buffer would grow over [`MAX_TEXT`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Buffer {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Replaces the text; the cursor goes to its end. What was killed stays.
    pub(crate) fn set(&mut self, text: &str) {
        self.killing = false;
        self.text.clear();
        self.text.push_str(text);
        self.at = self.text.len();
    }

    /// Puts the cursor at this byte, or before it where it is not a boundary.
    pub(crate) fn move_to(&mut self, at: usize) {
        self.killing = false;
        self.at = self.text.floor_char_boundary(at);
    }

    pub(crate) fn take(&mut self) -> String {
        self.killing = false;
        self.at = 0;
        std::mem::take(&mut self.text)
    }

    pub(crate) fn insert(&mut self, text: &str) -> Result<(), Full> {
        self.killing = false;
        if self.text.len() + text.len() > MAX_TEXT {
            return Err(Full);
        }
        self.text.insert_str(self.at, text);
        self.at += text.len();

        Ok(())
    }

    pub(crate) fn left(&mut self) {
        self.move_to(self.before(self.at));
    }

    pub(crate) fn right(&mut self) {
        self.move_to(self.after(self.at));
    }

    pub(crate) fn home(&mut self) {
        self.move_to(0);
    }

    pub(crate) fn end(&mut self) {
        self.move_to(self.text.len());
    }

    pub(crate) fn word_left(&mut self) {
        self.move_to(self.word_start());
    }

    pub(crate) fn word_right(&mut self) {
        self.move_to(self.word_end());
    }

    pub(crate) fn backspace(&mut self) {
        self.killing = false;
        let start = self.before(self.at);
        self.text.drain(start..self.at);
        self.at = start;
    }

    pub(crate) fn delete(&mut self) {
        self.killing = false;
        let end = self.after(self.at);
        self.text.drain(self.at..end);
    }

    pub(crate) fn kill_to_end(&mut self) {
        self.kill(self.at, self.text.len());
    }

    pub(crate) fn kill_to_start(&mut self) {
        self.kill(0, self.at);
    }

    pub(crate) fn kill_word(&mut self) {
        self.kill(self.at, self.word_end());
    }

    pub(crate) fn kill_word_back(&mut self) {
        self.kill(self.word_start(), self.at);
    }

    /// Ctrl-W: back to white space, whatever stands there.
    pub(crate) fn kill_blank_word_back(&mut self) {
        let head = self.text.get(..self.at).unwrap_or_default();
        let word = head.trim_end();
        let start = word
            .rfind(char::is_whitespace)
            .map_or(0, |idx| idx + word.get(idx..).map_or(0, first_len));
        self.kill(start, self.at);
    }

    pub(crate) fn yank(&mut self) -> Result<(), Full> {
        let killed = std::mem::take(&mut self.killed);
        let inserted = self.insert(&killed);
        self.killed = killed;
        inserted
    }

    /// Ctrl-T: swaps the characters around the cursor, or the last two at the end.
    pub(crate) fn transpose(&mut self) {
        let middle = if self.at == self.text.len() {
            self.before(self.at)
        } else {
            self.at
        };
        let (start, end) = (self.before(middle), self.after(middle));
        if start == middle || middle == end {
            return;
        }
        let first = self.text.get(start..middle).unwrap_or_default().to_owned();
        self.text.insert_str(end, &first);
        self.text.drain(start..middle);
        self.move_to(end);
    }

    fn kill(&mut self, start: usize, end: usize) {
        let killed: String = self.text.drain(start..end).collect();
        if !self.killing {
            self.killed = killed;
        } else if end == self.at && start < end {
            self.killed.insert_str(0, &killed);
        } else {
            self.killed.push_str(&killed);
        }
        self.at = start;
        self.killing = true;
    }

    fn before(&self, at: usize) -> usize {
        let head = self.text.get(..at).unwrap_or_default();
        let base = head.char_indices().rev().find(|(_, c)| char_width(*c) != Some(0));
        base.map_or(0, |(idx, _)| idx)
    }

    fn after(&self, at: usize) -> usize {
        let tail = self.text.get(at..).unwrap_or_default();
        let next = tail
            .char_indices()
            .skip(1)
            .find(|(_, c)| char_width(*c) != Some(0));
        next.map_or(self.text.len(), |(idx, _)| at + idx)
    }

    fn word_start(&self) -> usize {
        let head = self.text.get(..self.at).unwrap_or_default();
        let word = head.trim_end_matches(|c: char| !c.is_alphanumeric());
        word.trim_end_matches(char::is_alphanumeric).len()
    }

    fn word_end(&self) -> usize {
        let tail = self.text.get(self.at..).unwrap_or_default();
        let word = tail.trim_start_matches(|c: char| !c.is_alphanumeric());
        self.text.len() - word.trim_start_matches(char::is_alphanumeric).len()
    }
}

fn first_len(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `|` is the cursor.
    fn check(before: &str, edit: impl FnOnce(&mut Buffer), after: &str) {
        let mut buffer = Buffer::default();
        buffer.set(&before.replace('|', ""));
        buffer.move_to(before.find('|').unwrap());

        edit(&mut buffer);

        let mut shown = buffer.text().to_owned();
        shown.insert(buffer.at(), '|');
        assert_eq!(shown, after, "from {before}");
    }

    #[test]
    fn edits_do_what_their_keys_are_known_for() {
        check("select|", Buffer::left, "selec|t");
        check("e\u{301}|x", Buffer::left, "|e\u{301}x");
        check("|e\u{301}x", Buffer::right, "e\u{301}|x");
        check("日|本", Buffer::backspace, "|本");
        check("e\u{301}|", Buffer::backspace, "|");
        check("a|bc", Buffer::delete, "a|c");
        check("select foo.bar|", Buffer::word_left, "select foo.|bar");
        check("se|lect foo", Buffer::word_right, "select| foo");
        check("select| foo", Buffer::word_right, "select foo|");
        check("select foo.bar|", Buffer::kill_blank_word_back, "select |");
        check("select foo.bar|", Buffer::kill_word_back, "select foo.|");
        check("select |foo bar", Buffer::kill_word, "select | bar");
        check("abc|def", Buffer::kill_to_end, "abc|");
        check("abc|def", Buffer::kill_to_start, "|def");
        check("sel|ect", Buffer::transpose, "seel|ct");
        check("select|", Buffer::transpose, "seletc|");
        check("|ab", Buffer::transpose, "|ab");
        check("a|", Buffer::transpose, "a|");
    }

    #[test]
    fn kills_in_a_row_are_brought_back_together() {
        check(
            "one two three|",
            |buffer| {
                buffer.kill_blank_word_back();
                buffer.kill_blank_word_back();
                buffer.yank().unwrap();
                buffer.yank().unwrap();
            },
            "one two threetwo three|",
        );
    }

    #[test]
    fn the_buffer_is_bounded() {
        let mut buffer = Buffer::default();
        buffer.insert(&"x".repeat(MAX_TEXT)).unwrap();

        assert_eq!(buffer.insert("y"), Err(Full));
    }
}
