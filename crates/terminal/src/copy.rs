//! COPY: rows typed at the `>> ` prompt, rows shown as they come.

use std::collections::VecDeque;

use bytes::Bytes;

/// What psql says before the first row is typed.
pub(crate) const INVITATION: &str = "Enter data to be copied followed by a newline.\r\n\
    End with a backslash and a period on a line by itself, or an EOF signal.\r\n";

/// What a server that asks for typed binary rows is told.
pub(crate) const BINARY_REFUSED: &str = "binary rows cannot be typed";

/// What the database is told when the person gives up a COPY.
pub const CANCELED: &str = "canceled by user";

/// Bytes of typed rows that are held back. Like psql's: a row that is wrong is found when all are typed, not
/// while the next ones are, and rows given up by Ctrl-C were never sent.
const HELD_BACK: usize = 8 * 1024;

/// Rows typed and not sent yet.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    data: String,
}

impl Rows {
    /// Takes lines up to `\.` as rows; true when it was there.
    pub(crate) fn take_lines(&mut self, lines: &mut VecDeque<String>) -> bool {
        while let Some(line) = lines.pop_front() {
            if line == "\\." {
                return true;
            }
            self.data.push_str(&line);
            self.data.push('\n');
        }
        false
    }

    /// The rows held, when they are many.
    pub(crate) fn send_many(&mut self) -> Option<Bytes> {
        if self.data.len() < HELD_BACK {
            return None;
        }
        self.send_all()
    }

    /// The rows held, if any.
    pub(crate) fn send_all(&mut self) -> Option<Bytes> {
        let data = std::mem::take(&mut self.data);
        (!data.is_empty()).then(|| data.into())
    }

    pub(crate) fn clear(&mut self) {
        self.data.clear();
    }
}
