//! Keys in every state: Ctrl-C, typing ahead, pastes, rows of a COPY, a new size.

use super::*;

#[test]
fn ctrl_c_cancels_what_runs_and_drops_what_was_typed_after_it() {
    let mut session = Session::new();
    session
        .keys("select pg_sleep(10); select 2;\r")
        .keys("typed ahead")
        .check(&expect![[r#"
            {remember "select pg_sleep(10); select 2;"}{"select pg_sleep(10);"}select pg_sleep(10); select 2;
            typed ahead"#]]);
    assert!(matches!(
        session.engine.status().transaction,
        Transaction::Running { .. }
    ));

    let error = Fields::new("ERROR", "57014", "canceling statement due to user request");
    session
        .keys("\x03")
        .hear(columns())
        .hear(row("1"))
        .hear(Message::ErrorResponse(error))
        .ready(TransactionStatus::Idle)
        .keys("x")
        .check(&expect![[r#"
            {cancel}^CCancel request sent
            ERROR:  canceling statement due to user request
            app=> x"#]]);
}

#[test]
fn ctrl_c_typed_together_with_a_statement_cancels_it() {
    Session::new().keys("select 1;\rabc\x03").check(&expect![[r#"
        {remember "select 1;"}{"select 1;"}{cancel}select 1;
        ^CCancel request sent
    "#]]);
}

#[test]
fn ctrl_c_while_printing_drops_the_rest_and_asks_to_cancel() {
    let mut session = Session::new();
    session.keys("select\r;\r");
    session.seen.clear();
    session.engine.handle_message(columns(), session.now);
    for n in 0..20_000 {
        session.engine.handle_message(row(&n.to_string()), session.now);
    }
    session.engine.handle_message(tagged("SELECT 20000"), session.now);
    assert!(
        !session.engine.wants_message(),
        "the rows are to be printed first"
    );
    let Some(Action::Print(first)) = session.engine.poll_action() else {
        panic!("rows");
    };

    session.engine.handle_input(b"\x03", session.now);

    assert!(session.engine.wants_message());
    assert_eq!(
        session.engine.poll_urgent(),
        Some(Action::Cancel),
        "also for a driver that may not print"
    );
    session.seen = String::from_utf8(first.to_vec()).unwrap();
    session.poll();
    let tail: Vec<_> = session.seen.lines().rev().take(3).collect();
    assert_eq!(tail[0], "^CCancel request sent");
    assert_eq!(tail[1].len(), tail[2].len(), "whole rows");
    session.seen.clear();
    session.ready(TransactionStatus::Idle).check(&expect!["app=> "]);
}

#[test]
fn what_is_typed_while_a_statement_runs_is_kept_and_bounded() {
    let mut session = Session::new();
    session
        .keys("select 1;\r")
        .keys("select 2;\rselect")
        .check(&expect![[r#"
            {remember "select 1;"}{"select 1;"}select 1;
            select 2;
            select"#]])
        .done("SELECT 0")
        .check(&expect![[r#"
            SELECT 0
            {remember "select 2;"}{"select 2;"}app=> select 2;
        "#]])
        .done("SELECT 0")
        .check(&expect!["SELECT 0\napp=> select"]);

    session.keys("\x03select 3;\r");
    session.seen.clear();
    session.keys(&"x".repeat(70_000));
    assert_eq!(session.seen, "x".repeat(64 * 1024) + "\x07");
    session.seen.clear();
    session.done("SELECT 0").keys("\r");
    session.seen.clear();
    session.keys(";\r");
    assert!(session.seen.ends_with(";\n"));
    assert!(
        session
            .seen
            .contains(&format!("{{\"{}\\n;\"}}", "x".repeat(64 * 1024)))
    );
}

#[test]
fn a_paste_waits_for_enter_and_is_run_line_by_line() {
    Session::new()
        .keys("\x1b[200~select 1;\n\\echo hi\nselect\n2;\x1b[201~")
        .check(&expect!["select 1;\n\\echo hi\nselect\n2;"])
        .keys("\r")
        .done("SELECT 0")
        .check(&expect![[r#"
            {remember "select 1;"}{"select 1;"}
            SELECT 0
            {remember "\\echo hi"}{remember "select\n2;"}{"select\n2;"}hi
        "#]]);
}

#[test]
fn rows_are_typed_at_a_prompt_of_their_own() {
    let mut session = Session::new();
    session
        .keys("copy t from stdin;\r")
        .hear(Message::CopyInResponse(copy(0)))
        .keys("1\tx\r2\ty\r\\.\r")
        .done("COPY 2")
        .check(&expect![[r#"
            {remember "copy t from stdin;"}{"copy t from stdin;"}copy t from stdin;
            Enter data to be copied followed by a newline.
            End with a backslash and a period on a line by itself, or an EOF signal.
            >> {rows b"1\tx\n2\ty\n"}{CopyDone}1    x
            >> 2    y
            >> \.
            COPY 2
            app=> "#]]);

    session
        .keys("copy t from stdin;\r")
        .hear(Message::CopyInResponse(copy(0)))
        .keys("1\r\x03")
        .hear(Message::ErrorResponse(Fields::new(
            "ERROR",
            "57014",
            "COPY from stdin failed: canceled by user",
        )))
        .ready(TransactionStatus::Idle)
        .check(&expect![[r#"
            {"copy t from stdin;"}copy t from stdin;
            Enter data to be copied followed by a newline.
            End with a backslash and a period on a line by itself, or an EOF signal.
            >> {CopyFail { reason: "canceled by user" }}1
            >> ^C
            ERROR:  COPY from stdin failed: canceled by user
            app=> "#]]);

    session
        .keys("copy t from stdin;\r")
        .hear(Message::CopyInResponse(copy(0)))
        .keys("\x04")
        .done("COPY 0")
        .check(&expect![[r#"
            {"copy t from stdin;"}copy t from stdin;
            Enter data to be copied followed by a newline.
            End with a backslash and a period on a line by itself, or an EOF signal.
            >> {CopyDone}
            COPY 0
            app=> "#]]);
}

#[test]
fn rows_pasted_with_their_statement_are_sent() {
    Session::new()
        .keys("\x1b[200~copy t from stdin;\n1\n2\n\\.\nselect 1;\x1b[201~\r")
        .hear(Message::CopyInResponse(copy(0)))
        .done("COPY 2")
        .check(&expect![[r#"
            {remember "copy t from stdin;"}{"copy t from stdin;"}copy t from stdin;
            1
            2
            \.
            select 1;
            {rows b"1\n2\n"}{CopyDone}Enter data to be copied followed by a newline.
            End with a backslash and a period on a line by itself, or an EOF signal.
            COPY 2
            {remember "select 1;"}{"select 1;"}"#]]);
}

#[test]
fn binary_rows_cannot_be_typed() {
    Session::new()
        .keys("copy t from stdin binary;\r")
        .hear(Message::CopyInResponse(copy(1)))
        .check(&expect![[r#"
            {remember "copy t from stdin binary;"}{"copy t from stdin binary;"}copy t from stdin binary;
            {CopyFail { reason: "binary rows cannot be typed" }}"#]]);
}

#[test]
fn a_resize_paints_the_line_for_the_new_width() {
    let mut session = Session::new();
    session.keys("select 1");
    session.seen.clear();
    session.engine.handle_resize(Size { cols: 8, rows: 5 });
    session.poll().check(&expect!["␍␛[Japp=> select 1"]);

    session.keys(";\r").seen.clear();
    session.engine.handle_resize(Size { cols: 80, rows: 24 });
    session.poll().check(&expect![""]);
}

#[test]
fn with_nobody_to_print_for_what_is_typed_makes_no_pile() {
    let mut session = Session::new();
    for _ in 0..200 {
        session
            .engine
            .handle_input("\r".repeat(1_000).as_bytes(), session.now);
    }

    assert!(session.engine.output.pending() < 2 * MUCH_OUTPUT);
    assert!(session.engine.typeahead.len() <= 64 * 1024);

    session.engine.handle_input(b"\x03", session.now);
    session.poll();
    assert!(session.seen.ends_with("^C\napp=> "), "Ctrl-C drops it");
}
