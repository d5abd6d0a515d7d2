//! Folders: one level, each record in one or in none.

use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::share::Permissions;
use crate::forms::{Draft, FieldError};
use crate::ids::FolderId;

/// What the folder form sends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FolderDraft {
    pub name: String,
}

impl FolderDraft {
    /// The name without surrounding space.
    pub fn name(&self) -> String {
        self.name.trim().to_owned()
    }
}

impl Draft for FolderDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut checks = Checks::default();
        checks.title("name", "Name", &self.name);

        checks.into_errors()
    }
}

/// A folder as lists and selects show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderView {
    pub id: FolderId,
    pub name: String,
    /// Records in it the viewer may see.
    pub n_records: u32,
    /// What the viewer may do with every record in it.
    pub permissions: Permissions,
}
