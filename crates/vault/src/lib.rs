//! The rules of the vault: records, settings, secrets, shares, people, and who may do what. No IO, no clock.

pub mod audit;
pub mod authorize;
pub mod certificates;
pub mod effective;
pub mod envelope;
pub mod gateway;
pub mod import;
pub mod passwords;
pub mod people;
pub mod record;
pub mod settings;
pub mod share;
pub mod supplied;
pub mod throttle;
pub mod tokens;

mod secret;

pub use secret::Secret;
