//! The plain text of a session: what its lines said when they left the screen.

use avt::Terminal;
use avt::observer;

use crate::frame::{Body, Frame};
use crate::text::{bearable, take_text};

/// Lane whose output is the screen.
const TERMINAL: u8 = 0;

/// Text of the terminal's output, lines that were wrapped joined again, each with its line end.
///
/// Output of a full-screen program on the alternate screen is not part of it. The size is the
/// header's, 80 × 24 where the frames have none.
pub fn transcript<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> String {
    let mut pages = Pages {
        terminal: None,
        lines: observer::Transcript::new(),
        text: String::new(),
    };
    let mut pending = Vec::new();
    for frame in frames {
        match &frame.body {
            Body::Header(header) => pages.resize(header.cols, header.rows),
            Body::Resize { cols, rows } => pages.resize(*cols, *rows),
            Body::Output(output) if frame.lane == TERMINAL => {
                pending.extend_from_slice(output);
                pages.feed(&take_text(&mut pending));
            }
            Body::Output(_)
            | Body::Input(_)
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Marker(_)
            | Body::Gap(_)
            | Body::Keyframe(_)
            | Body::End { .. }
            | Body::Unknown { .. } => {}
        }
    }
    pages.finish()
}

struct Pages {
    terminal: Option<Terminal>,
    lines: observer::Transcript,
    text: String,
}

impl Pages {
    fn resize(&mut self, cols: u16, rows: u16) {
        let (cols, rows) = bearable(cols, rows);
        let (cols, rows) = (usize::from(cols), usize::from(rows));
        match &mut self.terminal {
            Some(terminal) => {
                let lines = terminal.resize_with(cols, rows, &mut self.lines);
                self.push(lines);
            }
            None => self.terminal = Terminal::new(cols, rows).ok(),
        }
    }

    fn feed(&mut self, text: &str) {
        if self.terminal.is_none() {
            self.terminal = Terminal::new(80, 24).ok();
        }
        if let Some(terminal) = &mut self.terminal {
            let lines = terminal.feed_with(text, &mut self.lines);
            self.push(lines);
        }
    }

    fn finish(mut self) -> String {
        let lines = std::mem::take(&mut self.lines);
        if let Some(terminal) = &self.terminal {
            let lines = lines.finish(terminal);
            self.push(lines);
        }
        self.text
    }

    fn push(&mut self, lines: Vec<String>) {
        for line in lines {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }
}
