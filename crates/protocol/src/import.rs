//! Importing a project file: what `postern import` sends beside it, and what it is answered.

use serde::{Deserialize, Serialize};

/// The door. The body is the file as it is.
pub const PATH: &str = "/cli/import";

/// Longest file, in bytes.
pub const MAX_FILE: usize = 16 * 1024 * 1024;

/// What is asked beside the file, in the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportDraft {
    /// Says what would happen and writes nothing.
    pub dry_run: bool,
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// All of it is there.
    Imported,
    /// All of it would be there: a dry run.
    WouldImport,
    /// Something is there already and differs. Nothing was written.
    Conflicts,
    /// The file has problems. Nothing was written.
    Problems,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    pub outcome: ImportOutcome,
    /// In the order they are made; none where the file has problems.
    pub objects: Vec<ImportedObject>,
    /// By line.
    pub problems: Vec<Problem>,
    /// What is read and not needed; by line.
    pub remarks: Vec<Problem>,
}

/// Something a file describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedObject {
    pub kind: ObjectKind,
    pub title: String,
    /// Where the file describes it, counted from 1.
    pub line: u32,
    #[serde(flatten)]
    pub verdict: ImportVerdict,
}

/// What kind of thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    Folder,
    Share,
    /// The resources' folder, for a gateway to serve.
    Gateway,
    Configuration,
    User,
    Database,
}

impl ObjectKind {
    pub fn label(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Share => "share",
            Self::Gateway => "gateway",
            Self::Configuration => "PAM Configuration",
            Self::User => "PAM User",
            Self::Database => "PAM Database",
        }
    }
}

/// What happens to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum ImportVerdict {
    /// There is none like it.
    Create,
    /// It is there, and the same.
    Skip,
    /// It is there, and these of its fields differ.
    Conflict { fields: Vec<String> },
}

impl ImportVerdict {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Skip => "skip",
            Self::Conflict { .. } => "conflict",
        }
    }
}

/// Something wrong at one place of a file. Never holds a secret of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Counted from 1.
    pub line: u32,
    /// The key with all that it is in, e.g. `pam_data.resources[0].port`; empty for the file as a whole.
    pub path: String,
    /// What is wrong and what would be right.
    pub sentence: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_says_its_verdict_beside_its_title() {
        let object = ImportedObject {
            kind: ObjectKind::Database,
            title: "Orders".to_owned(),
            line: 7,
            verdict: ImportVerdict::Conflict {
                fields: vec!["host".to_owned()],
            },
        };

        let text = serde_json::to_string(&object).unwrap();

        assert_eq!(
            text,
            r#"{"kind":"database","title":"Orders","line":7,"verdict":"conflict","fields":["host"]}"#
        );
        assert_eq!(serde_json::from_str::<ImportedObject>(&text).unwrap(), object);
    }
}
