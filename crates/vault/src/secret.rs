//! A secret in memory: wiped when dropped, shown by nothing.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A password, key or token. Has no `Display`, no `Serialize`; `Debug` says only that there is one.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes ownership, so that the only copy is wiped with this value.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself. Each call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
