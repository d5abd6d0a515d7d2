//! Access tokens: the list on one's own page and on that of a person or service account, making one, revoking one.

pub mod api;
mod list;
mod make;

use protocol::tokens::Scope;
use protocol::vault::Link;
use serde::{Deserialize, Serialize};

pub use list::{OwnTokens, TokensOf, Whose};
pub use make::{NewTokenOfPage, NewTokenPage};

/// A new token, shown once: only its hash is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    /// What its person calls it.
    pub name: String,
    pub scope: Scope,
    pub token: String,
}

/// What a token of a service account can be for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfAccount {
    pub name: String,
    /// The records it may launch.
    pub records: Vec<Link>,
}
