//! What a form answers: sentences beside fields. Drafts check themselves; form and server call the same code.

use serde::{Deserialize, Serialize};

/// One sentence beside one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The `name` of the field without the draft's prefix, e.g. `port`.
    pub field: String,
    /// A full sentence: what is wrong and what would be right.
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// What a form sends. `check` is pure and complete for rules that need no other record.
pub trait Draft {
    /// Every wrong field, in the order of the form; empty when the draft may be saved.
    fn check(&self) -> Vec<FieldError>;
}

/// Names of fields that hold secrets: a page never writes them back. Every secret of every form is named like
/// one of these.
pub const SECRET_FIELDS: &[&str] = &[
    "password",
    "current",
    "new",
    "repeat",
    "private_key",
    "connection_string",
    "token",
];
