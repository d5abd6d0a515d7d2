//! Frames of the terminal's WebSocket: what is read is written as it was read.

use protocol::terminal::{ClientFrame, ServerFrame};

pub fn run(data: &[u8]) {
    if let Ok(frame) = postcard::from_bytes::<ClientFrame>(data) {
        let bytes = postcard::to_allocvec(&frame).expect("a frame that was read can be written");
        assert_eq!(postcard::from_bytes(&bytes), Ok(frame));
    }
    if let Ok(frame) = postcard::from_bytes::<ServerFrame>(data) {
        let bytes = postcard::to_allocvec(&frame).expect("a frame that was read can be written");
        assert_eq!(postcard::from_bytes(&bytes), Ok(frame));
    }
}
