//! Statements typed, pasted and split: the scanner behind the prompt.
#![no_main]

#[path = "../shared/scanner.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::run(data));
