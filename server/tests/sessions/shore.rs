//! Bad days between the command line and the server, both the programs themselves: bytes one by one, a stall, a cut, a
//! server that is killed.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use protocol::people::Role;
use protocol::sessions::SessionState;
use protocol::terminal::EndReason;
use serde_json::Value;
use store::acquisitions;
use testkit::{ChaosProxy, Cluster};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use super::desk::until;
use super::native::Port;
use super::tunnel::{Tunnel, postern, words};
use crate::program::{Posternd, free_port};

/// Longer than anything the programs wait for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// After which nothing more is on its way.
const MOMENT: Duration = Duration::from_millis(300);

const LOST: &str = r#"{"error":"failed","sentence":"The connection to Postern was lost, and the tunnel with it. Open it again."}"#;

/// A server that is a process of its own, on the store of a house, with weather before it.
struct Shore {
    port: Port,
    chaos: ChaosProxy,
    server: Posternd,
    /// Where the server listens behind the weather.
    behind: u16,
}

impl Shore {
    async fn open() -> Self {
        let cluster = Cluster::builder()
            .setting("max_connections", "80")
            .start()
            .unwrap();
        let target = cluster.port();
        let port = Port::before(cluster, target).await;
        let behind = free_port();
        let chaos = ChaosProxy::start(([127, 0, 0, 1], behind).into()).await.unwrap();
        let server = serve(&port, behind, &chaos).await;

        Self {
            port,
            chaos,
            server,
            behind,
        }
    }

    fn postern(&self, token: &str) -> Command {
        let mut postern = postern(&self.port, token);
        postern.env("POSTERN_URL", url(&self.chaos));

        postern
    }

    /// Whether somebody sleeps in the database.
    fn sleeps(&self) -> bool {
        let sql = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'select pg_sleep%' AND state = 'active'";

        self.port.desk.cluster.sql(sql).unwrap() == "t"
    }

    async fn tunnel(&self) -> Tunnel {
        let token = self.port.token(Role::User).await;

        Tunnel::open_by(self.postern(&token).args(["--json", "tunnel", "Books"])).await
    }
}

fn url(chaos: &ChaosProxy) -> String {
    format!("http://localhost:{}", chaos.port())
}

async fn serve(port: &Port, behind: u16, chaos: &ChaosProxy) -> Posternd {
    let folder = &port.desk.house.state.config.data.folder;

    Posternd::serve(folder, behind, &url(chaos)).await
}

#[tokio::test]
async fn a_tunnel_whose_bytes_come_one_by_one_works_as_any_other() {
    let shore = Shore::open().await;
    shore.chaos.crumble();

    let tunnel = shore.tunnel().await;
    let client = tunnel.connect().await;
    let sum: i32 = client
        .query_one("SELECT $1::int4 + 1", &[&41])
        .await
        .unwrap()
        .get(0);
    let long: String = client
        .query_one("SELECT repeat('x', 100000)", &[])
        .await
        .unwrap()
        .get(0);
    drop(client);
    tunnel.close().await;

    assert_eq!((sum, long.len()), (42, 100_000));
    shore
        .port
        .only(|row| row.end_reason == Some(EndReason::Goodbye) && row.statements == 2)
        .await;
}

#[tokio::test]
async fn a_tunnel_that_stalls_for_a_moment_goes_on() {
    let shore = Shore::open().await;
    let tunnel = shore.tunnel().await;
    let client = tunnel.connect().await;

    shore.chaos.stall();
    let mut asking = pin!(client.query_one("SELECT 42", &[]));
    assert!(timeout(MOMENT, &mut asking).await.is_err());
    shore.chaos.pass();

    let answer: i32 = asking.await.unwrap().get(0);
    assert_eq!(answer, 42);
    tunnel.close().await;
}

#[tokio::test]
async fn a_tunnel_that_stalls_for_good_is_given_up_by_both_sides() {
    let shore = Shore::open().await;
    let tunnel = shore.tunnel().await;
    let client = tunnel.connect().await;

    shore.chaos.stall();
    let output = tunnel.end().await;

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(words(&output.stderr), LOST);
    until(async || client.is_closed().then_some(())).await;
    let row = shore.port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.standing(), "command line lost");
}

#[tokio::test]
async fn a_tunnel_that_is_cut_ends_on_both_sides() {
    let shore = Shore::open().await;
    let tunnel = shore.tunnel().await;
    let client = tunnel.connect().await;

    shore.chaos.cut();
    let output = tunnel.end().await;

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(words(&output.stderr), LOST);
    assert!(client.simple_query("SELECT 1").await.is_err());
    let row = shore.port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(
        (row.end_reason, row.standing()),
        (Some(EndReason::ClientGone), "command line lost")
    );
}

