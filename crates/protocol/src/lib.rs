//! The words browser, command line, gateway and server share: ids, views, drafts, frames, errors.
//! Nothing but words and their rules; builds for wasm32. A view never carries a secret, a draft carries one only inwards.

pub mod audit;
pub mod cli;
pub mod dates;
pub mod device;
pub mod entered;
pub mod errors;
mod filters;
pub mod forms;
pub mod gateways;
pub mod ids;
pub mod import;
pub mod people;
pub mod recordings;
pub mod service_accounts;
pub mod sessions;
pub mod terminal;
pub mod time;
pub mod tokens;
pub mod tunnel;
pub mod vault;
