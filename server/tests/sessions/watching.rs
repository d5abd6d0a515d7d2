//! Live views: what was shown, then what comes; for who may see evidence.

use avt::Terminal as Screen;
use protocol::audit::{AuditFilter, EventName};
use protocol::people::Role;
use protocol::terminal::EndReason;
use protocol::terminal::watch::{WatchFrame, WatcherFrame};

use super::desk::{COLS, Desk, ROWS, Socket};

/// Watches to the end: the screen, and every statement with its tag.
async fn watch_out(socket: &mut Socket) -> (Vec<String>, Vec<String>, Option<EndReason>) {
    let mut screen = Screen::with_scrollback(COLS.into(), ROWS.into(), Some(1000)).unwrap();
    let (mut statements, mut parsed) = (Vec::new(), 0_u64);
    let end = loop {
        let bytes = match socket.receive().await {
            Some(WatchFrame::Snapshot { screen: bytes, .. }) => {
                screen = Screen::with_scrollback(COLS.into(), ROWS.into(), Some(1000)).unwrap();
                bytes
            }
            Some(WatchFrame::Output(bytes)) => bytes,
            Some(WatchFrame::StatementStart { sql, .. }) => {
                statements.push(sql);
                continue;
            }
            Some(WatchFrame::StatementEnd { tag, .. }) => {
                statements.push(tag);
                continue;
            }
            Some(WatchFrame::Ended(ended)) => break Some(ended.reason),
            Some(_) => continue,
            None => break None,
        };
        screen.feed(std::str::from_utf8(&bytes).unwrap());
        parsed += bytes.len() as u64;
        socket.send(&WatcherFrame::Ack { parsed }).await;
    };
    let lines = screen.screen().all_lines();

    (
        lines.map(|line| line.text().trim_end().to_owned()).collect(),
        statements,
        end,
    )
}

#[tokio::test]
async fn who_watches_sees_what_its_person_sees_from_the_middle_to_the_end() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let mut terminal = desk.launch(&user).await;
    terminal.run("SELECT 'before' AS word;", "(1 row)").await;
    let mut socket = desk.watch(&auditor, &terminal.hello.session).await.unwrap();
    let Some(WatchFrame::Hello(hello)) = socket.receive().await else {
        panic!("not greeted");
    };

    terminal.run("SELECT 'after' AS word;", "(1 row)").await;
    terminal.press("\\q\r").await;
    let ended = terminal.end().await.unwrap();
    let (lines, statements, end) = watch_out(&mut socket).await;

    assert_eq!(hello.person_email, "user@example.org");
    assert_eq!(lines, terminal.lines());
    assert!(lines.concat().contains("before"));
    assert_eq!(statements, ["SELECT 'after' AS word;", "SELECT 1"]);
    assert_eq!(
        (end, ended.reason),
        (Some(EndReason::Goodbye), EndReason::Goodbye)
    );
}

#[tokio::test]
async fn that_somebody_watches_is_in_the_audit_log_and_users_may_not() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let terminal = desk.launch(&user).await;
    let session = &terminal.hello.session;

    assert_eq!(desk.watch(&user, session).await.err().unwrap(), 403);
    desk.watch(&auditor, session).await.unwrap();

    let mut snapshot = desk.house.state.db.read().await.unwrap();
    let page = store::audit::list(&mut snapshot, &AuditFilter::default())
        .await
        .unwrap();
    let watched: Vec<_> = page
        .events
        .iter()
        .filter(|event| event.name == EventName::SessionWatched)
        .collect();
    assert_eq!(watched.len(), 1);
    assert_eq!(watched[0].session.as_ref(), Some(session));
}

#[tokio::test]
async fn a_watcher_whose_sign_in_ends_sees_no_more() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let terminal = desk.launch(&user).await;
    let mut socket = desk.watch(&auditor, &terminal.hello.session).await.unwrap();

    let call = desk.house.post("/api/sign-out", "").by(&auditor);
    desk.house.call(call).await;

    let dropped = loop {
        match socket.receive().await {
            Some(WatchFrame::Dropped(sentence)) => break sentence,
            Some(_) => {}
            None => panic!("not told"),
        }
    };
    assert_eq!(dropped, "Your sign-in has ended.");
}
