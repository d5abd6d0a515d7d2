//! Native clients through the listener: who gets in, what is on record of them, and how they are told that it is over.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use pg_proto::backend::CancelKey;
use pg_proto::frontend::Opening;
use protocol::audit::{AuditFilter, EventName};
use protocol::ids::{SessionId, TokenId};
use protocol::people::Role;
use protocol::sessions::{SessionFilter, SessionKind, SessionState, SessionView};
use protocol::terminal::EndReason;
use recording::{Body, Frame};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use server::config::Config;
use server::tls::Certificates;
use server::{clock, listener};
use store::access_tokens;
use store::sessions::Scope;
use testkit::Cluster;
use testkit::certificates::{Authority, Wishes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config as Connecting, NoTls};
use tokio_rustls::TlsConnector;
use vault::authorize::{self, Password, Wanted};

use super::desk::{Desk, until};

/// A loopback port of the system's choice.
const ANYWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// A desk with a listener.
pub struct Port {
    pub desk: Desk,
    pub port: u16,
}

impl Port {
    pub async fn open() -> Self {
        Self::open_with(|_| ()).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::furnished(change, "", None).await
    }

    /// The record has settings of its own: more of the form of its connection.
    pub async fn open_under(connection: &str) -> Self {
        Self::furnished(|_| (), connection, None).await
    }

    async fn open_by(certificates: Option<&Arc<Certificates>>) -> Self {
        Self::furnished(|_| (), "", certificates).await
    }

    /// Before a server somebody has made, which the record reaches at the port `target`. A session waits for its next
    /// connection.
    pub async fn before(cluster: Cluster, target: u16) -> Self {
        let listening = |config: &mut Config| config.listener.listen = Some(ANYWHERE.into());

        Self::of(Desk::before(cluster, target, listening, "").await, None).await
    }

    async fn furnished(
        change: impl FnOnce(&mut Config),
        connection: &str,
        certificates: Option<&Arc<Certificates>>,
    ) -> Self {
        let listening = |config: &mut Config| {
            config.listener.listen = Some(ANYWHERE.into());
            config.listener.linger_seconds = 0;
            change(config);
        };
        let desk = Desk::furnished(listening, connection).await;

        Self::of(desk, certificates).await
    }

    async fn of(desk: Desk, certificates: Option<&Arc<Certificates>>) -> Self {
        let address = listener::start(&desk.house.state, certificates)
            .await
            .unwrap()
            .unwrap();

        Self {
            desk,
            port: address.port(),
        }
    }

    pub async fn token(&self, role: Role) -> String {
        self.token_until(role, Duration::from_secs(3600)).await.1
    }

    pub async fn token_until(&self, role: Role, life: Duration) -> (TokenId, String) {
        self.token_for(role, Wanted::Everything, life).await
    }

    async fn token_for(&self, role: Role, wanted: Wanted<'_>, life: Duration) -> (TokenId, String) {
        self.desk.house.token_for(role, wanted, life).await
    }

    /// A token for the command line.
    pub async fn command_line(&self, role: Role) -> String {
        self.desk.house.token(role, Wanted::CommandLine).await
    }

    pub fn client(&self, user: &str, token: &str) -> Connecting {
        let mut connecting = Connecting::new();
        connecting
            .host("127.0.0.1")
            .port(self.port)
            .user(user)
            .password(token)
            .application_name("ledger");

        connecting
    }

    async fn connect(&self, user: &str, token: &str) -> Client {
        connect(&self.client(user, token)).await.expect("let in")
    }

    /// Why somebody is not let in.
    async fn refused(&self, user: &str, token: &str) -> String {
        told(&connect(&self.client(user, token)).await.expect_err("not let in"))
    }

    pub async fn sessions(&self) -> Vec<SessionView> {
        let mut snapshot = self.desk.house.state.db.read().await.unwrap();
        let page = store::sessions::list(&mut snapshot, Scope::Everybody, &SessionFilter::default())
            .await
            .unwrap();

        page.sessions
    }

    pub async fn only(&self, is_wanted: impl Fn(&SessionView) -> bool) -> SessionView {
        let id = until(async || self.sessions().await.first().map(|row| row.id.clone())).await;

        self.desk.row(&id, is_wanted).await
    }

    pub async fn frames(&self, session: &SessionId) -> Vec<Frame> {
        super::evidence::all_frames(&self.desk, session).await
    }
}

#[expect(clippy::disallowed_methods, reason = "a driver's connection runs by itself")]
pub async fn connect(connecting: &Connecting) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = connecting.connect(NoTls).await?;
    tokio::spawn(connection);

    Ok(client)
}

