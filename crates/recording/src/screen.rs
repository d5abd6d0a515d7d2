//! The screen as the person sees it, for keyframes.
//!
//! A virtual terminal costs far more than sealing, so output waits, up to [`KEYFRAME_BYTES`] of it,
//! until a keyframe is due. Of output that only scrolls by, the last screenfuls are enough.

use avt::parser::Function;
use avt::{Observation, Observer, Operation, Terminal};

use crate::body::Keyframe;
use crate::text::{bearable, take_text};

/// A keyframe is due after so many bytes of output.
pub const KEYFRAME_BYTES: usize = 256 * 1024;
/// A keyframe is due so many microseconds after the last, if there was output since.
pub const KEYFRAME_MICROS: i64 = 10_000_000;

pub(crate) struct Screen {
    terminal: Terminal,
    cols: u16,
    rows: u16,
    margins: Margins,
    pending: Vec<u8>,
    since_keyframe: usize,
    keyframe_at: i64,
}

impl Screen {
    /// `None` for a size without cells: there is no screen then.
    pub(crate) fn new(cols: u16, rows: u16, at: i64) -> Option<Self> {
        let (cols, rows) = bearable(cols, rows);
        let terminal = Terminal::new(cols.into(), rows.into()).ok()?;
        let margins = Margins { set: false };
        Some(Self {
            terminal,
            cols,
            rows,
            margins,
            pending: Vec::new(),
            since_keyframe: 0,
            keyframe_at: at,
        })
    }

    pub(crate) fn print(&mut self, output: &[u8]) {
        self.since_keyframe += output.len();
        self.pending.extend_from_slice(output);
        if self.pending.len() >= KEYFRAME_BYTES {
            self.feed();
        }
    }

    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        self.feed();
        (self.cols, self.rows) = bearable(cols.max(1), rows.max(1));
        self.terminal
            .resize_with(self.cols.into(), self.rows.into(), &mut self.margins);
    }

    pub(crate) fn is_due(&self, at: i64) -> bool {
        let long_ago = at.saturating_sub(self.keyframe_at) >= KEYFRAME_MICROS;
        self.since_keyframe >= KEYFRAME_BYTES || (long_ago && self.since_keyframe > 0)
    }

    /// The screen after all output so far, the bytes of a character cut in two included.
    pub(crate) fn keyframe(&mut self, at: i64) -> Keyframe {
        self.feed();
        self.since_keyframe = 0;
        self.keyframe_at = at;
        let mut screen = self.terminal.dump().into_bytes();
        screen.extend_from_slice(&self.pending);
        Keyframe {
            cols: self.cols,
            rows: self.rows,
            screen,
        }
    }

    fn feed(&mut self) {
        let text = take_text(&mut self.pending);
        let (before, rest) = text.split_at(last_control(&text));
        self.terminal.feed_with(before, &mut self.margins);
        let shown = if self.margins.set {
            rest
        } else {
            last_lines(rest, usize::from(self.rows) * 2)
        };
        self.terminal.feed_with(shown, &mut self.margins);
        // One large piece of output must not hold its memory for the rest of the session.
        self.pending.shrink_to(KEYFRAME_BYTES);
    }
}

/// Whether scrolling margins are set: lines outside them do not scroll away.
struct Margins {
    set: bool,
}

impl Observer for Margins {
    type Output = ();

    fn before(&mut self, _: &mut Observation<'_>, operation: &Operation) {
        if matches!(operation, Operation::Function(Function::Decstbm(..))) {
            self.set = true;
        }
    }

