//! What a peer may send for streams.
#![no_main]

#[path = "../shared/streams.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    shared::run(data);
});
