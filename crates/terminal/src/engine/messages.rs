//! Messages of the database: results, errors, notices, COPY, and the end of a statement.

use std::time::Instant;

use pg_proto::Text;
use pg_proto::backend::{Column, CopyFormats, DataRow, Fields, Message, tag_rows};

use super::ahead::Echo;
use super::{End, Engine, Shape, State, timing};
use crate::copy;
use crate::print::Table;
use crate::print::escape::visible;
use crate::report;

/// Notifications kept until the statement is done; more are printed at once.
const MAX_NOTIFICATIONS: usize = 64 * 1024;

/// Tags psql prints even below the rows of their statement.
const TAGS_BELOW_ROWS: [&[u8]; 3] = [b"INSERT", b"UPDATE", b"DELETE"];

/// What is said of a connection the server has closed.
const CLOSED: &str = "server closed the connection unexpectedly\r\n\
                      \tThis probably means the server terminated abnormally\r\n\
                      \tbefore or while processing the request.\r\n";

impl Engine {
    /// The connection to the database is gone.
    pub fn handle_closed(&mut self) {
        if matches!(self.state, State::Ending(_) | State::Over) {
            return;
        }
        self.abandon_result();
        self.leave_line();
        self.leave_password();
        let notifications = std::mem::take(&mut self.notifications);
        self.say(&notifications);
        self.pass_on(CLOSED);
        if self.is_interactive() {
            self.say("The connection to the server was lost.\r\n\x1b[?2004l");
        } else {
            self.complain("connection to server was lost\r\n");
        }
        self.state = State::Ending(End::Lost);
    }

    /// Takes a message of the database. Messages of the startup and of the extended protocol mean nothing
    /// here and are ignored.
    pub fn handle_message(&mut self, message: Message, now: Instant) {
        self.now = now;
        if matches!(self.state, State::Ending(_) | State::Over) {
            return;
        }
        let message = self.without_verifier(message);
        let Some(message) = self.hear_of_rows(message) else {
            return;
        };
        let Some(message) = self.hear_answer(message) else {
            return;
        };
        match message {
            Message::RowDescription(columns) => self.begin_result(&columns),
            Message::DataRow(row) => self.add_row(row),
            Message::CommandComplete { tag } => self.finish_statement(&tag),
            Message::ErrorResponse(fields) => {
                self.report_error(&fields);
                self.give_up_inquiry();
            }
            Message::NoticeResponse(fields) => {
                let text = report::notice(&fields, self.sql(), self.verbosity(), self.context());
                self.pass_on(&text);
            }
            Message::NotificationResponse {
                process_id,
                channel,
                payload,
            } => self.notify(&report::notification(&channel, &payload, process_id)),
            Message::ParameterStatus { name, value } => self.set_parameter(&name, &value),
            Message::CopyOutResponse(_) => {
                self.shape = if self.begin_download() {
                    Shape::Tag
                } else {
                    Shape::CopyOut
                };
            }
            Message::CopyData(data) => {
                if !self.keep_rows(&data) {
                    self.show_rows(&data);
                }
            }
            Message::CopyInResponse(formats) => self.copy_in(&formats),
            Message::CopyBothResponse(_) => self.refuse_rows("streaming is not available in this terminal"),
            Message::ReadyForQuery(status) => {
                self.transaction = status;
                self.finish_query();
            }
            Message::Authentication(_)
            | Message::BackendKeyData(_)
            | Message::BindComplete
            | Message::CloseComplete
            | Message::CopyDone
            | Message::EmptyQueryResponse
            | Message::FunctionCallResponse(_)
            | Message::NegotiateProtocolVersion { .. }
            | Message::NoData
            | Message::ParameterDescription(_)
            | Message::ParseComplete
            | Message::PortalSuspended => {}
        }
        self.advance();
    }

    fn begin_result(&mut self, columns: &[Column]) {
        self.abandon_result();
        self.shape = Shape::Rows;
        if !self.cancelled {
            self.result = Some(Table::of_result(
                self.run_options.as_ref().unwrap_or(&self.options),
                columns,
            ));
        }
    }

    fn add_row(&mut self, row: DataRow) {
        if self.cancelled {
            return;
        }
        let Some(result) = &mut self.result else {
            if let Some(table) = self.output.open_table() {
                table.push(row);
            }
            return;
        };
        result.collect(row);
        if result.held() > self.result_memory {
            self.outgrow();
        }
    }

