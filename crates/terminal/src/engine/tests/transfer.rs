//! What the driver does: files of `\copy`, the editor of `\e`, the connection of `\c`.

use bytes::Bytes;

use super::*;

#[test]
fn rows_of_a_file_go_to_the_server_as_they_are() {
    let mut session = Session::new();
    session
        .keys("\\copy t (a) from '/home/ann/x.csv' csv\r")
        .hear(Message::CopyInResponse(copy(0)));
    assert!(session.engine.wants_upload());
    session.engine.handle_upload(Bytes::from_static(b"1\n\x1b2\n"));
    session.engine.upload_finished();
    assert!(!session.engine.is_uploading());

    session.poll().done("COPY 2").check(&expect![[r#"
        {remember "\\copy t (a) from '/home/ann/x.csv' csv"}{"COPY t (a) FROM STDIN csv"}\copy t (a) from '/home/ann/x.csv' csv
        {upload}{rows b"1\n\x1b2\n"}{CopyDone}COPY 2
        app=> "#]]);
}

#[test]
fn ctrl_c_and_a_failure_end_an_upload() {
    let mut session = Session::new();
    session
        .keys("\\copy t from x\r")
        .hear(Message::CopyInResponse(copy(0)))
        .keys("\x03");
    assert!(!session.engine.is_uploading());
    session.engine.handle_upload(Bytes::from_static(b"late"));
    session
        .hear(Message::ErrorResponse(Fields::new(
            "ERROR",
            "57014",
            "COPY from stdin failed: canceled by user",
        )))
        .ready(TransactionStatus::Idle)
        .check(&expect![[r#"
            {remember "\\copy t from x"}{"COPY t FROM STDIN"}\copy t from x
            {upload}{CopyFail { reason: "canceled by user" }}^C
            ERROR:  COPY from stdin failed: canceled by user
            app=> "#]]);

    session
        .keys("\\copy t from x\r")
        .hear(Message::CopyInResponse(copy(0)));
    session.engine.upload_failed("no file was chosen");
    session.poll().check(&expect![[r#"
        {"COPY t FROM STDIN"}\copy t from x
        {upload}{CopyFail { reason: "no file was chosen" }}"#]]);
}

#[test]
fn rows_go_into_a_file_as_they_are_and_its_end_says_whether_it_is_whole() {
    let mut session = Session::new();
    session
        .keys("\\copy (select 1) to '/etc/a.csv' (format csv)\r")
        .hear(Message::CopyOutResponse(copy(0)))
        .hear(Message::CopyData(Bytes::from_static(b"\x1b1\n")))
        .hear(Message::CopyDone)
        .done("COPY 1")
        .check(&expect![[r#"
            {remember "\\copy (select 1) to '/etc/a.csv' (format csv)"}{"COPY (select 1) TO STDOUT (format csv)"}\copy (select 1) to '/etc/a.csv' (format csv)
            {download "a.csv"}{file b"\x1b1\n"}{whole true}COPY 1
            app=> "#]]);

    session
        .keys("\\copy t to a\r")
        .hear(Message::CopyOutResponse(copy(0)))
        .hear(Message::CopyData(Bytes::from_static(b"1\n")))
        .keys("\x03")
        .hear(Message::CopyData(Bytes::from_static(b"2\n")))
        .ready(TransactionStatus::Idle)
        .check(&expect![[r#"
            {remember "\\copy t to a"}{"COPY t TO STDOUT"}\copy t to a
            {download "a"}{file b"1\n"}{cancel}^CCancel request sent
            {whole false}app=> "#]]);
}

#[test]
fn a_download_that_may_not_be_is_cancelled_with_its_reason() {
    let mut session = Session::new();
    session
        .keys("\\copy t to a\r")
        .hear(Message::CopyOutResponse(copy(0)));
    session.engine.download_failed("export is not allowed");

    session
        .hear(Message::CopyData(Bytes::from_static(b"1\n")))
        .ready(TransactionStatus::Idle)
        .check(&expect![[r#"
            {remember "\\copy t to a"}{"COPY t TO STDOUT"}\copy t to a
            {download "a"}{cancel}\copy: export is not allowed
            {whole false}app=> "#]]);
}

#[test]
fn with_nobody_to_keep_a_file_no_message_is_wanted_after_a_while() {
    let mut session = Session::new();
    session
        .keys("\\copy t to a\r")
        .hear(Message::CopyOutResponse(copy(0)));
    let mut n_fed = 0;
    while session.engine.wants_message() {
        session
            .engine
            .handle_message(Message::CopyData(Bytes::from(vec![b'x'; 1_000])), session.now);
        n_fed += 1;
    }
    assert!(n_fed < 70, "{n_fed}");

    session.poll();
    assert!(session.engine.wants_message());
}

#[test]
fn programs_and_what_is_no_copy_are_refused() {
    Session::new()
        .keys("\\copy t from program 'ls'\r\\copy\r\\copy t form x\r")
        .check(&expect![[r#"
            {remember "\\copy t from program 'ls'"}{remember "\\copy"}{remember "\\copy t form x"}\copy t from program 'ls'
            \copy with a program is not available in this terminal.
            app=> \copy
            \copy: arguments required
            app=> \copy t form x
            \copy: parse error at "form"
            app=> "#]]);
}

#[test]
fn edited_text_runs_as_far_as_it_is_complete() {
    let mut session = Session::new();
    session.keys("select 1\r\\e\rtyped ahead");
    assert!(session.engine.is_editing_text());
    session
        .engine
        .handle_edited(Some("select 2;\nselect\n3\n".to_owned()));

    session.poll().done("SELECT 0").check(&expect![[r#"
        {remember "select 1\n\\e"}{edit "select 1"}select 1
        app-> \e
        {remember "select 2;\nselect\n3"}{"select 2;"}SELECT 0
        app-> typed ahead"#]]);
    session.engine.handle_edited(Some("late".to_owned()));
    session.poll().check(&expect![""]);
}

#[test]
fn an_editor_left_without_keeping_leaves_the_buffer() {
    let mut session = Session::new();
    session.keys("select 1\r\\e\r");
    session.engine.handle_edited(None);
    session.poll().keys("\\p\r\\e\r\x03");
    assert!(!session.engine.is_editing_text());

    session.check(&expect![[r#"
        {remember "select 1\n\\e"}{edit "select 1"}select 1
        app-> \e
        app-> {remember "\\p"}{remember "\\e"}{edit "select 1"}\p
        ^C
        app=> "#]]);
}

#[test]
fn another_database_is_connected_to_and_a_failure_keeps_the_one_before() {
    let mut session = Session::new();
    session.keys("\\c other\rselect 1;\r").check(&expect![[r#"
        {remember "\\c other"}{connect "other"}\c other
        select 1;
    "#]]);
    session.engine.handle_connected(Ok(Connected {
        database: "other".to_owned(),
        tls: None,
        is_superuser: true,
        standard_conforming_strings: true,
        server_version: "14.2".to_owned(),
    }));
    session.poll().check(&expect![[r#"
        {remember "select 1;"}{"select 1;"}You are now connected to database "other" as user "ann".
        other=# select 1;
    "#]]);

    session
        .done("SELECT 0")
        .keys("\\echo :DBNAME :SERVER_VERSION_NUM\r\\c\r");
    session
        .engine
        .handle_connected(Err("connection to server failed: FATAL:  no\x1b".to_owned()));
    session.poll().keys("\\c db bob\r\\c 'host=x'\r\\c - - -\r").check(&expect![[r#"
        SELECT 0
        other=# {remember "\\echo :DBNAME :SERVER_VERSION_NUM"}{remember "\\c"}{connect "other"}\echo :DBNAME :SERVER_VERSION_NUM
        other 140002
        other=# \c
        connection to server failed: FATAL:  no\x1B
        Previous connection kept
        other=# {remember "\\c db bob"}{remember "\\c 'host=x'"}{remember "\\c - - -"}{connect "other"}\c db bob
        \connect: another database can be named here, never host, port or user: those are the record's.
        Previous connection kept
        other=# \c 'host=x'
        \connect: another database can be named here, never host, port or user: those are the record's.
        Previous connection kept
        other=# \c - - -
    "#]]);
}
