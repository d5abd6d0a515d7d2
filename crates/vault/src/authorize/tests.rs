//! Who may view, edit, configure and reveal.

use protocol::ids::FolderId;
use protocol::people::PersonState;
use protocol::time::Timestamp;

use super::*;

pub(crate) fn person(byte: u8, role: Role) -> Person {
    Person {
        id: PersonId::from_random([byte; 16]),
        handle: "ada@example.org".parse().unwrap(),
        name: "Ada".to_owned(),
        role,
        state: PersonState::Active,
        created_at: Timestamp(0),
    }
}

pub(crate) fn service_account(byte: u8) -> Person {
    Person {
        handle: "nightly-export".parse().unwrap(),
        ..person(byte, Role::User)
    }
}

pub(crate) fn location(kind: RecordKind) -> Location {
    let folder = Some(FolderId::from_random([2; 16]));

    Location {
        record: RecordId::from_random([1; 16]),
        owner: None,
        folder,
        kind,
    }
}

pub(crate) fn share(person: &Person, permissions: Permissions) -> Share {
    Share {
        scope: ShareScope::Record(RecordId::from_random([1; 16])),
        person: person.id.clone(),
        permissions,
        granted_by: PersonId::from_random([0; 16]),
        granted_at: Timestamp(0),
    }
}

const EVERYTHING: Permissions = Permissions {
    view: true,
    edit: true,
    launch: true,
    reveal: true,
};

fn code<A: std::fmt::Debug>(result: Result<Authorized<A>, Refusal>) -> Option<Code> {
    result.err().map(|refusal| refusal.code)
}

#[test]
fn what_is_not_shared_does_not_exist() {
    let user = person(7, Role::User);
    let others = [share(&person(8, Role::User), EVERYTHING)];
    let location = location(RecordKind::User);

    assert_eq!(view(&user, &location, &others).unwrap_err(), Refusal::not_found());
    assert_eq!(edit(&user, &location, &others).unwrap_err(), Refusal::not_found());
    assert_eq!(
        configure(&user, &location, &others).unwrap_err(),
        Refusal::not_found()
    );
    assert_eq!(
        reveal(&user, &location, &others, Password::GivenAgain).unwrap_err(),
        Refusal::not_found()
    );
}

#[test]
fn who_was_switched_off_may_nothing() {
    let off = Person {
        state: PersonState::Off,
        ..person(7, Role::Administrator)
    };
    let location = location(RecordKind::User);

    assert_eq!(
        permissions(&off, &location, &[share(&off, EVERYTHING)]),
        Permissions::NONE
    );
    assert_eq!(code(view(&off, &location, &[])), Some(Code::SignedOut));
    assert_eq!(code(create(&off)), Some(Code::SignedOut));
    assert_eq!(code(audit(&off)), Some(Code::SignedOut));
}

