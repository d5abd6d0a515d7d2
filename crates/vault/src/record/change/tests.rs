//! What an edit may change, and what it says about it.

use protocol::people::Role;
use protocol::vault::{DatabaseDraft, Permissions, RecordKind, TlsMode, UserDraft};

use super::*;
use crate::Secret;
use crate::authorize;
use crate::authorize::tests::{location, person, share};
use crate::record::{Stored, UserContent};

fn by(role: Role) -> Authorized<Edit> {
    let person = person(7, role);
    let shares = [share(&person, Permissions::shared(true, false, false))];

    authorize::edit(&person, &location(RecordKind::Database), &shares).unwrap()
}

fn draft() -> DatabaseDraft {
    DatabaseDraft {
        title: "Orders".to_owned(),
        host: "db".to_owned(),
        ..DatabaseDraft::default()
    }
}

fn database(draft: DatabaseDraft) -> Content {
    Content::of_database(&draft).unwrap()
}

fn between(edit: &Authorized<Edit>, after: DatabaseDraft) -> Result<Change, Refusal> {
    Change::between(edit, &database(draft()), &database(after), &[], &[], |_| {
        "Shop".to_owned()
    })
}

#[test]
fn an_editor_changes_what_sends_no_credential_elsewhere() {
    let after = DatabaseDraft {
        title: "Orders, live".to_owned(),
        notes: "Ask Ada.".to_owned(),
        ..draft()
    };

    let change = between(&by(Role::User), after).unwrap();

    let fields: Vec<&str> = change
        .fields()
        .iter()
        .map(|change| change.field.as_str())
        .collect();
    assert_eq!(fields, ["title", "notes"]);
    assert!(!change.redirects() && !change.changes_credential());
}

#[test]
fn host_port_tls_and_folder_are_for_administrators() {
    let ca = include_str!("../../certificates/ca.pem").to_owned();
    let cases = [
        (
            DatabaseDraft {
                host: "evil".to_owned(),
                ..draft()
            },
            true,
        ),
        (
            DatabaseDraft {
                port: "5433".to_owned(),
                ..draft()
            },
            true,
        ),
        (
            DatabaseDraft {
                tls_mode: TlsMode::Disable,
                ..draft()
            },
            true,
        ),
        (
            DatabaseDraft {
                trusted_ca: ca,
                ..draft()
            },
            true,
        ),
        (
            DatabaseDraft {
                tls_server_name: "evil".to_owned(),
                ..draft()
            },
            true,
        ),
        (
            DatabaseDraft {
                folder: Some(FolderId::from_random([3; 16])),
                ..draft()
            },
            false,
        ),
    ];
    for (after, redirects) in cases {
        assert_eq!(
            between(&by(Role::User), after.clone()).unwrap_err().code,
            Code::PamPolicyDenied,
            "{after:?}"
        );

        assert_eq!(
            between(&by(Role::Administrator), after).unwrap().redirects(),
            redirects
        );
    }
}

#[test]
fn before_and_after_are_named() {
    let after = DatabaseDraft {
        host: "db2".to_owned(),
        folder: Some(FolderId::from_random([3; 16])),
        tls_server_name: "db.internal".to_owned(),
        ..draft()
    };

    let change = between(&by(Role::Administrator), after).unwrap();

    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        change.fields(),
        [
            FieldChange::new("folder", None, some("Shop")),
            FieldChange::new("host", some("db"), some("db2")),
            FieldChange::new("tls_server_name", None, some("db.internal")),
        ]
    );
}

#[test]
fn of_a_secret_only_the_change_is_told() {
    let draft = UserDraft {
        title: "Read only".to_owned(),
        login: "orders_ro".to_owned(),
        ..UserDraft::default()
    };
    let content = UserContent::of(draft, &Stored::default()).unwrap().content;
    let set = [(
        SecretField::Password,
        Rewrite::Set(Secret::new("hunter2".to_owned())),
    )];
    let clear = [(SecretField::Password, Rewrite::Clear)];
    let edit = by(Role::User);
    let told = |secrets: &[(SecretField, Rewrite)], stored: &[SecretField]| {
        let change = Change::between(&edit, &content, &content, secrets, stored, |_| String::new()).unwrap();

        change
            .fields()
            .iter()
            .map(|change| change.after.clone().unwrap_or_default())
            .collect::<String>()
    };

    assert_eq!(told(&set, &[]), "set");
    assert_eq!(told(&set, &[SecretField::Password]), "changed");
    assert_eq!(told(&clear, &[SecretField::Password]), "removed");
    assert_eq!(told(&clear, &[]), "");
}
