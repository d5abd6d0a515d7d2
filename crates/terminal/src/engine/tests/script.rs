//! Scripts where psql is no measure: what needs a person, and what stops them.

use super::*;

impl Session {
    /// A script of one file; its text is read at once.
    fn of_file(text: &'static [u8]) -> Self {
        let mut session = Self::with(Settings {
            script: Some(Script {
                sources: vec![Source::File("a.sql".to_owned())],
                is_one_transaction: false,
            }),
            ..Settings::default()
        });
        for bytes in [Some(Bytes::from_static(text)), None] {
            session.engine.handle_read(bytes, session.now);
            session.poll();
        }

        session
    }
}

#[test]
fn what_needs_a_person_fails_in_a_script() {
    Session::of_file(b"\\password bob\n\\e\n\\set ON_ERROR_STOP on\n\\! ls\nselect 1;\n").check(&expect![[r#"{Terminate}{complain b"psql:a.sql:1: error: \\password: a new password is typed at a terminal, never read from a script.\npsql:a.sql:2: error: \\e needs a terminal.\npsql:a.sql:4: error: \\! is not available in this terminal.\n"}{Exit(3)}"#]]);
}

#[test]
fn an_interrupted_statement_is_the_last() {
    let mut session = Session::of_file(b"select 1;\nselect 2;\n");
    session.engine.handle_interrupt(session.now);
    session
        .poll()
        .hear(Message::ErrorResponse(Fields::new("ERROR", "57014", "canceling")))
        .ready(TransactionStatus::Idle)
        .check(&expect![[r#"
            {"select 1;"}{cancel}{complain b"Cancel request sent\n"}{complain b"psql:a.sql:1: ERROR:  canceling\n"}{Terminate}{Exit(3)}"#]]);
}

#[test]
fn what_was_meant_for_another_database_does_not_run_in_this_one() {
    let mut session = Session::of_file(b"\\c elsewhere\ndrop table t;\n");
    session
        .engine
        .handle_connected(Err("no such database".to_owned()));
    session.poll().check(&expect![[r#"{connect "elsewhere"}{Terminate}{complain b"psql:a.sql:1: error: \\connect: no such database\n"}{Exit(2)}"#]]);
}

#[test]
fn what_a_condition_leaves_out_does_not_run() {
    Session::of_file(b"\\if false\ndrop table t;\n\\endif\n").check(&expect![[r#"{Terminate}{complain b"psql:a.sql:1: error: \\if is not available: what it leaves out would run. Nothing more of this script does.\n"}{Exit(3)}"#]]);
    Session::of_file(b"\\c - - elsewhere\ndrop table t;\n").check(&expect![[r#"{Terminate}{complain b"psql:a.sql:1: error: \\connect: another database can be named here, never host, port or user: those are the record's.\n"}{Exit(2)}"#]]);
}

#[test]
fn a_line_that_is_no_text_ends_its_file() {
    Session::of_file(b"select 1;\n\xe9\nselect 2;\n")
        .done("SELECT 0")
        .check(&expect![[r#"
            {"select 1;"}SELECT 0
            {Terminate}{complain b"psql:a.sql:2: error: the line is no UTF-8 text\n"}{Exit(1)}"#]]);
}
