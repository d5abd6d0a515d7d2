//! Bad days between a native client and the listener: bytes one by one, a cut, a client that does not read.

use std::pin::pin;

use futures_util::{SinkExt, StreamExt};
use protocol::people::Role;
use protocol::sessions::SessionState;
use protocol::terminal::EndReason;
use testkit::ChaosProxy;
use tokio_postgres::{Client, Config as Connecting};

use super::desk::until;
use super::native::{Port, connect, told};

/// A port with bad weather before it.
struct Coast {
    port: Port,
    chaos: ChaosProxy,
    token: String,
}

impl Coast {
    async fn open() -> Self {
        let port = Port::open().await;
        let chaos = ChaosProxy::start(([127, 0, 0, 1], port.port).into())
            .await
            .unwrap();
        let token = port.token(Role::User).await;

        Self { port, chaos, token }
    }

    fn client(&self) -> Connecting {
        let mut connecting = Connecting::new();
        connecting
            .host("127.0.0.1")
            .port(self.chaos.port())
            .user("Books")
            .password(&self.token);

        connecting
    }

    async fn connect(&self) -> Client {
        connect(&self.client()).await.expect("let in")
    }

    async fn runs(&self, start: &str) -> bool {
        let sql = format!(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '{start}%' AND state = 'active' AND pid <> \
             pg_backend_pid()"
        );

        self.port.desk.cluster.sql(&sql).unwrap().trim() == "t"
    }
}

#[tokio::test]
async fn a_client_whose_bytes_come_one_by_one_works_as_any_other() {
    let coast = Coast::open().await;
    coast.chaos.crumble();

    let client = coast.connect().await;
    let sum: i32 = client
        .query_one("SELECT $1::int4 + $2::int4", &[&40, &2])
        .await
        .unwrap()
        .get(0);
    client
        .batch_execute("CREATE TEMP TABLE crumbs (n int)")
        .await
        .unwrap();
    let mut copy = pin!(client.copy_in("COPY crumbs FROM STDIN").await.unwrap());
    copy.send(bytes::Bytes::from_static(b"1\n2\n3\n")).await.unwrap();
    assert_eq!(copy.as_mut().finish().await.unwrap(), 3);
    let mut rows = pin!(client.copy_out("COPY crumbs TO STDOUT").await.unwrap());
    let mut out = Vec::new();
    while let Some(piece) = rows.next().await {
        out.extend_from_slice(&piece.unwrap());
    }
    let error = client.query("SELECT 1 / 0", &[]).await.unwrap_err();

    assert_eq!((sum, out.as_slice()), (42, b"1\n2\n3\n".as_slice()));
    assert_eq!(told(&error), "ERROR 22012: division by zero");
}

#[tokio::test]
async fn a_client_that_is_cut_off_leaves_nothing_behind() {
    let coast = Coast::open().await;
    let client = coast.connect().await;
    client
        .batch_execute("BEGIN; CREATE TABLE left_behind ()")
        .await
        .unwrap();
    let statement = "SELECT pg_sleep(0.01), repeat(chr(120), 4000) FROM generate_series(1, 60000)";
    let running = client.batch_execute(statement);
    let cutting = async {
        until(async || coast.runs(statement).await.then_some(())).await;
        coast.chaos.cut();
    };

    let (lost, ()) = tokio::join!(running, cutting);

    assert!(lost.is_err());
    let row = coast.port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::Goodbye));
    assert!(!coast.runs(statement).await);
    let made = "SELECT count(*) FROM pg_class WHERE relname = 'left_behind'";
    assert_eq!(coast.port.desk.cluster.sql(made).unwrap().trim(), "0");
}

#[tokio::test]
async fn a_client_that_does_not_read_waits_in_postgresql_and_can_be_ended() {
    let coast = Coast::open().await;
    let client = coast.connect().await;
    coast.chaos.stall();
    let endless = "SELECT generate_series(1, 1000000000), repeat(chr(120), 1000)";
    let running = client.batch_execute(endless);
    let ending = async {
        coast.chaos.pass();
        until(async || coast.runs(endless).await.then_some(())).await;
        coast.chaos.stall();
        let waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'ClientWrite'";
        until(async || (coast.port.desk.cluster.sql(waits).unwrap().trim() == "t").then_some(())).await;
        let row = coast.port.only(|row| row.state == SessionState::Live).await;
        let auditor = coast.port.desk.house.sign_in(Role::Auditor).await;
        let form = format!("draft[session]={}&draft[reason]=Stuck.", row.id);
        let call = coast
            .port
            .desk
            .house
            .post("/api/terminate-session", &form)
            .by(&auditor);
        assert_eq!(coast.port.desk.house.call(call).await.status, 200);
        let row = coast
            .port
            .desk
            .row(&row.id, |row| row.state == SessionState::Ended)
            .await;
        assert_eq!(row.end_reason, Some(EndReason::Terminated));
        assert!(!coast.runs(endless).await);
        coast.chaos.cut();
    };

    let (lost, ()) = tokio::join!(running, ending);

    assert!(lost.is_err());
}
