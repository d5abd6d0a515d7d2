//! A WebSocket to the server this page is from: frames as bytes, closed when it is dropped.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::callback::callback_with;

/// An open socket. Dropping it closes it.
pub struct Socket(WebSocket);

impl Socket {
    /// Opens the socket at `path`, with these subprotocols offered. `on_frame` gets what the server sends; `None` is the
    /// end of the socket, whoever closed it, and what is not binary: the conversation cannot go on after it.
    pub fn open(
        path: &str,
        offered: &[&str],
        on_frame: impl Fn(Option<Uint8Array>) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let offered: Array = offered.iter().copied().map(JsValue::from).collect();
        let socket = WebSocket::new_with_str_sequence(&address(path)?, &offered)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let on_end = on_frame.clone();
        let on_message = callback_with(move |event| on_frame(bytes_of(&event)));
        let on_close = callback_with(move |_| on_end(None));
        socket.set_onmessage(Some(&on_message));
        socket.set_onclose(Some(&on_close));

        Ok(Self(socket))
    }

    /// Bytes it was given and has not sent.
    pub fn held(&self) -> u32 {
        self.0.buffered_amount()
    }

    /// Sends if the socket is open, and says whether it was; what is sent to a closed one is nobody's loss.
    pub fn send(&self, frame: &impl Serialize) -> bool {
        if self.0.ready_state() != WebSocket::OPEN {
            return false;
        }
        let Ok(bytes) = postcard::to_allocvec(frame) else {
            return false;
        };

        // A socket that closes in this moment says so by its own event.
        self.0.send_with_u8_array(&bytes).is_ok()
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

fn bytes_of(event: &JsValue) -> Option<Uint8Array> {
    let event: &MessageEvent = event.unchecked_ref();
    let body: ArrayBuffer = event.data().dyn_into().ok()?;

    Some(Uint8Array::new(&body))
}

fn address(path: &str) -> Result<String, JsValue> {
    let location = window().location();
    let scheme = match location.protocol()?.as_str() {
        "https:" => "wss",
        _ => "ws",
    };

    Ok(format!("{scheme}://{}{path}", location.host()?))
}
