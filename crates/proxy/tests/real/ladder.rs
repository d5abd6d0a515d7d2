//! The ladder of `sslmode`, with certificates by the recipe of PostgreSQL's documentation.

use proxy::{
    ClientCertificate, Code, Credential, PemError, Reason, Roots, Stage, Target, Tls, TlsRules, Verify,
};
use testkit::Cluster;
use testkit::certificates::{Authority, Pair, Wishes, self_signed};
use vault::Secret;

use crate::kit::{credential, open, target, tls};

const NAMES: [(&str, Option<Verify>); 4] = [
    ("disable", None),
    ("require", Some(Verify::Nothing)),
    ("verify-ca", Some(Verify::Authority)),
    ("verify-full", Some(Verify::Full)),
];

/// Climbs the four steps against one server; gives a word for each.
async fn climb(port: u16, host: &str, ca: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (name, verify) in NAMES {
        let tls = verify.map_or(Tls::Off, |verify| tls(verify, ca));
        let target = Target {
            host: host.to_owned(),
            ..target(port, tls)
        };
        let word = match open(&target, &credential()).await {
            Ok(upstream) if upstream.tls().is_some() => "encrypted".to_owned(),
            Ok(_) => "plain".to_owned(),
            Err(error) => error.reason.to_string(),
        };
        words.push(format!("{name}: {word}"));
    }
    words
}

fn serve(pair: Pair) -> Cluster {
    Cluster::builder().tls(pair).start().expect("starts")
}

#[tokio::test]
async fn a_server_without_tls_is_spoken_to_only_when_tls_is_off() {
    let authority = Authority::new("root").unwrap();
    let cluster = Cluster::start().unwrap();

    assert_eq!(
        climb(cluster.port(), "localhost", &authority.certificate).await,
        [
            "disable: plain",
            "require: server has no TLS",
            "verify-ca: server has no TLS",
            "verify-full: server has no TLS",
        ]
    );
}

#[tokio::test]
async fn a_common_name_is_enough_where_there_is_no_alternative_name() {
    let authority = Authority::new("root").unwrap();
    let cluster = serve(authority.issue("localhost", &Wishes::default()).unwrap());
    let all = [
        "disable: plain",
        "require: encrypted",
        "verify-ca: encrypted",
        "verify-full: encrypted",
    ];

    assert_eq!(
        climb(cluster.port(), "localhost", &authority.certificate).await,
        all
    );
    assert_eq!(
        climb(cluster.port(), "127.0.0.1", &authority.certificate).await[2..],
        [
            "verify-ca: encrypted",
            "verify-full: certificate is valid for localhost, but wanted \"127.0.0.1\"",
        ]
    );
}

