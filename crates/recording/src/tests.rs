//! The recording as a whole: written by a tape, read, damaged, recovered.

mod codec;
mod connections;
mod export;
mod footer;
mod recovery;
mod shelf;
mod tamper;
mod tape;
