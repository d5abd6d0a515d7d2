//! A WebSocket this side has opened, as the two halves streams are made of: binary messages received, and sent.

use std::future::ready;
use std::io;

use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

/// What is received, and where to send.
pub fn halves<S: AsyncRead + AsyncWrite + Unpin>(
    socket: WebSocketStream<S>,
) -> (
    impl Stream<Item = io::Result<Bytes>> + Unpin,
    impl Sink<Bytes, Error = io::Error> + Unpin,
) {
    let (outgoing, incoming) = socket.split();
    let received = incoming.filter_map(|message| {
        ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(
                Message::Text(_)
                | Message::Ping(_)
                | Message::Pong(_)
                | Message::Close(_)
                | Message::Frame(_),
            ) => None,
            Err(error) => Some(Err(lost(error))),
        })
    });
    let sent = outgoing
        .sink_map_err(lost)
        .with(|bytes: Bytes| ready(io::Result::Ok(Message::Binary(bytes))));

    (received, sent)
}

/// What went wrong with a socket that was open.
pub fn lost(error: Error) -> io::Error {
    if let Error::Io(error) = error {
        return error;
    }

    io::Error::other(error)
}