pub fn told(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!(
            "{} {}: {}",
            error.severity(),
            error.code().code(),
            error.message()
        ),
        None => error.to_string(),
    }
}

#[tokio::test]
async fn a_native_client_works_with_the_vaults_credential_and_is_on_record() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;

    let client = port.connect("Books", &token).await;
    let name: i32 = client
        .query_one("SELECT $1::int4 + 1", &[&41])
        .await
        .unwrap()
        .get(0);
    let who: String = client
        .query_one("SELECT current_user::text", &[])
        .await
        .unwrap()
        .get(0);
    let program: String = client
        .query_one("SHOW application_name", &[])
        .await
        .unwrap()
        .get(0);
    drop(client);

    assert_eq!((name, program.as_str()), (42, "ledger"));
    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(
        (row.kind, row.end_reason),
        (SessionKind::Listener, Some(EndReason::Goodbye))
    );
    assert_eq!((row.account.as_str(), row.statements), (who.as_str(), 3));
    let frames = port.frames(&row.id).await;
    let connections: Vec<_> = frames
        .iter()
        .filter_map(|frame| match &frame.body {
            Body::Connected(connection) => Some((frame.lane, connection.application_name.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(connections, [(1, "ledger".to_owned())]);
    assert!(
        frames
            .iter()
            .any(|frame| matches!(&frame.body, Body::Disconnected { .. }))
    );
    let sum = frames.iter().find_map(|frame| match &frame.body {
        Body::StatementStart(statement) if statement.sql.starts_with("SELECT $1::int4") => {
            Some(statement.parameters.clone())
        }
        _ => None,
    });
    assert_eq!(
        sum.unwrap().first().map(|parameter| parameter.value.clone()),
        Some(recording::ParameterValue::Text("41".to_owned()))
    );
}

#[tokio::test]
async fn connections_side_by_side_are_lanes_of_one_session() {
    let port = Port::open_with(|config| config.listener.linger_seconds = 3600).await;
    let token = port.token(Role::User).await;

    let (one, two) = tokio::join!(port.connect("Books", &token), port.connect("Books/Owner", &token));
    one.batch_execute("SELECT 1").await.unwrap();
    two.batch_execute("SELECT 2").await.unwrap();
    drop(one);
    until(async || {
        (port
            .desk
            .cluster
            .sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ledger'")
            .unwrap()
            .trim()
            == "1")
            .then_some(())
    })
    .await;
    let three = port.connect("Books", &token).await;
    three.batch_execute("SELECT 3").await.unwrap();

    assert_eq!(port.sessions().await.len(), 1);
    let row = port.only(|_| true).await;
    assert_eq!(row.state, SessionState::Live);
    let lanes: Vec<(u8, String)> = port
        .frames(&row.id)
        .await
        .into_iter()
        .filter_map(|frame| match frame.body {
            Body::StatementStart(statement) => Some((frame.lane, statement.sql)),
            _ => None,
        })
        .collect();
    assert_eq!(lanes.len(), 3, "{lanes:?}");
    assert_ne!(lanes[0].0, lanes[1].0);
    assert_eq!(
        lanes[2],
        (3, "SELECT 3".to_owned()),
        "the next connection is told apart from the one that has gone"
    );
}

#[tokio::test]
async fn a_token_that_opens_nothing_is_refused_alike_and_told_apart_in_the_log() {
    let port = Port::open().await;
    let (_, expired) = port.token_until(Role::User, Duration::ZERO).await;
    let (id, revoked) = port.token_until(Role::User, Duration::from_secs(3600)).await;
    let user = port.desk.house.person(Role::User).await;
    let mut tx = port.desk.house.state.db.write().await.unwrap();
    access_tokens::revoke(&mut tx, &id, &user.id, clock::now())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut sentences = Vec::new();
    for token in [expired.as_str(), revoked.as_str(), "ptn_wrong", "", "\u{1F512}"] {
        sentences.push(port.refused("Books", token).await);
    }

    assert!(
        sentences[0].starts_with("FATAL 28P01: password authentication failed"),
        "{}",
        sentences[0]
    );
    assert!(
        sentences.iter().all(|sentence| *sentence == sentences[0]),
        "{sentences:?}"
    );
    let mut snapshot = port.desk.house.state.db.read().await.unwrap();
    let page = store::audit::list(&mut snapshot, &AuditFilter::default())
        .await
        .unwrap();
    let mut reasons: Vec<String> = page
        .events
        .iter()
        .filter(|event| event.name == EventName::AccessTokenRefused)
        .filter_map(|event| event.details.get("reason").cloned())
        .collect();
    reasons.sort();
    reasons.dedup();
    assert_eq!(reasons, ["expired", "revoked", "unknown"]);
}

#[tokio::test]
async fn a_record_that_is_not_shared_is_not_told_from_one_that_does_not_exist() {
    let port = Port::open().await;
    let auditor = port.desk.house.person(Role::Auditor).await;
    let token = port.token(Role::User).await;
    let user = port.desk.house.person(Role::User).await.id;
    let administrator = port.desk.house.sign_in(Role::Administrator).await;
    let form = format!("id={}&person={user}", port.desk.record);
    let call = port
        .desk
        .house
        .post("/api/unshare-record", &form)
        .by(&administrator);
    assert_eq!(port.desk.house.call(call).await.status, 200);

    let not_shared = port.refused("Books", &token).await;
    let not_there = port.refused("Looks", &token).await;

    assert_eq!(not_shared, not_there);
    assert!(
        not_there.starts_with("FATAL 28000: no record of this name"),
        "{not_there}"
    );
    assert!(authorize::take_token(&auditor, Wanted::Everything, Password::GivenAgain).is_err());
}

#[tokio::test]
async fn a_token_for_the_command_line_connects_who_may_launch_and_nobody_else() {
    let port = Port::open().await;
    let hour = Duration::from_secs(3600);
    let (_, of_user) = port.token_for(Role::User, Wanted::CommandLine, hour).await;
    let (_, of_auditor) = port.token_for(Role::Auditor, Wanted::CommandLine, hour).await;

    let client = port.connect("Books", &of_user).await;
    let refused = port.refused("Books", &of_auditor).await;

    client.batch_execute("SELECT 1").await.unwrap();
    assert!(
        refused.starts_with("FATAL 28000: no record of this name"),
        "{refused}"
    );
}

#[tokio::test]
async fn what_the_server_says_of_a_database_that_is_not_there_is_passed_on() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let mut connecting = port.client("Books", &token);
    connecting.dbname("nowhere");
    let refused = async || told(&connect(&connecting).await.expect_err("not let in"));

    let by_opening = refused().await;
    let _first = port.connect("Books", &token).await;
    let by_joining = refused().await;

    assert_eq!(by_opening, "FATAL 3D000: database \"nowhere\" does not exist");
    assert_eq!(by_joining, by_opening);
}

#[tokio::test]
async fn a_cancel_hits_what_its_own_connection_runs_and_only_by_its_own_key() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let client = port.connect("Books", &token).await;
    let canceller = client.cancel_token();
    let sleeping = async { told(&client.batch_execute("SELECT pg_sleep(60)").await.unwrap_err()) };
    let cancelling = async {
        let running =
            "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'";
        until(async || (port.desk.cluster.sql(running).unwrap().trim() == "1").then_some(())).await;
        let pid = "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'";
        let guess = CancelKey {
            process_id: port.desk.cluster.sql(pid).unwrap().trim().parse().unwrap(),
            secret: bytes::Bytes::from_static(b"\x01\x02\x03\x04"),
        };
        let mut stranger = TcpStream::connect(("127.0.0.1", port.port)).await.unwrap();
        stranger
            .write_all(&Opening::Cancel(guess).to_bytes())
            .await
            .unwrap();
        assert_eq!(
            stranger.read(&mut [0]).await.unwrap(),
            0,
            "closed without an answer"
        );
        assert_eq!(port.desk.cluster.sql(running).unwrap().trim(), "1");
        canceller.cancel_query(NoTls).await.unwrap();
    };

    let (ended, ()) = tokio::join!(sleeping, cancelling);

    assert_eq!(ended, "ERROR 57014: canceling statement due to user request");
    client.batch_execute("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn who_is_terminated_is_told_by_whom_and_why_on_every_connection() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let (idle, busy) = (
        port.connect("Books", &token).await,
        port.connect("Books", &token).await,
    );
    let running = async { told(&busy.batch_execute("SELECT pg_sleep(60)").await.unwrap_err()) };
    let terminating = async {
        let row = port.only(|row| row.state == SessionState::Live).await;
        let auditor = port.desk.house.sign_in(Role::Auditor).await;
        let form = format!("draft[session]={}&draft[reason]=Enough.", row.id);
        let call = port.desk.house.post("/api/terminate-session", &form).by(&auditor);
        assert_eq!(port.desk.house.call(call).await.status, 200);
        port.desk
            .row(&row.id, |row| row.state == SessionState::Ended)
            .await
    };

    let (busy, row) = tokio::join!(running, terminating);

    assert_eq!(busy, "FATAL 57P01: Terminated by auditor@example.org: Enough.");
    assert_eq!(row.end_reason, Some(EndReason::Terminated));
    until(async || idle.is_closed().then_some(())).await;
}

#[tokio::test]
async fn a_revoked_token_ends_its_session_at_once() {
    let port = Port::open().await;
    let (id, token) = port.token_until(Role::User, Duration::from_secs(3600)).await;
    let client = port.connect("Books", &token).await;
    let user = port.desk.house.sign_in(Role::User).await;

    let call = port
        .desk
        .house
        .post("/api/revoke-token", &format!("id={id}"))
        .by(&user);
    assert_eq!(port.desk.house.call(call).await.status, 200);

    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::PolicyChanged));
    until(async || client.is_closed().then_some(())).await;
    assert!(port.refused("Books", &token).await.starts_with("FATAL 28P01"));
}

