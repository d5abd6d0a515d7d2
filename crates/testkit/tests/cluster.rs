//! The kit itself: servers start, answer, and are gone.

use std::net::TcpStream;

use testkit::certificates::{self, Authority, Wishes};
use testkit::{Auth, Cluster, Version};

#[test]
fn a_cluster_answers_until_it_is_dropped() {
    let cluster = Cluster::start().expect("starts");
    let port = cluster.port();

    assert_eq!(cluster.sql("select 1").expect("answers"), "1");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(cluster);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_newer_server_has_tls_too() {
    let pair = certificates::self_signed("localhost").expect("openssl");

    let cluster = Cluster::builder()
        .version(Version::V18)
        .tls(pair)
        .start()
        .expect("starts");

    assert_eq!(cluster.sql("show ssl").expect("answers"), "on");
    assert!(
        cluster
            .sql("show server_version")
            .expect("answers")
            .starts_with("18")
    );
}

#[test]
fn a_server_with_an_authority_and_md5_starts() {
    let authority = Authority::new("root").expect("openssl");
    let pair = authority.issue("localhost", &Wishes::default()).expect("openssl");

    let cluster = Cluster::builder()
        .auth(Auth::Md5)
        .tls(pair)
        .client_authority(&authority.certificate)
        .start()
        .expect("starts");

    assert!(
        cluster
            .sql("select rolpassword from pg_authid where rolname = 'postgres'")
            .expect("answers")
            .starts_with("md5")
    );
}
