//! What a database server may send.
#![no_main]

#[path = "../shared/backend.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::run(data));
