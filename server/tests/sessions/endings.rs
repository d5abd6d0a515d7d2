//! Sessions that others end: the person reads why, and PostgreSQL stops.

use std::time::Duration;

use protocol::audit::{AuditFilter, EventName};
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
    // The list that is shown next says so.
    let listed = desk.row(&session, |_| true).await;
    assert_eq!(listed.state, SessionState::Ended);
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
async fn who_loses_the_share_reads_that_access_was_taken_away() {
    let desk = Desk::open().await;
    let (user, administrator) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Administrator).await,
    );
    let mut terminal = desk.launch(&user).await;

    let person = desk.house.person(Role::User).await.id;
    let form = format!("id={}&person={person}", desk.record);
    let call = desk.house.post("/api/unshare-record", &form).by(&administrator);
    assert_eq!(desk.house.call(call).await.status, 200);
    let ended = terminal.end().await.unwrap();

    assert_eq!(ended.reason, EndReason::PolicyChanged);
    assert_eq!(
        ended.sentence,
        "Your access to this record was taken away. Ask an administrator to share it again."
    );
}

#[tokio::test]
async fn who_loses_the_database_reads_what_the_database_said() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();
    terminal.run("SELECT 1;", "(1 row)").await;

    desk.cluster
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 1;'")
        .unwrap();
    let ended = terminal.end().await.unwrap();

    assert_eq!(ended.reason, EndReason::ConnectionLost);
    assert_eq!(
        ended.sentence,
        "Connection lost. The database server ended the session: terminating connection due to administrator \
         command. Launch again to reconnect."
    );
    assert!(terminal.text().contains(&ended.sentence));
    let row = desk.row(&session, |row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::ConnectionLost));
}

#[tokio::test]
async fn another_database_is_on_the_trail_and_in_the_list_before_anything_is_done_there() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    desk.cluster.sql("CREATE DATABASE archive").unwrap();
    let mut terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();

    terminal.press("\\c archive\r").await;
    terminal.see("archive=# ").await;
    terminal.shown.clear();
    terminal.press("\\c postgres\r").await;
    terminal.see("postgres=# ").await;

    let row = desk.row(&session, |_| true).await;
    assert_eq!(row.database, "postgres, archive");
    let mut snapshot = desk.house.state.db.read().await.unwrap();
    let page = store::audit::list(&mut snapshot, &AuditFilter::default())
        .await
        .unwrap();
    let moved = page
        .events
        .iter()
        .filter(|event| event.name == EventName::DatabaseChanged && event.session.as_ref() == Some(&session));
    assert_eq!(moved.count(), 2);
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
