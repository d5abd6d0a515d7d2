//! Somebody between us and the server, with a certificate of their own.

use std::sync::Arc;

use pg_proto::client;
use proxy::{Code, Reason, Tls, Verify};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use testkit::Cluster;
use testkit::certificates::{Pair, self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::kit::{credential, open, target, tls};

#[tokio::test]
async fn channel_binding_finds_the_man_in_the_middle() {
    let honest = self_signed("localhost").unwrap();
    let ca = honest.certificate.clone();
    let cluster = Cluster::builder().tls(honest).start().unwrap();

    let through = intercept(
        cluster.port(),
        self_signed("localhost").unwrap(),
        tls(Verify::Nothing, &ca),
    )
    .await;

    // Nobody looked at the certificate, and still: the proof is for another connection than the server's.
    let Reason::Server(fields) = through else {
        panic!("let in or wrong error: {through:?}")
    };
    assert_eq!(fields.code(), "28000");
    assert_eq!(fields.message(), "SCRAM channel binding check failed");
}

#[tokio::test]
async fn verification_finds_the_man_in_the_middle_sooner() {
    let honest = self_signed("localhost").unwrap();
    let ca = honest.certificate.clone();
    let cluster = Cluster::builder().tls(honest).start().unwrap();

    let through = intercept(
        cluster.port(),
        self_signed("localhost").unwrap(),
        tls(Verify::Full, &ca),
    )
    .await;

    assert!(matches!(through, Reason::Distrusted(_)), "{through:?}");
}

#[tokio::test]
async fn bytes_before_the_encryption_are_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let pair = self_signed("localhost").unwrap();
    let inject = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 8]).await.unwrap();
        stream.write_all(b"SE\0\0\0\x12SFATAL\0Mhaha\0\0").await.unwrap();
        stream
    };

    let target = target(port, tls(Verify::Nothing, &pair.certificate));
    let login = credential();
    let (_stream, error) = tokio::join!(inject, open(&target, &login));

    assert_eq!(error.unwrap_err().code(), Code::Tls);
}

/// Lets us connect through somebody who speaks TLS with both sides.
async fn intercept(server: u16, own: Pair, tls: Tls) -> Reason {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let certificate = CertificateDer::from_pem_slice(own.certificate.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).expect("a key");
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));

    let middle = async {
        let (mut client, _) = listener.accept().await?;
        client.read_exact(&mut [0; 8]).await?;
        client.write_all(b"S").await?;
        let mut client = acceptor.accept(client).await?;
        let mut upstream = TcpStream::connect(("127.0.0.1", server)).await?;
        upstream.write_all(&client::tls_request()).await?;
        upstream.read_exact(&mut [0]).await?;
        let name = "localhost".try_into().expect("a name");
        let mut upstream = believer().connect(name, upstream).await?;
        copy_bidirectional(&mut client, &mut upstream).await
    };
    let target = target(port, tls);
    let login = credential();
    let (_, result) = tokio::join!(middle, open(&target, &login));

    result.expect_err("not let in").reason
}

/// A client that believes every certificate.
fn believer() -> TlsConnector {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    struct Believer;

    impl ServerCertVerifier for Believer {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &rustls::pki_types::ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            rustls::crypto::ring::default_provider()
                .signature_verification_algorithms
                .supported_schemes()
        }
    }

    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Believer))
            .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
