//! The recording as a whole: written by a tape, read, damaged, recovered.

mod codec;
mod export;
mod player;
mod recovery;
mod search;
mod shelf;
mod tamper;
mod tape;
