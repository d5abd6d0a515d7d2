//! Whoever stands between a command line and its server, or in the server's place, is not believed and gets no token.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use testkit::certificates::{Authority, Pair, Wishes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::tunnel::words;
use crate::program;

/// Longer than anything the program waits for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const TOKEN: &str = "ptn_a-token-that-nobody-else-may-have";

/// Commands by each way to ask: questions, a WebSocket.
const COMMANDS: [&[&str]; 3] = [&["whoami"], &["tunnel", "Books"], &["sessions", "list"]];

/// Somebody who listens where a server is expected, and keeps what is said.
struct Impostor {
    port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
    _serving: JoinSet<()>,
}

impl Impostor {
    /// With this certificate, or without TLS.
    async fn listen(pair: Option<&Pair>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, acceptor) = (Arc::new(Mutex::new(Vec::new())), pair.map(acceptor));
        let (keeps, mut serving) = (Arc::clone(&heard), JoinSet::new());
        serving.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                hear(stream, acceptor.as_ref(), &keeps).await;
            }
        });

        Self {
            port,
            heard,
            _serving: serving,
        }
    }

    /// What it got to know so far.
    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }
}

fn acceptor(pair: &Pair) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(pair.certificate.as_bytes())
        .map(Result::unwrap)
        .collect();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();

    TlsAcceptor::from(Arc::new(config))
}

async fn hear(stream: TcpStream, acceptor: Option<&TlsAcceptor>, heard: &Mutex<Vec<u8>>) {
    match acceptor {
        Some(acceptor) => {
            if let Ok(secure) = acceptor.accept(stream).await {
                converse(secure, heard).await;
            }
        }
        None => converse(stream, heard).await,
    }
}

/// Hears the first words and answers what no server would.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, heard: &Mutex<Vec<u8>>) {
    let mut words = vec![0; 4096];
    if let Ok(n_bytes) = stream.read(&mut words).await {
        heard.lock().unwrap().extend_from_slice(&words[..n_bytes]);
        let _left = stream
            .write_all(b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n")
            .await;
    }
}

/// Exit code and complaint of a command for the server at `url`.
async fn ask(url: &str, authority: &Authority, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("ca.pem");
    std::fs::write(&trusted, &authority.certificate).unwrap();
    let mut postern = program::postern();
    postern
        .env("POSTERN_URL", url)
        .env("POSTERN_TOKEN", TOKEN)
        .env("POSTERN_CA_FILE", trusted)
        .args(arguments);
    let output = timeout(PATIENCE, postern.output())
        .await
        .expect("it ends")
        .unwrap();

    (output.status.code(), words(&output.stderr))
}

fn certificate(authority: &Authority, name: &str, expired: bool) -> Pair {
    let wishes = Wishes {
        alternative_names: name,
        expired,
        ..Wishes::default()
    };

    authority.issue("localhost", &wishes).unwrap()
}

#[tokio::test]
async fn who_shows_a_wrong_certificate_gets_nothing() {
    let ours = Authority::new("House").unwrap();
    let (another, namesake) = (Authority::new("Alley").unwrap(), Authority::new("House").unwrap());
    for (pair, problem) in [
        (
            certificate(&another, "DNS:localhost", false),
            "signed by nobody who is trusted here",
        ),
        (
            certificate(&namesake, "DNS:localhost", false),
            "signed by nobody who is trusted here",
        ),
        (
            certificate(&ours, "DNS:postern.example.org", false),
            "for another name",
        ),
        (certificate(&ours, "DNS:localhost", true), "has expired"),
    ] {
        let impostor = Impostor::listen(Some(&pair)).await;
        let url = format!("https://localhost:{}", impostor.port);
        for command in COMMANDS {
            let (code, told) = ask(&url, &ours, command).await;

            assert_eq!(code, Some(1), "{told}");
            assert!(
                told.starts_with(&format!(
                    "postern: {url} is not believed, and nothing was sent there: "
                )),
                "{told}"
            );
            assert!(told.contains(problem), "{told}");
        }
        assert_eq!(impostor.heard(), "");
    }
}

#[tokio::test]
async fn who_takes_tls_away_gets_nothing() {
    let ours = Authority::new("House").unwrap();
    let impostor = Impostor::listen(None).await;
    let url = format!("https://localhost:{}", impostor.port);

    for command in COMMANDS {
        let (code, told) = ask(&url, &ours, command).await;

        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains(&format!("{url} cannot be reached")), "{told}");
    }
    assert!(!impostor.heard().is_empty() && !impostor.heard().contains("ptn_"));
}

#[tokio::test]
async fn a_token_goes_to_no_other_machine_in_clear() {
    let ours = Authority::new("House").unwrap();

    for command in COMMANDS {
        let (code, told) = ask("http://192.0.2.1:7480", &ours, command).await;

        assert_eq!(code, Some(2), "{told}");
        assert!(
            told.contains("would be sent to 192.0.2.1 where others can read it"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_believed_sends_nobody_elsewhere() {
    let ours = Authority::new("House").unwrap();
    let server = Impostor::listen(Some(&certificate(&ours, "DNS:localhost", false))).await;
    let url = format!("https://localhost:{}", server.port);

    for command in COMMANDS {
        let (code, told) = ask(&url, &ours, command).await;

        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains("it answered 302 Found"), "{told}");
    }
    // It is the one that may have it.
    assert!(server.heard().contains(TOKEN));
}
