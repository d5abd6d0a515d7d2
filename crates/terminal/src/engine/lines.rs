//! Typed lines: words psql knows, statements, backslash commands, and what is remembered of them.

use std::mem;

use super::{Action, End, Engine, State};
use crate::commands::{self, Outcome};
use crate::editor::buffer::MAX_TEXT;
use crate::scanner::{Kind, Pending, Reference, Stop, holds_password};

/// Longest statement that can be typed: with what is noted beside it, it is one frame of a recording, which holds 16 MiB.
pub(super) const MAX_STATEMENT: usize = 16 * 1024 * 1024 - 1024;

const TOO_LONG: &str = "The statement is longer than 16 MiB. Query buffer reset (cleared).\r\n";

/// A line that is being worked through.
#[derive(Debug)]
pub(super) struct Line {
    /// What is scanned: the line, or the value of a variable in it.
    text: String,
    at: usize,
    /// Texts that go on behind the value of a variable, innermost last.
    outer: Vec<Outer>,
    /// Bytes of values put in so far.
    expanded: usize,
    /// The line is part of an entry already.
    saved: bool,
    /// Length of the statement after the newline this line put behind it.
    newline_at: Option<usize>,
}

/// A text that waits for the end of a variable's value.
#[derive(Debug)]
struct Outer {
    text: String,
    at: usize,
    /// The variable.
    name: String,
}

/// Words that are commands when they stand alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Help,
    Quit,
    BackslashQ,
}

impl Engine {
    pub(super) fn has_lines(&self) -> bool {
        self.line.is_some() || !self.lines.is_empty()
    }

    /// Works through typed lines until something runs or they are done.
    pub(super) fn run_lines(&mut self) {
        while self.state == State::Ready && self.asking.is_none() {
            if self.has_failed && self.stops_on_error {
                self.stop_line();
                return;
            }
            let line = match self.line.take() {
                Some(line) => line,
                None => match self.lines.pop_front() {
                    Some(text) => match self.begin_line(text) {
                        Some(line) => line,
                        None => continue,
                    },
                    None => return,
                },
            };
            self.run_line(line);
        }
    }

    /// What has failed keeps the rest of its line from running, and in a script everything behind it.
    fn stop_line(&mut self) {
        self.line = None;
        if self.script.is_some() {
            self.stop_source();
        } else {
            self.has_failed = false;
        }
    }

    /// The query buffer, or the statement sent last when it is empty.
    pub(crate) fn query_buffer(&self) -> &str {
        if self.statement.is_empty() {
            &self.previous
        } else {
            &self.statement
        }
    }

    /// Puts the statement sent last into an empty query buffer.
    pub(crate) fn recall_previous(&mut self) {
        if self.statement.is_empty() {
            self.statement = self.previous.clone();
        }
    }

    pub(crate) fn reset_query_buffer(&mut self) {
        self.statement.clear();
        self.scanner.reset();
    }

    /// Gives up everything typed and not run.
    pub(super) fn drop_lines(&mut self) {
        self.reset_query_buffer();
        self.lines.clear();
        self.line = None;
        self.end_inquiry();
        self.entry = Some(String::new());
    }

    fn begin_line(&mut self, text: String) -> Option<Line> {
        self.has_failed = false;
        self.stops_on_error = self.variables.is_on("ON_ERROR_STOP");
        if self.script.is_none()
            && let Some(word) = word(&text)
            && self.run_word(word)
        {
            return None;
        }
        if self.statement.len() + text.len() > MAX_STATEMENT {
            self.refuse_length();
            return None;
        }
        let mut newline_at = None;
        if !self.statement.is_empty() {
            self.statement.push('\n');
            newline_at = Some(self.statement.len());
        }
        Some(Line {
            text,
            at: 0,
            outer: Vec::new(),
            expanded: 0,
            saved: false,
            newline_at,
        })
    }

    /// SINGLELINE: the end of a line is the end of a statement.
    fn ends_with_line(&self) -> bool {
        self.variables.is_on("SINGLELINE") && self.scanner.may_end(&self.statement)
    }

    fn refuse_length(&mut self) {
        self.drop_lines();
        self.complain(TOO_LONG);
        self.has_failed = true;
    }

    fn run_line(&mut self, mut line: Line) {
        loop {
            match self.scanner.scan(&line.text, &mut line.at, &mut self.statement) {
                Stop::Semicolon => {
                    self.save_entry(&mut line);
                    self.send_statement();
                    self.line = Some(line);
                    return;
                }
                Stop::Backslash => {
                    self.take_back_newline(&line);
                    self.save_entry(&mut line);
                    let text = mem::take(&mut line.text);
                    self.has_failed = false;
                    let outcome = commands::run(self, &text, &mut line.at);
                    line.text = text;
                    self.has_failed |= outcome == Outcome::Failed;
                    match outcome {
                        Outcome::Failed if self.stops_on_error => return self.stop_line(),
                        Outcome::Done | Outcome::Failed if self.asking.is_some() || self.hides_input() => {
                            self.line = Some(line);
                            return;
                        }
                        Outcome::Done | Outcome::Failed => {}
                        Outcome::Quit if self.script.is_some() => return self.quit_source(),
                        Outcome::Quit => return self.quit(),
                        Outcome::Away => return,
                        Outcome::Send => {
                            self.scanner.reset();
                            if self.statement.is_empty() {
                                self.run_options = None;
                                continue;
                            }
                            self.send_statement();
                            self.line = Some(line);
                            return;
                        }
                    }
                }
                Stop::Reference => {
                    if !self.put_variable(&mut line) {
                        return;
                    }
                }
                Stop::EndOfLine if line.end_value() => {}
                Stop::EndOfLine if self.ends_with_line() => {
                    self.save_entry(&mut line);
                    self.send_statement();
                    self.line = Some(line);
                    return;
                }
                Stop::EndOfLine => {
                    self.take_back_newline(&line);
                    if !line.saved {
                        self.append_to_entry(&line.text);
                    }
                    return;
                }
            }
        }
    }

