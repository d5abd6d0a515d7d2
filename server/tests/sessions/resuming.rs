//! A session whose browser was lost, and the same session in another window.

use protocol::people::Role;
use protocol::sessions::SessionState;
use protocol::terminal::{EndReason, LaunchTicket, ServerFrame};

use super::desk::Desk;

#[tokio::test]
async fn a_session_that_lost_its_browser_comes_back_as_it_was() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    terminal
        .run("CREATE TEMP TABLE kept AS SELECT 41 + 1 AS answer;", "SELECT 1")
        .await;
    terminal.run("SELECT generate_series(1, 50);", "(50 rows)").await;
    let (session, before) = (terminal.hello.session.clone(), terminal.lines());
    drop(terminal);

    // Any sign-in of the same person does.
    let again = desk.house.sign_in(Role::User).await;
    let offered = desk.offer(&again).await.live;
    let mut terminal = desk.resume(&again, &session).await;
    terminal.see("(50 rows)").await;
    terminal.see("postgres=# ").await;

    assert_eq!(
        offered.iter().map(|live| &live.id).collect::<Vec<_>>(),
        [&session]
    );
    assert!(terminal.hello.resumed);
    assert_eq!(terminal.lines(), before);
    terminal.run("SELECT answer FROM kept;", "42").await;
}

#[tokio::test]
async fn what_is_printed_while_nobody_looks_is_there_afterwards_once() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    terminal.press("SELECT 'here' || pg_sleep(0.2) || 'now';\r").await;
    terminal.see("now';").await;
    let session = terminal.hello.session.clone();
    drop(terminal);

    let mut terminal = desk.resume(&user, &session).await;
    terminal.see("herenow").await;
    terminal.see("(1 row)").await;

    assert_eq!(terminal.lines().concat().matches("herenow").count(), 1);
}

#[tokio::test]
async fn only_its_person_gets_a_session_and_a_ticket_is_good_once_for_one_sign_in() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();

    for role in [Role::Administrator, Role::Auditor] {
        let other = desk.house.sign_in(role).await;
        assert_eq!(
            desk.ask_to_resume(&other, &session).await.told(),
            "404 PAM_NOT_FOUND: This session has ended. Start a new one."
        );
        assert!(role == Role::Auditor || desk.offer(&other).await.live.is_empty());
    }
    let answer = desk.ask_to_resume(&user, &session).await;
    let ticket: LaunchTicket = serde_json::from_str(&answer.body).unwrap();
    let another = desk.house.sign_in(Role::User).await;
    assert!(
        desk.redeem(&another, &ticket.token).await.is_err(),
        "of another sign-in"
    );
    assert!(desk.redeem(&user, &ticket.token).await.is_err(), "shown before");
}

#[tokio::test]
async fn a_second_window_takes_the_session_over() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut first = desk.launch(&user).await;
    let session = first.hello.session.clone();

    let mut second = desk.resume(&user, &session).await;

    let told = loop {
        match first.socket.receive().await {
            Some(ServerFrame::TakenOver(sentence)) => break sentence,
            Some(_) => {}
            None => panic!("not told"),
        }
    };
    assert_eq!(told, "This session was taken over by another window.");
    assert!(first.socket.receive::<ServerFrame>().await.is_none(), "closed");
    second.run("SELECT 1 AS one;", "(1 row)").await;
}

#[tokio::test]
async fn a_session_nobody_comes_back_to_ends() {
    let desk = Desk::open_with(|config| config.sessions.reattach_seconds = 1).await;
    let user = desk.house.sign_in(Role::User).await;
    let terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();
    drop(terminal);

    let row = desk.row(&session, |row| row.state == SessionState::Ended).await;

    assert_eq!(row.end_reason, Some(EndReason::ClientGone));
    assert_eq!(desk.ask_to_resume(&user, &session).await.status, 404);
    assert!(desk.offer(&user).await.live.is_empty());
}

#[tokio::test]
async fn without_a_grace_a_lost_browser_ends_the_session_at_once() {
    let desk = Desk::open_with(|config| config.sessions.reattach_seconds = 0).await;
    let user = desk.house.sign_in(Role::User).await;
    let terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();
    drop(terminal);

    let row = desk.row(&session, |row| row.state == SessionState::Ended).await;

    assert_eq!(row.end_reason, Some(EndReason::ClientGone));
}
