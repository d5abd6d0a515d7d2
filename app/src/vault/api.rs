//! Server functions of the vault. What a person may not see does not exist for them.

mod folders;
mod manage;
mod records;
mod save;
mod settings;
mod shares;
#[cfg(feature = "ssr")]
mod support;

pub use folders::*;
pub use manage::*;
pub use records::*;
pub use save::*;
pub use settings::*;
pub use shares::*;
