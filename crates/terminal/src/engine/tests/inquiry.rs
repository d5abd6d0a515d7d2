//! Commands that ask the catalog: what is sent, what is shown, what ends them.

use super::*;

/// Types `\dt`, which asks once.
fn relations(session: &mut Session) {
    session.keys("\\dt\r");
    assert!(
        session.seen.contains("FROM pg_catalog.pg_class"),
        "{}",
        session.seen
    );
    session.seen.clear();
}

fn names(names: &[&str]) -> Message {
    Message::RowDescription(names.iter().map(|name| column(name, 25)).collect())
}

fn cells(cells: &[&str]) -> Message {
    Message::DataRow(DataRow::new(cells.iter().map(|cell| Some(cell.as_bytes()))))
}

#[test]
fn the_answer_becomes_a_table_and_then_the_prompt_is_back() {
    let mut session = Session::new();
    relations(&mut session);

    session
        .hear(names(&["Schema", "Name"]))
        .hear(cells(&["public", "t\x1b[31m"]))
        .done("SELECT 1");

    session.check(&expect![[r#"
         List of relations
         Schema |   Name    
        --------+-----------
         public | t\x1B[31m
        (1 row)

        app=> "#]]);
}

#[test]
fn an_empty_answer_is_said_in_words() {
    let mut session = Session::new();
    relations(&mut session);

    session.hear(names(&["Schema", "Name"])).done("SELECT 0");

    session.check(&expect![[r#"
        Did not find any relations.
        app=> "#]]);
}

#[test]
fn an_error_ends_the_command_and_drops_the_rest_of_the_line() {
    let mut session = Session::new();
    session.keys("\\dt \\echo never\r").seen.clear();

    session
        .hear(Message::ErrorResponse(Fields::new("ERROR", "57014", "no")))
        .ready(TransactionStatus::Failed);

    session.check(&expect![[r#"
        ERROR:  no
        app=!> "#]]);
}

#[test]
fn what_stands_behind_a_command_waits_for_its_answer() {
    let mut session = Session::new();
    session.keys("\\dt nope \\echo behind\r").seen.clear();

    session.hear(names(&["Schema"])).done("SELECT 0");

    session.check(&expect![[r#"
        Did not find any relation named "nope".
        behind
        app=> "#]]);
}

#[test]
fn ctrl_c_cancels_the_statement_and_ends_the_command() {
    let mut session = Session::new();
    session.keys("\\d t\r").seen.clear();

    session.keys("\x03").hear(names(&["oid"])).hear(cells(&["1"]));
    session.hear(Message::ErrorResponse(Fields::new(
        "ERROR",
        "57014",
        "canceling statement due to user request",
    )));
    session.ready(TransactionStatus::Idle);

    session.check(&expect![[r#"
        {cancel}^CCancel request sent
        ERROR:  canceling statement due to user request
        app=> "#]]);
}

#[test]
fn a_statement_being_typed_stays_while_a_command_asks() {
    let mut session = Session::new();
    session.keys("select\r\\dt\r").seen.clear();

    session.hear(names(&["Schema"])).done("SELECT 0").seen.clear();
    session.keys("1;\r");

    assert!(session.seen.contains("select\\n1;"), "{}", session.seen);
}

#[test]
fn an_answer_beyond_its_bound_is_given_up() {
    let mut session = Session::new();
    relations(&mut session);
    let long = "x".repeat(1024 * 1024);

    session.hear(names(&["Schema"]));
    for _ in 0..17 {
        session.hear(cells(&[&long]));
    }
    session.done("SELECT 17");

    session.check(&expect![[r#"
        The answer is larger than 16 MiB. Give a pattern that fits less.
        app=> "#]]);
}
