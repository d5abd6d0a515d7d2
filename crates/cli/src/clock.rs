//! The clock of the command line.

use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
pub fn instant() -> Instant {
    Instant::now()
}
