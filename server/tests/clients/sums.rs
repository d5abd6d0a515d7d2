//! What the round trips in Rust share: sizes, statements, and sums that both sides can do.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Rows of a COPY.
pub const N_COPIED: u64 = 5000;

/// Bytes of a value.
pub const LARGE: usize = 20_000_000;

pub const RESULT: &str = "SELECT n, md5(n::text) FROM generate_series(1, 200000) n";

/// What [`sum_of`] says of the second column of [`RESULT`].
pub const SUM_OF_RESULT: &str = "\
SELECT encode(sha256(string_agg(md5(n::text), '' ORDER BY n)::bytea), 'hex') FROM generate_series(1, 200000) n";

/// Whether the backend whose number follows sleeps.
pub const SLEEPERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = ";

pub fn sum_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for word in words {
        digest.update(word);
    }

    hex::encode(digest.finalize())
}

/// The rows of a COPY as text, from 2 on.
pub fn lines() -> String {
    let mut text = String::new();
    for n in 2..N_COPIED + 2 {
        writeln!(text, "{n}\tline {n} \u{e9}").unwrap();
    }

    text
}
