//! The terminal's WebSocket: frames as Rust values, the ticket in a subprotocol and so in no URL and no log.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use leptos::prelude::window;
use protocol::terminal::{ClientFrame, SUBPROTOCOL, ServerFrame, TICKET_PREFIX};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use super::xterm::{Size, callback_with};

/// Longest head of a frame that is bytes and nothing else: its variant and their number, in bytes.
const HEAD: usize = 11;

/// What comes out of a socket. Bytes in bulk stay JavaScript's: they are not copied on their way.
pub(super) enum Arrived {
    /// Of [`ServerFrame::Output`].
    Output(Uint8Array),
    /// Of [`ServerFrame::File`].
    File(Uint8Array),
    Frame(ServerFrame),
    /// The end of the socket, whoever closed it.
    Closed,
}

/// An open socket. Dropping it closes it.
pub(super) struct Socket(WebSocket);

impl Socket {
    /// Redeems the ticket. What is no frame of ours arrives as the end: the conversation cannot go on after it.
    pub(super) fn open(
        token: &str,
        size: Size,
        on_arrived: impl Fn(Arrived) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let offered = Array::of2(&SUBPROTOCOL.into(), &format!("{TICKET_PREFIX}{token}").into());
        let socket = WebSocket::new_with_str_sequence(&address(size)?, &offered)?;
        socket.set_binary_type(BinaryType::Arraybuffer);

        let on_close = on_arrived.clone();
        let on_message = callback_with(move |event| on_arrived(arrived(&event).unwrap_or(Arrived::Closed)));
        let on_close = callback_with(move |_| on_close(Arrived::Closed));
        socket.set_onmessage(Some(&on_message));
        socket.set_onclose(Some(&on_close));

        Ok(Self(socket))
    }

    /// Bytes it was given and has not sent.
    pub(super) fn held(&self) -> u32 {
        self.0.buffered_amount()
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

/// `None` for what is no frame of ours.
fn arrived(event: &JsValue) -> Option<Arrived> {
    let data = event
        .dyn_ref::<MessageEvent>()?
        .data()
        .dyn_into::<ArrayBuffer>()
        .ok()?;
    let bytes = Uint8Array::new(&data);
    let head = bytes.subarray(0, HEAD as u32).to_vec();
    if let Some(start) = start_of_bytes(&head, &ServerFrame::Output(Vec::new())) {
        return Some(Arrived::Output(bytes.subarray(start, bytes.length())));
    }
    if let Some(start) = start_of_bytes(&head, &ServerFrame::File(Vec::new())) {
        return Some(Arrived::File(bytes.subarray(start, bytes.length())));
    }

    postcard::from_bytes(&bytes.to_vec()).ok().map(Arrived::Frame)
}

/// Where the bytes start in a frame that begins with `head`, if it is of the same variant as `empty`, which has none.
fn start_of_bytes(head: &[u8], empty: &ServerFrame) -> Option<u32> {
    let empty = postcard::to_allocvec(empty).ok()?;
    let (_number, variant) = empty.split_last()?;
    let number = head.strip_prefix(variant)?;
    let continued = number.iter().take_while(|byte| **byte >= 0x80).count();

    u32::try_from(variant.len() + continued + 1).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_bulk_are_found_without_decoding() {
        for len in [0, 1, 127, 128, 16_384, 70_000] {
            let bytes = vec![7; len];
            let frame = postcard::to_allocvec(&ServerFrame::Output(bytes.clone())).unwrap();
            let head = &frame[..frame.len().min(HEAD)];

            let start = start_of_bytes(head, &ServerFrame::Output(Vec::new())).unwrap();

            assert_eq!(&frame[start as usize..], &bytes);
            assert_eq!(start_of_bytes(head, &ServerFrame::File(Vec::new())), None);
        }
    }
}
