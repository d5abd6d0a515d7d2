//! Access tokens: the list on one's own page and on a person's, making one, revoking one.

pub mod api;
mod list;
mod make;

use serde::{Deserialize, Serialize};

pub use list::{OwnTokens, TokensOf};
pub use make::NewTokenPage;

/// A new token, shown once: only its hash is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    pub token: String,
}
