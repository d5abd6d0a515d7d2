//! Access tokens: the list on one's own page and on a person's, making one, revoking one.

pub mod api;
mod list;
mod make;

use protocol::tokens::Scope;
use serde::{Deserialize, Serialize};

pub use list::{OwnTokens, TokensOf};
pub use make::NewTokenPage;

/// A new token, shown once: only its hash is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// What its person calls it.
    pub name: String,
    pub scope: Scope,
    pub token: String,
}
