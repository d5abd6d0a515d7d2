//! What a gateway and its server may say to each other.
#![no_main]

#[path = "../shared/gateway.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    shared::run(data);
});
