//! A TCP proxy on loopback that cuts, stalls, delays and crumbles on request.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Passes connections on to an upstream address, as well or as badly as it is told. Gone when dropped.
#[derive(Debug)]
pub struct ChaosProxy {
    port: u16,
    mood: watch::Sender<Mood>,
    counts: Arc<Counts>,
    listener: JoinHandle<()>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Pass {
        delay: Duration,
    },
    /// Everything moves, a byte at a time.
    Crumble,
    /// Connections stay open, nothing moves.
    Stall,
    /// Open connections are closed, new ones at once.
    Cut,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    to_server: AtomicU64,
    to_client: AtomicU64,
}

const CHUNK: usize = 16 * 1024;

impl ChaosProxy {
    /// Listens on a free loopback port; passes everything on until told otherwise.
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no TaskTracker; the task ends with the proxy"
    )]
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (mood, watcher) = watch::channel(Mood::Pass {
            delay: Duration::ZERO,
        });
        let counts = Arc::new(Counts::default());
        let listener = tokio::spawn(accept(listener, upstream, watcher, Arc::clone(&counts)));

        Ok(Self {
            port,
            mood,
            counts,
            listener,
        })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything passes again.
    pub fn pass(&self) {
        self.delay(Duration::ZERO);
    }

    /// Each piece read is passed on this much later.
    pub fn delay(&self, delay: Duration) {
        self.mood.send_replace(Mood::Pass { delay });
    }

    /// Every byte is sent by itself.
    pub fn crumble(&self) {
        self.mood.send_replace(Mood::Crumble);
    }

    /// Nothing moves until [`Self::pass`].
    pub fn stall(&self) {
        self.mood.send_replace(Mood::Stall);
    }

    /// Closes what is open and refuses what comes.
    pub fn cut(&self) {
        self.mood.send_replace(Mood::Cut);
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// Bytes passed to the server so far.
    pub fn bytes_to_server(&self) -> u64 {
        self.counts.to_server.load(Ordering::SeqCst)
    }

    /// Bytes passed to clients so far.
    pub fn bytes_to_client(&self) -> u64 {
        self.counts.to_client.load(Ordering::SeqCst)
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.mood.send_replace(Mood::Cut);
        self.listener.abort();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no TaskTracker; the tasks end with the proxy"
)]
async fn accept(
    listener: TcpListener,
    upstream: SocketAddr,
    mood: watch::Receiver<Mood>,
    counts: Arc<Counts>,
) {
    while let Ok((client, _)) = listener.accept().await {
        counts.connections.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(join(client, upstream, mood.clone(), Arc::clone(&counts)));
    }
}

async fn join(client: TcpStream, upstream: SocketAddr, mood: watch::Receiver<Mood>, counts: Arc<Counts>) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        return;
    };
    // Otherwise the kernel would gather what crumbles.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut end = mood.clone();
    let up = pass(from_client, to_server, mood.clone(), &counts.to_server);
    let down = pass(from_server, to_client, mood, &counts.to_client);
    tokio::select! {
        _ = async { tokio::join!(up, down) } => (),
        _ = end.wait_for(|mood| *mood == Mood::Cut) => (),
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut mood: watch::Receiver<Mood>,
    count: &AtomicU64,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let n_bytes = from.read(&mut chunk).await?;
        if n_bytes == 0 {
            return to.shutdown().await;
        }
        let Ok(now) = mood.wait_for(|mood| *mood != Mood::Stall).await.map(|mood| *mood) else {
            return Ok(());
        };
        if let Mood::Pass { delay } = now
            && !delay.is_zero()
        {
            tokio::time::sleep(delay).await;
        }
        let bytes = chunk.get(..n_bytes).unwrap_or_default();
        if now == Mood::Crumble {
            for byte in bytes {
                to.write_all(&[*byte]).await?;
                tokio::task::yield_now().await;
            }
        } else {
            to.write_all(bytes).await?;
        }
        count.fetch_add(n_bytes as u64, Ordering::SeqCst);
    }
}
