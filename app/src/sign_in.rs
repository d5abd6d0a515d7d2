//! Signing in, and the pages behind one-time links.

pub mod api;
mod page;
pub mod welcome;

use protocol::people::Role;
use serde::{Deserialize, Serialize};

pub use page::SignInPage;
pub use welcome::WelcomePage;

/// What a one-time link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkView {
    /// Makes the first administrator.
    SetUp,
    /// Lets this person choose a first or a new password.
    Password { email: String, role: Role },
}
