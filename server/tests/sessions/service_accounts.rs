//! A program that is nobody: through the listener and the command line, under the rules people are under.

use protocol::sessions::{SessionKind, SessionState};
use protocol::terminal::EndReason;
use recording::Body;
use vault::authorize::Wanted;
use vault::people::Person;

use super::native::{Port, connect, told};
use super::tunnel::postern;

const NAME: &str = "nightly-export";

/// A service account that may launch the record.
async fn sharing(port: &Port) -> Person {
    let account = port.desk.house.service_account(NAME).await;
    let form = format!(
        "id={}&draft[person]={}&draft[launch]=true",
        port.desk.record, account.id
    );
    port.desk.place("/api/share-record", &form).await;

    account
}

#[tokio::test]
async fn a_job_connects_as_a_service_account_and_is_on_record_under_its_name() {
    let port = Port::open().await;
    let account = sharing(&port).await;
    let token = port.desk.house.token_of(&account, Wanted::Everything).await;

    let client = connect(&port.client("Books", &token)).await.expect("let in");
    client.simple_query("SELECT 1").await.unwrap();
    drop(client);

    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(
        (row.kind, row.person_email.as_str(), row.statements),
        (SessionKind::Listener, NAME, 1)
    );
    let frames = port.frames(&row.id).await;
    let header = frames.iter().find_map(|frame| match &frame.body {
        Body::Header(header) => Some(header.person.clone()),
        _ => None,
    });
    assert_eq!(header.as_deref(), Some(NAME));
}

#[tokio::test]
async fn what_is_not_shared_with_it_is_not_there_for_it() {
    let port = Port::open().await;
    let account = port.desk.house.service_account(NAME).await;
    let token = port.desk.house.token_of(&account, Wanted::Everything).await;

    let refused = connect(&port.client("Books", &token))
        .await
        .expect_err("not let in");

    assert!(
        told(&refused).starts_with("FATAL 28000: no record of this name"),
        "{}",
        told(&refused)
    );
}

#[tokio::test]
async fn the_most_sessions_of_one_person_are_its_most_too() {
    let port = Port::open_under("&draft[max_sessions_per_user]=1").await;
    let account = sharing(&port).await;
    let house = &port.desk.house;
    let (one, other) = (
        house.token_of(&account, Wanted::Everything).await,
        house.token_of(&account, Wanted::Everything).await,
    );

    let held = connect(&port.client("Books", &one)).await.expect("let in");
    let refused = connect(&port.client("Books", &other))
        .await
        .expect_err("not let in");

    assert!(told(&refused).contains("53300"), "{}", told(&refused));
    drop(held);
}

#[tokio::test]
async fn switching_it_off_ends_what_it_has_open() {
    let port = Port::open().await;
    let account = sharing(&port).await;
    let token = port.desk.house.token_of(&account, Wanted::Everything).await;
    let client = connect(&port.client("Books", &token)).await.expect("let in");
    client.simple_query("SELECT 1").await.unwrap();

    port.desk
        .place("/api/switch-off", &format!("id={}", account.id))
        .await;

    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::PolicyChanged));
    assert!(client.simple_query("SELECT 1").await.is_err());
    let refused = connect(&port.client("Books", &token))
        .await
        .expect_err("not let in");
    assert!(told(&refused).contains("28P01"), "{}", told(&refused));
}

#[tokio::test]
async fn a_script_runs_as_a_service_account_and_sees_its_own_sessions() {
    let port = Port::open().await;
    let account = sharing(&port).await;
    let token = port.desk.house.token_of(&account, Wanted::CommandLine).await;
    let run = async |arguments: &[&str]| {
        let output = postern(&port, &token).args(arguments).output().await.unwrap();

        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        )
    };

    let script = run(&["connect", "Books", "-Atc", "SELECT 6 * 7"]).await;
    let whoami = run(&["whoami"]).await;
    let listed = run(&["--json", "sessions", "list"]).await;
    let import = run(&["import", "/dev/null"]).await;

    assert_eq!(script, (Some(0), "42\n".to_owned()));
    assert!(
        whoami.1.starts_with("nightly-export (service account) at "),
        "{}",
        whoami.1
    );
    assert!(
        listed.1.contains(r#""person_email":"nightly-export""#),
        "{}",
        listed.1
    );
    assert_ne!(import.0, Some(0), "{}", import.1);
}
