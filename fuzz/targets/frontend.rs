//! What a client may send.
#![no_main]

#[path = "../shared/frontend.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::run(data));
