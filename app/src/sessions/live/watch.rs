//! The live view's WebSocket: frames as Rust values.

use protocol::ids::SessionId;
use protocol::terminal::watch::{SUBPROTOCOL, WatchFrame, WatcherFrame};
use wasm_bindgen::JsValue;

use crate::ui::socket::Socket;

/// An open socket of a live view. Dropping it closes it.
pub(super) struct Watch(Socket);

impl Watch {
    /// `on_frame` gets what the server sends; `None` is the end of the socket, and what is no frame of ours.
    pub(super) fn open(
        session: &SessionId,
        on_frame: impl Fn(Option<WatchFrame>) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let path = format!("/sessions/{session}/watch");
        let socket = Socket::open(&path, &[SUBPROTOCOL], move |bytes| {
            on_frame(bytes.and_then(|bytes| postcard::from_bytes(&bytes.to_vec()).ok()));
        })?;

        Ok(Self(socket))
    }

    /// Tells how much has been parsed, if the socket is open.
    pub(super) fn acknowledge(&self, parsed: u64) {
        // A closed one has said so by its own event.
        let _sent = self.0.send(&WatcherFrame::Ack { parsed });
    }
}
