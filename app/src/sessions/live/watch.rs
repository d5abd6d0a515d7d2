//! The live view's WebSocket: frames as Rust values.

use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use protocol::ids::SessionId;
use protocol::terminal::watch::{SUBPROTOCOL, WatchFrame, WatcherFrame};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use crate::terminal::xterm::callback_with;

/// An open socket. Dropping it closes it.
pub(super) struct Socket(WebSocket);

impl Socket {
    /// `on_frame` gets what the server sends; `None` is the end of the socket, whoever closed it.
    pub(super) fn open(
        session: &SessionId,
        on_frame: impl Fn(Option<WatchFrame>) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let location = window().location();
        let scheme = if location.protocol()? == "https:" {
            "wss"
        } else {
            "ws"
        };
        let address = format!("{scheme}://{}/sessions/{session}/watch", location.host()?);
        let socket = WebSocket::new_with_str(&address, SUBPROTOCOL)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on_close = on_frame.clone();
        let on_message = callback_with(move |event| on_frame(frame_of(&event)));
        let on_close = callback_with(move |_| on_close(None));
        socket.set_onmessage(Some(&on_message));
        socket.set_onclose(Some(&on_close));

        Ok(Self(socket))
    }

    /// Tells how much has been parsed, if the socket is open.
    pub(super) fn acknowledge(&self, parsed: u64) {
        if self.0.ready_state() != WebSocket::OPEN {
            return;
        }
        if let Ok(bytes) = postcard::to_allocvec(&WatcherFrame::Ack { parsed }) {
            // A socket that closes in this moment says so by its own event.
            let _closing = self.0.send_with_u8_array(&bytes);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.0.set_onmessage(None);
        self.0.set_onclose(None);
        // It may be closed already.
        let _closed = self.0.close();
    }
}

fn frame_of(event: &JsValue) -> Option<WatchFrame> {
    let event: &MessageEvent = event.unchecked_ref();
    let body: ArrayBuffer = event.data().dyn_into().ok()?;

    postcard::from_bytes(&Uint8Array::new(&body).to_vec()).ok()
}
