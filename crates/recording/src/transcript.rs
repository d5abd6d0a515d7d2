//! The plain text of a session: what its lines said when they left the screen.

use avt::parser::Function;
use avt::{Line, Observation, Observer, Operation, Terminal};

use crate::frame::{Body, Frame, TERMINAL};
use crate::listing::opened;
use crate::text::{bearable, take_text};

/// A line that never ends is cut after so many bytes.
const MAX_LINE: usize = 64 * 1024;

/// Text of the terminal's output, lines that were wrapped joined again, each with its line end.
///
/// Output of a full-screen program on the alternate screen is not part of it. The size is the
/// header's, 80 × 24 where the frames have none. Markers, gaps and connections stand in brackets on
/// lines of their own.
pub fn transcript<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> String {
    let mut pages = Pages::new();
    for frame in frames {
        pages.push(frame);
    }
    pages.finish()
}

/// A transcript in the making: a screen, and the lines that have left it.
pub(crate) struct Pages {
    terminal: Option<Terminal>,
    lines: Lines,
    pending: Vec<u8>,
}

impl Pages {
    pub(crate) fn new() -> Self {
        Self {
            terminal: None,
            lines: Lines::default(),
            pending: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, frame: &Frame) {
        match &frame.body {
            Body::Header(header) => self.resize(header.cols, header.rows),
            Body::Resize { cols, rows } => self.resize(*cols, *rows),
            Body::Output(output) if frame.lane == TERMINAL => {
                self.pending.extend_from_slice(output);
                let text = take_text(&mut self.pending);
                self.feed(&text);
            }
            Body::Marker(sentence) => self.note(sentence),
            Body::Gap(gap) => self.note(&format!("Nothing recorded: {}", gap.reason)),
            Body::Connected(connection) => self.note(&opened(connection)),
            Body::Disconnected { reason } => self.note(&format!("Connection closed: {reason}")),
            Body::Output(_)
            | Body::Input(_)
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Keyframe(_)
            | Body::End { .. }
            | Body::Unknown { .. } => {}
        }
    }

    /// Lines complete so far and not yet taken.
    pub(crate) fn take(&mut self) -> String {
        let rest = self
            .lines
            .unfinished
            .map(|start| self.lines.text.split_off(start));
        self.lines.unfinished = rest.as_ref().map(|_| 0);
        std::mem::replace(&mut self.lines.text, rest.unwrap_or_default())
    }

    /// What was not taken, and what is still on the screen.
    pub(crate) fn finish(mut self) -> String {
        if !self.pending.is_empty() {
            self.feed("\u{fffd}");
        }
        if let Some(terminal) = &self.terminal {
            self.lines.push_screen(terminal);
        }
        self.lines.text
    }

    fn resize(&mut self, cols: u16, rows: u16) {
        let (cols, rows) = bearable(cols, rows);
        let (cols, rows) = (usize::from(cols), usize::from(rows));
        match &mut self.terminal {
            Some(terminal) => terminal.resize_with(cols, rows, &mut self.lines),
            None => self.terminal = Terminal::new(cols, rows).ok(),
        }
    }

    /// What the screen shows of it drives nothing.
    fn note(&mut self, sentence: &str) {
        let sentence: String = sentence
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        self.feed(&format!("\r\n[{sentence}]\r\n"));
    }

    fn feed(&mut self, text: &str) {
        if self.terminal.is_none() {
            self.terminal = Terminal::new(80, 24).ok();
        }
        if let Some(terminal) = &mut self.terminal {
            terminal.feed_with(text, &mut self.lines);
        }
    }
}

/// Lines that have left the screen; the rows of one that was wrapped are put together.
#[derive(Default)]
struct Lines {
    text: String,
    /// Where in `text` the last line starts, while more rows of it may come.
    unfinished: Option<usize>,
}

impl Lines {
    fn push(&mut self, line: &Line) {
        let start = *self.unfinished.get_or_insert(self.text.len());
        self.text.extend(line.chars());
        let is_long = self.text.len().saturating_sub(start) >= MAX_LINE;
        if !line.is_wrapped() || is_long {
            let len = self.text.get(start..).map_or(0, |line| line.trim_end().len());
            self.text.truncate(start + len);
            self.text.push('\n');
            self.unfinished = None;
        }
    }

    /// What is on the screen, without the empty lines below it.
    fn push_screen(&mut self, terminal: &Terminal) {
        let start = self.text.len();
        for line in terminal.primary_screen().all_lines() {
            self.push(line);
        }
        if self.unfinished.take().is_some() {
            self.text.push('\n');
        }
        while self.text.len() > start + 1 && self.text.ends_with("\n\n") {
            self.text.pop();
        }
        if self.text.get(start..) == Some("\n") {
            self.text.pop();
        }
    }
}

impl Observer for Lines {
    type Output = ();

    /// A reset of the terminal throws away what stands on it.
    fn before(&mut self, context: &mut Observation<'_>, operation: &Operation) {
        if matches!(operation, Operation::Function(Function::Ris)) {
            self.push_screen(context.terminal());
        }
    }

    fn evicted(&mut self, _: &mut Observation<'_>, line: &Line) {
        self.push(line);
    }

    fn end(&mut self, _: &mut Observation<'_>) {}
}
