//! The terminal's socket: what is no frame of ours ends it.

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use server::serve::connections::{Limits, serve};
use server::terminal::socket::split;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

const FINAL: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;

/// A client's frame (RFC 6455 §5.2), masked with zeros.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();

    [&[FINAL | kind, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// Sends a frame and says how the socket ended for the browser: its last bytes.
async fn ended_by(frame: &[u8]) -> Vec<u8> {
    let (gone, mut is_gone) = mpsc::channel(1);
    let router = Router::new().fallback(move |upgrade: WebSocketUpgrade| {
        let gone = gone.clone();

        async move {
            upgrade.on_upgrade(move |socket| async move {
                let mut ends = split(socket, &TaskTracker::new());
                while ends.from_browser.recv().await.is_some() {}
                // As a session does that has nobody to talk to.
                drop(ends);
                gone.send(()).await.unwrap();
            })
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(serve(
        listener,
        None,
        router,
        Limits::PUBLIC,
        std::future::pending(),
    ));

    let mut stream = TcpStream::connect(address).await.unwrap();
    let asked = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(asked.as_bytes()).await.unwrap();
    stream.write_all(frame).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    is_gone.recv().await.unwrap();

    assert!(answer.starts_with(b"HTTP/1.1 101"));

    answer
}

#[tokio::test]
async fn what_is_no_frame_of_ours_ends_the_socket() {
    for (what, frame) in [
        ("text that is not UTF-8", frame(TEXT, &[0xc3, 0x28])),
        ("text", frame(TEXT, b"SELECT 1")),
        ("bytes that are no frame", frame(BINARY, &[0xff; 16])),
        ("a frame that is not masked", vec![FINAL | BINARY, 1, 0]),
        ("an opcode nobody knows", frame(0x7, b"")),
    ] {
        let answer = ended_by(&frame).await;

        assert!(answer.len() < 1024, "{what}");
    }
}
