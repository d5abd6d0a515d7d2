//! The way to a target, against real servers.

#![expect(clippy::expect_used, reason = "a test that cannot go on says so and stops")]

mod attribution;
mod drivers;
mod extended;
mod gates;
mod kit;
mod ladder;
mod login;
mod man_in_the_middle;
mod poolers;
mod read_only;
mod session;
mod troubles;
mod unexecuted;
