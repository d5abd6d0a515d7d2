//! Ways in: methods, wrong passwords, missing databases, servers that are not there.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use expect_test::{Expect, expect};
use pg_proto::client::Method;
use proxy::probe::Outcome;
use proxy::{Code, ConnectError, Credential, DirectDial, Reason, Stage, Target, Tls, Verify, probe};
use testkit::certificates::{Authority, Wishes};
use testkit::{Auth, Cluster, Version};

use crate::kit::{PATIENCE, account, credential, open, target, tls};

#[tokio::test]
async fn scram_lets_in_and_reports_what_the_server_said() {
    let cluster = Cluster::start().unwrap();

    let upstream = open(&target(cluster.port(), Tls::Off), &credential())
        .await
        .unwrap();

    assert_eq!(upstream.method(), Method::ScramSha256);
    assert_eq!(upstream.parameter("client_encoding").as_deref(), Some("UTF8"));
    assert_eq!(
        upstream.parameter("application_name").as_deref(),
        Some("postern test")
    );
    assert!(upstream.parameter("server_version").is_some());
    assert!(upstream.canceller().is_some());
    assert_eq!(upstream.address().port(), cluster.port());
}

#[tokio::test]
async fn scram_is_bound_to_the_tls_connection() {
    let authority = Authority::new("root").unwrap();
    let pair = authority.issue("localhost", &Wishes::default()).unwrap();
    for version in [Version::System, Version::V18] {
        let cluster = Cluster::builder()
            .version(version)
            .tls(pair.clone())
            .start()
            .unwrap();

        let target = target(cluster.port(), tls(Verify::Full, &authority.certificate));
        let upstream = open(&target, &credential()).await.unwrap();

        assert_eq!(upstream.method(), Method::ScramSha256Plus, "{version:?}");
        let facts = upstream.tls().unwrap();
        let seen = cluster
            .sql("select version || ' ' || cipher from pg_stat_ssl where ssl")
            .unwrap();
        assert_eq!(format!("{} {}", facts.protocol, facts.cipher), seen);
        assert_eq!(
            cluster.sql("select count(*) from pg_stat_ssl where ssl").unwrap(),
            "1"
        );
    }
}

#[tokio::test]
async fn the_channel_is_bound_with_any_digest() {
    let authority = Authority::new("root").unwrap();
    for digest in ["sha256", "sha384", "sha512"] {
        let wishes = Wishes {
            digest,
            alternative_names: "DNS:localhost",
            ..Wishes::default()
        };
        let pair = authority.issue("localhost", &wishes).unwrap();
        let cluster = Cluster::builder().tls(pair).start().unwrap();

        let target = target(cluster.port(), tls(Verify::Full, &authority.certificate));
        let upstream = open(&target, &credential()).await.unwrap();

        assert_eq!(upstream.method(), Method::ScramSha256Plus, "{digest}");
    }
}

#[tokio::test]
async fn a_server_that_trusts_lets_in() {
    let trust = Cluster::builder().auth(Auth::Trust).start().unwrap();

    let no_password = Credential {
        password: None,
        ..credential()
    };
    let by_trust = open(&target(trust.port(), Tls::Off), &no_password).await.unwrap();

    assert_eq!(by_trust.method(), Method::None);
}

#[tokio::test]
async fn an_md5_hash_goes_only_into_verified_tls() {
    let authority = Authority::new("root").unwrap();
    let pair = authority.issue("localhost", &Wishes::default()).unwrap();
    let cluster = Cluster::builder().auth(Auth::Md5).tls(pair).start().unwrap();
    let ca = &authority.certificate;

    for channel in [Tls::Off, tls(Verify::Nothing, ca), tls(Verify::Authority, ca)] {
        let error = open(&target(cluster.port(), channel), &credential())
            .await
            .unwrap_err();
        assert!(matches!(error.reason, Reason::Md5Refused), "{error}");
        assert!(error.remedy().contains("scram-sha-256"), "{}", error.remedy());
    }
    let upstream = open(&target(cluster.port(), tls(Verify::Full, ca)), &credential())
        .await
        .unwrap();
    assert_eq!(upstream.method(), Method::Md5);
}

