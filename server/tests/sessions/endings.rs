//! Sessions that others end: the person reads why, and PostgreSQL stops.

use std::time::Duration;

use protocol::people::Role;
use protocol::sessions::SessionState;
use protocol::terminal::EndReason;
use protocol::terminal::watch::WatchFrame;

use super::desk::{Desk, until};

#[tokio::test]
async fn who_is_terminated_reads_by_whom_and_why_and_the_statement_stops() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let mut terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();
    terminal.press("SELECT pg_sleep(600);\r").await;
    let running =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%' AND state = 'active'";
    let count = async |wanted: &str| {
        until(async || (desk.cluster.sql(running).unwrap().trim() == wanted).then_some(())).await;
    };
    count("1").await;

    let form = format!("draft[session]={session}&draft[reason]=It+locks+the+shop.");
    let call = desk.house.post("/api/terminate-session", &form).by(&auditor);
    assert_eq!(desk.house.call(call).await.status, 200);
    let ended = terminal.end().await.unwrap();

    let sentence = "Terminated by auditor@example.org: It locks the shop.";
    assert_eq!(
        (ended.reason, ended.sentence.as_str()),
        (EndReason::Terminated, sentence)
    );
    assert!(terminal.text().contains(sentence));
    count("0").await;
    let row = desk.row(&session, |row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::Terminated));
}

#[tokio::test]
async fn a_reason_is_asked_for_and_users_may_not() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let administrator = desk.house.sign_in(Role::Administrator).await;
    let terminal = desk.launch(&user).await;
    let session = &terminal.hello.session;

    for (cookie, reason, expected) in [(&user, "Enough", 403), (&administrator, "", 422)] {
        let form = format!("draft[session]={session}&draft[reason]={reason}");
        let call = desk.house.post("/api/terminate-session", &form).by(cookie);

        assert_eq!(desk.house.call(call).await.status, expected);
    }
    assert_eq!(desk.offer(&user).await.live.len(), 1);
}

#[tokio::test]
async fn a_server_that_stops_tells_everybody_also_of_sessions_nobody_looks_at() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let mut shown = desk.launch(&user).await;
    let mut socket = desk.watch(&auditor, &shown.hello.session).await.unwrap();
    let lost = desk.launch(&user).await;
    let lost_session = lost.hello.session.clone();
    drop(lost);

    desk.house.state.sessions.end_all(Duration::from_secs(30)).await;

    assert_eq!(shown.end().await.unwrap().reason, EndReason::Shutdown);
    let last = loop {
        match socket.receive().await {
            Some(WatchFrame::Ended(ended)) => break ended.reason,
            Some(_) => {}
            None => panic!("not told"),
        }
    };
    assert_eq!(last, EndReason::Shutdown);
    let row = desk
        .row(&lost_session, |row| row.state == SessionState::Ended)
        .await;
    assert_eq!(row.end_reason, Some(EndReason::Shutdown));
}
