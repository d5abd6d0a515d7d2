//! Whole sessions: keys and messages in, the screen and what is sent out.

mod golden;
mod inquiry;
mod lines;
mod messages;
mod password;
mod script;
mod spool;
mod strain;
mod transfer;
mod typing;

use expect_test::{Expect, expect};
use pg_proto::Text;
use pg_proto::backend::{Column, CopyFormats, DataRow, Field, Fields, Message};
use proptest::prelude::*;

use super::*;
use crate::print::table::column;

struct Session {
    engine: Engine,
    now: Instant,
    /// What the person saw, with `\r\n` as `\n`; actions other than printing in braces. Checked with
    /// symbols for control characters.
    seen: String,
    /// What the driver keeps of a result; it has room for so many pieces.
    kept: VecDeque<Bytes>,
    room: usize,
}

impl Session {
    fn new() -> Self {
        Self::with(Settings {
            result_memory: 16 * 1024 * 1024,
            ..Settings::default()
        })
    }

    fn with(settings: Settings) -> Self {
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        let now = Instant::now();
        let settings = Settings {
            database: "app".to_owned(),
            user: "ann".to_owned(),
            host: "db-1".to_owned(),
            port: 5432,
            server_version: "15.18".to_owned(),
            standard_conforming_strings: true,
            ..settings
        };
        let mut session = Self {
            engine: Engine::new(settings, now),
            now,
            seen: String::new(),
            kept: VecDeque::new(),
            room: usize::MAX,
        };
        session.poll();
        session.seen.clear();
        session
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys.as_bytes();
        while !rest.is_empty() {
            let n_taken = self.engine.handle_input(rest, self.now);
            rest = &rest[n_taken..];
        }
        self.poll()
    }

    fn hear(&mut self, message: Message) -> &mut Self {
        self.engine.handle_message(message, self.now);
        self.poll()
    }

    fn ready(&mut self, status: TransactionStatus) -> &mut Self {
        self.hear(Message::ReadyForQuery(status))
    }

    fn done(&mut self, tag: &str) -> &mut Self {
        self.hear(tagged(tag)).ready(TransactionStatus::Idle)
    }

    fn poll(&mut self) -> &mut Self {
        while let Some(action) = self.engine.poll_action() {
            self.see(action);
        }
        self
    }

    fn see(&mut self, action: Action) {
        match action {
            Action::Print(bytes) => {
                assert!(bytes.len() <= output::CHUNK);
                self.seen
                    .push_str(&std::str::from_utf8(&bytes).unwrap().replace("\r\n", "\n"));
            }
            Action::Send(frontend::Message::Query { sql }) => self.seen.push_str(&format!("{{{sql:?}}}")),
            Action::Send(frontend::Message::CopyData(data)) => {
                self.seen.push_str(&format!("{{rows {data:?}}}"))
            }
            Action::Ask(frontend::Message::Query { sql }) => self.seen.push_str(&format!("{{ask {sql:?}}}")),
            Action::SendGuarded(guarded) => {
                let frontend::Message::Query { sql } = guarded.message() else {
                    panic!("a statement");
                };
                let sql = sql.to_str();
                let verifier = sql.split('\'').nth(1).unwrap();
                let shown = verifier.split_inclusive(':').next().unwrap();
                self.seen
                    .push_str(&format!("{{guarded {shown:?} for {:?}}}", guarded.recorded()));
            }
            Action::Send(other) | Action::Ask(other) => self.seen.push_str(&format!("{{{other:?}}}")),
            Action::Spool(chunk) if self.kept.len() < self.room => {
                self.kept.push_back(chunk);
                self.engine.handle_spooled();
            }
            Action::Spool(chunk) => self.engine.handle_spool_refused(chunk, Shortage::Disk),
            Action::Unspool => {
                let chunk = self.kept.pop_front();
                self.engine.handle_unspooled(chunk);
            }
            Action::DropSpool => self.kept.clear(),
            Action::Cancel => self.seen.push_str("{cancel}"),
            Action::Remember(entry) => self.seen.push_str(&format!("{{remember {entry:?}}}")),
            Action::Edit(text) => self.seen.push_str(&format!("{{edit {text:?}}}")),
            Action::Connect { database } => self.seen.push_str(&format!("{{connect {database:?}}}")),
            Action::Upload { .. } => self.seen.push_str("{upload}"),
            Action::Download { name } => self.seen.push_str(&format!("{{download {name:?}}}")),
            Action::File(bytes) => self.seen.push_str(&format!("{{file {bytes:?}}}")),
            Action::FileEnd { is_whole } => self.seen.push_str(&format!("{{whole {is_whole}}}")),
            Action::Complain(bytes) => self.seen.push_str(&format!("{{complain {bytes:?}}}")),
            Action::Read(reading) => self.seen.push_str(&format!("{{read {reading:?}}}")),
            Action::End(end) => self.seen.push_str(&format!("{{{end:?}}}")),
        }
    }

    fn check(&mut self, expected: &Expect) -> &mut Self {
        let seen = self
            .seen
            .replace('\x1b', "␛")
            .replace('\x07', "␇")
            .replace('\r', "␍")
            .replace('\x08', "␈");
        expected.assert_eq(&seen);
        self.seen.clear();
        self
    }
}

fn tagged(tag: &str) -> Message {
    Message::CommandComplete { tag: Text::from(tag) }
}

fn columns() -> Message {
    Message::RowDescription(vec![column("n", 23)])
}

fn row(value: &str) -> Message {
    Message::DataRow(DataRow::new([Some(value.as_bytes())]))
}

fn copy(overall: u8) -> CopyFormats {
    CopyFormats {
        overall,
        columns: vec![i16::from(overall)],
    }
}
