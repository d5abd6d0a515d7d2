//! The terminal's WebSocket: frames as Rust values, the ticket in a subprotocol and so in no URL and no log.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use protocol::terminal::{ClientFrame, SUBPROTOCOL, ServerFrame, TICKET_PREFIX};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::xterm::{Size, callback_with};

/// An open socket. Dropping it closes it.
pub(super) struct Socket(WebSocket);

impl Socket {
    /// Redeems the ticket. `on_frame` gets what the server sends; `None` is the end of the socket, whoever closed it.
    pub(super) fn open(
        token: &str,
        size: Size,
        on_frame: impl Fn(Option<ServerFrame>) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let offered = Array::of2(&SUBPROTOCOL.into(), &format!("{TICKET_PREFIX}{token}").into());
        let socket = WebSocket::new_with_str_sequence(&address(size)?, &offered)?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let on_close = on_frame.clone();
        let on_message = callback_with(move |event| on_frame(frame_of(&event)));
        let on_close = callback_with(move |_| on_close(None));
        socket.set_onmessage(Some(&on_message));
        socket.set_onclose(Some(&on_close));

        Ok(Self(socket))
    }

    /// Sends if the socket is open; what is sent to a closed one is nobody's loss.
    pub(super) fn send(&self, frame: &ClientFrame) {
        if self.0.ready_state() != WebSocket::OPEN {
            return;
        }
        if let Ok(bytes) = postcard::to_allocvec(frame) {
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

/// `None` for what is no frame of ours; the conversation cannot go on after it.
fn frame_of(event: &JsValue) -> Option<ServerFrame> {
    let data = event
        .dyn_ref::<MessageEvent>()?
        .data()
        .dyn_into::<ArrayBuffer>()
        .ok()?;

    postcard::from_bytes(&Uint8Array::new(&data).to_vec()).ok()
}

fn address(size: Size) -> Result<String, JsValue> {
    let location = window().location();
    let scheme = match location.protocol()?.as_str() {
        "https:" => "wss",
        _ => "ws",
    };

    Ok(format!(
        "{scheme}://{}/terminal?cols={}&rows={}",
        location.host()?,
        size.cols,
        size.rows
    ))
}
