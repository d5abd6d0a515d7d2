//! The recording of a session: written as it happens, sealed, chained, replayed.
//!
//! No clock, no files, no network: times are microseconds since 1970-01-01 UTC given by the caller,
//! bytes go to a [`Media`]. Reading builds for wasm32; writing is behind the feature `write`.
//!
//! A [`Tape`] holds at most the closed segment in the making (4 MiB before compression in a flood, else
//! 1 MiB), 256 KiB of frames not yet in a block, 64 KiB of output the screen has not seen, 256 KiB of
//! lines above it, and two screens of 16 bytes a cell: below 6 MiB, far less where output is slow or
//! compresses. One frame of up to 16 MiB, a large statement, comes on top while it is written.

mod body;
pub mod export;
pub mod footer;
mod frame;
mod key;
mod listing;
pub mod player;
mod read;
mod recover;
#[cfg(feature = "write")]
mod screen;
mod segment;
#[cfg(feature = "write")]
mod tape;
#[cfg(test)]
mod tests;
mod text;
mod transcript;
mod types;
mod verify;

pub use body::{
    Connection, Direction, Gap, Header, Keyframe, Origin, Parameter, ParameterValue, Statement, StatementEnd,
    StatementKind, Switches, Transfer, TransferOutcome,
};
pub use export::{Export, Format, Keys};
pub use frame::{Body, Frame, MAX_BODY, Malformed, TooLarge};
pub use key::SessionKey;
pub use listing::{Shown, listing};
pub use read::{Frames, Segment};
#[cfg(feature = "write")]
pub use recover::crash_footer;
pub use recover::{CRASH, Recovery};
#[cfg(feature = "write")]
pub use screen::Snapshot;
#[cfg(feature = "write")]
pub use segment::closed::Closed;
pub use segment::index::{Block, Index, Position};
pub use segment::{Head, ReadError, Stored, VERSION};
#[cfg(feature = "write")]
pub use tape::{Aside, Lane, Media, NOTE_MICROS, Recorded, SEGMENT_MICROS, Tape, TapeError};
pub use text::{legible, take_text};
pub use transcript::transcript;
pub use types::type_name;
pub use verify::{Fault, Known, Running, Unsupported, Verdict, Verifier};
