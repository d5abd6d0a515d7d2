//! Keys: to the line editor when the person has the terminal, kept when not; Ctrl-C always at once.

use std::time::Instant;

use bytes::Bytes;
use pg_proto::{Text, frontend};

use super::ahead::Echo;
use super::{Action, Engine, Errand, MUCH_OUTPUT, Size, State};
use crate::copy;
use crate::editor::{Purpose, Typed};

/// Bytes typed while something runs that are kept.
const MAX_TYPEAHEAD: usize = 64 * 1024;

const CTRL_C: u8 = 0x03;

impl Engine {
    /// Takes what the person typed, as the terminal sends it, up to where it begins or ends to be hidden: see
    /// [`Self::hides_input`]. Gives how many bytes it took, all of them hidden or none.
    ///
    /// While something runs, up to 64 KiB are kept until the prompt is back, and shown as a terminal shows keys
    /// nobody reads yet; beyond that the bell rings and the rest is dropped. Ctrl-C is acted on at once and drops
    /// what was typed before it.
    pub fn handle_input(&mut self, bytes: &[u8], now: Instant) -> usize {
        self.now = now;
        let is_hidden = self.hides_input();
        self.advance();
        let mut n_taken = 0;
        let mut dropped = false;
        for &byte in bytes {
            if self.hides_input() != is_hidden {
                break;
            }
            n_taken += 1;
            if is_hidden {
                self.type_hidden(byte);
            } else if self.takes_keys() && self.typeahead.is_empty() {
                self.type_byte(byte);
                self.advance_to_lines();
            } else if byte == CTRL_C {
                self.typeahead.clear();
                self.echo = Echo::default();
                self.interrupt();
            } else if self.typeahead.len() < MAX_TYPEAHEAD {
                self.typeahead.push_back(byte);
                self.show_ahead(byte);
            } else {
                dropped = true;
            }
        }
        if dropped && self.output.pending() < 2 * MUCH_OUTPUT {
            self.say("\x07");
        }
        self.advance();

        n_taken
    }

    /// Takes the terminal's new size. Results already printed stay as they are; while much is to be printed the line
    /// being edited is painted for the last size only.
    pub fn handle_resize(&mut self, size: Size) {
        self.options.screen = size.cols;
        self.late_size = Some(size);
        self.take_size();
    }

    /// Lays the line out for the terminal's new size, once there is room for its picture.
    pub(super) fn take_size(&mut self) {
        if self.is_editing() && self.output.pending() >= MUCH_OUTPUT {
            return;
        }
        let Some(size) = self.late_size.take() else {
            return;
        };
        if !self.is_editing() {
            self.editor.resize_hidden(size);
            return;
        }
        let mut out = String::new();
        self.editor.resize(size, &mut out);
        self.editor.paint(&mut out);
        self.say(&out);
    }

    /// Whether the person has the terminal.
    pub(super) fn is_editing(&self) -> bool {
        matches!(self.state, State::Prompt | State::CopyIn { .. })
    }

    /// Whether keys are worked on: with much left to print they wait as if something ran.
    pub(super) fn takes_keys(&self) -> bool {
        self.is_editing() && self.output.pending() < MUCH_OUTPUT
    }

    pub(super) fn show_prompt(&mut self) {
        let mut out = String::new();
        self.editor.begin(self.prompt(), Purpose::Statements, &mut out);
        self.say(&out);
        self.state = State::Prompt;
    }

    /// Feeds keys typed ahead while the person has the terminal.
    pub(super) fn type_ahead(&mut self) {
        while self.takes_keys()
            && let Some(byte) = self.typeahead.pop_front()
        {
            self.type_byte(byte);
            self.advance_to_lines();
        }
        // A Ctrl-C behind a statement that runs by now is meant for it.
        if !self.takes_keys()
            && let Some(idx) = self.typeahead.iter().rposition(|&byte| byte == CTRL_C)
        {
            self.typeahead.drain(..=idx);
            self.interrupt();
        }
    }

    /// Shows a key that is kept for later, unless it comes back with the line it is kept for.
    fn show_ahead(&mut self, byte: u8) {
        match self.state {
            State::Ready | State::Running { .. } | State::Away(Errand::Connect) => {
                let shown = self.echo.push(byte);
                self.say(&shown);
            }
            State::Prompt
            | State::CopyIn { .. }
            | State::Hidden
            | State::Away(Errand::Edit)
            | State::Ending(_)
            | State::Over => {}
        }
    }

    /// Prints something above the line being edited.
    pub(super) fn say_aside(&mut self, text: &str) {
        if self.hides_input() {
            return self.say_beside_password(text);
        }
        if !self.is_editing() {
            self.say(text);
            return;
        }
        let mut out = String::new();
        self.editor.erase(&mut out);
        out.push_str(text);
        self.editor.paint(&mut out);
        self.dirty = false;
        self.say(&out);
    }

