//! A secret on its way in: what a person typed or pasted into a write-only field.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text of a write-only field. `Debug` does not show it; no view has one.
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

/// What a write-only field asks for. An empty field keeps what is stored, because a form never shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretChange {
    Keep,
    Set(Entered),
    Clear,
}

impl SecretChange {
    pub(super) fn of(entered: &Entered, clear: bool) -> Self {
        match (entered.is_empty(), clear) {
            (false, _) => Self::Set(entered.clone()),
            (true, true) => Self::Clear,
            (true, false) => Self::Keep,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_entered_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", Entered::new("hunter2")), "Entered(..)");
        assert_eq!(
            format!("{:?}", SecretChange::of(&Entered::new("hunter2"), false)),
            "Set(Entered(..))"
        );
    }

    #[test]
    fn an_empty_field_keeps_what_is_stored() {
        assert_eq!(SecretChange::of(&Entered::default(), false), SecretChange::Keep);
        assert_eq!(SecretChange::of(&Entered::default(), true), SecretChange::Clear);
    }
}
