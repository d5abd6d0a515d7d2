//! Finding text in a recording: in statements, and on the screen as the person saw it.

use crate::frame::{Body, Frame};
use crate::transcript::Pages;

/// Most moments a search gives.
pub const MAX_MOMENTS: usize = 1000;

/// Longest line or statement a moment carries, in bytes; what is longer is cut around the find.
const MAX_TEXT: usize = 200;

/// A moment at which what was looked for came up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Time of the frame.
    pub at: i64,
    /// Sequence number of the frame.
    pub seq: u64,
    /// Where it is.
    pub place: Place,
    /// The line or a part of the statement, control characters replaced by blanks.
    pub text: String,
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a statement as sent.
    Statement,
    /// On the screen.
    Screen,
}

/// A search in the making. Letters match in either case.
pub struct Search {
    needle: String,
    pages: Pages,
    on_screen: usize,
    n_moments: usize,
}

impl Search {
    /// Looks for a text; an empty one is found nowhere. Text that a line wrap cuts is found once the
    /// line has left the screen.
    pub fn new(needle: &str) -> Self {
        Self {
            needle: needle.to_lowercase(),
            pages: Pages::new(),
            on_screen: 0,
            n_moments: 0,
        }
    }

    /// Takes the next frame and gives the moments in it.
    #[must_use]
    pub fn push(&mut self, frame: &Frame) -> Vec<Moment> {
        let mut found = Vec::new();
        if self.needle.is_empty() || self.n_moments >= MAX_MOMENTS {
            return found;
        }
        self.pages.push(frame);
        if let Body::StatementStart(statement) = &frame.body {
            self.note(frame, Place::Statement, &statement.sql, &mut found);
        }
        if matches!(frame.body, Body::Output(_) | Body::Resize { .. }) {
            self.look(frame, &mut found);
        }
        let left = MAX_MOMENTS - self.n_moments;
        found.truncate(left);
        self.n_moments += found.len();
        found
    }

    /// Lines that left the screen or came onto it, as far as they were not there before.
    fn look(&mut self, frame: &Frame, found: &mut Vec<Moment>) {
        let gone = self.pages.take();
        let visible: Vec<String> = match self.pages.terminal() {
            Some(terminal) => terminal.screen().visible_lines().map(avt::Line::text).collect(),
            None => Vec::new(),
        };
        let matches = |line: &str| line.to_lowercase().contains(&self.needle);
        let gone: Vec<&str> = gone.lines().filter(|line| matches(line)).collect();
        let visible: Vec<&str> = visible
            .iter()
            .map(String::as_str)
            .filter(|line| matches(line))
            .collect();
        let known = std::mem::replace(&mut self.on_screen, visible.len());
        for line in gone.iter().chain(&visible).skip(known) {
            self.note(frame, Place::Screen, line, found);
        }
    }

    fn note(&self, frame: &Frame, place: Place, text: &str, found: &mut Vec<Moment>) {
        let lower = text.to_lowercase();
        let Some(start) = lower.find(&self.needle) else {
            return;
        };
        // Lower case may have another length; a cut that is a little off still shows the find.
        let from = text.floor_char_boundary(start.saturating_sub(MAX_TEXT / 2).min(text.len()));
        let to = text.floor_char_boundary((from + MAX_TEXT).min(text.len()));
        let cut = text.get(from..to).unwrap_or_default();
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        found.push(Moment {
            at: frame.at,
            seq: frame.seq,
            place,
            text: cut.trim().chars().map(plain).collect(),
        });
    }
}
