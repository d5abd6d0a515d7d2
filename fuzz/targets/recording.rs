//! Segments, indexes, blocks and frames of a recording.
#![no_main]

#[path = "../shared/recording.rs"]
mod shared;

libfuzzer_sys::fuzz_target!(|data: &[u8]| shared::run(data));
