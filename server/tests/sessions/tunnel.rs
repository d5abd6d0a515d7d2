//! Native clients through `postern tunnel`, the program itself: what it opens, who gets in, and how it ends.

use std::collections::BTreeSet;
use std::process::Output;
use std::time::Duration;

use futures_util::future::join_all;
use protocol::people::Role;
use protocol::sessions::{SessionKind, SessionState};
use protocol::terminal::EndReason;
use recording::Body;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use testkit::Cluster;
use testkit::cluster::SUPERUSER;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;
use tokio_postgres::{Client, Config as Connecting};

use super::desk::until;
use super::native::{Port, connect, told};
use crate::program;

/// Longer than anything the program waits for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// `postern` in the name of a token, for the server of `port`.
pub fn postern(port: &Port, token: &str) -> Command {
    let mut postern = program::postern();
    postern
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("POSTERN_URL", port.desk.url())
        .env("POSTERN_TOKEN", token);

    postern
}

/// A tunnel that stands.
pub struct Tunnel {
    child: Child,
    stdout: BufReader<ChildStdout>,
    facts: Value,
}

impl Tunnel {
    /// To *Books*.
    pub async fn open(port: &Port, arguments: &[&str]) -> Self {
        let token = port.token(Role::User).await;

        Self::open_by(
            postern(port, &token)
                .args(["--json", "tunnel", "Books"])
                .args(arguments),
        )
        .await
    }

    pub async fn open_by(postern: &mut Command) -> Self {
        let mut child = postern.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        timeout(PATIENCE, stdout.read_line(&mut line))
            .await
            .expect("in time")
            .unwrap();
        if line.is_empty() {
            let output = child.wait_with_output().await.unwrap();
            panic!("no tunnel: {}", String::from_utf8_lossy(&output.stderr));
        }

        Self {
            child,
            stdout,
            facts: serde_json::from_str(&line).unwrap(),
        }
    }

    pub fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_default()
    }

    pub fn port(&self) -> u16 {
        u16::try_from(self.facts["port"].as_u64().unwrap()).unwrap()
    }

    pub fn user(&self) -> String {
        self.fact("user").to_owned()
    }

    pub fn password(&self) -> String {
        self.fact("password").to_owned()
    }

    /// By the URL that was printed.
    pub fn client(&self) -> Connecting {
        self.fact("url").parse().unwrap()
    }

    pub async fn connect(&self) -> Client {
        connect(&self.client()).await.expect("let in")
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();

        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// As Ctrl-C does.
    pub async fn close(self) {
        self.signal(Signal::INT);
        let output = self.end().await;

        assert_eq!(output.status.code(), Some(0), "{}", words(&output.stderr));
    }

    /// How it ends by itself.
    pub async fn end(self) -> Output {
        let Self { child, stdout, .. } = self;
        let output = timeout(2 * PATIENCE, child.wait_with_output())
            .await
            .expect("it ends")
            .unwrap();
        drop(stdout);

        output
    }
}

/// Exit code and standard error of a command that does not get far.
pub async fn in_vain(postern: &mut Command) -> (Option<i32>, String) {
    let output = timeout(PATIENCE, postern.output())
        .await
        .expect("it ends")
        .unwrap();

    (output.status.code(), words(&output.stderr))
}

pub fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[tokio::test]
async fn clients_work_with_the_vaults_credential_side_by_side_and_are_on_record() {
    let port = Port::open().await;
    let tunnel = Tunnel::open(&port, &[]).await;

    let (one, two) = tokio::join!(tunnel.connect(), tunnel.connect());
    let who: String = one
        .query_one("SELECT current_user::text", &[])
        .await
        .unwrap()
        .get(0);
    let sum: i32 = two.query_one("SELECT $1::int4 + 1", &[&41]).await.unwrap().get(0);
    assert_eq!((who.as_str(), sum), (SUPERUSER, 42));
    assert_eq!(tunnel.fact("user"), SUPERUSER);
    let live = port.only(|row| row.state == SessionState::Live).await;
    assert_eq!(live.id.as_str(), tunnel.fact("session"));
    tunnel.close().await;

    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(
        (row.kind, row.end_reason, row.statements),
        (SessionKind::Tunnel, Some(EndReason::Goodbye), 2)
    );
    let frames = port.frames(&row.id).await;
    let lanes: BTreeSet<u8> = frames
        .iter()
        .filter_map(|frame| match &frame.body {
            Body::StatementStart(_) => Some(frame.lane),
            _ => None,
        })
        .collect();
    assert_eq!(lanes, BTreeSet::from([1, 2]));
}