#[tokio::test]
async fn alternative_names_count_and_addresses_are_addresses() {
    let authority = Authority::new("root").unwrap();
    let wishes = Wishes {
        alternative_names: "DNS:db.internal,IP:127.0.0.1",
        ..Wishes::default()
    };
    let cluster = serve(authority.issue("localhost", &wishes).unwrap());
    let ca = &authority.certificate;

    assert_eq!(
        climb(cluster.port(), "127.0.0.1", ca).await[3],
        "verify-full: encrypted"
    );
    assert_eq!(
        climb(cluster.port(), "localhost", ca).await[3],
        "verify-full: certificate is valid for db.internal, 127.0.0.1, but wanted \"localhost\""
    );

    let rules = TlsRules {
        verify: Verify::Full,
        roots: Roots::from_pem(ca).unwrap(),
        server_name: Some("db.internal".to_owned()),
    };
    open(&target(cluster.port(), Tls::On(rules)), &credential())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_servers_own_certificate_may_be_its_authority() {
    let pair = self_signed("localhost").unwrap();
    let other = self_signed("localhost").unwrap();
    let ca = pair.certificate.clone();
    let cluster = serve(pair);

    assert_eq!(
        climb(cluster.port(), "localhost", &ca).await[2..],
        ["verify-ca: encrypted", "verify-full: encrypted"]
    );
    assert_eq!(
        climb(cluster.port(), "localhost", &other.certificate).await[1..],
        [
            "require: encrypted",
            "verify-ca: self-signed certificate",
            "verify-full: self-signed certificate"
        ]
    );
}

#[tokio::test]
async fn another_authority_is_not_trusted() {
    let authority = Authority::new("root").unwrap();
    let other = Authority::new("other").unwrap();
    let namesake = Authority::new("root").unwrap();
    for names in ["", "DNS:localhost"] {
        let wishes = Wishes {
            alternative_names: names,
            ..Wishes::default()
        };
        let cluster = serve(authority.issue("localhost", &wishes).unwrap());

        let port = cluster.port();
        let unknown = "verify-ca: certificate issued by an unknown authority: CN=root";
        assert_eq!(climb(port, "localhost", &other.certificate).await[2], unknown);
        let by_namesake = &climb(port, "localhost", &namesake.certificate).await[2];
        assert!(
            by_namesake.starts_with("verify-ca: certificate i"),
            "{by_namesake}"
        );
        let target = target(port, tls(Verify::Full, &other.certificate));
        let error = open(&target, &credential()).await.unwrap_err();
        assert_eq!(error.code(), Code::Tls);
        assert!(
            error
                .remedy()
                .starts_with("Add the CA under Trusted CA certificate")
        );
    }
}

#[tokio::test]
async fn an_expired_certificate_is_refused_even_when_it_is_its_own_authority() {
    let authority = Authority::new("root").unwrap();
    let wishes = Wishes {
        expired: true,
        ..Wishes::default()
    };
    let pair = authority.issue("localhost", &wishes).unwrap();
    let own = pair.certificate.clone();
    let cluster = serve(pair);

    for ca in [&authority.certificate, &own] {
        assert_eq!(
            climb(cluster.port(), "localhost", ca).await[1..3],
            ["require: encrypted", "verify-ca: certificate has expired"]
        );
    }
}

#[tokio::test]
async fn a_client_certificate_signs_in() {
    let authority = Authority::new("root").unwrap();
    let clients = Authority::new("clients").unwrap();
    let cluster = Cluster::builder()
        .tls(authority.issue("localhost", &Wishes::default()).unwrap())
        .client_authority(&clients.certificate)
        .rule("hostssl all postgres 127.0.0.1/32 cert")
        .start()
        .unwrap();
    let target = target(cluster.port(), tls(Verify::Full, &authority.certificate));
    let with = |pair: Pair| Credential {
        user: "postgres".to_owned(),
        password: None,
        certificate: Some(ClientCertificate {
            certificates: pair.certificate,
            key: Secret::new(pair.key),
        }),
    };
    let own = clients.issue("postgres", &Wishes::default()).unwrap();
    let mixed = Pair {
        key: clients.issue("postgres", &Wishes::default()).unwrap().key,
        ..own.clone()
    };

    let upstream = open(&target, &with(own)).await.unwrap();
    assert_eq!(upstream.parameter("is_superuser").as_deref(), Some("on"));

    let somebody = open(&target, &with(clients.issue("ann", &Wishes::default()).unwrap()))
        .await
        .unwrap_err();
    assert_eq!(somebody.code(), Code::Auth);
    let stranger = open(
        &target,
        &with(authority.issue("postgres", &Wishes::default()).unwrap()),
    )
    .await
    .unwrap_err();
    assert_eq!(stranger.code(), Code::Tls, "{stranger:?}");
    let mismatch = open(&target, &with(mixed)).await.unwrap_err();
    assert!(
        matches!(mismatch.reason, Reason::Pem(PemError::KeyMismatch)),
        "{mismatch:?}"
    );
    assert_eq!(mismatch.stage, Stage::Tls);
    assert!(!format!("{mismatch:?}").contains("PRIVATE"));
}

#[test]
fn pem_that_is_no_certificate_is_named() {
    assert!(matches!(Roots::from_pem("hello"), Err(PemError::NoCertificate)));
    let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    assert!(matches!(Roots::from_pem(broken), Err(PemError::BadCertificate)));
    assert!(Roots::none().is_empty());
}
