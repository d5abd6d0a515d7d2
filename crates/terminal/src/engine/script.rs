//! Scripts: what a session reads when nobody types, how it goes on after an error, and what it is worth in the end.
//!
//! As psql has it: a command is one statement as it stands, or one backslash command; of a file or of standard input
//! each line is worked through like a typed one. Rows of COPY come from where the script comes from, for a command from
//! standard input.

mod reader;

use std::time::Instant;

use bytes::Bytes;
use pg_proto::backend::{Fields, Message, TransactionStatus};
use pg_proto::{Text, frontend};

use super::lines::MAX_STATEMENT;
use super::{Action, End, Engine, MUCH_OUTPUT, State};
use crate::commands::{self, Outcome};
use crate::print::escape::visible;
use crate::print::settings;
use reader::{Next, Reader};

/// Messages that may wait to be sent while more rows are read.
const FEW_ACTIONS: usize = 8;

const DUMP: &str = "The input is a PostgreSQL custom-format dump.\r\n\
                    Use the pg_restore command-line client to restore this dump to a database.\r\n\r\n";

/// What psql's process ends with.
mod exit {
    pub(super) const SUCCESS: u8 = 0;
    pub(super) const FAILURE: u8 = 1;
    pub(super) const BAD_CONNECTION: u8 = 2;
    pub(super) const STOPPED: u8 = 3;
}

/// What a session does instead of asking a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// In their order. None is a script that does nothing.
    pub sources: Vec<Source>,
    /// Everything in one transaction: `-1`.
    pub is_one_transaction: bool,
}

/// Where a part of a script comes from. The text is asked for by [`Action::Read`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `-c`
    Command,
    /// `-f`, by the name it was given.
    File(String),
    /// Standard input, for want of anything else: errors in it have no place.
    Input,
    /// Standard input by name: `-f -`.
    Dash,
}

/// What is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The source with this place in the list.
    Source(usize),
    Input,
}

/// One of psql's flags that set something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// `-v`: a variable, or none of this name.
    Set { name: String, value: Option<String> },
    /// `-P`
    Pset { name: String, value: Option<String> },
}

/// A script that runs.
#[derive(Debug)]
pub(super) struct Run {
    sources: Vec<Source>,
    is_one_transaction: bool,
    stage: Stage,
    /// The source that is worked through.
    current: usize,
    own: Reader,
    input: Reader,
    /// What was asked for and has not come.
    asked: Option<Reading>,
    n_lines: u64,
    is_binary: bool,
    /// What the server said of rows that are still read.
    refused: Option<Fields>,
    refused_in: Option<TransactionStatus>,
    /// What the last source came to.
    code: u8,
    /// Somebody has stopped it: what it comes to.
    stopped: Option<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was done.
    First,
    /// The transaction has begun where there is to be one.
    Begun,
    /// The next source is to be begun.
    Next,
    Reading,
    /// The command, or what a file ended with, has run.
    Ran,
    /// All sources are through.
    Last,
    /// The transaction has ended.
    Ended,
}

impl Run {
    pub(super) fn new(script: Script) -> Self {
        Self {
            sources: script.sources,
            is_one_transaction: script.is_one_transaction,
            stage: Stage::First,
            current: 0,
            own: Reader::default(),
            input: Reader::default(),
            asked: None,
            n_lines: 0,
            is_binary: false,
            refused: None,
            refused_in: None,
            code: exit::SUCCESS,
            stopped: None,
        }
    }

    /// Where in a file the script stands; a command has no place.
    pub(super) fn place(&self) -> Option<String> {
        match self.stage {
            Stage::Reading | Stage::Ran => {}
            Stage::First | Stage::Begun | Stage::Next | Stage::Last | Stage::Ended => return None,
        }
        let name = match self.sources.get(self.current)? {
            Source::Command | Source::Input => return None,
            Source::File(name) => name,
            Source::Dash => "<stdin>",
        };

        Some(format!("{}:{}", visible(name.as_bytes()), self.n_lines))
    }

    fn is_command(&self) -> bool {
        self.sources.get(self.current) == Some(&Source::Command)
    }

    /// What lines are read from.
    fn reading(&self) -> Reading {
        match self.sources.get(self.current) {
            Some(Source::Command | Source::File(_)) => Reading::Source(self.current),
            Some(Source::Input | Source::Dash) | None => Reading::Input,
        }
    }

