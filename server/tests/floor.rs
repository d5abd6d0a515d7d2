//! The security floor: what holds at every door, whatever is behind it.

mod connections;
pub mod device;
mod forms;
mod headers;
mod links;
mod login;
mod nodes;
mod origin;
mod rights;
mod service_accounts;
mod sign_in;
mod socket;
mod tokens;
