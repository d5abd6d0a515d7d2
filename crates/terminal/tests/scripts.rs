//! Scripts on a real server: what the engine writes to standard output and standard error, and what it ends with, is
//! psql's own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use pg_proto::backend::{self, Message};
use pg_proto::{Text, frontend};
use terminal::{Action, Connected, End, Engine, Flag, Reading, Script, Settings, Size, Source};
use testkit::{Auth, Cluster, Version};

const CASES: &str = include_str!("scripts/cases.txt");
const USER: &str = "postgres";
const DATABASE: &str = "scripted";
const MOST: usize = 64 * 1024 * 1024;

/// What the list of cases says: a title, arguments one a line, then after `<<` standard input or a file.
struct Case<'c> {
    title: &'c str,
    arguments: Vec<&'c str>,
    input: String,
    files: HashMap<&'c str, String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Ran {
    out: String,
    err: String,
    code: i32,
}

fn cases() -> Vec<Case<'static>> {
    let blocks = CASES.split("== ").skip(1);
    blocks.map(Case::parse).collect()
}

impl<'c> Case<'c> {
    fn parse(block: &'c str) -> Self {
        let (title, rest) = block.split_once('\n').unwrap();
        let rest = rest.strip_suffix('\n').unwrap_or(rest);
        let mut texts = rest.split("<<");
        let arguments = texts.next().unwrap().lines().collect();
        let (mut input, mut files) = (String::new(), HashMap::new());
        for text in texts {
            let (name, text) = text.split_once('\n').unwrap_or((text, ""));
            match name.trim() {
                "" => text.clone_into(&mut input),
                name => drop(files.insert(name, text.to_owned())),
            }
        }
        Self {
            title,
            arguments,
            input,
            files,
        }
    }

    fn by_psql(&self, cluster: &Cluster) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in &self.files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut child = Command::new("psql")
            .args(["-X", "-h", "127.0.0.1", "-U", USER, "-d", DATABASE])
            .args(["-p", &cluster.port().to_string()])
            .args(&self.arguments)
            .env("LC_ALL", "C.UTF-8")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // What psql does not read it need not get.
        let _written = child.stdin.take().unwrap().write_all(self.input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            out: readable(output.stdout),
            err: readable(output.stderr),
            code: output.status.code().unwrap(),
        }
    }

    /// What the command line makes of the arguments.
    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        let mut script = Script::default();
        let mut arguments = self.arguments.iter();
        let set = |name: &str, value: &str| Flag::Set {
            name: name.to_owned(),
            value: Some(value.to_owned()),
        };
        let pset = |name: &str, value: &str| Flag::Pset {
            name: name.to_owned(),
            value: Some(value.to_owned()),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || *arguments.next().unwrap();
            let flag = match *argument {
                "-c" => {
                    value();
                    script.sources.push(Source::Command);
                    continue;
                }
                "-f" => {
                    script.sources.push(match value() {
                        "-" => Source::Dash,
                        name => Source::File(name.to_owned()),
                    });
                    continue;
                }
                "-1" => {
                    script.is_one_transaction = true;
                    continue;
                }
                "-n" => continue,
                "-a" => set("ECHO", "all"),
                "-b" => set("ECHO", "errors"),
                "-e" => set("ECHO", "queries"),
                "-E" => set("ECHO_HIDDEN", "on"),
                "-q" => set("QUIET", "on"),
                "-S" => set("SINGLELINE", "on"),
                "-A" => pset("format", "unaligned"),
                "-F" => pset("fieldsep", value()),
                "-R" => pset("recordsep", value()),
                "-z" => pset("fieldsep_zero", ""),
                "-0" => pset("recordsep_zero", ""),
                "-t" => pset("tuples_only", "on"),
                "-x" => pset("expanded", "on"),
                "-v" => {
                    let (name, value) = value().split_once('=').unwrap();
                    set(name, value)
                }
                "-P" => {
                    let (name, value) = value().split_once('=').unwrap();
                    pset(name, value)
                }
                other => panic!("{other}"),
            };
            settings.flags.push(flag);
        }
        if script.sources.is_empty() {
            script.sources.push(Source::Input);
        }
        settings.script = Some(script);
        settings
    }

    /// The texts of the sources.
    fn texts(&self) -> Vec<Option<String>> {
        let mut texts = Vec::new();
        let mut arguments = self.arguments.iter();
        while let Some(argument) = arguments.next() {
            match *argument {
                "-c" => texts.push(Some((*arguments.next().unwrap()).to_owned())),
                "-f" => texts.push(self.files.get(arguments.next().unwrap()).cloned()),
                "-v" | "-P" | "-F" | "-R" => drop(arguments.next()),
                _ => {}
            }
        }
        texts
    }

    fn by_engine(&self, cluster: &Cluster, piece: usize) -> Ran {
        let mut runner = Runner::connect(cluster.port(), self, piece);
        runner.run()
    }
}

/// Carries out what the engine wants, on a plain connection to a server that trusts.
struct Runner {
    stream: TcpStream,
    port: u16,
    heard: BytesMut,
    engine: Engine,
    now: Instant,
    sources: Vec<Option<Vec<Bytes>>>,
    input: Vec<Bytes>,
}