    /// What rows are read from.
    fn reading_of_rows(&self) -> Reading {
        match self.is_command() {
            true => Reading::Input,
            false => self.reading(),
        }
    }

    fn reader(&mut self, reading: Reading) -> &mut Reader {
        match reading {
            Reading::Source(_) => &mut self.own,
            Reading::Input => &mut self.input,
        }
    }
}

impl Engine {
    /// Applies psql's flags; what is wrong with one ends the session before it begins.
    pub(super) fn apply(&mut self, flags: Vec<Flag>) {
        for flag in flags {
            let fault = match flag {
                Flag::Set { name, value: None } => {
                    self.variables_mut().unset(&name);
                    continue;
                }
                Flag::Set {
                    name,
                    value: Some(value),
                } => match self.variables_mut().set(&name, &value) {
                    Ok(()) => continue,
                    Err(unset) => unset.to_string(),
                },
                Flag::Pset { name, value } => {
                    match settings::set(self.print_options_mut(), &name, value.as_deref()) {
                        Ok(_) => continue,
                        Err(fault) => {
                            format!("{fault}\npsql: error: could not set printing parameter \"{name}\"")
                        }
                    }
                }
            };
            let fault = visible(fault.as_bytes());
            self.tell_aside(&format!("psql: error: {fault}\r\n"));
            self.end_with(exit::FAILURE);
            return;
        }
    }

    /// The next bytes of what [`Action::Read`] has asked for; `None` at its end.
    pub fn handle_read(&mut self, bytes: Option<Bytes>, now: Instant) {
        self.now = now;
        if let Some(run) = &mut self.script
            && let Some(reading) = run.asked.take()
        {
            run.reader(reading).take(bytes);
        }
        self.advance();
    }

    /// What [`Action::Read`] has asked for cannot be read. `reason` is the system's word for why.
    pub fn handle_unread(&mut self, reason: &str, now: Instant) {
        self.now = now;
        let Some(run) = &mut self.script else {
            return;
        };
        if run.asked.take().is_none() {
            return;
        }
        let name = match run.sources.get(run.current) {
            Some(Source::File(name)) => name.as_str(),
            Some(Source::Command | Source::Input | Source::Dash) | None => "<stdin>",
        };
        // As psql has it: its name stands in front only where nothing has run.
        let program = if run.current == 0 { "psql: error: " } else { "" };
        let text = format!("{program}{name}: {reason}\n");
        self.tell_aside(&visible(text.as_bytes()));
        self.leave_source(exit::FAILURE);
        self.advance();
    }

    /// Somebody wants the script to stop: what runs is cancelled, and nothing follows it.
    pub fn handle_interrupt(&mut self, now: Instant) {
        self.now = now;
        let Some(run) = &self.script else {
            return;
        };
        let code = match run.is_command() {
            true => exit::FAILURE,
            false => exit::STOPPED,
        };
        match self.state {
            State::Running { .. } if !self.cancelled => {
                self.drop_lines();
                if !self.cancel_upload() {
                    self.cancelled = true;
                    self.actions.push_back(Action::Cancel);
                    self.tell_aside("Cancel request sent\r\n");
                }
                if let Some(run) = &mut self.script {
                    run.stopped = Some(code);
                }
            }
            State::Running { .. } | State::Ending(_) | State::Over => {}
            State::Ready | State::Prompt | State::Hidden | State::Away(_) | State::CopyIn { .. } => {
                self.drop_lines();
                self.end_with(code);
            }
        }
        self.advance();
    }

