//! The WebSocket's two halves: frames in, frames out, each through a bounded channel.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt, StreamExt};
use protocol::terminal::{ClientFrame, MAX_CLIENT_FRAME, ServerFrame};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Frames waiting on either side. Output is bounded by the browser's credit besides.
const WAITING: usize = 64;

/// Bytes read at once, for most frames are a key: tungstenite keeps a buffer of that size and zeroes it before each read.
pub const READ_BUFFER: usize = 4 * 1024;

/// How long who still sends may take to read the end.
const FAREWELL: Duration = Duration::from_secs(10);

/// Between two pings (spec §8).
const PING: Duration = Duration::from_secs(30);

/// A browser that says nothing for so long, not even to pings, is gone.
const SILENCE: Duration = Duration::from_secs(120);

/// The session's ends of the socket.
pub struct Ends<I = ClientFrame, O = ServerFrame> {
    /// Closed when the browser has gone.
    pub from_browser: mpsc::Receiver<I>,
    /// Dropped to close the socket.
    pub to_browser: mpsc::Sender<O>,
}

/// Spawns the two halves of a terminal's socket.
pub fn split(socket: WebSocket, tasks: &TaskTracker) -> Ends {
    split_into(socket, MAX_CLIENT_FRAME, tasks)
}

/// Spawns the two halves. Frames of the browser have at most `longest` bytes.
pub fn split_into<I, O>(socket: WebSocket, longest: usize, tasks: &TaskTracker) -> Ends<I, O>
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
{
    let (mut sink, mut stream) = socket.split();
    let (to_session, from_browser) = mpsc::channel(WAITING);
    let (to_browser, mut from_session) = mpsc::channel::<O>(WAITING);
    let reading = async move {
        // A browser answers pings also while its page is busy: silence means that it is gone.
        while let Ok(Some(Ok(message))) = timeout(SILENCE, stream.next()).await {
            let frame = match message {
                Message::Binary(bytes) if bytes.len() <= longest => postcard::from_bytes(&bytes).ok(),
                Message::Binary(_) | Message::Text(_) | Message::Close(_) => None,
                Message::Ping(_) | Message::Pong(_) => continue,
            };
            // What is no frame of ours ends the connection, as does the browser's own close.
            let Some(frame) = frame else {
                return;
            };
            if to_session.send(frame).await.is_err() {
                // The session is over. A socket that is closed with something unread in it takes back what was sent last:
                // the other side has not read all of it when it still sends.
                let rest = async { while let Some(Ok(_)) = stream.next().await {} };
                let _left = timeout(FAREWELL, rest).await;
                return;
            }
        }
    };
    let writing = async move {
        let mut pings = interval(PING);
        loop {
            let frame = tokio::select! {
                frame = from_session.recv() => frame,
                _ = pings.tick() => {
                    if !is_taken(sink.send(Message::Ping(Bytes::new()))).await {
                        return;
                    }
                    continue;
                }
            };
            let Some(frame) = frame else {
                break;
            };
            let Ok(bytes) = postcard::to_allocvec(&frame) else {
                return;
            };
            if !is_taken(sink.send(Message::Binary(bytes.into()))).await {
                return;
            }
        }
        let close = CloseFrame {
            code: axum::extract::ws::close_code::NORMAL,
            reason: "".into(),
        };
        // The browser may have gone already; there is nobody else to tell.
        let _ = is_taken(sink.send(Message::Close(Some(close)))).await;
    };
    tasks.spawn(reading.in_current_span());
    tasks.spawn(writing.in_current_span());

    Ends {
        from_browser,
        to_browser,
    }
}

/// Whether a frame went out. A browser that takes nothing for [`SILENCE`] is gone: it must not hold the socket.
async fn is_taken<E>(sending: impl Future<Output = Result<(), E>>) -> bool {
    matches!(timeout(SILENCE, sending).await, Ok(Ok(())))
}
