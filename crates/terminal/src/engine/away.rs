//! What the driver does for the engine: an editor for the query buffer, another connection.

use pg_proto::backend::TransactionStatus;

use super::{Action, Connected, Engine, Errand, State, major_version};
use crate::print::escape::visible;

impl Engine {
    /// Asks for an editor with the query buffer in it, or the statement before when that is empty.
    pub(crate) fn begin_editing(&mut self) {
        let text = self.query_buffer().to_owned();
        self.actions.push_back(Action::Edit(text));
        self.state = State::Away(Errand::Edit);
    }

    /// Whether the editor of [`Action::Edit`] is still wanted.
    pub fn is_editing_text(&self) -> bool {
        self.state == State::Away(Errand::Edit)
    }

    /// Takes the edited text, or `None` when the person left the editor without keeping it: then the query
    /// buffer stays. As in psql the text is taken for one line: what is complete runs, the rest waits.
    pub fn handle_edited(&mut self, text: Option<String>) {
        if self.state != State::Away(Errand::Edit) {
            return;
        }
        self.state = State::Ready;
        if let Some(text) = text {
            self.reset_query_buffer();
            let text = text.trim_end_matches(['\n', '\r']).replace("\r\n", "\n");
            self.lines.push_front(text);
        }
        self.advance();
    }

    /// Asks for a connection to another database, or a new one to the same.
    pub(crate) fn begin_connecting(&mut self, database: Option<String>) {
        let database = database.unwrap_or_else(|| self.database.clone());
        self.actions.push_back(Action::Connect { database });
        self.state = State::Away(Errand::Connect);
    }

    /// Takes the outcome of [`Action::Connect`]: the connection, on which everything goes from then on, or why
    /// there is none, in which case the one before is kept.
    pub fn handle_connected(&mut self, outcome: Result<Connected, String>) {
        if self.state != State::Away(Errand::Connect) {
            return;
        }
        self.state = State::Ready;
        match outcome {
            Ok(connected) => self.move_to(connected),
            Err(reason) => {
                let reason = visible(reason.as_bytes());
                let reason = reason.trim_end();
                self.has_failed = true;
                self.line = None;
                if self.is_interactive() {
                    self.say(&format!("{reason}\r\nPrevious connection kept\r\n"));
                } else {
                    // Meant for another database, the rest must not run in this one.
                    self.complain(&format!("\\connect: {reason}\r\n"));
                    self.end_unconnected();
                }
            }
        }
        self.advance();
    }

    fn move_to(&mut self, connected: Connected) {
        self.database = connected.database;
        self.tls = connected.tls;
        self.is_superuser = connected.is_superuser;
        self.server_major = major_version(&connected.server_version);
        self.scanner
            .set_standard_strings(connected.standard_conforming_strings);
        self.transaction = TransactionStatus::Idle;
        self.tell_connection(&connected.server_version);
        let text = format!(
            "You are now connected to database \"{}\" as user \"{}\".\n",
            self.database, self.user
        );
        if self.is_quiet() {
            return;
        }
        self.say(&visible(text.as_bytes()));
    }
}
