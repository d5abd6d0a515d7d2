//! How a connection may begin.
#![no_main]

#[path = "../shared/startup.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    shared::run(data);
});