#[tokio::test]
async fn a_clear_password_goes_only_into_verified_tls() {
    let authority = Authority::new("root").unwrap();
    let pair = authority.issue("localhost", &Wishes::default()).unwrap();
    let cluster = Cluster::builder()
        .auth(Auth::Cleartext)
        .tls(pair)
        .start()
        .unwrap();
    let ca = &authority.certificate;

    for channel in [Tls::Off, tls(Verify::Nothing, ca), tls(Verify::Authority, ca)] {
        let error = open(&target(cluster.port(), channel), &credential())
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::Auth);
    }
    let upstream = open(&target(cluster.port(), tls(Verify::Full, ca)), &credential())
        .await
        .unwrap();
    assert_eq!(upstream.method(), Method::Cleartext);
}

#[tokio::test]
async fn every_refusal_has_a_reason_and_a_remedy() {
    let cluster = Cluster::builder()
        .rule("host secret_db all 127.0.0.1/32 reject")
        .rule("hostssl tls_db all 127.0.0.1/32 scram-sha-256")
        .rule("hostnossl tls_db all 127.0.0.1/32 reject")
        .start()
        .unwrap();
    cluster.sql("create role ann login password 'right'").unwrap();
    cluster
        .sql("create role guest login password 'right' connection limit 0")
        .unwrap();
    cluster.sql("create database closed").unwrap();
    cluster
        .sql("revoke connect on database closed from public")
        .unwrap();
    let to = |database: &str| Target {
        database: database.to_owned(),
        ..target(cluster.port(), Tls::Off)
    };

    let ann = account("ann", "right");
    check(
        &to("postgres"),
        &account("ann", "wrong"),
        expect![[r#"
        Auth at Authentication: The stored credential was rejected.
        Check user name and password in the PAM User record.
        28P01 password authentication failed for user "ann""#]],
    )
    .await;
    check(
        &to("postgres"),
        &account("nobody", "wrong"),
        expect![[r#"
        Auth at Authentication: The stored credential was rejected.
        Check user name and password in the PAM User record.
        28P01 password authentication failed for user "nobody""#]],
    )
    .await;
    check(
        &to("missing"),
        &ann,
        expect![[r#"
        Rejected at Authentication: The database "missing" does not exist on this server.
        Name another one, or correct Default database where the name is the record's.
        3D000 database "missing" does not exist"#]],
    )
    .await;
    check(
        &to("closed"),
        &ann,
        expect![[r#"
        Rejected at Authentication: The account may not connect to the database "closed".
        Grant it CONNECT on the database, or choose another account.
        42501 permission denied for database "closed""#]],
    )
    .await;
    check(
        &to("postgres"),
        &account("guest", "right"),
        expect![[r#"
        Rejected at Authentication: The server has no connection left.
        Try again when others have left, or raise max_connections or the role's connection limit.
        53300 too many connections for role "guest""#]],
    )
    .await;
    check(&to("tls_db"), &ann, expect![[r#"
        Rejected at Authentication: The server has no rule that lets this account in without encryption.
        Set TLS Mode to verify-full. If that does not help, pg_hba.conf needs an entry for this account, database and address.
        28000 pg_hba.conf rejects connection for host "127.0.0.1", user "ann", database "tls_db", no encryption"#]])
    .await;
    check(
        &to("postgres"),
        &Credential {
            password: None,
            ..ann.clone()
        },
        expect![[r#"
        Auth at Authentication: The server asks for a password and the credential has none.
        Enter the password in the PAM User record.
    "#]],
    )
    .await;
}

#[tokio::test]
async fn servers_that_are_not_there_are_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut nowhere = target(free, Tls::Off);
    nowhere.host = "127.0.0.1".to_owned();
    let error = open(&nowhere, &credential()).await.unwrap_err();
    assert_eq!(error.code(), Code::Unreachable);
    assert_eq!(error.stage, Stage::Tcp);
    assert_eq!(
        error.sentence(),
        format!("Nothing listens on 127.0.0.1 port {free} (127.0.0.1:{free} refused the connection).")
    );

    let unknown = Target {
        host: "no-such-host.invalid".to_owned(),
        ..target(5432, Tls::Off)
    };
    let error = open(&unknown, &credential()).await.unwrap_err();
    assert_eq!(error.stage, Stage::Dns);
    assert_eq!(
        error.sentence(),
        "The host name \"no-such-host.invalid\" does not resolve."
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut target = target(silent.local_addr().unwrap().port(), Tls::Off);
    target.timeout = std::time::Duration::from_millis(500);

    let error = open(&target, &credential()).await.unwrap_err();

    assert_eq!(
        (error.code(), error.stage),
        (Code::Unreachable, Stage::Authentication)
    );
    assert!(
        error
            .sentence()
            .ends_with("accepted the connection and then stopped answering.")
    );
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test is the edge")]
async fn a_probe_reports_stages_version_and_what_no_gate_can_stop() {
    let cluster = Cluster::start().unwrap();
    cluster.sql("create role ann login password 'right'").unwrap();
    cluster
        .sql("create role copier login password 'right' in role pg_write_server_files")
        .unwrap();
    let target = target(cluster.port(), Tls::Off);
    let dial = Arc::new(DirectDial::anywhere(PATIENCE));

    let plain = probe(dial.clone(), &target, &account("ann", "right"), &Instant::now).await;
    let copier = probe(dial.clone(), &target, &account("copier", "right"), &Instant::now).await;
    let superuser = probe(dial.clone(), &target, &credential(), &Instant::now).await;
    let wrong = probe(dial, &target, &account("ann", "wrong"), &Instant::now).await;

    assert!(plain.error.is_none());
    assert!(plain.version.unwrap().starts_with("PostgreSQL "));
    assert_eq!(plain.warnings, [""; 0]);
    assert_eq!(
        copier.warnings,
        [
            "The account may COPY to files on the database server's own disk (pg_write_server_files). \
          No gate here can prevent that."
        ]
    );
    assert!(superuser.warnings[0].contains("superuser"));
    let stages =
        |report: &[proxy::StageReport]| report.iter().map(|s| (s.stage, s.outcome)).collect::<Vec<_>>();
    use Outcome::{Failed, Passed};
    assert_eq!(
        stages(&plain.stages),
        [
            (Stage::Dns, Passed),
            (Stage::Tcp, Passed),
            (Stage::Authentication, Passed),
            (Stage::Query, Passed)
        ]
    );
    assert_eq!(
        stages(&wrong.stages),
        [
            (Stage::Dns, Passed),
            (Stage::Tcp, Passed),
            (Stage::Authentication, Failed)
        ]
    );
    assert_eq!(wrong.error.unwrap().code(), Code::Auth);
}

#[tokio::test]
async fn a_password_is_shown_by_nothing() {
    const CANARY: &str = "canary-9d1f";
    let cluster = Cluster::start().unwrap();
    let target = target(cluster.port(), Tls::Off);
    let credential = account("postgres", CANARY);

    let error = open(&target, &credential).await.unwrap_err();

    let shown = format!(
        "{error:?} {error} {} {} {credential:?} {target:?}",
        error.sentence(),
        error.remedy()
    );
    assert!(!shown.contains(CANARY));
    assert!(!cluster.log().contains(CANARY));
}

async fn check(target: &Target, credential: &Credential, expected: Expect) {
    let error: ConnectError = open(target, credential).await.expect_err("refused");

    let server = error
        .server()
        .map(|fields| format!("{} {}", fields.code(), fields.message()));
    expected.assert_eq(&format!(
        "{:?} at {:?}: {}\n{}\n{}",
        error.code(),
        error.stage,
        error.sentence(),
        error.remedy(),
        server.unwrap_or_default(),
    ));
}
