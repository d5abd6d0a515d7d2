//! Keys in any order: the line editor.
#![no_main]

#[path = "../shared/editor.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::run(data));
