//! The history of a record: who changed what. Of a secret it says only that it changed.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What was done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryAction {
    Created,
    Duplicated,
    Changed,
    Moved,
    SettingsChanged,
    Shared,
    Unshared,
    Tested,
    Revealed,
    Deleted,
}

impl HistoryAction {
    pub fn label(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Duplicated => "Created as a duplicate",
            Self::Changed => "Changed",
            Self::Moved => "Moved",
            Self::SettingsChanged => "PAM settings changed",
            Self::Shared => "Shared",
            Self::Unshared => "Share removed",
            Self::Tested => "Connection tested",
            Self::Revealed => "Secret revealed",
            Self::Deleted => "Deleted",
        }
    }
}

/// One field before and after. Values of secrets are the words `set`, `changed` and `removed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The form's name of the field.
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl FieldChange {
    pub fn new(field: impl Into<String>, before: Option<String>, after: Option<String>) -> Self {
        Self {
            field: field.into(),
            before,
            after,
        }
    }
}

/// One line of a record's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Counts from 1 within the record.
    pub number: i64,
    pub at: Timestamp,
    pub person_name: String,
    pub action: HistoryAction,
    pub changes: Vec<FieldChange>,
}
