//! Shares: what one person may do with one record, or with every record of one folder.

use protocol::forms::FieldError;
use protocol::ids::PersonId;
use protocol::time::Timestamp;
use protocol::vault::{Permissions, ShareScope};

use crate::people::Person;
use crate::record::Location;

/// One share. A person holds at most one per record and per folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub scope: ShareScope,
    pub person: PersonId,
    pub permissions: Permissions,
    pub granted_by: PersonId,
    pub granted_at: Timestamp,
}

impl Share {
    /// Whether the share reaches a record, directly or by its folder.
    pub fn reaches(&self, location: &Location) -> bool {
        match &self.scope {
            ShareScope::Record(record) => *record == location.record,
            ShareScope::Folder(folder) => location.folder.as_ref() == Some(folder),
        }
    }
}

/// What the shares of one person give on a record; shares of others and of other records give nothing.
pub fn granted(shares: &[Share], person: &PersonId, location: &Location) -> Permissions {
    shares
        .iter()
        .filter(|share| share.person == *person && share.reaches(location))
        .fold(Permissions::NONE, |sum, share| sum.or(share.permissions))
}

/// What is wrong with sharing so much with somebody: a service account launches, and no more.
pub fn check_for(person: &Person, permissions: Permissions) -> Vec<FieldError> {
    if !person.is_service_account() || !(permissions.edit || permissions.reveal) {
        return Vec::new();
    }

    vec![FieldError::new(
        "person",
        "A service account can be given launch and no more: leave out edit and reveal.",
    )]
}

#[cfg(test)]
mod tests {
    use protocol::ids::{FolderId, RecordId};
    use protocol::vault::RecordKind;

    use super::*;

    fn share(scope: ShareScope, person: u8, permissions: Permissions) -> Share {
        Share {
            scope,
            person: PersonId::from_random([person; 16]),
            permissions,
            granted_by: PersonId::from_random([0; 16]),
            granted_at: Timestamp(0),
        }
    }

    #[test]
    fn shares_of_record_and_folder_add_up_and_others_count_for_nothing() {
        let (record, folder) = (RecordId::from_random([1; 16]), FolderId::from_random([2; 16]));
        let location = Location {
            record: record.clone(),
            owner: None,
            folder: Some(folder.clone()),
            kind: RecordKind::Database,
        };
        let shares = [
            share(ShareScope::Record(record.clone()), 7, Permissions::VIEW),
            share(
                ShareScope::Folder(folder.clone()),
                7,
                Permissions::shared(false, true, false),
            ),
            share(
                ShareScope::Folder(folder),
                8,
                Permissions::shared(true, true, true),
            ),
            share(
                ShareScope::Record(RecordId::from_random([9; 16])),
                7,
                Permissions::shared(true, true, true),
            ),
        ];

        assert_eq!(
            granted(&shares, &PersonId::from_random([7; 16]), &location).words(),
            "view, launch"
        );
        let elsewhere = Location {
            folder: None,
            ..location
        };
        assert_eq!(
            granted(&shares, &PersonId::from_random([8; 16]), &elsewhere),
            Permissions::NONE
        );
    }

    #[test]
    fn a_service_account_is_given_launch_and_no_more() {
        let account = crate::authorize::tests::service_account(7);
        let user = crate::authorize::tests::person(7, protocol::people::Role::User);
        for (edit, launch, reveal, is_fit) in [
            (false, false, false, true),
            (false, true, false, true),
            (true, true, false, false),
            (false, true, true, false),
        ] {
            let permissions = Permissions::shared(edit, launch, reveal);

            assert_eq!(
                check_for(&account, permissions).is_empty(),
                is_fit,
                "{permissions:?}"
            );
            assert_eq!(check_for(&user, permissions), []);
        }
    }
}
