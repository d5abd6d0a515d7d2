//! The rules of the vault: records, settings, secrets, shares, people, and who may do what. No IO, no clock.

mod secret;

pub use secret::Secret;
