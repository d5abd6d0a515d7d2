//! A secret on its way in: what a person typed or pasted into a field that is never shown again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text of a secret field. `Debug` does not show it, no view has one; whoever receives it puts it into a wiped secret.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entered(String);

impl Entered {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself. Each call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text itself, for who keeps it from here on.
    pub fn into_exposed(self) -> String {
        self.0
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() {
            "Entered(nothing)"
        } else {
            "Entered(..)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_entered_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", Entered::new("hunter2")), "Entered(..)");
        assert_eq!(format!("{:?}", Entered::default()), "Entered(nothing)");
    }
}
