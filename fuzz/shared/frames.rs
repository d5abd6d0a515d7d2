//! Frames of the terminal's WebSocket: what is read is written as it was read.

use protocol::terminal::{ClientFrame, ServerFrame};

pub fn run(data: &[u8]) {
    if let Ok(frame) = postcard::from_bytes::<ClientFrame>(data) {
        let bytes = postcard::to_allocvec(&frame);
        assert_eq!(bytes.and_then(|bytes| postcard::from_bytes(&bytes)), Ok(frame));
    }
    if let Ok(frame) = postcard::from_bytes::<ServerFrame>(data) {
        let bytes = postcard::to_allocvec(&frame);
        assert_eq!(bytes.and_then(|bytes| postcard::from_bytes(&bytes)), Ok(frame));
    }
}