    fn finish_statement(&mut self, tag: &Text) {
        self.end_transfer(true);
        if let Some(mut table) = self.result.take() {
            table.end();
            self.output.push_table(table);
        } else if let Some(table) = self.output.open_table() {
            table.end();
        }
        let shows_tag = match std::mem::replace(&mut self.shape, Shape::Tag) {
            Shape::Tag => true,
            Shape::Rows => TAGS_BELOW_ROWS
                .iter()
                .any(|start| tag.as_bytes().starts_with(start)),
            Shape::CopyOut => false,
        };
        self.tell_success(tag_rows(tag.as_bytes()).unwrap_or(0));
        if shows_tag && !self.is_quiet() && !self.is_silent {
            let text = visible(tag.as_bytes());
            self.say(&format!("{text}\r\n"));
        }
    }

    /// The rows of a statement that failed are not shown; of those shown already there is no count.
    pub(super) fn abandon_result(&mut self) {
        self.result = None;
        self.shape = Shape::Tag;
        if let Some(table) = self.output.open_table() {
            table.end_without_footer();
        }
    }

    fn report_error(&mut self, fields: &Fields) {
        self.abandon_result();
        let text = report::error(fields, self.sql(), self.verbosity(), self.context());
        self.tell_error(fields);
        self.has_failed = true;
        if let State::CopyIn { since } = self.state {
            self.leave_line();
            self.state = State::Running { since };
        }
        self.pass_on(&text);
    }

    /// `ECHO` set to `errors`: the statement that has failed is named.
    fn echo_failed(&mut self) {
        if self.has_failed && self.asking.is_none() && !self.is_silent && self.variables.is("ECHO", "errors")
        {
            let text = format!("STATEMENT:  {}\n", self.sql());
            self.pass_on(&visible(text.as_bytes()));
        }
    }

    fn notify(&mut self, text: &str) {
        match self.state {
            State::Running { .. } if self.notifications.len() < MAX_NOTIFICATIONS => {
                self.notifications.push_str(text);
            }
            State::Running { .. }
            | State::CopyIn { .. }
            | State::Ready
            | State::Away(_)
            | State::Prompt
            | State::Hidden
            | State::Ending(_)
            | State::Over => self.say_aside(text),
        }
    }

    fn set_parameter(&mut self, name: &Text, value: &Text) {
        let on = *value == "on";
        if *name == "is_superuser" {
            self.is_superuser = on;
        } else if *name == "standard_conforming_strings" {
            self.scanner.set_standard_strings(on);
        }
    }

    fn copy_in(&mut self, formats: &CopyFormats) {
        if self.cancelled {
            return self.refuse_rows(copy::CANCELED);
        }
        if self.begin_upload() {
            return;
        }
        if let (Some(_), Some(since)) = (&self.script, self.running_since()) {
            return self.begin_script_rows(formats.overall != 0, since);
        }
        if formats.overall != 0 {
            return self.refuse_rows(copy::BINARY_REFUSED);
        }
        if let Some(since) = self.running_since() {
            self.begin_rows(since);
        }
    }

    fn running_since(&self) -> Option<Instant> {
        match self.state {
            State::Running { since } => Some(since),
            State::Ready
            | State::Prompt
            | State::Away(_)
            | State::CopyIn { .. }
            | State::Hidden
            | State::Ending(_)
            | State::Over => None,
        }
    }

    fn finish_query(&mut self) {
        self.end_transfer(false);
        self.abandon_result();
        match self.state {
            State::Running { .. } => {}
            State::CopyIn { .. } => self.leave_line(),
            State::Ready
            | State::Prompt
            | State::Hidden
            | State::Away(_)
            | State::Ending(_)
            | State::Over => return,
        }
        self.echo = Echo::default();
        self.echo_failed();
        if let (true, None, Some(since)) = (self.is_timing, &self.asking, self.running_since()) {
            self.say(&timing::elapsed(self.now.saturating_duration_since(since)));
        }
        let notifications = std::mem::take(&mut self.notifications);
        self.say(&notifications);
        self.cancelled = false;
        self.has_sent_verifier = false;
        self.is_silent = false;
        self.run_options = None;
        self.state = State::Ready;
    }
}
