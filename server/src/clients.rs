//! Native PostgreSQL clients, whichever way they come: a connection from its first byte to its last.
//!
//! [`way_in`] hears one until its password is there, [`upstream`] connects it to the database in its session's name,
//! [`connection`] pumps between the two.

pub mod cancels;
pub mod connection;
pub mod refusals;
pub mod upstream;
pub mod way_in;