#[tokio::test]
async fn a_crowd_that_comes_at_once_gets_in() {
    let cluster = Cluster::builder()
        .setting("max_connections", "80")
        .start()
        .unwrap();
    let target = cluster.port();
    let port = Port::before(cluster, target).await;
    let tunnel = Tunnel::open(&port, &[]).await;

    let crowd = join_all((0..60).map(|_| tunnel.connect())).await;
    let answers = join_all(crowd.iter().map(|client| client.simple_query("SELECT 1"))).await;

    assert!(answers.iter().all(Result::is_ok));
    tunnel.close().await;
    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.statements, 60);
    let frames = port.frames(&row.id).await;
    let lanes: BTreeSet<u8> = frames
        .iter()
        .map(|frame| frame.lane)
        .filter(|lane| *lane > 0)
        .collect();
    assert_eq!(lanes, (1..=60).collect());
}

#[tokio::test]
async fn who_comes_and_leaves_without_a_word_is_let_go() {
    let port = Port::open().await;
    let tunnel = Tunnel::open(&port, &[]).await;

    let mut probe = TcpStream::connect(("127.0.0.1", tunnel.port())).await.unwrap();
    probe.shutdown().await.unwrap();
    let mut said = Vec::new();
    let ended = timeout(PATIENCE, probe.read_to_end(&mut said)).await;

    assert_eq!(ended.expect("it ends").unwrap_or_default(), 0);
    tunnel.connect().await;
}

#[tokio::test]
async fn a_session_is_there_from_the_tunnels_beginning_and_goes_with_the_command_line() {
    let port = Port::open().await;
    let tunnel = Tunnel::open(&port, &[]).await;
    port.only(|row| row.state == SessionState::Live && row.kind == SessionKind::Tunnel)
        .await;

    tunnel.signal(Signal::KILL);
    tunnel.end().await;

    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::ClientGone));
}

#[tokio::test]
async fn only_the_tunnels_own_token_lets_in() {
    let port = Port::open().await;
    let tunnel = Tunnel::open(&port, &[]).await;
    let other = Tunnel::open(&port, &[]).await;

    for wrong in [
        "",
        "ptn_wrong",
        other.fact("password"),
        &port.token(Role::User).await,
    ] {
        let mut client = tunnel.client();
        client.password(wrong);
        assert_eq!(
            told(&connect(&client).await.unwrap_err()),
            "FATAL 28P01: password authentication failed: use the connection URL that postern tunnel has printed"
        );
    }
    tunnel.connect().await;
}

#[tokio::test]
async fn an_unguarded_tunnel_takes_a_switch_of_the_configuration() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let open_to_others = ["tunnel", "Books", "--host", "0.0.0.0"];

    let no_token = in_vain(postern(&port, &token).args(["tunnel", "Books", "--no-token"])).await;
    let others = in_vain(postern(&port, &token).args(open_to_others)).await;

    let denied = |what: &str| {
        let sentence = format!("postern: {what} are turned off in PAM Configuration \"House\".");
        (Some(4), sentence)
    };
    assert_eq!(no_token, denied("Tunnels without a token"));
    assert_eq!(others, denied("Tunnels that other machines can reach"));
    assert!(port.sessions().await.is_empty());

    port.desk.configure("&draft[unguarded_tunnels]=true").await;
    let tunnel = Tunnel::open(&port, &["--no-token", "--host", "0.0.0.0"]).await;
    assert_eq!(tunnel.password(), "");
    let mut client = tunnel.client();
    client.password("anything");
    connect(&client).await.expect("let in");
    tunnel.connect().await;
}

