//! The screen as the person sees it, for keyframes and for who joins a running session.
//!
//! A virtual terminal costs far more than sealing, so output waits, up to [`KEYFRAME_BYTES`] of it,
//! until a keyframe is due or somebody joins. Of output that only scrolls by, the last screenfuls are
//! enough for the screen; the lines above it are kept as they came.

use avt::parser::{EdScope, Function, SgrOp};
use avt::{Line, Observation, Observer, Operation, ScreenKind, Terminal};

use crate::body::Keyframe;
use crate::text::{bearable, take_text};

mod history;

use history::{History, last_lines};

/// A keyframe is due after so many bytes of output: what a seek prints at most.
const KEYFRAME_BYTES: usize = 64 * 1024;

/// Most lines above the screen that are kept. They are at most 256 KiB.
const HISTORY_LINES: usize = 1000;

/// A terminal nobody looks at.
pub(crate) struct Screen {
    terminal: Terminal,
    cols: u16,
    rows: u16,
    watch: Watch,
    pending: Vec<u8>,
    since_keyframe: usize,
}

/// What to print on an empty terminal of this size, whose history is empty too, to go on from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Columns of the terminal to print on.
    pub cols: u16,
    /// Rows of the terminal to print on.
    pub rows: u16,
    /// History and screen; may end within a character that the next output completes.
    pub bytes: Vec<u8>,
}

impl Screen {
    /// `None` for a size without cells: there is no screen then. Larger than 1000 × 400 is cut.
    pub(crate) fn new(cols: u16, rows: u16) -> Option<Self> {
        let (cols, rows) = bearable(cols, rows);
        let terminal = Terminal::new(cols.into(), rows.into()).ok()?;
        let watch = Watch {
            has_margins: false,
            has_style: false,
            passed_over: 0,
            history: History::new(HISTORY_LINES),
        };
        Some(Self {
            terminal,
            cols,
            rows,
            watch,
            pending: Vec::new(),
            since_keyframe: 0,
        })
    }

    /// Takes output; costs next to nothing until [`KEYFRAME_BYTES`] of it wait.
    pub(crate) fn print(&mut self, output: &[u8]) {
        self.since_keyframe += output.len();
        self.pending.extend_from_slice(output);
        if self.pending.len() >= KEYFRAME_BYTES {
            self.feed();
        }
    }

    /// The screen has another size.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        self.feed();
        (self.cols, self.rows) = bearable(cols.max(1), rows.max(1));
        self.terminal
            .resize_with(self.cols.into(), self.rows.into(), &mut self.watch);
    }

    /// Screen and at most `lines` lines above it, for a terminal that has neither.
    pub(crate) fn snapshot(&mut self, lines: usize) -> Snapshot {
        self.feed();
        let history = self.watch.history.last(lines);
        let mut bytes = history.as_bytes().to_vec();
        bytes.extend_from_slice(self.scroll_off(history).as_bytes());
        bytes.extend_from_slice(self.terminal.dump().as_bytes());
        bytes.extend_from_slice(&self.pending);
        Snapshot {
            cols: self.cols,
            rows: self.rows,
            bytes,
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.since_keyframe >= KEYFRAME_BYTES
    }

    /// The screen after all output so far, the bytes of a character cut in two included.
    pub(crate) fn keyframe(&mut self) -> Keyframe {
        self.feed();
        self.since_keyframe = 0;
        let mut screen = self.terminal.dump().into_bytes();
        screen.extend_from_slice(&self.pending);
        Keyframe {
            cols: self.cols,
            rows: self.rows,
            screen,
        }
    }

    /// What to print after the history, so that all of it is above the screen and no more.
    fn scroll_off(&self, history: &str) -> String {
        let Ok(mut tail) = Terminal::new(self.cols.into(), self.rows.into()) else {
            return String::new();
        };
        tail.feed(last_lines(history, self.rows.into()));
        let cursor = tail.cursor();
        let n_rows = cursor.row + usize::from(cursor.col > 0);
        if history.is_empty() || n_rows == 0 {
            return "\x1b[H".to_owned();
        }
        format!("\x1b[{};1H{}\x1b[H", self.rows, "\n".repeat(n_rows))
    }

    fn feed(&mut self) {
        let text = take_text(&mut self.pending);
        // One large piece of output must not hold its memory for the rest of the session.
        self.pending.shrink_to(KEYFRAME_BYTES);
        let (before, rest) = text.split_at(last_control(&text));
        self.terminal.feed_with(before, &mut self.watch);
        let rest = match self.watch.has_margins || self.watch.has_style {
            true => rest,
            false => self.pass_over(rest),
        };
        self.terminal.feed_with(rest, &mut self.watch);
        self.watch.passed_over = 0;
    }

    /// Puts plain lines that scroll by into the history; what is left fills the screen from any place.
    fn pass_over<'t>(&mut self, text: &'t str) -> &'t str {
        let shown = last_lines(text, usize::from(self.rows) * 2);
        let passed = text.get(..text.len() - shown.len()).unwrap_or_default();
        if passed.is_empty() {
            return shown;
        }
        if self.terminal.active_screen_kind() == ScreenKind::Alternate {
            return shown;
        }
        // The line the cursor is in goes on with the text.
        let first_len = passed.find('\n').map_or(passed.len(), |end| end + 1);
        let (first, text) = text.split_at(first_len);
        let passed = passed.get(first_len..).unwrap_or_default();
        self.terminal.feed_with(first, &mut self.watch);
        let row = self.terminal.cursor().row;
        let screen = self.terminal.screen();
        let is_blank = |line: &Line| line.chars().all(|c| c == ' ');
        if !screen.visible_lines().skip(row).all(is_blank) {
            // Lines would be printed over what is there.
            return text;
        }
        for line in screen.visible_lines().take(row) {
            self.watch.history.push(line);
        }
        self.watch.history.push_text(passed);
        self.watch.passed_over = row;
        shown
    }
}

/// What has to be known of a terminal besides what it shows.
struct Watch {
    /// Whether scrolling margins are set: lines outside them do not scroll away.
    has_margins: bool,
    /// Whether text may have a style, which lines that are passed over would lose.
    has_style: bool,
    /// Lines still on the screen that are in the history already.
    passed_over: usize,
    history: History,
}

impl Observer for Watch {
    type Output = ();

    fn before(&mut self, _: &mut Observation<'_>, operation: &Operation) {
        if let Operation::Function(function) = operation {
            self.note(function);
        }
    }

    fn evicted(&mut self, _: &mut Observation<'_>, line: &Line) {
        match self.passed_over.checked_sub(1) {
            Some(left) => self.passed_over = left,
            None => self.history.push(line),
        }
    }

    fn end(&mut self, _: &mut Observation<'_>) {}
}

impl Watch {
    fn note(&mut self, function: &Function) {
        if matches!(function, Function::Decstbm(..)) {
            self.has_margins = true;
        }
        if let Function::Sgr(ops) = function
            && let Some(last) = ops.as_slice().last()
        {
            self.has_style = !matches!(last, SgrOp::Reset);
        }
        if matches!(function, Function::Ed(EdScope::SavedLines)) {
            self.history.clear();
        }
    }
}

/// Where the line after the last control sequence starts: what follows is plain lines.
fn last_control(text: &str) -> usize {
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let Some(control) = text.rfind(|c| !plain(c)) else {
        return 0;
    };
    text.get(control..)
        .and_then(|rest| rest.find('\n'))
        .map_or(text.len(), |line| control + line + 1)
}

#[cfg(test)]
mod tests;