    /// Does the next thing of a script; false where it has to wait.
    pub(super) fn go_on(&mut self) -> bool {
        if self.output.pending() >= MUCH_OUTPUT {
            return false;
        }
        let Some(run) = &mut self.script else {
            return false;
        };
        if let Some(code) = run.stopped {
            self.end_with(code);
            return true;
        }
        match run.stage {
            Stage::First => {
                run.stage = Stage::Begun;
                if run.is_one_transaction {
                    self.bracket("BEGIN");
                }
            }
            Stage::Begun if self.has_failed && self.variables.is_on("ON_ERROR_STOP") => {
                self.end_with(exit::STOPPED);
            }
            Stage::Begun => run.stage = Stage::Next,
            Stage::Next => {
                run.own = Reader::default();
                run.n_lines = 0;
                run.stage = match run.sources.get(run.current) {
                    Some(_) => Stage::Reading,
                    None => Stage::Last,
                };
            }
            Stage::Reading if run.is_command() => return self.read_command(),
            Stage::Reading => return self.read_line(),
            Stage::Ran => {
                let code = match (run.is_command(), self.has_failed) {
                    (_, false) => exit::SUCCESS,
                    (true, true) => exit::FAILURE,
                    (false, true) if self.stops_on_error => exit::STOPPED,
                    (false, true) => exit::SUCCESS,
                };
                self.leave_source(code);
            }
            Stage::Last => {
                run.stage = Stage::Ended;
                self.has_failed = false;
                if run.is_one_transaction {
                    let is_undone = run.code != exit::SUCCESS && self.variables.is_on("ON_ERROR_STOP");
                    self.bracket(if is_undone { "ROLLBACK" } else { "COMMIT" });
                }
            }
            Stage::Ended => {
                let is_broken = self.has_failed && self.variables.is_on("ON_ERROR_STOP");
                let code = if is_broken { exit::STOPPED } else { run.code };
                self.end_with(code);
            }
        }

        true
    }

    /// Goes on to the next source, or to the end.
    pub(super) fn leave_source(&mut self, code: u8) {
        self.reset_query_buffer();
        self.lines.clear();
        self.line = None;
        let stops = code != exit::SUCCESS && self.variables.is_on("ON_ERROR_STOP");
        let Some(run) = &mut self.script else {
            return;
        };
        run.code = code;
        if stops {
            run.stage = Stage::Last;
        } else {
            run.current += 1;
            run.stage = Stage::Next;
        }
    }

    /// `\q` in a script: of this source nothing more is read.
    pub(super) fn quit_source(&mut self) {
        match self.script.as_deref().is_some_and(Run::is_command) {
            // It has run, and well.
            true => {}
            false => self.leave_source(exit::SUCCESS),
        }
    }

    /// A script that is not connected where it wanted to be is over.
    pub(crate) fn end_unconnected(&mut self) {
        if let Some(run) = &mut self.script {
            run.stopped = Some(exit::BAD_CONNECTION);
            self.drop_lines();
        }
    }

    /// A script that cannot go on is over.
    pub(crate) fn end_script(&mut self) {
        if let Some(run) = &mut self.script {
            run.stopped = Some(exit::STOPPED);
            self.drop_lines();
        }
    }

    /// What stopped a line has stopped its source, too.
    pub(super) fn stop_source(&mut self) {
        match self.script.as_deref().is_some_and(Run::is_command) {
            true => self.leave_source(exit::FAILURE),
            false => self.leave_source(exit::STOPPED),
        }
    }

    fn end_with(&mut self, code: u8) {
        self.send(frontend::Message::Terminate);
        if self.script.is_none() {
            self.say("\x1b[?2004l");
        }
        self.state = State::Ending(End::Exit(code));
    }

    /// Sends what holds all of a script together; nothing is said of it.
    fn bracket(&mut self, sql: &str) {
        self.has_failed = false;
        if self.variables.is_on("ECHO_HIDDEN") {
            self.say_hidden_query(sql);
        }
        self.send(frontend::Message::Query { sql: Text::from(sql) });
        sql.clone_into(&mut self.own_sql);
        self.begin_running();
        self.is_silent = true;
    }

    /// Asks for more, unless that has been done.
    fn ask_for(&mut self, reading: Reading) {
        if let Some(run) = &mut self.script
            && run.asked.is_none()
        {
            run.asked = Some(reading);
            self.actions.push_back(Action::Read(reading));
        }
    }

    fn read_command(&mut self) -> bool {
        let Some(run) = &mut self.script else {
            return false;
        };
        let reading = run.reading();
        let text = match run.own.rest(MAX_STATEMENT) {
            Next::More => {
                self.ask_for(reading);
                return false;
            }
            Next::TooLong => return self.refuse_text("the command is longer than 16 MiB"),
            Next::Line(text) => text,
            Next::End => Bytes::new(),
        };
        run.stage = Stage::Ran;
        let Some(text) = plain(&text) else {
            return self.refuse_text("the command is no UTF-8 text");
        };
        self.has_failed = false;
        let slash = text.strip_prefix('\\');
        if self.variables.is("ECHO", "all") {
            self.say_verbatim(&format!("{}\n", slash.unwrap_or(&text)));
        }
        if slash.is_none() {
            self.statement = text;
            self.send_statement();
            return true;
        }
        let mut at = 1;
        match commands::run(self, &text, &mut at) {
            Outcome::Done | Outcome::Send | Outcome::Away | Outcome::Quit => {}
            Outcome::Failed => self.has_failed = true,
        }

        true
    }

