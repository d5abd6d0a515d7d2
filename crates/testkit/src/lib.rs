//! What tests need of the world: throwaway PostgreSQL servers, certificates, and a network that misbehaves.
//!
//! A dev-dependency only. It runs programs, reads the environment and spawns tasks, which the product's own
//! crates leave to their edges.

pub mod certificates;
pub mod chaos;
pub mod cluster;
pub mod pgbouncer;
mod programs;

pub use chaos::ChaosProxy;
pub use cluster::{Auth, Cluster};
pub use pgbouncer::Pgbouncer;
pub use programs::Version;