#[test]
fn roles_and_shares_together_decide() {
    let mut lines = Vec::new();
    for role in Role::ALL {
        for kind in RecordKind::ALL {
            for shared in [Permissions::NONE, Permissions::VIEW, EVERYTHING] {
                let person = person(7, role);
                let held = permissions(&person, &location(kind), &[share(&person, shared)]);
                lines.push(format!(
                    "{} · {} shared {}: {}",
                    role.as_str(),
                    kind.name(),
                    shared.words(),
                    held.words()
                ));
            }
        }
    }

    expect_test::expect![[r#"
        administrator · database shared none: view, edit
        administrator · database shared view: view, edit
        administrator · database shared view, edit, launch, reveal: view, edit, launch
        administrator · user shared none: view, edit
        administrator · user shared view: view, edit
        administrator · user shared view, edit, launch, reveal: view, edit, reveal
        administrator · configuration shared none: view, edit
        administrator · configuration shared view: view, edit
        administrator · configuration shared view, edit, launch, reveal: view, edit
        auditor · database shared none: none
        auditor · database shared view: view
        auditor · database shared view, edit, launch, reveal: view
        auditor · user shared none: none
        auditor · user shared view: view
        auditor · user shared view, edit, launch, reveal: view
        auditor · configuration shared none: none
        auditor · configuration shared view: view
        auditor · configuration shared view, edit, launch, reveal: view
        user · database shared none: none
        user · database shared view: view
        user · database shared view, edit, launch, reveal: view, edit, launch
        user · user shared none: none
        user · user shared view: view
        user · user shared view, edit, launch, reveal: view, edit, reveal
        user · configuration shared none: none
        user · configuration shared view: view
        user · configuration shared view, edit, launch, reveal: view"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_service_account_launches_what_is_shared_with_it_and_no_more() {
    let account = service_account(7);
    let shares = [share(&account, EVERYTHING)];
    let held = |kind| permissions(&account, &location(kind), &shares).words();

    assert_eq!(held(RecordKind::Database), "view, launch");
    assert_eq!(held(RecordKind::User), "view");
    assert_eq!(held(RecordKind::Configuration), "view");
    let secret = location(RecordKind::User);
    assert_eq!(
        code(reveal(&account, &secret, &shares, Password::GivenAgain)),
        Some(Code::PamPolicyDenied)
    );
    assert_eq!(
        code(edit(&account, &secret, &shares)),
        Some(Code::PamPolicyDenied)
    );
}

#[test]
fn only_administrators_configure_and_create() {
    let location = location(RecordKind::Database);
    for (role, refused) in [
        (Role::Administrator, None),
        (Role::Auditor, Some(Code::PamPolicyDenied)),
        (Role::User, Some(Code::PamPolicyDenied)),
    ] {
        let person = person(7, role);
        let shares = [share(&person, EVERYTHING)];

        assert_eq!(code(configure(&person, &location, &shares)), refused);
        assert_eq!(
            code(configure_folder(&person, &FolderId::from_random([2; 16]))),
            refused
        );
        assert_eq!(code(create(&person)), refused);
        assert_eq!(code(administer(&person)), refused);
    }
}

#[test]
fn who_may_watch_may_end() {
    for (role, refused) in [
        (Role::Administrator, None),
        (Role::Auditor, None),
        (Role::User, Some(Code::PamPolicyDenied)),
    ] {
        let person = person(7, role);

        assert_eq!(code(audit(&person)), refused);
        assert_eq!(code(terminate(&person)), refused);
    }
}

#[test]
fn an_editor_may_not_configure() {
    let (user, administrator) = (person(7, Role::User), person(8, Role::Administrator));
    let location = location(RecordKind::Database);

    assert!(
        !edit(&user, &location, &[share(&user, EVERYTHING)])
            .unwrap()
            .may_configure()
    );
    assert!(edit(&administrator, &location, &[]).unwrap().may_configure());
}

#[test]
fn revealing_takes_a_share_and_the_own_password() {
    let location = location(RecordKind::User);
    for role in [Role::Administrator, Role::User] {
        let person = person(7, role);
        let shared = [share(&person, Permissions::shared(false, false, true))];
        let unshared = [share(&person, Permissions::shared(true, true, false))];

        assert_eq!(
            code(reveal(&person, &location, &shared, Password::GivenAgain)),
            None
        );
        assert_eq!(
            code(reveal(&person, &location, &shared, Password::NotGiven)),
            Some(Code::PamPasswordRequired)
        );
        assert_eq!(
            code(reveal(&person, &location, &unshared, Password::GivenAgain)),
            Some(Code::PamPolicyDenied)
        );
    }
    let auditor = person(7, Role::Auditor);
    let shared = [share(&auditor, EVERYTHING)];
    assert_eq!(
        code(reveal(&auditor, &location, &shared, Password::GivenAgain)),
        Some(Code::PamPolicyDenied)
    );
}

#[test]
fn administrators_and_auditors_read_the_audit_log() {
    assert_eq!(code(audit(&person(7, Role::Auditor))), None);
    assert_eq!(code(audit(&person(7, Role::Administrator))), None);
    assert_eq!(code(audit(&person(7, Role::User))), Some(Code::PamPolicyDenied));
}

#[test]
fn a_personal_credential_is_its_owners_alone() {
    let owner = person(7, Role::User);
    let mine = Location {
        owner: Some(owner.id.clone()),
        folder: None,
        ..location(RecordKind::User)
    };

    assert!(view(&owner, &mine, &[]).is_ok());
    assert!(!edit(&owner, &mine, &[]).unwrap().may_configure());
    assert!(reveal(&owner, &mine, &[], Password::GivenAgain).is_ok());
    assert!(delete(&owner, &mine, &[]).is_ok());
    assert_eq!(code(configure(&owner, &mine, &[])), Some(Code::PamPolicyDenied));

    for role in [Role::Administrator, Role::Auditor, Role::User] {
        let other = person(8, role);
        // Nobody can make one; should there be one, it gives nothing.
        let shares = [share(&other, EVERYTHING)];

        assert_eq!(permissions(&other, &mine, &shares), Permissions::NONE, "{role:?}");
        assert_eq!(code(view(&other, &mine, &shares)), Some(Code::PamNotFound));
        assert_eq!(code(delete(&other, &mine, &shares)), Some(Code::PamNotFound));
        assert_eq!(code(configure(&other, &mine, &shares)), Some(Code::PamNotFound));
    }
}

#[test]
fn whoever_may_launch_keeps_credentials_and_deletes_no_record_of_others() {
    assert!(keep_personal(&person(7, Role::User)).is_ok());
    assert!(keep_personal(&person(7, Role::Administrator)).is_ok());
    assert_eq!(
        code(keep_personal(&person(7, Role::Auditor))),
        Some(Code::PamPolicyDenied)
    );

    let shared = location(RecordKind::User);
    let user = person(7, Role::User);
    assert_eq!(
        code(delete(&user, &shared, &[share(&user, EVERYTHING)])),
        Some(Code::PamPolicyDenied)
    );
    assert!(delete(&person(7, Role::Administrator), &shared, &[]).is_ok());

    // Who has become an auditor still sees what is theirs, and no more.
    let auditor = person(7, Role::Auditor);
    let mine = Location {
        owner: Some(auditor.id.clone()),
        ..shared
    };
    assert_eq!(permissions(&auditor, &mine, &[]), Permissions::VIEW);
    assert!(delete(&auditor, &mine, &[]).is_ok());
}