#[tokio::test]
async fn a_session_that_native_clients_have_cannot_be_resumed_in_a_terminal() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let _client = port.connect("Books", &token).await;
    let user = port.desk.house.sign_in(Role::User).await;

    assert!(port.desk.offer(&user).await.live.is_empty());
}

#[tokio::test]
async fn a_unix_socket_takes_clients_of_the_machine_and_goes_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let socket_folder = folder.path().to_owned();
    let port = Port::open_with(|config| config.listener.socket_folder = Some(socket_folder)).await;
    let token = port.token(Role::User).await;
    let mut connecting = Connecting::new();
    connecting
        .host_path(folder.path())
        .port(port.port)
        .user("Books")
        .password(&token);
    let file = folder.path().join(format!(".s.PGSQL.{}", port.port));

    let client = connect(&connecting).await.unwrap();
    client.batch_execute("SELECT 1").await.unwrap();
    drop(client);

    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.remote_address, "local socket");
    port.desk.house.state.stopping.cancel();
    until(async || (!file.exists()).then_some(())).await;
}

#[tokio::test]
async fn tls_is_asked_for_or_begun_at_once() {
    let (certificates, roots) = certificates();
    let port = Port::open_by(Some(&certificates)).await;
    let token = port.token(Role::User).await;

    for (alpn, asks) in [
        (None, true),
        (Some("postgresql"), true),
        (Some("postgresql"), false),
    ] {
        let mut tls = ClientConfig::builder()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        tls.alpn_protocols = alpn.into_iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut stream = TcpStream::connect(("127.0.0.1", port.port)).await.unwrap();
        if asks {
            stream.write_all(&pg_proto::client::tls_request()).await.unwrap();
            assert_eq!(stream.read_u8().await.unwrap(), b'S');
        }
        let name = "localhost".try_into().unwrap();
        let secure = TlsConnector::from(Arc::new(tls))
            .connect(name, stream)
            .await
            .unwrap();
        let mut connecting = port.client("Books", &token);
        connecting.ssl_mode(SslMode::Disable);

        let (client, connection) = connecting.connect_raw(secure, NoTls).await.unwrap();
        let asking = client.query_one("SELECT 7", &[]);
        let answer = tokio::select! {
            answer = asking => answer.unwrap(),
            ended = connection => panic!("{ended:?}"),
        };
        assert_eq!(answer.get::<_, i32>(0), 7, "{alpn:?} {asks}");
    }
}

