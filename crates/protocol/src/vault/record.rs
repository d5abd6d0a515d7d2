//! Records as lists and pages show them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::configuration::ConfigurationView;
use super::database::DatabaseView;
use super::share::Permissions;
use super::user::UserView;
use crate::ids::{FolderId, RecordId};
use crate::people::UnknownWord;
use crate::time::Timestamp;

/// The three kinds of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    Configuration,
    Database,
    User,
}

impl RecordKind {
    pub const ALL: [Self; 3] = [Self::Database, Self::User, Self::Configuration];

    pub fn label(self) -> &'static str {
        match self {
            Self::Configuration => "PAM Configuration",
            Self::Database => "PAM Database",
            Self::User => "PAM User",
        }
    }

    /// As URLs and the store write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Database => "database",
            Self::User => "user",
        }
    }
}

impl FromStr for RecordKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(UnknownWord)
    }
}

/// Whether a database answered as it should when last tested.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Tested {
    /// Never, or not since host, port, TLS or a credential changed.
    #[default]
    Never,
    Verified {
        at: Timestamp,
    },
    Failed {
        at: Timestamp,
        /// What failed, in a sentence.
        sentence: String,
    },
}

impl Tested {
    pub fn label(&self) -> &'static str {
        match self {
            Self::Never => "Not tested",
            Self::Verified { .. } => "Verified",
            Self::Failed { .. } => "Failed",
        }
    }

    /// What both say of one record: a failure outweighs, what was not tested says nothing.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (failed @ Self::Failed { .. }, _) | (_, failed @ Self::Failed { .. }) => failed,
            (Self::Never, other) | (other, Self::Never) => other,
            (Self::Verified { at }, Self::Verified { at: other }) => Self::Verified { at: at.min(other) },
        }
    }
}

/// Which of a database's two credentials was tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestedCredential {
    #[default]
    Administrative,
    Launch,
}

impl TestedCredential {
    /// As the store writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrative => "administrative",
            Self::Launch => "launch",
        }
    }
}

/// A record as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSummary {
    pub id: RecordId,
    pub kind: RecordKind,
    pub title: String,
    pub folder: Option<FolderId>,
    pub folder_name: Option<String>,
    /// `host:port` of a database, login of a user, empty for a configuration.
    pub subtitle: String,
    pub tested: Tested,
    pub last_used: Option<Timestamp>,
    /// What the viewer may do.
    pub permissions: Permissions,
    /// A personal credential of the viewer.
    pub is_personal: bool,
    /// A connection template.
    pub is_template: bool,
    /// Whether connections are enabled on the record and in its configuration: the *Launch* button works.
    pub launchable: bool,
}

/// Facts of a certificate somebody pasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    pub subject: String,
    pub issuer: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// A sentence if it has expired, is not valid yet, or expires within 30 days.
    pub warning: Option<String>,
}

/// How one record refers to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    Configuration,
    Administrative,
    Launch,
    Account,
}

impl LinkKind {
    pub const ALL: [Self; 4] = [
        Self::Configuration,
        Self::Administrative,
        Self::Launch,
        Self::Account,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Configuration => "PAM configuration",
            Self::Administrative => "administrative credential",
            Self::Launch => "launch credential",
            Self::Account => "account",
        }
    }

    /// As the store writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Administrative => "administrative",
            Self::Launch => "launch",
            Self::Account => "account",
        }
    }
}

impl FromStr for LinkKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or(UnknownWord)
    }
}

/// A record by its title, as links and selects show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub id: RecordId,
    pub title: String,
    /// Login of a PAM User, `host:port` of a PAM Database.
    pub subtitle: String,
}

/// The fields of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    Configuration(ConfigurationView),
    Database(DatabaseView),
    User(UserView),
}

impl Body {
    pub fn kind(&self) -> RecordKind {
        match self {
            Self::Configuration(_) => RecordKind::Configuration,
            Self::Database(_) => RecordKind::Database,
            Self::User(_) => RecordKind::User,
        }
    }
}

/// A record as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordView {
    pub id: RecordId,
    pub title: String,
    pub folder: Option<FolderId>,
    pub folder_name: Option<String>,
    pub body: Body,
    /// Sent back by an edit: somebody else may have saved first.
    pub version: i64,
    pub created_at: Timestamp,
    pub created_by_name: String,
    pub updated_at: Timestamp,
    pub updated_by_name: String,
    pub last_used: Option<Timestamp>,
    pub tested: Tested,
    /// What the viewer may do.
    pub permissions: Permissions,
    /// Whether the viewer may change host, port, TLS, PAM settings and shares.
    pub may_configure: bool,
    /// A personal credential of the viewer.
    pub is_personal: bool,
    pub launchable: bool,
    /// Why the gateway of its PAM Configuration may not serve it, where it may not.
    pub unreachable: Option<String>,
    /// The records that link to this one and how; they keep it from being deleted.
    pub linked_from: Vec<(LinkKind, Link)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_test_outweighs_a_verified_one() {
        let failed = Tested::Failed {
            at: Timestamp(2),
            sentence: "The password was rejected.".to_owned(),
        };
        let verified = Tested::Verified { at: Timestamp(1) };

        assert_eq!(verified.clone().and(failed.clone()), failed);
        assert_eq!(Tested::Never.and(verified.clone()), verified);
        assert_eq!(
            verified.and(Tested::Verified { at: Timestamp(3) }),
            Tested::Verified { at: Timestamp(1) }
        );
    }
}
