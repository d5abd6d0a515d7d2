//! `\password`: what is shown, what is sent and what is nowhere.

use super::*;

fn stored_as(session: &mut Session, how: &str) {
    session
        .hear(Message::RowDescription(vec![column("password_encryption", 25)]))
        .hear(row(how))
        .done("SHOW");
}

#[test]
fn a_new_password_is_typed_twice_and_sent_as_a_verifier() {
    let mut session = Session::new();
    session
        .keys("\\password \"Bob\"\r")
        .check(&expect![[r#"{remember "\\password \"Bob\""}\password "Bob"
Enter new password for user "Bob": "#]]);
    assert!(session.engine.hides_input());
    session
        .keys("swordfish\r")
        .check(&expect![[r#"

            Enter it again: "#]])
        .keys("swordfish\r");
    assert!(!session.engine.hides_input());
    session.check(&expect![[r#"
        {ask "SHOW password_encryption"}
    "#]]);

    stored_as(&mut session, "scram-sha-256");

    session
        .check(&expect![[
            r#"{guarded "SCRAM-SHA-256$4096:" for "ALTER USER \"Bob\" PASSWORD '<redacted>'"}"#
        ]])
        .done("ALTER ROLE")
        .check(&expect!["app=> "]);
    assert!(!format!("{:?}", session.engine).contains("swordfish"));
}

#[test]
fn what_is_typed_goes_no_further_than_where_it_is_hidden() {
    let mut session = Session::new();

    let taken = session
        .engine
        .handle_input(b"\\password bob\rswordfish\r", session.now);

    assert_eq!(taken, b"\\password bob\r".len());
    session.engine.handle_input(b"swordfish\r", session.now);
    let taken = session.engine.handle_input(b"swordfish\rselect 1;", session.now);
    assert_eq!(taken, b"swordfish\r".len());
}

#[test]
fn what_was_typed_ahead_is_not_taken_for_a_password() {
    let mut session = Session::new();
    session.keys("select 1;\r\\password bob\rtyped too early\r");
    session.seen.clear();

    session.done("SELECT 0").check(&expect![[r#"
            SELECT 0
            {remember "\\password bob"}app=> \password bob
            Enter new password for user "bob": "#]]);
}

#[test]
fn passwords_that_differ_change_nothing() {
    Session::new()
        .keys("\\password bob \\echo not reached\r")
        .keys("swordfish\r")
        .keys("sw\x7fwordfish?\r")
        .check(&expect![[r#"
            {remember "\\password bob \\echo not reached"}\password bob \echo not reached
            Enter new password for user "bob": 
            Enter it again: 
            Passwords didn't match.
            app=> "#]]);
}

#[test]
fn ctrl_c_gives_a_password_up() {
    let mut session = Session::new();
    session
        .keys("\\password bob\r")
        .keys("sword\x03")
        .check(&expect![[r#"
            {remember "\\password bob"}\password bob
            Enter new password for user "bob": 
            app=> "#]]);
    assert!(!session.engine.hides_input());
}

#[test]
fn the_sessions_own_role_keeps_the_vaults_password() {
    Session::new()
        .keys("\\password\r")
        .keys("\\password Ann\r")
        .check(&expect![[r#"
            {remember "\\password"}\password
            \password: name the role whose password is to change. The password of this session's own role is kept in the vault and changed there.
            app=> {remember "\\password Ann"}\password Ann
            \password: this session's own role is signed in with a password that the vault keeps. Changed here, it would no longer fit: change it in the record.
            app=> "#]]);
}

#[test]
fn a_password_is_not_sent_to_be_kept_as_md5() {
    let mut session = Session::new();
    session.keys("\\password bob\r").keys("x\r").keys("x\r");
    session.seen.clear();

    stored_as(&mut session, "md5");

    session.check(&expect![[r#"
        \password: this server would keep the password as MD5, which is not safe. SET password_encryption = 'scram-sha-256' and try again.
        app=> "#]]);
}

#[test]
fn what_a_server_says_meanwhile_stands_above_the_prompt() {
    let mut session = Session::new();
    session.keys("\\password bob\r");
    session.seen.clear();

    session
        .hear(Message::NoticeResponse(Fields::new(
            "WARNING", "01000", "low disk",
        )))
        .check(&expect![[r#"

            WARNING:  low disk
            Enter new password for user "bob": "#]]);
}

#[test]
fn a_role_that_may_not_be_changed_is_reported_without_the_verifier() {
    let mut session = Session::new();
    session
        .keys("\\set ECHO_HIDDEN on\r\\password bob\r")
        .keys("x\r")
        .keys("x\r");
    stored_as(&mut session, "scram-sha-256");
    session.seen.clear();

    let error = Fields::new("ERROR", "42501", "permission denied").with(Field::Position, "12");
    session
        .hear(Message::ErrorResponse(error))
        .ready(TransactionStatus::Idle)
        .check(&expect![[r#"
            ERROR:  permission denied
            LINE 1: ALTER USER "bob" PASSWORD '<redacted>'
                               ^
            app=> "#]]);
}

#[test]
fn a_server_that_sends_its_log_shows_no_verifier() {
    let mut session = Session::new();
    session.keys("\\password bob\r").keys("x\r").keys("x\r");
    stored_as(&mut session, "scram-sha-256");
    session.seen.clear();

    let said = |severity: &str| {
        Fields::new(
            severity,
            "00000",
            "statement: ALTER USER \"bob\" PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$a:b'",
        )
        .with(Field::Detail, "SCRAM-SHA-\n    256$4096:c2FsdA==")
    };
    session
        .hear(Message::NoticeResponse(said("LOG")))
        .hear(Message::ErrorResponse(said("ERROR")))
        .hear(Message::NoticeResponse(said("LOG")))
        .ready(TransactionStatus::Idle)
        .keys("\\errverbose\r");

    assert!(!session.seen.contains("SCRAM"), "{}", session.seen);
    assert_eq!(
        session.seen.matches("PASSWORD '<redacted>\n").count(),
        4,
        "{}",
        session.seen
    );

    // What the person writes is theirs to see.
    session
        .keys("select 1;\r")
        .hear(Message::NoticeResponse(said("LOG")));
    assert!(session.seen.contains("SCRAM-SHA-256$4096:c2FsdA==$a:b'"));
}
