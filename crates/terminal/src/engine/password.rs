//! `\password`: another role's new password, typed twice without being shown and sent as a verifier.
//!
//! What is typed reaches nobody: it is no part of the screen, of the history or, by [`Engine::hides_input`], of the
//! keys on record. The statement that sets it holds the verifier, which can be guessed at: on record, and in what the
//! server says of it, a word stands in its place.

use std::fmt;

use pg_proto::backend::Message;
use pg_proto::password::scram_sha_256;
use pg_proto::{Text, frontend};
use zeroize::Zeroizing;

use super::hidden::{Hidden, Typed};
use super::inquiry::Question;
use super::{Action, Engine, State};
use crate::describe::Answer;
use crate::print::escape::visible;

/// What stands in the verifier's place on record and on the screen.
const REDACTED: &str = "<redacted>";

const AGAIN: &str = "Enter it again: ";

/// A verifier of MD5 is as good as the password for who reads it.
const NOT_SCRAM: &str = "\\password: this server would keep the password as MD5, which is not safe. \
                         SET password_encryption = 'scram-sha-256' and try again.\r\n";

/// A statement of which a part may be read by nobody but the server.
#[derive(Clone, PartialEq, Eq)]
pub struct Guarded {
    sql: Zeroizing<String>,
    recorded: String,
}

/// A password that is being typed.
#[derive(Debug)]
pub(super) struct NewPassword {
    role: String,
    /// As it was typed first.
    first: Option<Hidden>,
    line: Hidden,
}

/// How far a password that has been typed has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Typed,
    /// The server was asked how it keeps passwords.
    Asked,
    /// The server was sent the verifier.
    Sent,
}

impl Guarded {
    /// What the server is sent.
    pub fn message(&self) -> frontend::Message {
        frontend::Message::Query {
            sql: Text::from(self.sql.as_str()),
        }
    }

    /// What is recorded in its place.
    pub fn recorded(&self) -> &str {
        &self.recorded
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guarded({:?})", self.recorded)
    }
}

impl Engine {
    /// Whether what is typed next may not be recorded.
    pub fn hides_input(&self) -> bool {
        self.state == State::Hidden
    }

    /// Whether a role is the one the session was opened with.
    pub(crate) fn is_own_role(&self, role: &str) -> bool {
        self.user == role
    }

    /// Asks for a role's new password. As in psql, what was typed ahead is not taken for it.
    pub(crate) fn begin_password(&mut self, role: String) {
        let prompt = format!("Enter new password for user \"{role}\": ");
        self.say(&visible(prompt.as_bytes()));
        self.typeahead.clear();
        self.password = Some(NewPassword {
            role,
            first: None,
            line: Hidden::new(),
        });
        self.state = State::Hidden;
    }

    pub(super) fn type_hidden(&mut self, byte: u8) {
        let Some(password) = &mut self.password else {
            return;
        };
        match password.line.push(byte) {
            Typed::More => {}
            Typed::Full => self.say("\x07"),
            Typed::Interrupt => {
                self.leave_password();
                self.drop_lines();
                self.state = State::Ready;
            }
            Typed::Line => {
                let line = std::mem::replace(&mut password.line, Hidden::new());
                match &password.first {
                    None => {
                        password.first = Some(line);
                        self.say("\r\n");
                        self.say(AGAIN);
                    }
                    Some(first) if *first == line => {
                        self.say("\r\n");
                        self.ask(Question::Password(Stage::Typed));
                        self.state = State::Ready;
                    }
                    Some(_) => {
                        self.leave_password();
                        self.say("Passwords didn't match.\r\n");
                        self.line = None;
                        self.state = State::Ready;
                    }
                }
            }
        }
    }

    /// Says something while a password is being typed.
    pub(super) fn say_beside_password(&mut self, text: &str) {
        let Some(password) = &self.password else {
            return;
        };
        let prompt = match password.first {
            Some(_) => AGAIN.to_owned(),
            None => format!("Enter new password for user \"{}\": ", password.role),
        };
        self.say(&format!("\r\n{text}{}", visible(prompt.as_bytes())));
    }

    /// Gives up a password that is being typed, if one is.
    pub(super) fn leave_password(&mut self) {
        if self.state == State::Hidden {
            self.say("\r\n");
        }
        self.password = None;
    }

    /// Does the next thing with a password that has been typed.
    pub(super) fn pursue_password(&mut self, stage: Stage, answer: Option<Answer>) {
        match stage {
            Stage::Typed => {
                self.expect_answer(Question::Password(Stage::Asked), "SHOW password_encryption");
                self.ask_catalog();
            }
            Stage::Asked if keeps_scram(answer.as_ref()) => self.send_password(),
            Stage::Asked => {
                self.complain(NOT_SCRAM);
                self.give_up_inquiry();
            }
            Stage::Sent => self.end_inquiry(),
        }
    }

    /// A server may send its log, with the statement in it: until it is done, nobody reads the verifier there.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "no other message repeats what was sent"
    )]
    pub(super) fn without_verifier(&self, message: Message) -> Message {
        match message {
            Message::NoticeResponse(fields) if self.has_sent_verifier => {
                Message::NoticeResponse(fields.without_verifiers())
            }
            Message::ErrorResponse(fields) if self.has_sent_verifier => {
                Message::ErrorResponse(fields.without_verifiers())
            }
            other => other,
        }
    }

    fn send_password(&mut self) {
        let Some(password) = self.password.take() else {
            return self.end_inquiry();
        };
        let Some(typed) = &password.first else {
            return self.end_inquiry();
        };
        let verifier = Zeroizing::new(scram_sha_256(typed.expose()));
        let set = |word: &str| {
            let role = password.role.replace('"', "\"\"");
            format!("ALTER USER \"{role}\" PASSWORD '{word}'")
        };
        let recorded = set(REDACTED);
        self.expect_answer(Question::Password(Stage::Sent), &recorded);
        self.show_hidden_query();
        self.actions.push_back(Action::SendGuarded(Guarded {
            sql: Zeroizing::new(set(&verifier)),
            recorded,
        }));
        self.has_sent_verifier = true;
        self.begin_asking();
    }
}

fn keeps_scram(answer: Option<&Answer>) -> bool {
    let cell = answer.and_then(|answer| answer.rows.first()?.first()?.as_deref());

    cell == Some(b"scram-sha-256".as_slice())
}
