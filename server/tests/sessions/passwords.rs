//! `\password`: what is typed reaches PostgreSQL as a verifier, and nothing else.

use protocol::people::Role;
use protocol::sessions::SessionState;
use protocol::terminal::ClientFrame;
use tokio_postgres::NoTls;

use super::desk::Desk;
use crate::house::Call;

const SECRET: &str = "canary-in-the-coal-mine";

#[tokio::test]
async fn a_password_that_is_typed_is_nowhere_on_record() {
    let desk = Desk::open_under("&draft[recording_include_keys]=on").await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    desk.cluster.sql("CREATE ROLE bob LOGIN").unwrap();
    let mut terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();

    // In one frame, as it comes from a person in a hurry: what is hidden begins and ends inside of it.
    terminal
        .press(&format!(
            "\\echo before\r\\password bob\r{SECRET}\r{SECRET}\rSELECT 'after' AS word;\r"
        ))
        .await;
    terminal.see("Enter it again: ").await;
    terminal.see("(1 row)").await;
    let shown = terminal.text();
    terminal.socket.send(&ClientFrame::End).await;
    terminal.end().await.unwrap();
    desk.row(&session, |row| row.state == SessionState::Ended).await;

    let kept = "SELECT rolpassword FROM pg_authid WHERE rolname = 'bob'";
    let verifier = desk.cluster.sql(kept).unwrap();
    assert!(verifier.trim().starts_with("SCRAM-SHA-256$4096:"), "{verifier}");
    let signed_in = tokio_postgres::Config::new()
        .host("127.0.0.1")
        .port(desk.cluster.port())
        .user("bob")
        .password(SECRET)
        .dbname("postgres")
        .connect(NoTls)
        .await;
    assert!(signed_in.is_ok(), "the password is the one that was typed");

    let opening = desk
        .house
        .post("/api/recording-view", &format!("session={session}"))
        .by(&auditor);
    assert_eq!(desk.house.call(opening).await.status, 200);
    let frames = format!("/sessions/{session}/frames?segment=0&first=0&last=15");
    let answer = desk.house.call(Call::get(&frames).by(&auditor)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let recording = answer.body;
    // What was typed, printed and run.
    for found in [
        "\\echo before\r\\password bob\r",
        "Enter it again: ",
        "SELECT 'after' AS word;",
        "ALTER USER \"bob\" PASSWORD '<redacted>'",
    ] {
        assert!(recording.contains(found), "{found} in {recording:?}");
    }
    for hidden in ["canary", "SCRAM-SHA-256$"] {
        assert!(!recording.contains(hidden), "{hidden} in {recording:?}");
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

#[tokio::test]
async fn a_database_that_sends_its_log_shows_no_verifier() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    desk.cluster.sql("CREATE ROLE bob LOGIN").unwrap();
    let mut terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();
    for setting in [
        "log_statement = 'all'",
        "log_duration = on",
        "debug_print_parse = on",
        "client_min_messages = log",
    ] {
        terminal.run(&format!("SET {setting};"), "SET").await;
    }

    terminal
        .press(&format!("\\password bob\r{SECRET}\r{SECRET}\r"))
        .await;
    terminal.see("ALTER USER \"bob\" PASSWORD '<redacted>").await;
    terminal.see("duration: ").await;
    terminal.run("SELECT 'after' AS word;", "(1 row)").await;
    let shown = terminal.text();
    terminal.socket.send(&ClientFrame::End).await;
    terminal.end().await.unwrap();
    desk.row(&session, |row| row.state == SessionState::Ended).await;

    let export = Call::get(&format!("/sessions/{session}/export?format=jsonl")).by(&auditor);
    let recorded = String::from_utf8_lossy(&desk.house.fetch(export).await).into_owned();
    assert!(recorded.contains("redacted"), "{recorded}");
    for hidden in ["canary", "SCRAM-SHA-256$4096"] {
        assert!(!recorded.contains(hidden), "{hidden} in {recorded}");
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    let kept = "SELECT rolpassword FROM pg_authid WHERE rolname = 'bob'";
    let verifier = desk.cluster.sql(kept).unwrap();
    assert!(verifier.starts_with("SCRAM-SHA-256$4096:"), "{verifier}");
    let (_, secret) = verifier.split_once(':').unwrap();
    for part in secret.split(['$', ':']) {
        assert!(!shown.contains(part) && !recorded.contains(part), "{part}");
    }
}
