//! Databases behind a gateway: `posternd gateway`, the program itself, between the server and a real PostgreSQL.

mod chaos;
mod endings;
pub mod instance;
mod rules;
mod who;

use protocol::people::Role;
use protocol::recordings::VerdictView;

use self::instance::{Behind, Wishes};
use server::recordings::{Checked, check};

#[tokio::test]
async fn a_session_goes_out_through_a_gateway_and_the_credential_does_not() {
    let behind = Behind::open().await;
    let instance = behind.enroll().await;
    let user = behind.desk.house.sign_in(Role::User).await;

    let mut terminal = behind.desk.launch(&user).await;
    terminal
        .run(
            "SELECT 'seen through ' || 'the gateway';",
            "seen through the gateway",
        )
        .await;

    assert_eq!(terminal.hello.reached, "gateway Berlin · TLS disable");
    // What it holds is found, so what is not found is not held: the database is spoken to without TLS.
    assert!(instance.holds(instance.id().await.as_str()));
    assert!(instance.holds("SELECT 'seen through ' || 'the gateway'"));
    assert!(
        !instance.holds(testkit::cluster::PASSWORD),
        "the password is in the gateway's memory"
    );
}

#[tokio::test]
async fn a_test_of_the_gateway_and_of_the_connection_names_each_stage() {
    let behind = Behind::open().await;
    let target = format!("draft[host]=127.0.0.1&draft[port]={}", behind.target);

    let offline = behind.test(&target).await;
    assert_eq!(offline.len(), 1);
    assert!(
        offline[0].contains("Gateway \\\"Berlin\\\" is offline."),
        "{offline:?}"
    );

    let _instance = behind.enroll().await;
    let stages = behind.test(&target).await;
    assert_eq!(stages.len(), 3, "{stages:?}");
    assert!(
        stages[2].contains(&format!("127.0.0.1:{}", behind.target)),
        "{stages:?}"
    );

    let refused = behind.test("draft[host]=127.0.0.1&draft[port]=1").await;
    assert!(
        refused.last().unwrap().contains("refused the connection"),
        "{refused:?}"
    );
    let unknown = behind
        .test("draft[host]=no-such-host.invalid&draft[port]=5432")
        .await;
    assert!(
        unknown.last().unwrap().contains("does not resolve"),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn a_pool_goes_on_without_the_instance_that_is_lost() {
    let behind = Behind::with(Wishes {
        most: 2,
        ..Wishes::default()
    })
    .await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let first = behind.enroll().await;
    let mut before = behind.desk.launch(&user).await;
    let second = behind.enroll().await;
    assert_eq!(behind.connections().await, [1, 0]);

    // The work is spread.
    let mut after = behind.desk.launch(&user).await;
    assert_eq!(behind.connections().await, [1, 1]);
    first.kill();
    let ended = before.end().await.unwrap();

    assert!(
        ended.sentence.contains("through gateway \"Berlin\" was lost"),
        "{}",
        ended.sentence
    );
    after.run("SELECT 40 + 2;", "42").await;
    let mut third = behind.desk.launch(&user).await;
    third.run("SELECT 40 + 2;", "42").await;
    drop(second);
}

#[tokio::test]
async fn an_instance_that_was_killed_comes_back_with_its_key() {
    let behind = Behind::open().await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let instance = behind.enroll().await;
    let id = instance.id().await;
    let mut terminal = behind.desk.launch(&user).await;
    terminal.run("SELECT 'before';", "before").await;
    let session = terminal.hello.session.clone();

    let kept = instance.kill();
    let ended = terminal.end().await.unwrap();
    assert!(ended.sentence.contains("was lost"), "{}", ended.sentence);
    let offline = behind.launched_in_vain(&user).await;
    assert!(offline.contains("Gateway \"Berlin\" is offline."), "{offline}");
    let again = behind.start(kept, &[]).await;

    assert_eq!(again.id().await, id);
    behind
        .desk
        .launch(&user)
        .await
        .run("SELECT 'after';", "after")
        .await;
    let state = &behind.desk.house.state;
    let mut snapshot = state.db.read().await.unwrap();
    let row = store::sessions::lookup(&mut snapshot, &session)
        .await
        .unwrap()
        .unwrap();
    drop(snapshot);
    let found = check(state, &row).await.unwrap();
    assert!(
        matches!(found, Checked::Found(VerdictView::Intact { .. })),
        "what was lost is not on record"
    );
}
