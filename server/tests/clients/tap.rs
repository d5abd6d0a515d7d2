//! What a client gets, looked through on its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A port before another one that lets everything through and counts how often clients are sent a secret.
pub struct Tap {
    port: u16,
    leaks: Arc<AtomicU64>,
    _relaying: JoinSet<()>,
}

impl Tap {
    pub async fn before(port: u16, secret: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let leaks = Arc::new(AtomicU64::new(0));
        let (counted, secret) = (Arc::clone(&leaks), secret.to_owned());
        let mut relaying = JoinSet::new();
        relaying.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                connections.spawn(relay(client, port, secret.clone(), Arc::clone(&counted)));
                while connections.try_join_next().is_some() {}
            }
        });

        Self {
            port: own,
            leaks,
            _relaying: relaying,
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn leaks(&self) -> u64 {
        self.leaks.load(Ordering::SeqCst)
    }
}

async fn relay(client: TcpStream, port: u16, secret: String, leaks: Arc<AtomicU64>) {
    let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();

    tokio::join!(
        pass_on(from_client, to_server, |_| ()),
        pass_on(from_server, to_client, {
            let mut seen = Vec::new();
            move |bytes| {
                // With the end of what came before: a secret may come in two pieces.
                seen.extend_from_slice(bytes);
                if contains(&seen, secret.as_bytes()) {
                    leaks.fetch_add(1, Ordering::SeqCst);
                    seen.clear();
                }
                seen.drain(..seen.len().saturating_sub(secret.len() - 1));
            }
        }),
    );
}

/// Until one side closes or is gone, which the other is told.
async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut look: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(n) = from.read(&mut buffer).await {
        look(&buffer[..n]);
        if n == 0 || to.write_all(&buffer[..n]).await.is_err() {
            break;
        }
    }
    // Who has gone is not told.
    let _ = to.shutdown().await;
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == wanted[0]) {
        rest = &rest[at..];
        if rest.starts_with(wanted) {
            return true;
        }
        rest = &rest[1..];
    }

    false
}