#[tokio::test]
async fn a_script_and_a_live_view_whose_bytes_come_one_by_one_work_and_tell_when_they_are_cut() {
    let shore = Shore::open().await;
    let (user, auditor) = (
        shore.port.token(Role::User).await,
        shore.port.command_line(Role::Auditor).await,
    );
    shore.chaos.crumble();

    let script = shore
        .postern(&user)
        .args([
            "connect",
            "Books",
            "-At",
            "-c",
            "select 'se' || 'en'",
            "-c",
            "select pg_sleep(600)",
        ])
        .spawn()
        .unwrap();
    let live = shore.port.only(|row| row.state == SessionState::Live).await;
    let mut watching = shore
        .postern(&auditor)
        .args(["--json", "sessions", "watch", live.id.as_str()])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let hello = timeout(PATIENCE, lines.next_line())
        .await
        .expect("in time")
        .unwrap();
    assert!(hello.unwrap().contains("\"event\":\"hello\""));
    until(async || shore.sleeps().then_some(())).await;
    shore.chaos.cut();

    let script = script.wait_with_output().await.unwrap();
    assert_eq!(script.status.code(), Some(2), "{}", words(&script.stderr));
    assert_eq!(words(&script.stdout), "seen");
    assert!(
        words(&script.stderr).contains("the connection to the server was lost"),
        "{}",
        words(&script.stderr)
    );
    let watching = watching.wait_with_output().await.unwrap();
    assert_eq!(watching.status.code(), Some(1));
    assert!(
        words(&watching.stderr).contains("the session may go on"),
        "{}",
        words(&watching.stderr)
    );
    let row = shore.port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.standing(), "terminal gone");
}

#[tokio::test]
async fn an_export_that_breaks_off_leaves_no_file() {
    let shore = Shore::open().await;
    let tunnel = shore.tunnel().await;
    let client = tunnel.connect().await;
    let statement = format!("SELECT length('{}')", "x".repeat(1_000_000));
    client.simple_query(&statement).await.unwrap();
    drop(client);
    let session = tunnel.fact("session").to_owned();
    tunnel.close().await;
    let token = shore.port.command_line(Role::Auditor).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.jsonl");

    shore.chaos.crumble();
    let before = shore.chaos.bytes_to_client();
    let child = shore
        .postern(&token)
        .args(["recordings", "export", &session, "--format", "jsonl", "-o"])
        .arg(&file)
        .spawn()
        .unwrap();
    until(async || (shore.chaos.bytes_to_client() - before > 50_000).then_some(())).await;
    shore.chaos.cut();
    let output = child.wait_with_output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(
        words(&output.stderr).contains("cannot be reached"),
        "{}",
        words(&output.stderr)
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_server_that_is_killed_under_fifty_connections_leaves_nothing_behind() {
    let shore = Shore::open().await;
    let tunnel = shore.tunnel().await;
    let clients = join_all((0..50).map(|_| tunnel.connect())).await;
    let worked = join_all(clients.iter().map(|client| client.simple_query("SELECT 1"))).await;
    assert!(worked.iter().all(Result::is_ok));
    let (sleepers, resting) = clients.split_at(10);
    let mut sleeping = pin!(join_all(
        sleepers
            .iter()
            .map(|client| client.simple_query("SELECT pg_sleep(600)"))
    ));
    let asleep = until(async || {
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
        let n = shore.port.desk.cluster.sql(sql).unwrap();

        (n == "10").then_some(())
    });
    tokio::select! {
        () = asleep => {}
        _ = &mut sleeping => panic!("nobody sleeps"),
    }

    let Shore {
        port,
        chaos,
        server,
        behind,
    } = shore;
    server.kill().await;

    for error in sleeping.await {
        assert!(error.unwrap_err().is_closed());
    }
    for client in resting {
        until(async || client.is_closed().then_some(())).await;
    }
    let output = tunnel.end().await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(words(&output.stderr), LOST);

    let _server = serve(&port, behind, &chaos).await;
    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::Crash));
    let token = port.command_line(Role::Auditor).await;
    let ask = async |arguments: &[&str]| {
        let output = postern(&port, &token)
            .env("POSTERN_URL", url(&chaos))
            .arg("--json")
            .args(arguments)
            .output()
            .await
            .unwrap();

        words(&output.stdout)
    };
    assert_eq!(ask(&["sessions", "list", "--live"]).await, "");
    let verified: Value = serde_json::from_str(&ask(&["recordings", "verify", "--all"]).await).unwrap();
    // All that was recorded is as it was; that it was cut off is told.
    assert!(verified["verdict"]["incomplete"].is_object(), "{verified}");
    let frames = port.frames(&row.id).await;
    let n_started = frames
        .iter()
        .filter(|frame| matches!(frame.body, recording::Body::StatementStart(_)))
        .count();
    assert_eq!(n_started, 60);
    let mut snapshot = port.desk.house.state.db.read().await.unwrap();
    let held = acquisitions::open(&mut snapshot).await.unwrap();
    assert!(held.is_empty(), "{held:?}");
}
