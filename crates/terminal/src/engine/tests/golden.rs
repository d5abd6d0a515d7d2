//! Whole statements against psql 15: the engine gets what a person typed and what PostgreSQL 15 answered, and
//! must print what psql printed.
//!
//! A `.golden` file holds, for each statement, its lines (`> `) and the server's messages in hex (`< `); then,
//! below `---`, everything psql wrote when it read the same statements from a file. In the files of whole
//! sessions all lines come first, commands among them, then the different answers, each going on in lines that
//! begin with two spaces, then which of them came in which order (`* `).

use std::collections::VecDeque;

use bytes::BytesMut;
use pg_proto::backend;

use super::*;

struct Case {
    lines: Vec<String>,
    answer: Vec<u8>,
}

fn parse(golden: &str) -> (Vec<Case>, &str) {
    let (cases, expected) = golden.split_once("---\n").unwrap();
    let mut parsed: Vec<Case> = Vec::new();
    for line in cases.lines() {
        match (line.strip_prefix("> "), line.strip_prefix("< ")) {
            (Some(sql), _) => match parsed.last_mut() {
                Some(case) if case.answer.is_empty() => case.lines.push(sql.to_owned()),
                _ => parsed.push(Case {
                    lines: vec![sql.to_owned()],
                    answer: Vec::new(),
                }),
            },
            (None, Some(hex)) => parsed.last_mut().unwrap().answer.extend(unhex(hex)),
            (None, None) => panic!("neither typed nor answered: {line}"),
        }
    }
    (parsed, expected)
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().map(|c| c.to_digit(16).unwrap()).collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
        .collect()
}

/// Takes all actions; what was printed, and how many statements were sent.
fn drain(engine: &mut Engine) -> (String, usize) {
    let (mut shown, mut n_sent) = (String::new(), 0);
    while let Some(action) = engine.poll_action() {
        match action {
            Action::Print(bytes) => shown.push_str(std::str::from_utf8(&bytes).unwrap()),
            Action::Send(_) | Action::Ask(_) | Action::SendGuarded(_) => n_sent += 1,
            Action::Remember(_) => {}
            other @ (Action::Cancel
            | Action::Edit(_)
            | Action::Connect { .. }
            | Action::Upload { .. }
            | Action::Download { .. }
            | Action::File(_)
            | Action::FileEnd { .. }
            | Action::Spool(_)
            | Action::Unspool
            | Action::DropSpool
            | Action::Complain(_)
            | Action::Read(_)
            | Action::End(_)) => panic!("{other:?}"),
        }
    }
    (shown, n_sent)
}

fn check(golden: &str) {
    let (cases, expected) = parse(golden);
    let settings = Settings {
        size: Size { cols: 200, rows: 50 },
        result_memory: 16 * 1024 * 1024,
        ..Settings::default()
    };
    let Session { mut engine, now, .. } = Session::with(settings);
    let mut shown = String::new();

    for case in cases {
        let mut n_sent = 0;
        for line in &case.lines {
            engine.handle_input(format!("\x1b[200~{line}\x1b[201~\r").as_bytes(), now);
            n_sent += drain(&mut engine).1;
        }
        assert_eq!(n_sent, 1, "{:?}", case.lines);
        let mut answer = BytesMut::from(&case.answer[..]);
        while let Some(message) = backend::decode(&mut answer, 1 << 20).unwrap() {
            assert!(engine.wants_message());
            engine.handle_message(message, now);
        }
        let (printed, _) = drain(&mut engine);
        let prompt = printed.rfind("app=").unwrap();
        shown.push_str(&printed[..prompt]);
    }

    assert_eq!(shown.replace("\r\n", "\n"), expected);
}

#[test]
fn results_look_as_psql_prints_them() {
    check(include_str!("results.golden"));
}

#[test]
fn tags_notices_and_several_results_look_as_psql_prints_them() {
    check(include_str!("tags.golden"));
}

#[test]
fn errors_look_as_psql_prints_them() {
    check(include_str!("errors.golden"));
}

/// A session of commands and statements, typed without prompts; all it shows but the typed lines.
fn check_session(golden: &str) {
    let (script, expected) = golden.split_once("---\n").unwrap();
    let mut different: Vec<Vec<u8>> = Vec::new();
    let mut answers: VecDeque<&[u8]> = VecDeque::new();
    for line in script.lines() {
        match (line.strip_prefix("< "), line.strip_prefix("  ")) {
            (Some(hex), _) => different.push(unhex(hex)),
            (None, Some(hex)) => different.last_mut().unwrap().extend(unhex(hex)),
            (None, None) => {}
        }
    }
    for order in script.lines().filter_map(|line| line.strip_prefix("* ")) {
        answers.extend(
            order
                .split(' ')
                .map(|idx| different[idx.parse::<usize>().unwrap()].as_slice()),
        );
    }
    let settings = Settings {
        size: Size { cols: 1000, rows: 50 },
        result_memory: 16 * 1024 * 1024,
        ..Settings::default()
    };
    let Session { mut engine, now, .. } = Session::with(settings);
    for name in ["PROMPT1", "PROMPT2", "PROMPT3"] {
        engine.variables_mut().set(name, "").unwrap();
    }
    let mut shown = String::new();
    engine.handle_input(b"\r", now);
    while engine.poll_action().is_some() {}

    for line in script.lines().filter_map(|line| line.strip_prefix("> ")) {
        engine.handle_input(format!("\x1b[200~{line}\x1b[201~\r").as_bytes(), now);
        let mut printed = String::new();
        while let Some(action) = engine.poll_action() {
            match action {
                Action::Print(bytes) => printed.push_str(std::str::from_utf8(&bytes).unwrap()),
                Action::Send(frontend::Message::Query { sql })
                | Action::Ask(frontend::Message::Query { sql }) => {
                    let answer = answers
                        .pop_front()
                        .unwrap_or_else(|| panic!("one too many: {sql:?}"));
                    let mut answer = BytesMut::from(answer);
                    while let Some(message) = backend::decode(&mut answer, 1 << 20).unwrap() {
                        engine.handle_message(message, now);
                    }
                }
                Action::Remember(_) => {}
                other @ (Action::Send(_)
                | Action::Ask(_)
                | Action::SendGuarded(_)
                | Action::Cancel
                | Action::Edit(_)
                | Action::Connect { .. }
                | Action::Upload { .. }
                | Action::Download { .. }
                | Action::File(_)
                | Action::FileEnd { .. }
                | Action::Spool(_)
                | Action::Unspool
                | Action::DropSpool
                | Action::Complain(_)
                | Action::Read(_)
                | Action::End(_)) => panic!("{other:?}"),
            }
        }
        let (_, below) = printed.split_once("\r\n").unwrap();
        shown.push_str(&below.replace("\r\n", "\n"));
    }

    // Where psql prints values as they are, here too control characters are shown.
    let expected = expected.replace('\x1b', "\\x1B");
    let sections = shown.split("\\== ").zip(expected.split("\\== "));
    let different: Vec<_> = sections.filter(|(shown, expected)| shown != expected).collect();
    assert!(different.is_empty(), "{different:#?}");
    assert_eq!(shown, expected);
    assert!(answers.is_empty());
}

#[test]
fn print_settings_are_psqls() {
    check_session(include_str!("pset.golden"));
}

#[test]
fn formats_look_as_psql_prints_them() {
    check_session(include_str!("formats.golden"));
}

#[test]
fn variables_are_psqls() {
    check_session(include_str!("variables.golden"));
}

#[test]
fn options_of_one_statement_are_psqls() {
    check_session(include_str!("go.golden"));
}
