//! The server's clock and randomness: the only places that read them.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use protocol::time::Timestamp;

/// The time of day, for what is stored and shown.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();

    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Time that never goes back, for durations and deadlines.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub fn instant() -> Instant {
    Instant::now()
}

/// Fills `bytes` from the operating system's generator.
#[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
pub fn random(bytes: &mut [u8]) {
    rand::Rng::fill_bytes(&mut rand::rng(), bytes);
}

/// `N` random bytes.
pub fn draw<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    random(&mut bytes);

    bytes
}
