//! Commands that ask the catalog: their statements go the way of typed ones, their answers are collected and
//! printed as tables of the engine's own.

use pg_proto::backend::{Field, Message};
use pg_proto::{Text, frontend};

use super::{Engine, State};
use crate::describe::{Answer, Inquiry, Scope, Sheet, Step};
use crate::print::escape::visible;
use crate::print::options::{Expanded, Options};
use crate::print::{Footers, Table};

/// Most of one answer that is kept, in bytes of rows and their overhead.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// What a row costs besides its bytes.
const ROW_OVERHEAD: usize = 64;

/// A command that asks, and what it has heard.
#[derive(Debug)]
pub(super) struct Asking {
    inquiry: Inquiry,
    /// The statement that runs.
    sql: String,
    terse: bool,
    answer: Option<Answer>,
    /// Bytes held by `answer`.
    held: usize,
}

impl Engine {
    /// The server and database commands ask.
    pub(crate) fn scope(&self) -> Scope {
        Scope {
            major: self.server_major,
            database: self.database.clone(),
        }
    }

    /// Begins to ask; goes on when the line the command stands in is left.
    pub(crate) fn begin_inquiry(&mut self, inquiry: Inquiry) {
        self.asking = Some(Asking {
            inquiry,
            sql: String::new(),
            terse: false,
            answer: None,
            held: 0,
        });
    }

    /// Does the next thing the command wants.
    pub(super) fn pursue_inquiry(&mut self) {
        let Some(asking) = &mut self.asking else {
            return;
        };
        match asking.inquiry.next(asking.answer.take()) {
            Step::Ask(statement) => {
                asking.sql = statement.sql;
                asking.terse = statement.terse;
                asking.held = 0;
                self.ask_catalog();
            }
            Step::Show(sheet) => self.show_sheet(sheet),
            Step::Say(text) => self.say_lines(&text),
            Step::Fail(text) => {
                self.say_lines(&text);
                self.give_up_inquiry();
            }
            Step::Done => self.asking = None,
        }
    }

    /// The statement that runs for a command.
    pub(super) fn asked(&self) -> Option<&str> {
        self.asking.as_ref().map(|asking| asking.sql.as_str())
    }

    /// The only place where a command's own statement is sent.
    fn ask_catalog(&mut self) {
        let Some(sql) = self.asked().map(str::to_owned) else {
            return;
        };
        if self.variables.is_on("ECHO_HIDDEN") {
            self.say_lines(&format!(
                "********* QUERY **********\n{sql}\n**************************\n"
            ));
        }
        let sql = Text::from(sql.as_str());
        self.send(frontend::Message::Query { sql });
        self.cancelled = false;
        self.state = State::Running { since: self.now };
    }

    /// Keeps what belongs to an answer; what else the database says is given back.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not kept is for others to tell apart"
    )]
    pub(super) fn hear_answer(&mut self, message: Message) -> Option<Message> {
        let (Some(asking), State::Running { .. }) = (&mut self.asking, self.state) else {
            return Some(message);
        };
        match message {
            Message::RowDescription(columns) => {
                asking.answer = Some(Answer::begin(&columns));
                None
            }
            Message::DataRow(row) => {
                asking.held += row.body().len() + ROW_OVERHEAD;
                match &mut asking.answer {
                    Some(answer) if asking.held <= MAX_ANSWER => answer.push(&row),
                    Some(_) | None => asking.answer = None,
                }
                None
            }
            Message::CommandComplete { .. } => None,
            Message::ErrorResponse(fields) if asking.terse => {
                let text = |field| fields.get(field).map(|text| text.into_owned());
                let severity = text(Field::Severity).unwrap_or_default();
                let message = text(Field::Message).unwrap_or_default();
                self.say_lines(&format!("{severity}:  {message}"));
                self.give_up_inquiry();
                None
            }
            Message::ReadyForQuery(_) if asking.answer.is_none() => {
                self.say_lines("The answer is larger than 16 MiB. Give a pattern that fits less.");
                self.give_up_inquiry();
                Some(message)
            }
            other => Some(other),
        }
    }

    /// The command has failed: the rest of its line is dropped.
    pub(super) fn give_up_inquiry(&mut self) {
        if self.asking.take().is_some() {
            self.line = None;
        }
    }

    fn show_sheet(&mut self, sheet: Sheet) {
        let footers = match sheet.footers {
            Some(lines) => Footers::Lines(lines),
            None => Footers::Count,
        };
        let mut options: Options = self.print_options().clone();
        if sheet.never_expanded {
            options.expanded = Expanded::Off;
        }
        options.footer |= sheet.always_counted;
        let table = Table::of_strings(&options, &sheet.title, &sheet.headings, sheet.rows, footers);
        self.show_table(table);
    }

    fn say_lines(&mut self, text: &str) {
        let text = visible(text.as_bytes());
        self.say(&format!("{text}\r\n"));
    }
}
