//! What Postern keeps: SQLite by default, PostgreSQL for more than one node. Migrations and queries, no rules.
//!
//! Every statement is written once and runs on both. Reading takes a [`Snapshot`], writing a [`Tx`]; a
//! function that writes asks for `&mut Tx`, so that nothing is written outside a transaction.

pub mod access_tokens;
pub mod acquisitions;
pub mod attempts;
pub mod audit;
pub mod copy;
pub mod db;
pub mod errors;
pub mod folders;
pub mod gateways;
pub mod history;
mod json;
pub mod launching;
pub mod links;
mod migrations;
pub mod people;
pub mod records;
mod search;
pub mod service_accounts;
pub mod sessions;
pub mod settings;
pub mod shares;
pub mod sign_ins;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tokens;
pub mod wrapped_keys;

pub use db::{Db, Snapshot, Tx};
pub use errors::Error;