/// A certificate for `localhost`, and who trusts it.
fn certificates() -> (Arc<Certificates>, RootCertStore) {
    let authority = Authority::new("House").unwrap();
    let wishes = Wishes {
        alternative_names: "DNS:localhost",
        ..Wishes::default()
    };
    let pair = authority.issue("localhost", &wishes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, &pair.certificate).unwrap();
    std::fs::write(&key, &pair.key).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.certificate.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }

    (Certificates::load(&certificate, &key).unwrap(), roots)
}

#[tokio::test]
async fn a_session_has_no_more_connections_and_statements_than_its_record_allows() {
    let port =
        Port::open_under("&draft[max_connections_per_session]=2&draft[max_statements_per_session]=3").await;
    let token = port.token(Role::User).await;
    let (one, two) = (
        port.connect("Books", &token).await,
        port.connect("Books", &token).await,
    );

    assert_eq!(
        port.refused("Books", &token).await,
        "FATAL 53300: connection limit exceeded for this session: it has 2 connections"
    );
    one.batch_execute("SELECT 1").await.unwrap();
    two.batch_execute("SELECT 2").await.unwrap();
    one.batch_execute("SELECT 3").await.unwrap();
    let too_many = two.batch_execute("SELECT 4").await.unwrap_err();

    assert_eq!(told(&too_many), "FATAL 53400: Session query limit (3) reached.");
    one.batch_execute("SELECT 5").await.unwrap_err();
    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(row.statements, 3);
}
