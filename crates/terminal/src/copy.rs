//! COPY: rows typed at the `>> ` prompt, rows shown as they come.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::print::escape::visible;

/// What psql says before the first row is typed.
pub(crate) const INVITATION: &str = "Enter data to be copied followed by a newline.\r\n\
    End with a backslash and a period on a line by itself, or an EOF signal.\r\n";

/// psql's PROMPT3.
pub(crate) const PROMPT: &str = ">> ";

/// What a server that asks for typed binary rows is told.
pub(crate) const BINARY_REFUSED: &str = "binary rows cannot be typed";

/// What the server is told when the person gives up.
pub(crate) const CANCELED: &str = "canceled by user";

/// Rows taken from typed lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    /// The rows for one CopyData; empty when there are none.
    pub(crate) data: Bytes,
    /// `\.` was among the lines: the lines after it are not rows.
    pub(crate) ended: bool,
}

/// Takes lines up to `\.` as rows.
pub(crate) fn take_rows(lines: &mut VecDeque<String>) -> Rows {
    let mut data = String::new();
    while let Some(line) = lines.pop_front() {
        if line == "\\." {
            return Rows {
                data: data.into(),
                ended: true,
            };
        }
        data.push_str(&line);
        data.push('\n');
    }
    Rows {
        data: data.into(),
        ended: false,
    }
}

/// One CopyData as the terminal shows it.
pub(crate) fn show_rows(data: &Bytes) -> String {
    visible(data)
}
