//! Bad days between an instance and the server, and between it and the database.

use protocol::people::Role;
use testkit::{ChaosProxy, Cluster};
use tokio::net::TcpListener;

use super::instance::{Behind, Instance, Wishes};
use crate::sessions::desk::{Desk, until};

/// A gateway with bad weather on both sides.
struct Coast {
    behind: Behind,
    /// Between the instance and the server.
    inland: ChaosProxy,
    /// Between the instance and the database.
    sea: ChaosProxy,
}

impl Coast {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inland = ChaosProxy::start(listener.local_addr().unwrap()).await.unwrap();
        let cluster = Cluster::start().unwrap();
        let sea = ChaosProxy::start(([127, 0, 0, 1], cluster.port()).into())
            .await
            .unwrap();
        let public_url = format!("http://localhost:{}", inland.port());
        let target = sea.port();
        let desk = Desk::on(
            listener,
            cluster,
            target,
            |config| config.http.public_url = public_url,
            "",
        )
        .await;

        Self {
            behind: Behind::furnish(desk, target, Wishes::default()).await,
            inland,
            sea,
        }
    }

    async fn enroll(&self) -> Instance {
        self.behind.enroll().await
    }
}

#[tokio::test]
async fn bytes_that_come_one_by_one_come_all() {
    let coast = Coast::open().await;
    let _instance = coast.enroll().await;
    // Not before: what opens a WebSocket takes a head that comes in so many pieces for an attack.
    coast.inland.crumble();
    coast.sea.crumble();
    let user = coast.behind.desk.house.sign_in(Role::User).await;

    let mut terminal = coast.behind.desk.launch(&user).await;

    terminal
        .run(
            "SELECT md5(string_agg(g::text, ',')) FROM generate_series(1, 300) g;",
            "(1 row)",
        )
        .await;
}

#[tokio::test]
async fn an_instance_whose_line_is_cut_comes_back_by_itself() {
    let coast = Coast::open().await;
    let _instance = coast.enroll().await;
    let user = coast.behind.desk.house.sign_in(Role::User).await;
    let mut terminal = coast.behind.desk.launch(&user).await;

    coast.inland.cut();
    let ended = terminal.end().await.unwrap();
    assert!(
        ended.sentence.contains("through gateway \"Berlin\" was lost"),
        "{}",
        ended.sentence
    );

    coast.inland.pass();
    let pool = &coast.behind.desk.house.state.gateways;
    until(async || pool.take(&coast.behind.gateway)).await;
    let mut again = coast.behind.desk.launch(&user).await;
    again.run("SELECT 40 + 2;", "42").await;
}

#[tokio::test]
async fn a_database_that_is_cut_off_is_told_from_a_gateway_that_is() {
    let coast = Coast::open().await;
    let _instance = coast.enroll().await;
    let user = coast.behind.desk.house.sign_in(Role::User).await;
    let mut terminal = coast.behind.desk.launch(&user).await;

    coast.sea.cut();
    let ended = terminal.end().await.unwrap();

    assert!(
        ended.sentence.contains("The database server is gone."),
        "{}",
        ended.sentence
    );
}

#[tokio::test]
async fn a_line_that_carries_nothing_any_more_is_noticed() {
    let coast = Coast::open().await;
    let _instance = coast.enroll().await;
    let user = coast.behind.desk.house.sign_in(Role::User).await;
    let mut terminal = coast.behind.desk.launch(&user).await;

    coast.inland.stall();
    let ended = terminal.end().await.unwrap();

    assert!(
        ended.sentence.contains("through gateway \"Berlin\" was lost"),
        "{}",
        ended.sentence
    );
    assert!(coast.behind.launched_in_vain(&user).await.contains("is offline"));
}