    fn read_line(&mut self) -> bool {
        if self.has_failed && self.stops_on_error {
            self.stop_source();
            return true;
        }
        let Some(run) = &mut self.script else {
            return false;
        };
        let reading = run.reading();
        match run.reader(reading).line(MAX_STATEMENT) {
            Next::More => {
                self.ask_for(reading);
                false
            }
            Next::TooLong => self.refuse_text("a line is longer than 16 MiB"),
            Next::Line(line) => {
                run.n_lines += 1;
                self.take_line(&line);
                true
            }
            Next::End => {
                run.stage = Stage::Ran;
                if !self.statement.is_empty() {
                    self.has_failed = false;
                    self.send_statement();
                }
                true
            }
        }
    }

    fn take_line(&mut self, line: &[u8]) {
        let is_first = self.script.as_ref().is_some_and(|run| run.n_lines == 1);
        let line = match line.strip_prefix(b"\xEF\xBB\xBF") {
            Some(rest) if is_first => rest,
            Some(_) | None => line,
        };
        if is_first && line.starts_with(b"PGDMP") {
            self.say(DUMP);
            return self.leave_source(exit::FAILURE);
        }
        if line.is_empty() && !self.scanner.is_within() {
            return;
        }
        let Some(line) = plain(line) else {
            self.refuse_text("the line is no UTF-8 text");
            return;
        };
        if self.variables.is("ECHO", "all") {
            self.say_verbatim(&format!("{line}\n"));
        }
        self.lines.push_back(line);
    }

    /// A text that cannot be run ends its source.
    fn refuse_text(&mut self, reason: &str) -> bool {
        self.complain(&format!("{reason}\r\n"));
        self.leave_source(exit::FAILURE);

        true
    }

    /// The server wants rows of a script.
    pub(super) fn begin_script_rows(&mut self, is_binary: bool, since: Instant) {
        if let Some(run) = &mut self.script {
            run.is_binary = is_binary;
            self.state = State::CopyIn { since };
        }
    }

    /// Passes rows on to the server; false where it has to wait for more.
    pub(super) fn feed_rows(&mut self, since: Instant) -> bool {
        if self.actions.len() >= FEW_ACTIONS {
            return false;
        }
        let Some(run) = &mut self.script else {
            return false;
        };
        let reading = run.reading_of_rows();
        let is_binary = run.is_binary;
        let reader = run.reader(reading);
        let (next, n_lines) = match is_binary {
            true => (reader.some(), 0),
            false => reader.rows(),
        };
        run.n_lines += n_lines;
        match next {
            Next::More => {
                self.ask_for(reading);
                return false;
            }
            Next::Line(rows) if run.refused.is_none() => self.send(frontend::Message::CopyData(rows)),
            // As psql does: what follows the row that was wrong is read to its end, and sent to nobody.
            Next::Line(_) => {}
            Next::End | Next::TooLong => {
                let (refused, status) = (run.refused.take(), run.refused_in.take());
                self.state = State::Running { since };
                if refused.is_none() {
                    self.send(frontend::Message::CopyDone);
                }
                if let Some(fields) = refused {
                    self.handle_message(Message::ErrorResponse(fields), self.now);
                }
                if let Some(status) = status {
                    self.handle_message(Message::ReadyForQuery(status), self.now);
                }
            }
        }

        true
    }

    /// Keeps what the server says of rows until all of them are read; gives back everything else.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not kept is for others to tell apart"
    )]
    pub(super) fn hear_of_rows(&mut self, message: Message) -> Option<Message> {
        let (Some(run), State::CopyIn { .. }) = (&mut self.script, self.state) else {
            return Some(message);
        };
        match message {
            Message::ErrorResponse(fields) => run.refused = Some(fields),
            Message::ReadyForQuery(status) => run.refused_in = Some(status),
            other => return Some(other),
        }

        None
    }
}

/// A text the server can be sent.
fn plain(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;

    (!text.contains('\0')).then(|| text.to_owned())
}