    fn end(&mut self, _: &mut Observation<'_>) {}
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

/// The last `n` lines of plain text. From any place on a screen of `n / 2` rows they fill it.
fn last_lines(text: &str, n: usize) -> &str {
    let start = text
        .rmatch_indices('\n')
        .nth(n)
        .map_or(0, |(newline, _)| newline + 1);
    text.get(start..).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn screen(cols: u16, rows: u16) -> Screen {
        Screen::new(cols, rows, 0).unwrap()
    }

    fn terminal(cols: u16, rows: u16, output: &str) -> Terminal {
        let mut terminal = Terminal::new(cols.into(), rows.into()).unwrap();
        terminal.feed(output);
        terminal
    }

    #[test]
    fn a_keyframe_is_due_by_bytes_or_by_time_with_output() {
        let mut screen = screen(80, 24);
        assert!(!screen.is_due(KEYFRAME_MICROS));

        screen.print(b"x");
        assert!(!screen.is_due(KEYFRAME_MICROS - 1));
        assert!(screen.is_due(KEYFRAME_MICROS));

        screen.keyframe(KEYFRAME_MICROS);
        assert!(!screen.is_due(3 * KEYFRAME_MICROS));
        screen.print(&vec![b'x'; KEYFRAME_BYTES]);
        assert!(screen.is_due(KEYFRAME_MICROS));
    }

    #[test]
    fn pending_output_is_bounded() {
        let mut screen = screen(80, 24);

        for _ in 0..100 {
            screen.print(&[b'x'; 10_000]);
        }

        assert!(screen.pending.len() < KEYFRAME_BYTES);
        screen.print(&vec![b'x'; 4 * KEYFRAME_BYTES]);
        assert!(screen.pending.capacity() <= KEYFRAME_BYTES);
    }

    #[test]
    fn a_keyframe_within_a_character_goes_on_after_it() {
        let (head, tail) = "ż".as_bytes().split_at(1);
        let mut screen = screen(10, 2);

        screen.print(head);
        let mut shown = screen.keyframe(0).screen;
        shown.extend_from_slice(tail);

        let replayed = terminal(10, 2, &String::from_utf8(shown).unwrap());
        assert_eq!(replayed.screen().text(), ["ż", ""]);
    }

    #[test]
    fn an_absurd_size_is_cut() {
        let mut screen = screen(u16::MAX, u16::MAX);
        screen.resize(u16::MAX, u16::MAX);

        let keyframe = screen.keyframe(0);

        assert_eq!((keyframe.cols, keyframe.rows), (1000, 400));
        assert!(Screen::new(0, 24, 0).is_none());
    }

    #[test]
    fn lines_outside_of_margins_are_kept() {
        let output = format!("top\r\n\x1b[2;4r\x1b[4;1H{}", "line\r\n".repeat(50));
        let mut screen = screen(10, 6);
        screen.print(output.as_bytes());
        screen.keyframe(0);
        screen.print("more\r\n".repeat(50).as_bytes());

        let keyframe = screen.keyframe(0);

        let whole = terminal(10, 6, &(output + &"more\r\n".repeat(50)));
        assert_eq!(String::from_utf8(keyframe.screen).unwrap(), whole.dump());
    }

    /// Lines as psql prints them: plain, long, empty, coloured, with tabs and wide characters.
    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            6 => "[a-z |]{0,30}",
            1 => Just("\tżółw 漢字\t".to_owned()),
            1 => Just("\x1b[1;31mERROR\x1b[0m: x\x1b[K".to_owned()),
            1 => Just("\x1b[2Jcleared \x1b[3;3H".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn a_keyframe_shows_what_the_whole_output_shows(
            lines in prop::collection::vec(line(), 0..60),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let output = lines.join("\r\n");
            let mut screen = screen(12, 4);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(output.len() + 1)).collect();
            cuts.sort_unstable();
            let mut done = 0;
            for cut in cuts {
                screen.print(&output.as_bytes()[done..cut]);
                screen.keyframe(0);
                done = cut;
            }
            screen.print(&output.as_bytes()[done..]);

            let keyframe = screen.keyframe(0);

            prop_assert_eq!(String::from_utf8(keyframe.screen).unwrap(), terminal(12, 4, &output).dump());
        }
    }
}