    /// Puts the value of the variable referred to in its place; false when that is too much.
    fn put_variable(&mut self, line: &mut Line) -> bool {
        let rest = line.text.get(line.at..).unwrap_or_default();
        let Some(reference) = Reference::at(rest) else {
            return true;
        };
        let is_inside = line.outer.iter().any(|outer| outer.name == reference.name);
        let value = match (reference.kind, is_inside) {
            (Kind::Bare, true) => {
                let warning = format!(
                    "skipping recursive expansion of variable \"{}\"\r\n",
                    reference.name
                );
                self.warn(&warning);
                None
            }
            (Kind::Bare, false) | (Kind::Literal | Kind::Identifier | Kind::Test, _) => {
                reference.resolve(&self.variables)
            }
        };
        line.at += reference.len;
        let Some(value) = value else {
            self.statement
                .push_str(rest.get(..reference.len).unwrap_or_default());
            return true;
        };
        line.expanded += value.len();
        if self.statement.len() + line.expanded > MAX_STATEMENT {
            self.refuse_length();
            return false;
        }
        if reference.kind == Kind::Bare {
            line.outer.push(Outer {
                name: reference.name.to_owned(),
                text: mem::replace(&mut line.text, value),
                at: mem::take(&mut line.at),
            });
        } else {
            self.statement.push_str(&value);
        }
        true
    }

    /// A line that added nothing to the statement leaves no newline in it either.
    fn take_back_newline(&mut self, line: &Line) {
        if line.newline_at == Some(self.statement.len()) && !self.scanner.is_within() {
            self.statement.pop();
        }
    }

    /// Handles `help`, `quit`, `exit` and `\q`; true when that was all of the line.
    fn run_word(&mut self, word: Word) -> bool {
        let pending = self.scanner.pending(&self.statement);
        let in_sql = matches!(pending, Pending::Ready | Pending::Continue | Pending::Parenthesis);
        let quitting = if in_sql {
            "Use \\q to quit.\r\n"
        } else {
            "Use control-D to quit.\r\n"
        };
        match (word, self.statement.is_empty()) {
            (Word::Help, true) => self.say(
                "Type:  \\? for help with backslash commands\r\n       \
                 \\g or terminate with semicolon to execute query\r\n       \
                 \\q to quit\r\n",
            ),
            (Word::Help, false) => {
                self.say("Use \\? for help or press control-C to clear the input buffer.\r\n");
                return false;
            }
            (Word::Quit, true) => self.quit(),
            (Word::Quit, false) => {
                self.say(quitting);
                return false;
            }
            (Word::BackslashQ, _) => {
                if !in_sql {
                    self.say(quitting);
                }
                return false;
            }
        }
        true
    }

    /// Remembers the lines typed up to this one, once, unless a password is among them.
    fn save_entry(&mut self, line: &mut Line) {
        if self.script.is_some() || mem::replace(&mut line.saved, true) {
            return;
        }
        self.append_to_entry(line.typed());
        let Some(entry) = self.entry.replace(String::new()) else {
            return;
        };
        let entry = entry.trim_end_matches('\n').to_owned();
        if entry.is_empty() || holds_password(&entry) || holds_password(&self.statement) {
            return;
        }
        if self.editor.history.add(entry.clone()) {
            self.actions.push_back(Action::Remember(entry));
        }
    }

    fn append_to_entry(&mut self, text: &str) {
        let Some(mut entry) = self.entry.take() else {
            return;
        };
        if entry.len() + text.len() >= MAX_TEXT {
            return;
        }
        if !entry.is_empty() {
            entry.push('\n');
        }
        entry.push_str(text);
        self.entry = Some(entry);
    }

    /// Ctrl-D at the prompt.
    pub(super) fn end_of_input(&mut self) {
        self.say("\\q\r\n");
        self.quit();
        debug_assert_eq!(self.state, State::Ending(End::Quit));
    }
}

impl Line {
    /// The line as it was typed.
    fn typed(&self) -> &str {
        self.outer.first().map_or(&self.text, |outer| &outer.text)
    }

    /// Leaves a variable's value; false when the line itself has ended.
    fn end_value(&mut self) -> bool {
        let Some(outer) = self.outer.pop() else {
            return false;
        };
        self.text = outer.text;
        self.at = outer.at;
        true
    }
}

/// The word a line consists of, with or without a semicolon. Like psql, only at the start of the line.
fn word(text: &str) -> Option<Word> {
    let is = |word: &str| {
        let rest = text
            .get(..word.len())
            .filter(|start| start.eq_ignore_ascii_case(word));
        let rest = rest.and(text.get(word.len()..))?.trim_start();
        let rest = rest.strip_prefix(';').unwrap_or(rest);
        rest.trim_start().is_empty().then_some(())
    };
    if is("help").is_some() {
        return Some(Word::Help);
    }
    if is("exit").or(is("quit")).is_some() {
        return Some(Word::Quit);
    }
    is("\\q").map(|()| Word::BackslashQ)
}