#[tokio::test]
async fn what_forbids_a_tunnel_is_told_with_an_exit_code_of_its_own() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let (_, old) = port.token_until(Role::User, Duration::ZERO).await;

    let stranger = in_vain(postern(&port, "ptn_stranger").args(["tunnel", "Books"])).await;
    let late = in_vain(postern(&port, &old).args(["tunnel", "Books"])).await;
    let unknown = in_vain(postern(&port, &token).args(["tunnel", "Papers"])).await;
    let elsewhere = in_vain(postern(&port, &token).args(["tunnel", "Books", "--folder", "Attic"])).await;
    let nobody = in_vain(postern(&port, &token).args(["tunnel", "Books/ghost"])).await;
    port.desk.set_tunnel("&draft[tunneling]=off").await;
    let disabled = in_vain(postern(&port, &token).args(["tunnel", "Books"])).await;
    let nothing = in_vain(
        postern(&port, &token)
            .env_remove("POSTERN_URL")
            .args(["tunnel", "Books"]),
    )
    .await;

    assert_eq!(stranger.0, Some(3), "{}", stranger.1);
    assert_eq!(stranger, late);
    for (told, sentence) in [
        (&unknown, "no record of this name is shared with you"),
        (&elsewhere, "but not in that folder"),
        (
            &nobody,
            "no account of that name that is open to you: say record/account with one of postgres",
        ),
    ] {
        assert_eq!(told.0, Some(4), "{}", told.1);
        assert!(told.1.contains(sentence), "{}", told.1);
    }
    assert_eq!(
        disabled,
        (
            Some(4),
            "postern: Tunneling is not enabled on this record.".to_owned()
        )
    );
    assert_eq!(nothing.0, Some(2), "{}", nothing.1);
    assert!(port.sessions().await.is_empty());
}

#[tokio::test]
async fn a_database_that_is_not_reached_is_told_before_any_client_starts() {
    let port = Port::open().await;
    port.desk
        .set_tunnel("&draft[remote_port]=1&draft[inject_credentials]=on")
        .await;
    let token = port.token(Role::User).await;

    let (code, sentence) = in_vain(postern(&port, &token).args(["tunnel", "Books"])).await;

    assert_eq!(code, Some(6), "{sentence}");
    let row = port.only(|row| row.state == SessionState::Failed).await;
    assert_eq!(row.kind, SessionKind::Tunnel);
}

#[tokio::test]
async fn who_is_sent_away_reads_why_in_client_and_terminal() {
    let port = Port::open().await;
    let tunnel = Tunnel::open(&port, &[]).await;
    let client = tunnel.connect().await;
    let auditor = port.desk.house.sign_in(Role::Auditor).await;
    let form = format!(
        "draft[session]={}&draft[reason]=This query locks the shop.",
        tunnel.fact("session")
    );

    let call = port.desk.house.post("/api/terminate-session", &form).by(&auditor);
    let answer = port.desk.house.call(call).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let output = tunnel.end().await;

    assert_eq!(output.status.code(), Some(4));
    assert!(words(&output.stderr).contains("This query locks the shop."));
    let error = until(async || client.simple_query("SELECT 1").await.err()).await;
    assert!(client.is_closed(), "{error}");
    port.only(|row| row.end_reason == Some(EndReason::Terminated))
        .await;
}

#[tokio::test]
async fn a_tunnel_stands_no_longer_than_was_asked_for() {
    let port = Port::open().await;
    let tunnel = Tunnel::open(&port, &["--duration", "2s"]).await;
    tunnel.connect().await;

    let output = tunnel.end().await;

    assert_eq!(output.status.code(), Some(7));
    assert_eq!(
        words(&output.stderr),
        r#"{"error":"expired","sentence":"Session duration complete."}"#
    );
    port.only(|row| row.end_reason == Some(EndReason::Duration)).await;
}

#[tokio::test]
async fn a_record_that_injects_nothing_is_signed_in_to_with_ones_own() {
    let port = Port::open().await;
    port.desk
        .cluster
        .sql("CREATE ROLE reader LOGIN PASSWORD 'of my own'")
        .unwrap();
    port.desk.set_tunnel("&draft[tunneling]=inherit").await;
    let tunnel = Tunnel::open(&port, &[]).await;
    assert_eq!((tunnel.user(), tunnel.password()), (String::new(), String::new()));
    let mut client = tunnel.client();
    client.user("reader").password("wrong");

    let refused = told(&connect(&client).await.unwrap_err());
    client.password("of my own");
    let reader = connect(&client).await.expect("let in");
    let who: String = reader
        .query_one("SELECT current_user::text", &[])
        .await
        .unwrap()
        .get(0);

    assert_eq!(
        refused,
        "FATAL 28P01: password authentication failed for user \"reader\""
    );
    assert_eq!(who, "reader");
    let token = port.token(Role::User).await;
    let listener = told(&connect(&port.client("Books", &token)).await.unwrap_err());
    assert!(listener.contains("connect through postern tunnel"), "{listener}");
    tunnel.close().await;
    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!((row.account.as_str(), row.statements), ("own credentials", 1));
    let frames = port.frames(&row.id).await;
    let users: Vec<_> = frames
        .iter()
        .filter_map(|frame| match &frame.body {
            Body::Connected(connection) => connection.settings.iter().find(|(name, _)| name == "user"),
            _ => None,
        })
        .map(|(_, user)| user.as_str())
        .collect();
    assert_eq!(users, ["reader"]);
}