impl Runner {
    fn connect(port: u16, case: &Case<'_>, piece: usize) -> Self {
        let (stream, heard, version) = connect(port, DATABASE);
        let settings = Settings {
            database: DATABASE.to_owned(),
            user: USER.to_owned(),
            host: "127.0.0.1".to_owned(),
            port,
            standard_conforming_strings: true,
            server_version: version,
            size: Size { cols: 0, rows: 0 },
            result_memory: 16 * 1024 * 1024,
            ..case.settings()
        };
        #[expect(clippy::disallowed_methods, reason = "any instant will do")]
        let now = Instant::now();
        // Taken from the end.
        let pieces = |text: &str| -> Vec<Bytes> {
            let chunks = text.as_bytes().chunks(piece);
            chunks.rev().map(Bytes::copy_from_slice).collect()
        };
        Self {
            stream,
            port,
            heard,
            engine: Engine::new(settings, now),
            now,
            sources: case
                .texts()
                .iter()
                .map(|text| text.as_deref().map(pieces))
                .collect(),
            input: pieces(&case.input),
        }
    }

    fn run(&mut self) -> Ran {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = loop {
            let Some(action) = self.engine.poll_action() else {
                assert!(self.engine.wants_message());
                match read(&mut self.stream, &mut self.heard) {
                    Some(message) => self.engine.handle_message(message, self.now),
                    None => self.engine.handle_closed(),
                }
                continue;
            };
            match action {
                Action::Print(bytes) => out.extend_from_slice(&bytes),
                Action::Complain(bytes) => err.extend_from_slice(&bytes),
                Action::Send(message) | Action::Ask(message) => {
                    let mut bytes = BytesMut::new();
                    message.encode(&mut bytes);
                    // A server that has closed says so when it is heard.
                    let _written = self.stream.write_all(&bytes);
                }
                Action::Read(reading) => {
                    let pieces = match reading {
                        Reading::Input => Some(&mut self.input),
                        Reading::Source(idx) => self.sources[idx].as_mut(),
                    };
                    match pieces {
                        Some(pieces) => self.engine.handle_read(pieces.pop(), self.now),
                        None => self.engine.handle_unread("No such file or directory", self.now),
                    }
                }
                Action::Connect { database } => {
                    let (stream, heard, server_version) = connect(self.port, &database);
                    (self.stream, self.heard) = (stream, heard);
                    self.engine.handle_connected(Ok(Connected {
                        database,
                        tls: None,
                        is_superuser: true,
                        standard_conforming_strings: true,
                        server_version,
                    }));
                }
                Action::End(End::Exit(code)) => break code.into(),
                Action::End(End::Lost) => break 2,
                other => panic!("{other:?}"),
            }
        };
        Ran {
            out: readable(out),
            err: readable(err),
            code,
        }
    }
}

/// A connection, what came behind its startup, and the server's version.
fn connect(port: u16, database: &str) -> (TcpStream, BytesMut, String) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut startup = BytesMut::new();
    let parameters = [
        ("user", USER),
        ("database", database),
        ("application_name", "psql"),
        ("client_encoding", "UTF8"),
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
    let (mut heard, mut version) = (BytesMut::new(), String::new());
    loop {
        match read(&mut stream, &mut heard).unwrap() {
            Message::ReadyForQuery(_) => return (stream, heard, version),
            Message::ParameterStatus { name, value } if name == "server_version" => {
                version = value.to_str().into_owned();
            }
            Message::ErrorResponse(fields) => panic!("{fields:?}"),
            _ => {}
        }
    }
}

fn read(stream: &mut TcpStream, heard: &mut BytesMut) -> Option<Message> {
    loop {
        if let Some(message) = backend::decode(heard, MOST).unwrap() {
            return Some(message);
        }
        let mut chunk = [0; 16 * 1024];
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(n_read) => heard.extend_from_slice(&chunk[..n_read]),
        }
    }
}

/// What is no text is escaped.
fn readable(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().escape_ascii().to_string())
}

fn is_psql_15() -> bool {
    let output = Command::new("psql").arg("--version").output().unwrap();
    String::from_utf8_lossy(&output.stdout).contains(") 15.")
}

/// Numbers that are different each time.
fn without_numbers(mut ran: Ran) -> Ran {
    let text = ran.out;
    ran.out = match text.split_once("with PID ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}with PID N{rest}")
        }
        None => text,
    };
    ran
}

#[test]
fn a_script_writes_and_ends_with_what_psql_does() {
    if !is_psql_15() {
        return;
    }
    let cluster = Cluster::builder()
        .version(Version::System)
        .auth(Auth::Trust)
        .start()
        .unwrap();
    cluster.sql("CREATE DATABASE scripted").unwrap();

    let mut wrong = String::new();
    for case in cases() {
        let expected = without_numbers(case.by_psql(&cluster));
        for piece in [usize::MAX, 7] {
            let ran = without_numbers(case.by_engine(&cluster, piece));
            if ran != expected {
                wrong.push_str(&format!(
                    "== {} ({piece})\n--- psql {}\n{}--- err\n{}--- engine {}\n{}--- err\n{}\n",
                    case.title, expected.code, expected.out, expected.err, ran.code, ran.out, ran.err
                ));
                break;
            }
        }
    }

    assert!(wrong.is_empty(), "{wrong}");
}
