//! What a gateway may serve and connect to.

use futures_util::FutureExt;
use protocol::people::Role;
use testkit::Cluster;
use tokio::net::TcpListener;

use super::instance::{Behind, Kept, Wishes};
use crate::sessions::desk::until;

#[tokio::test]
async fn a_gateway_connects_to_nothing_it_may_not() {
    let behind = Behind::with(Wishes {
        // Loopback takes a rule of its own.
        targets: "",
        ..Wishes::default()
    })
    .await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let _instance = behind.enroll().await;

    let told = behind.launched_in_vain(&user).await;

    assert!(
        told.contains(&format!(
            "Gateway \"Berlin\" may not connect to 127.0.0.1 port {}",
            behind.target
        )),
        "{told}"
    );
}

#[tokio::test]
async fn new_rules_hold_at_once() {
    let behind = Behind::open().await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let _instance = behind.enroll().await;
    behind.desk.launch(&user).await;

    let form = format!(
        "id={}&draft[name]=Berlin&draft[folders][]={}&draft[targets]=10.0.0.0/8&draft[max_instances]=1",
        behind.gateway, behind.folder
    );
    behind.desk.answer("/api/save-gateway", &form).await;

    let target = format!("draft[host]=127.0.0.1&draft[port]={}", behind.target);
    until(async || {
        let stages = behind.test(&target).await;

        stages.last()?.contains("may not connect to").then_some(())
    })
    .await;
}

#[tokio::test]
async fn where_it_was_started_a_gateway_may_be_told_less() {
    let behind = Behind::open().await;
    let token = behind.token().await;
    let _instance = behind
        .start(Kept::new(), &["--token", &token, "--allow", "10.0.0.0/8"])
        .await;

    let target = format!("draft[host]=127.0.0.1&draft[port]={}", behind.target);
    let stages = behind.test(&target).await;

    assert!(
        stages.last().unwrap().contains("may not connect to"),
        "{stages:?}"
    );
}

#[tokio::test]
async fn a_gateway_connects_from_the_address_it_is_told() {
    // It alone is let in there.
    let cluster = Cluster::builder()
        .rule("host all all 127.0.0.9/32 scram-sha-256")
        .rule("host all all 127.0.0.1/32 reject")
        .start()
        .unwrap();
    let target = cluster.port();
    let behind = Behind::before(cluster, target, Wishes::default(), |_| ()).await;
    let token = behind.token().await;
    let _instance = behind
        .start(Kept::new(), &["--token", &token, "--from", "127.0.0.9"])
        .await;
    let user = behind.desk.house.sign_in(Role::User).await;

    let mut terminal = behind.desk.launch(&user).await;

    terminal
        .run("SELECT host(inet_client_addr());", "127.0.0.9")
        .await;
}

#[tokio::test]
async fn a_record_outside_of_its_folders_is_not_reachable() {
    let behind = Behind::with(Wishes {
        is_served: false,
        ..Wishes::default()
    })
    .await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let _instance = behind.enroll().await;

    let call = behind
        .desk
        .house
        .post("/api/launch", &format!("draft[record]={}", behind.desk.record));
    let told = behind.desk.house.call(call.by(&user)).await.told();

    assert!(told.contains("Not reachable by any gateway"), "{told}");
}

#[tokio::test]
async fn a_session_ends_when_its_gateway_may_no_longer_serve_the_record() {
    let behind = Behind::open().await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let _instance = behind.enroll().await;
    let mut terminal = behind.desk.launch(&user).await;

    let moving = format!("id={}&folder=", behind.desk.record);
    behind.desk.place("/api/move-record", &moving).await;
    let ended = terminal.end().await.unwrap();

    assert!(
        ended.sentence.contains("Not reachable by any gateway"),
        "{}",
        ended.sentence
    );
}

#[tokio::test]
async fn a_gateway_that_is_used_is_not_removed() {
    let behind = Behind::open().await;
    let ada = behind.desk.house.sign_in(Role::Administrator).await;

    let call = behind
        .desk
        .house
        .post("/api/delete-gateway", &format!("id={}", behind.gateway));
    let told = behind.desk.house.call(call.by(&ada)).await.told();

    assert!(told.contains("used by PAM Configuration \"House\""), "{told}");
}

#[tokio::test]
async fn a_gateway_looks_at_the_rules_of_a_template_too() {
    let behind = Behind::open().await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let _instance = behind.enroll().await;
    behind.desk.make_template("127.0.0.9", "").await;

    // The gateway may go there, the template not: the name is looked up by the gateway, which does not connect.
    let impostor = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = impostor.local_addr().unwrap().port();
    let host = format!("&draft[host]=localhost:{port}");
    let told = behind.desk.launch_in_vain_with(&user, &host).await.sentence;
    assert!(
        told.contains(&format!(
            "The connection template does not allow host localhost port {port}."
        )),
        "{told}"
    );
    assert!(
        impostor.accept().now_or_never().is_none(),
        "the gateway connected to it"
    );

    let host = format!("&draft[host]=localhost:{}", behind.target);
    behind.desk.make_template("localhost", "").await;
    let told = behind.desk.launch_in_vain_with(&user, &host).await.sentence;
    assert!(
        told.contains("does not allow host localhost"),
        "loopback takes a rule that names it: {told}"
    );
    behind.desk.make_template("127.0.0.0/8", "").await;
    let mut terminal = behind.desk.launch_with(&user, &host).await;
    assert_eq!(terminal.hello.reached, "localhost, gateway Berlin · TLS disable");
    terminal.run("SELECT 40 + 2;", "42").await;
    terminal.press("SELECT pg_sleep(600);\r").await;
    terminal.settle().await;
    terminal.press("\x03").await;
    terminal.see("canceling statement due to user request").await;
}
