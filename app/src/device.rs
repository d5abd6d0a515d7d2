//! Device login: the page where a person approves what a command line asks for.

pub mod api;
mod page;

use protocol::device::LoginView;
use serde::{Deserialize, Serialize};

pub use page::DevicePage;

/// What a person has decided about a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decided {
    Approved(LoginView),
    Denied,
}
