//! The recording of a session: written as it happens, sealed, chained, replayed.
//!
//! No clock, no files, no network: times are microseconds since 1970-01-01 UTC given by the caller,
//! bytes go to a [`Media`]. Reading builds for wasm32; writing is behind the feature `write`.

mod body;
mod frame;
mod key;
mod segment;
#[cfg(feature = "write")]
mod tape;

pub use body::{
    Direction, Gap, Header, Keyframe, Origin, Parameter, ParameterValue, Statement, StatementEnd,
    StatementKind, Switches, Transfer, TransferOutcome,
};
pub use frame::{Body, Frame};
pub use key::SessionKey;
pub use segment::Head;
#[cfg(feature = "write")]
pub use tape::{Lane, Media, Recorded, Tape, TapeError};
