//! Frames of the terminal's WebSocket.
#![no_main]

#[path = "../shared/frames.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::run(data));
