//! What a write-only field of a form asks for.

pub use crate::entered::Entered;

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