#[tokio::test]
async fn a_statement_is_cancelled_through_the_tunnel() {
    let port = Port::open().await;
    let tunnel = Tunnel::open(&port, &[]).await;
    let client = tunnel.connect().await;
    let token = client.cancel_token();

    let (slept, cancelled) = tokio::join!(client.simple_query("SELECT pg_sleep(60)"), async {
        until(async || {
            let running = port
                .desk
                .cluster
                .sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'")
                .unwrap();
            (running.trim() == "1").then_some(())
        })
        .await;
        token.cancel_query(tokio_postgres::NoTls).await
    });

    cancelled.unwrap();
    assert_eq!(
        told(&slept.unwrap_err()),
        "ERROR 57014: canceling statement due to user request"
    );
}

#[tokio::test]
async fn a_client_that_is_started_finds_its_way_and_takes_the_tunnel_with_it() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let psql = "psql -XAtc 'SELECT current_user' && exit 7";

    let output = postern(&port, &token)
        .args(["tunnel", "Books", "--run", psql])
        .output()
        .await
        .unwrap();

    assert_eq!(words(&output.stdout), SUPERUSER, "{}", words(&output.stderr));
    assert_eq!(output.status.code(), Some(7));
    port.only(|row| row.end_reason == Some(EndReason::Goodbye)).await;

    let output = postern(&port, &token)
        .args(["--json", "tunnel", "Books", "--run", "psql -XAtc 'SELECT 42'"])
        .output()
        .await
        .unwrap();
    assert_eq!(words(&output.stdout), "42");
    let facts: Value = serde_json::from_str(&words(&output.stderr)).unwrap();
    assert_eq!(
        (&facts["user"], &facts["password"]),
        (&SUPERUSER.into(), &Value::Null)
    );
}

#[tokio::test]
async fn a_tunnel_may_be_a_socket_of_ones_own() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let folder = tempfile::tempdir().unwrap();
    let tunnel = Tunnel::open_by(
        postern(&port, &token)
            .args(["--json", "tunnel", "Books", "--socket"])
            .arg(folder.path()),
    )
    .await;

    let psql = Command::new("psql")
        .args(["-XAtc", "SELECT 42", tunnel.fact("url")])
        .output()
        .await
        .unwrap();
    assert_eq!(words(&psql.stdout), "42", "{}", words(&psql.stderr));
    tunnel.signal(Signal::TERM);
    tunnel.end().await;

    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_record_may_want_the_same_port_every_time() {
    let port = Port::open().await;
    port.desk
        .set_tunnel("&draft[reuse_port]=on&draft[inject_credentials]=on")
        .await;
    let token = port.token(Role::User).await;
    let state = tempfile::tempdir().unwrap();
    let open = async || {
        Tunnel::open_by(
            postern(&port, &token)
                .env("XDG_STATE_HOME", state.path())
                .args(["--json", "tunnel", "Books"]),
        )
        .await
    };

    let first = open().await;
    let local = first.port();
    first.close().await;
    let second = open().await;

    assert_eq!(second.port(), local);
}

#[tokio::test]
async fn the_seeds_words_open_the_same_tunnel() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let tunnel = Tunnel::open_by(postern(&port, &token).env_remove("POSTERN_URL").args([
        "--json",
        "pam",
        "db",
        "access",
        "--resource",
        "Books",
        "--account",
        "Owner",
        "--duration",
        "30m",
        "--domain",
        port.desk.url(),
    ]))
    .await;

    tunnel.connect().await;
}

#[tokio::test]
async fn somebody_may_ask_who_they_are() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;

    let output = postern(&port, &token)
        .args(["--json", "whoami"])
        .output()
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let stranger = in_vain(postern(&port, "ptn_stranger").args(["--json", "whoami"])).await;

    assert_eq!(answer["email"], "user@example.org");
    assert_eq!(answer["token"], "reports");
    let text = postern(&port, &token).arg("whoami").output().await.unwrap();
    assert!(
        words(&text.stdout).contains("by the token \"reports\" for database clients, good until"),
        "{}",
        words(&text.stdout)
    );
    assert_eq!(stranger.0, Some(3));
    assert!(
        stranger.1.starts_with(r#"{"error":"authentication""#),
        "{}",
        stranger.1
    );
}