    pub(super) fn repaint(&mut self) {
        if std::mem::take(&mut self.dirty) && self.is_editing() {
            let mut out = String::new();
            self.editor.paint(&mut out);
            self.say(&out);
        }
    }

    /// Gives up the line being edited, if there is one.
    pub(super) fn leave_line(&mut self) {
        if !self.is_editing() {
            return;
        }
        let mut out = String::new();
        self.editor.leave(&mut out);
        self.dirty = false;
        self.say(&out);
    }

    /// Works on what a key has led to, so that the next key finds the prompt if it may.
    fn advance_to_lines(&mut self) {
        if self.state == State::Ready {
            self.repaint();
            self.advance_once();
        }
    }

    fn advance_once(&mut self) {
        if self.has_lines() {
            self.run_lines();
        }
        if self.state == State::Ready && self.asking.is_none() && self.output.pending() < MUCH_OUTPUT {
            self.show_prompt();
        }
    }

    fn type_byte(&mut self, byte: u8) {
        let mut out = String::new();
        let typed = self.editor.push(byte, &mut out);
        self.say(&out);
        self.dirty = typed == Typed::Edited;
        match (typed, self.state) {
            (Typed::Edited, _) => {}
            (Typed::Line(text), State::CopyIn { .. }) => {
                self.lines.extend(text.split('\n').map(str::to_owned));
                self.take_rows();
            }
            (Typed::Line(text), _) => {
                self.lines.extend(text.split('\n').map(str::to_owned));
                self.state = State::Ready;
            }
            (Typed::Interrupt, State::CopyIn { since }) => {
                self.say("^C\r\n");
                self.drop_lines();
                self.rows.clear();
                self.send(frontend::Message::CopyFail {
                    reason: Text::from(copy::CANCELED),
                });
                self.state = State::Running { since };
            }
            (Typed::Interrupt, _) => {
                self.say("^C\r\n");
                self.drop_lines();
                self.state = State::Ready;
            }
            (Typed::EndOfInput, State::CopyIn { .. }) => {
                self.leave_line();
                self.end_rows();
            }
            (Typed::EndOfInput, _) => {
                self.leave_line();
                self.end_of_input();
            }
        }
    }

    /// Ctrl-C while the person does not have the terminal.
    fn interrupt(&mut self) {
        let was = self.state;
        match was {
            // What is left of a result is not waited for.
            State::Ending(_) => return self.output.clear(),
            State::Over | State::Away(Errand::Connect) => return,
            State::Ready
            | State::Prompt
            | State::Hidden
            | State::Away(Errand::Edit)
            | State::CopyIn { .. }
            | State::Running { .. } => {}
        }
        self.output.clear();
        self.editor.forget_keys();
        self.dirty = false;
        match was {
            State::Running { .. } => {
                self.drop_lines();
                self.result = None;
                if self.cancel_upload() {
                    return self.say("^C\r\n");
                }
                self.cancelled = true;
                if !self.actions.contains(&Action::Cancel) {
                    self.actions.push_back(Action::Cancel);
                }
                self.say("^CCancel request sent\r\n");
            }
            State::CopyIn { .. } => {
                self.say("^C\r\n");
                self.show_copy_prompt();
            }
            State::Ready
            | State::Prompt
            | State::Hidden
            | State::Away(_)
            | State::Ending(_)
            | State::Over => {
                self.drop_lines();
                self.say("^C\r\n");
                self.state = State::Ready;
            }
        }
    }

    /// Takes the rows among the typed lines; asks for more when they did not end.
    fn take_rows(&mut self) {
        if self.rows.take_lines(&mut self.lines) {
            self.end_rows();
            return;
        }
        if let Some(rows) = self.rows.send_many() {
            self.send(frontend::Message::CopyData(rows));
        }
        self.show_copy_prompt();
    }

    fn end_rows(&mut self) {
        if let Some(rows) = self.rows.send_all() {
            self.send(frontend::Message::CopyData(rows));
        }
        self.send(frontend::Message::CopyDone);
        if let State::CopyIn { since } = self.state {
            self.state = State::Running { since };
        }
    }

    /// The server wants rows: typed lines that are there already are the first.
    pub(super) fn begin_rows(&mut self, since: Instant) {
        self.say(copy::INVITATION);
        self.rows.clear();
        self.state = State::CopyIn { since };
        self.take_rows();
    }

    fn show_copy_prompt(&mut self) {
        let mut out = String::new();
        self.editor.begin(self.rows_prompt(), Purpose::Rows, &mut out);
        self.say(&out);
    }

    pub(super) fn refuse_rows(&mut self, reason: &str) {
        self.send(frontend::Message::CopyFail {
            reason: Text::from(reason),
        });
    }

    pub(super) fn show_rows(&mut self, data: &Bytes) {
        if !self.cancelled {
            self.output.say_raw(data);
        }
    }
}
