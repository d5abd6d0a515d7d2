//! Shares: what one person may do with one record, or with every record of one folder.

use serde::{Deserialize, Serialize};

use super::checks::{Checks, checkbox};
use crate::forms::{Draft, FieldError};
use crate::ids::{FolderId, PersonId, RecordId};
use crate::time::Timestamp;

/// What somebody may do with a record. Edit, launch and reveal each bring view along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// See that the record exists, and its fields; never a secret.
    pub view: bool,
    pub edit: bool,
    pub launch: bool,
    /// See the stored password or key, after giving one's own password again.
    pub reveal: bool,
}

impl Permissions {
    pub const NONE: Self = Self {
        view: false,
        edit: false,
        launch: false,
        reveal: false,
    };
    pub const VIEW: Self = Self {
        view: true,
        ..Self::NONE
    };

    /// A share with these rights; view is always part of it.
    pub fn shared(edit: bool, launch: bool, reveal: bool) -> Self {
        Self {
            view: true,
            edit,
            launch,
            reveal,
        }
    }

    /// What either gives: several shares add up.
    pub fn or(self, other: Self) -> Self {
        Self {
            view: self.view || other.view,
            edit: self.edit || other.edit,
            launch: self.launch || other.launch,
            reveal: self.reveal || other.reveal,
        }
    }

    /// As a page and the history name them, e.g. `view, launch`.
    pub fn words(self) -> String {
        let words = [
            (self.view, "view"),
            (self.edit, "edit"),
            (self.launch, "launch"),
            (self.reveal, "reveal"),
        ];
        let held: Vec<&str> = words
            .into_iter()
            .filter(|(held, _)| *held)
            .map(|(_, word)| word)
            .collect();

        if held.is_empty() {
            "none".to_owned()
        } else {
            held.join(", ")
        }
    }
}

/// What a share is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareScope {
    Record(RecordId),
    Folder(FolderId),
}

/// What the share form sends. View is always part of a share; a person who holds one already gets the new rights.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShareDraft {
    #[serde(default)]
    pub person: Option<PersonId>,
    #[serde(default, deserialize_with = "checkbox")]
    pub edit: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub launch: bool,
    #[serde(default, deserialize_with = "checkbox")]
    pub reveal: bool,
}

impl ShareDraft {
    pub fn permissions(&self) -> Permissions {
        Permissions::shared(self.edit, self.launch, self.reveal)
    }
}

impl Draft for ShareDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut checks = Checks::default();
        if self.person.is_none() {
            checks.fail("person", "Choose the person to share with.");
        }

        checks.into_errors()
    }
}

/// One line of a record's or folder's list of shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareView {
    pub scope: ShareScope,
    /// Name of the folder, where the share is of one.
    pub folder_name: Option<String>,
    pub person: PersonId,
    pub person_name: String,
    pub permissions: Permissions,
    pub granted_by_name: String,
    pub granted_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_always_lets_view() {
        let draft: ShareDraft = serde_qs::from_str("person=aaaaaaaaaaaaaaaaaaaaaaaaaa&launch=on").unwrap();

        assert_eq!(draft.check(), []);
        assert_eq!(draft.permissions().words(), "view, launch");
    }

    #[test]
    fn a_share_with_nobody_is_refused() {
        let draft: ShareDraft = serde_qs::from_str("person=&edit=on").unwrap();

        assert_eq!(
            draft.check(),
            [FieldError::new("person", "Choose the person to share with.")]
        );
    }

    #[test]
    fn several_shares_add_up() {
        let both = Permissions::shared(true, false, false).or(Permissions::shared(false, true, false));

        assert_eq!(both.words(), "view, edit, launch");
        assert_eq!(Permissions::NONE.words(), "none");
    }
}
