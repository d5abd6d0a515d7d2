//! Terminal sessions over real sockets on a real PostgreSQL: lost and found again, watched, ended, flooded.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "any other frame is not the one that is waited for"
)]

mod command_line;
pub mod desk;
mod disk;
mod endings;
mod evidence;
mod files;
mod floods;
mod impostors;
mod looking;
pub mod native;
mod native_chaos;
mod passwords;
mod read_only;
mod resuming;
mod service_accounts;
mod shore;
mod spool;
mod strain;
mod supplied;
pub mod tunnel;
mod watching;
