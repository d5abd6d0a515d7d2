//! Commands that ask the catalog: their statements go the way of typed ones, their answers are collected and
//! printed as tables of the engine's own.

use pg_proto::backend::{Field, Message};
use pg_proto::{Text, frontend};

use super::password::Stage;
use super::{Action, Engine, State};
use crate::describe::{Answer, Inquiry, Scope, Sheet, Step};
use crate::print::escape::visible;
use crate::print::options::{Expanded, Options};
use crate::print::{Footers, ROW_OVERHEAD, Table};

/// Most of one answer that is kept, in bytes of rows and their overhead.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A command that asks, and what it has heard.
#[derive(Debug)]
pub(super) struct Asking {
    question: Question,
    /// The statement that runs.
    sql: String,
    terse: bool,
    answer: Option<Answer>,
    /// Bytes held by `answer`.
    held: usize,
}

/// What a command wants to know or to have done.
#[derive(Debug)]
pub(super) enum Question {
    Catalog(Box<Inquiry>),
    Password(Stage),
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
        self.ask(Question::Catalog(Box::new(inquiry)));
    }

    pub(super) fn ask(&mut self, question: Question) {
        self.asking = Some(Asking {
            question,
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
        let answer = asking.answer.take();
        let inquiry = match &mut asking.question {
            Question::Catalog(inquiry) => inquiry,
            Question::Password(stage) => {
                let stage = *stage;
                return self.pursue_password(stage, answer);
            }
        };
        match inquiry.next(answer) {
            Step::Ask(statement) => {
                asking.sql = statement.sql;
                asking.terse = statement.terse;
                asking.held = 0;
                self.ask_catalog();
            }
            Step::Show(sheet) => self.show_sheet(sheet),
            Step::Say(text) => self.complain_of(&text),
            Step::Warn(text) => {
                let text = visible(text.as_bytes());
                self.warn(&format!("{text}\r\n"));
            }
            Step::Fail(text) => {
                self.complain_of(&text);
                self.give_up_inquiry();
            }
            Step::Done => self.end_inquiry(),
        }
    }

    /// Has the answer to this statement be the answer to the question.
    pub(super) fn expect_answer(&mut self, question: Question, sql: &str) {
        self.ask(question);
        if let Some(asking) = &mut self.asking {
            asking.sql = sql.to_owned();
            // A statement without rows has an answer, too.
            asking.answer = Some(Answer::default());
        }
    }

    /// The statement that runs for a command.
    pub(super) fn asked(&self) -> Option<&str> {
        self.asking.as_ref().map(|asking| asking.sql.as_str())
    }

    /// The only place where a command's own question is sent.
    pub(super) fn ask_catalog(&mut self) {
        let Some(sql) = self.asked().map(Text::from) else {
            return;
        };
        self.show_hidden_query();
        self.actions
            .push_back(Action::Ask(frontend::Message::Query { sql }));
        self.begin_asking();
    }

    /// `ECHO_HIDDEN`: the person wants to see what commands send.
    pub(super) fn show_hidden_query(&mut self) {
        if self.variables.is_on("ECHO_HIDDEN")
            && let Some(sql) = self.asked()
        {
            let sql = sql.to_owned();
            self.say_hidden_query(&sql);
        }
    }

    pub(super) fn say_hidden_query(&mut self, sql: &str) {
        self.say_verbatim(&format!(
            "********* QUERY **********\n{sql}\n**************************\n\n"
        ));
    }

    pub(super) fn begin_asking(&mut self) {
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
                self.complain_of(&format!("{severity}:  {message}"));
                self.give_up_inquiry();
                None
            }
            Message::ReadyForQuery(_) if asking.answer.is_none() => {
                self.complain_of("The answer is larger than 16 MiB. Give a pattern that fits less.");
                self.give_up_inquiry();
                Some(message)
            }
            other => Some(other),
        }
    }

    /// The command has failed: the rest of its line is dropped.
    pub(super) fn give_up_inquiry(&mut self) {
        if self.asking.is_some() {
            self.end_inquiry();
            self.line = None;
            self.has_failed = true;
        }
    }

    pub(super) fn end_inquiry(&mut self) {
        self.asking = None;
        self.password = None;
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

    fn complain_of(&mut self, text: &str) {
        let text = visible(text.as_bytes());
        self.complain(&format!("{text}\r\n"));
    }
}
