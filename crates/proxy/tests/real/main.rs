//! The way to a target, against real servers.

mod gates;
mod kit;
mod ladder;
mod login;
mod man_in_the_middle;
mod session;
mod troubles;
