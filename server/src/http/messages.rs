//! A WebSocket somebody has opened here, as the two halves streams are made of: binary messages received, and sent.

use std::future::ready;
use std::io;

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};

/// What is received, and where to send.
pub fn halves(
    socket: WebSocket,
) -> (
    impl Stream<Item = io::Result<Bytes>> + Unpin,
    impl Sink<Bytes, Error = io::Error> + Unpin,
) {
    let (outgoing, incoming) = socket.split();
    let received = incoming.filter_map(|message| {
        ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes)),
            Ok(Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => None,
            Err(error) => Some(Err(io::Error::other(error))),
        })
    });
    let sent = outgoing
        .sink_map_err(io::Error::other)
        .with(|bytes: Bytes| ready(io::Result::Ok(Message::Binary(bytes))));

    (received, sent)
}
