//! The security floor: what holds at every door, whatever is behind it.

mod forms;
mod headers;
mod links;
mod origin;
mod sign_in;
