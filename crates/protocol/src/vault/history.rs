//! The history of a record: who changed what. Of a secret it says only that it changed.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::people::UnknownWord;
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
    Revealed,
    Deleted,
}

impl HistoryAction {
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Duplicated,
        Self::Changed,
        Self::Moved,
        Self::SettingsChanged,
        Self::Shared,
        Self::Unshared,
        Self::Revealed,
        Self::Deleted,
    ];

    /// As the store writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Duplicated => "duplicated",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::SettingsChanged => "settings_changed",
            Self::Shared => "shared",
            Self::Unshared => "unshared",
            Self::Revealed => "revealed",
            Self::Deleted => "deleted",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Duplicated => "Created as a duplicate",
            Self::Changed => "Changed",
            Self::Moved => "Moved",
            Self::SettingsChanged => "PAM settings changed",
            Self::Shared => "Shared",
            Self::Unshared => "Share removed",
            Self::Revealed => "Secret revealed",
            Self::Deleted => "Deleted",
        }
    }
}

impl FromStr for HistoryAction {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|action| action.name() == text)
            .ok_or(UnknownWord)
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
