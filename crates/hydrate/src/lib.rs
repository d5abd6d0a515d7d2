//! Wasm entry point.
