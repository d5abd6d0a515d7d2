//! The line editor: keys in, echo out. psql's default keys are readline's Emacs keys.

pub(crate) mod buffer;
pub(crate) mod history;
pub(crate) mod keys;
mod redraw;
mod search;
#[cfg(test)]
mod tests;

use std::mem;

use buffer::{Buffer, Full};
use history::History;
use keys::{Key, Keys};
use redraw::Painter;
use search::Search;

use crate::Size;

/// What typing has led to, besides a changed picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// Nothing the engine must know.
    Edited,
    /// Enter: the text, lines separated by `\n`.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    EndOfInput,
}

/// Whose lines are being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Statements,
    /// Rows of a COPY: no history.
    Rows,
}

/// A line being edited below a prompt.
#[derive(Debug)]
pub(crate) struct Editor {
    keys: Keys,
    buffer: Buffer,
    pub(crate) history: History,
    search: Option<Search>,
    painter: Painter,
    prompt: String,
    purpose: Purpose,
}

impl Editor {
    pub(crate) fn new(size: Size, history: Vec<String>) -> Self {
        Self {
            keys: Keys::default(),
            buffer: Buffer::default(),
            history: History::new(history),
            search: None,
            painter: Painter::new(size),
            prompt: String::new(),
            purpose: Purpose::Statements,
        }
    }

    /// Shows a prompt with an empty line; the terminal's cursor is at the start of a row.
    pub(crate) fn begin(&mut self, prompt: String, purpose: Purpose, out: &mut String) {
        self.prompt = prompt;
        self.purpose = purpose;
        self.buffer.take();
        self.search = None;
        self.history.leave();
        self.painter.begin();
        self.paint(out);
    }

    /// Takes one byte of what is typed. The picture changes with the next [`Self::paint`].
    pub(crate) fn push(&mut self, byte: u8, out: &mut String) -> Typed {
        match self.keys.push(byte) {
            Some(key) => self.handle_key(key, out),
            None => Typed::Edited,
        }
    }

    /// Brings the terminal up to date.
    pub(crate) fn paint(&mut self, out: &mut String) {
        match &self.search {
            Some(search) => {
                let (text, at) = search
                    .found(&self.history)
                    .unwrap_or((self.buffer.text(), self.buffer.at()));
                self.painter.paint(&search.prompt(), text, at, out);
            }
            None => self
                .painter
                .paint(&self.prompt, self.buffer.text(), self.buffer.at(), out),
        }
    }

    /// Takes prompt and text off the screen, to print something in their place.
    pub(crate) fn erase(&mut self, out: &mut String) {
        self.painter.erase(out);
    }

    /// Gives up the line: the cursor goes below it.
    pub(crate) fn leave(&mut self, out: &mut String) {
        self.search = None;
        self.buffer.take();
        self.painter.leave(out);
    }

    pub(crate) fn resize(&mut self, size: Size, out: &mut String) {
        self.painter.resize(size, out);
    }

    /// Takes a new size while no line is shown.
    pub(crate) fn resize_hidden(&mut self, size: Size) {
        self.painter.resize(size, &mut String::new());
    }

    fn handle_key(&mut self, key: Key, out: &mut String) -> Typed {
        let Some(key) = self.handle_search_key(key, out) else {
            return Typed::Edited;
        };
        match key {
            Key::Enter => {
                self.paint(out);
                self.painter.leave(out);
                return Typed::Line(self.buffer.take());
            }
            Key::Ctrl('c') => {
                self.paint(out);
                self.painter.move_to_end(out);
                self.buffer.take();
                self.painter.begin();
                return Typed::Interrupt;
            }
            Key::Ctrl('d') if self.buffer.is_empty() => {
                self.paint(out);
                return Typed::EndOfInput;
            }
            Key::Ctrl('r') if self.purpose == Purpose::Statements => self.search = Some(Search::new()),
            Key::Ctrl('l') => {
                out.push_str("\x1b[H\x1b[2J");
                self.painter.begin();
            }
            Key::Up | Key::Ctrl('p') => self.show_older(out),
            Key::Down | Key::Ctrl('n') => self.show_newer(out),
            Key::Char(_) | Key::Tab | Key::Paste { .. } | Key::Ctrl('y') => self.insert(key, out),
            Key::Ctrl(letter) => self.edit_by_letter(letter, out),
            Key::Left => self.buffer.left(),
            Key::Right => self.buffer.right(),
            Key::Home => self.buffer.home(),
            Key::End => self.buffer.end(),
            Key::WordLeft | Key::Alt('b') => self.buffer.word_left(),
            Key::WordRight | Key::Alt('f') => self.buffer.word_right(),
            Key::Backspace => self.buffer.backspace(),
            Key::Delete => self.buffer.delete(),
            Key::AltBackspace => self.buffer.kill_word_back(),
            Key::Alt('d') => self.buffer.kill_word(),
            Key::Alt(_) | Key::Unknown => bell(out),
        }
        Typed::Edited
    }

