//! A person at a terminal of the engine, on a plain connection to a server that trusts.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Instant;

use bytes::BytesMut;
use pg_proto::backend::{self, Message};
use pg_proto::{Text, frontend};
use terminal::{Action, Engine, Settings, Size};

const MOST: usize = 64 * 1024 * 1024;

pub struct Driver {
    stream: TcpStream,
    heard: BytesMut,
    engine: Engine,
    now: Instant,
    database: String,
}

impl Driver {
    pub fn connect(port: u16, user: &str, database: &str) -> Self {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let mut startup = BytesMut::new();
        let parameters = [
            ("user", user),
            ("database", database),
            ("application_name", "psql"),
        ];
        frontend::Opening::Startup {
            major: 3,
            minor: 0,
            parameters: parameters
                .iter()
                .map(|(name, value)| (Text::from(*name), Text::from(*value)))
                .collect(),
        }
        .encode(&mut startup);
        stream.write_all(&startup).unwrap();

        let mut heard = BytesMut::new();
        let mut settings = Settings {
            database: database.to_owned(),
            user: user.to_owned(),
            standard_conforming_strings: true,
            size: Size { cols: 1000, rows: 50 },
            result_memory: 16 * 1024 * 1024,
            ..Settings::default()
        };
        loop {
            match read(&mut stream, &mut heard) {
                Message::ReadyForQuery(_) => break,
                Message::ParameterStatus { name, value } if name == "server_version" => {
                    settings.server_version = value.to_str().into_owned();
                }
                Message::ErrorResponse(fields) => panic!("{fields:?}"),
                _ => {}
            }
        }
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        let now = Instant::now();
        let mut driver = Self {
            stream,
            heard,
            engine: Engine::new(settings, now),
            now,
            database: database.to_owned(),
        };
        driver.act();
        driver
    }

    /// Types a line; gives what is shown until the next prompt, with `\n` at the ends of lines.
    pub fn run(&mut self, line: &str) -> String {
        self.engine
            .handle_input(format!("\x1b[200~{line}\x1b[201~\r").as_bytes(), self.now);
        let mut shown = self.act();
        while self.without_prompt(&shown).is_none() {
            let message = read(&mut self.stream, &mut self.heard);
            self.engine.handle_message(message, self.now);
            shown.push_str(&self.act());
        }
        let shown = self.without_prompt(&shown).unwrap();
        let (_echo, shown) = shown.split_once("\r\n").unwrap();
        shown.replace("\r\n", "\n")
    }

    /// The text before the prompt it ends with.
    fn without_prompt<'s>(&self, shown: &'s str) -> Option<&'s str> {
        ["=", "=*", "=!"].iter().find_map(|state| {
            let before = shown.strip_suffix(&format!("{}{state}> ", self.database))?;
            Some(before.strip_suffix('\r').unwrap_or(before))
        })
    }

    fn act(&mut self) -> String {
        let mut shown = String::new();
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Print(bytes) => shown.push_str(std::str::from_utf8(&bytes).unwrap()),
                Action::Send(message) | Action::Ask(message) => {
                    let mut bytes = BytesMut::new();
                    message.encode(&mut bytes);
                    self.stream.write_all(&bytes).unwrap();
                }
                Action::Remember(_) => {}
                other => panic!("{other:?}"),
            }
        }
        shown
    }
}

fn read(stream: &mut TcpStream, heard: &mut BytesMut) -> Message {
    loop {
        if let Some(message) = backend::decode(heard, MOST).unwrap() {
            return message;
        }
        let mut chunk = [0; 16 * 1024];
        let n_read = stream.read(&mut chunk).unwrap();
        assert!(n_read > 0, "the server closed the connection");
        heard.extend_from_slice(&chunk[..n_read]);
    }
}
