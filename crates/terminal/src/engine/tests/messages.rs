//! What the database sends: results, errors, notices, rows of a COPY, the end of the connection.

use super::*;

#[test]
fn copied_rows_and_tags_bring_no_control_characters() {
    Session::new()
        .keys("copy t to stdout;\r")
        .hear(Message::CopyOutResponse(copy(0)))
        .hear(Message::CopyData(Bytes::from_static(b"1\t\x1b]52;c;x\x07\n")))
        .hear(Message::CopyDone)
        .done("COPY 1")
        .keys("x;\r")
        .done("\x1b[2J")
        .check(&expect![[r#"
            {remember "copy t to stdout;"}{"copy t to stdout;"}copy t to stdout;
            1	\x1B]52;c;x\x07
            app=> {remember "x;"}{"x;"}x;
            \x1B[2J
            app=> "#]]);
}

#[test]
fn what_comes_while_nobody_asked_is_printed_above_the_line() {
    let notification = || Message::NotificationResponse {
        process_id: 7,
        channel: Text::from("jobs"),
        payload: Text::from("done"),
    };
    let mut session = Session::new();
    session.keys("select 1").hear(notification()).check(&expect![[r#"
        select 1␍␛[JAsynchronous notification "jobs" with payload "done" received from server process with PID 7.
        app=> select 1"#]]);

    session
        .keys(";\r")
        .hear(notification())
        .done("SELECT 0")
        .check(&expect![[r#"
        {remember "select 1;"}{"select 1;"};
        SELECT 0
        Asynchronous notification "jobs" with payload "done" received from server process with PID 7.
        app=> "#]]);
}

#[test]
fn a_lost_connection_ends_the_session_with_psqls_words() {
    let mut session = Session::new();
    let fatal = Fields::new(
        "FATAL",
        "57P01",
        "terminating connection due to administrator command",
    );
    session.keys("select 1;\r").hear(Message::ErrorResponse(fatal));
    session.engine.handle_closed();

    session.poll().check(&expect![[r#"
        {remember "select 1;"}{"select 1;"}select 1;
        FATAL:  terminating connection due to administrator command
        server closed the connection unexpectedly
        	This probably means the server terminated abnormally
        	before or while processing the request.
        The connection to the server was lost.
        ␛[?2004l{Lost}"#]]);
    session.keys("x\x03").check(&expect![""]);
}

#[test]
fn a_result_larger_than_the_memory_for_it_streams() {
    let settings = Settings {
        result_memory: 200,
        ..Settings::default()
    };
    Session::with(settings)
        .keys("x;\r")
        .hear(Message::RowDescription(vec![column("n", 23), column("t", 25)]))
        .hear(Message::DataRow(DataRow::new([Some(&b"1"[..]), Some(b"a")])))
        .hear(Message::DataRow(DataRow::new([Some(&b"22"[..]), Some(b"a")])))
        .hear(Message::DataRow(DataRow::new([Some(&b"3"[..]), Some(b"a")])))
        .hear(Message::NoticeResponse(Fields::new(
            "NOTICE", "00000", "half way",
        )))
        .hear(Message::DataRow(DataRow::new([Some(&b"4444"[..]), Some(b"a")])))
        .done("SELECT 4")
        .check(&expect![[r#"
            {remember "x;"}{"x;"}x;
            (larger than 200 bytes: columns are as wide as their first 3 rows need)
             n  | t 
            ----+---
              1 | a
             22 | a
              3 | a
            NOTICE:  half way
             4444 | a
            (4 rows)

            app=> "#]]);
}

#[test]
fn with_nobody_to_print_for_no_message_is_wanted_after_a_while() {
    let settings = Settings {
        result_memory: 4_096,
        ..Settings::default()
    };
    let mut session = Session::with(settings);
    session.keys("x;\r").hear(columns());
    let value = "1".repeat(1_000);
    let mut n_fed = 0;
    while session.engine.wants_message() {
        session.engine.handle_message(row(&value), session.now);
        n_fed += 1;
    }
    assert!(n_fed < 70, "{n_fed}");

    session.poll();
    assert!(session.engine.wants_message());
    session.done("SELECT 70");
    assert!(session.seen.ends_with(&format!("({n_fed} rows)\n\napp=> ")));
}

#[test]
fn an_error_half_way_shows_no_rows_and_no_count() {
    Session::new()
        .keys("x;\r")
        .hear(columns())
        .hear(row("1"))
        .hear(Message::ErrorResponse(
            Fields::new("ERROR", "22012", "division by zero").with(Field::Position, "1"),
        ))
        .ready(TransactionStatus::Idle)
        .check(&expect![[r#"
            {remember "x;"}{"x;"}x;
            ERROR:  division by zero
            LINE 1: x;
                    ^
            app=> "#]]);
}

#[test]
fn the_servers_parameters_change_prompt_and_quotes() {
    let parameter = |name: &str, value: &str| Message::ParameterStatus {
        name: Text::from(name),
        value: Text::from(value),
    };
    Session::new()
        .keys("x;\r")
        .hear(parameter("is_superuser", "on"))
        .hear(parameter("standard_conforming_strings", "off"))
        .done("SET")
        .keys("select '\\';\r")
        .check(&expect![[r#"
            {remember "x;"}{"x;"}x;
            SET
            app=# select '\';
            app'# "#]]);
}

fn any_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        Just(columns()),
        "[a-z\n\x1b日]{0,9}".prop_map(|value| row(&value)),
        Just(Message::RowDescription(Vec::<Column>::new())),
        "\\PC{0,9}".prop_map(|tag| tagged(&tag)),
        Just(Message::ErrorResponse(
            Fields::new("ERROR", "X", "\x1b\u{9b}").with(Field::Position, "3")
        )),
        Just(Message::NoticeResponse(Fields::new("NOTICE", "X", "\x1b\u{9b}"))),
        Just(Message::CopyInResponse(copy(0))),
        Just(Message::CopyOutResponse(copy(0))),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(|data| Message::CopyData(data.into())),
        Just(Message::ReadyForQuery(TransactionStatus::Idle)),
        Just(Message::NotificationResponse {
            process_id: 1,
            channel: Text::from("\x1b"),
            payload: Text::from("x"),
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_order_nothing_breaks_and_nothing_raw_comes_out(
        steps in proptest::collection::vec(
            prop_oneof![
                any_message().prop_map(Ok),
                "(select|;|\r|'|\\\\[gpr] |\x03|\x04|\x1b\\[A|\\\\\\.|x){0,12}".prop_map(Err),
            ],
            0..40,
        ),
    ) {
        let mut session = Session::new();
        for step in steps {
            match step {
                Ok(message) => session.hear(message),
                Err(keys) => session.keys(&keys),
            };
        }
        // The editor moves the cursor and erases; nothing else may begin with ESC.
        let mut rest = session.seen.as_str();
        while let Some((_, sequence)) = rest.split_once('\x1b') {
            let end = sequence.find(|c: char| c.is_ascii_alphabetic()).map_or("", |idx| &sequence[idx..=idx]);
            prop_assert!(sequence.starts_with('[') && ["A", "B", "C", "J", "l"].contains(&end), "{:?}", sequence);
            rest = sequence;
        }
        let c1 = '\u{9b}';
        prop_assert!(!session.seen.contains(c1));
    }
}