    fn edit_by_letter(&mut self, letter: char, out: &mut String) {
        match letter {
            'a' => self.buffer.home(),
            'b' => self.buffer.left(),
            'd' => self.buffer.delete(),
            'e' => self.buffer.end(),
            'f' => self.buffer.right(),
            'k' => self.buffer.kill_to_end(),
            't' => self.buffer.transpose(),
            'u' => self.buffer.kill_to_start(),
            'w' => self.buffer.kill_blank_word_back(),
            _ => bell(out),
        }
    }

    fn insert(&mut self, key: Key, out: &mut String) {
        let inserted = match key {
            Key::Char(c) => self.buffer.insert(c.encode_utf8(&mut [0; 4])),
            Key::Tab => self.buffer.insert("\t"),
            Key::Ctrl('y') => self.buffer.yank(),
            Key::Paste { cut: true, .. } => Err(Full),
            Key::Paste { text, cut: false } => self.buffer.insert(&text),
            Key::Ctrl(_)
            | Key::Alt(_)
            | Key::Enter
            | Key::Backspace
            | Key::AltBackspace
            | Key::Delete
            | Key::Left
            | Key::Right
            | Key::Up
            | Key::Down
            | Key::Home
            | Key::End
            | Key::WordLeft
            | Key::WordRight
            | Key::Unknown => Ok(()),
        };
        if inserted == Err(Full) {
            bell(out);
        }
    }

    fn show_older(&mut self, out: &mut String) {
        let entry = match self.purpose {
            Purpose::Statements => self.history.older(self.buffer.text()),
            Purpose::Rows => None,
        };
        match entry {
            Some(entry) => self.buffer.set(entry),
            None => bell(out),
        }
    }

    fn show_newer(&mut self, out: &mut String) {
        match self.history.newer() {
            Some(entry) => self.buffer.set(entry),
            None => bell(out),
        }
    }

    /// The key if it is not the search's own.
    fn handle_search_key(&mut self, key: Key, out: &mut String) -> Option<Key> {
        let Some(search) = &mut self.search else {
            return Some(key);
        };
        match key {
            Key::Char(c) => search.push(c, &self.history),
            Key::Backspace => search.pop(&self.history),
            Key::Ctrl('r') => search.older(&self.history),
            Key::Ctrl('g') => {
                self.search = None;
                bell(out);
            }
            Key::Ctrl(_)
            | Key::Alt(_)
            | Key::Enter
            | Key::Tab
            | Key::AltBackspace
            | Key::Delete
            | Key::Left
            | Key::Right
            | Key::Up
            | Key::Down
            | Key::Home
            | Key::End
            | Key::WordLeft
            | Key::WordRight
            | Key::Paste { .. }
            | Key::Unknown => {
                let found = search
                    .found(&self.history)
                    .map(|(text, at)| (text.to_owned(), at));
                self.search = None;
                if let Some((text, at)) = found {
                    self.buffer.set(&text);
                    self.buffer.move_to(at);
                }
                return Some(key);
            }
        }
        None
    }

    /// Drops what has come of a key or a paste so far.
    pub(crate) fn forget_keys(&mut self) {
        mem::take(&mut self.keys);
    }
}

fn bell(out: &mut String) {
    out.push('\x07');
}
