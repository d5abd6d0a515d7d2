//! What the two tabs may say.

use protocol::ids::PersonId;

use super::*;
use crate::record::Configuration;

fn id(byte: u8) -> RecordId {
    RecordId::from_random([byte; 16])
}

/// Record 1 is a configuration, 2 to 8 are users, 9 a database; others do not exist.
fn linkable(record: &RecordId) -> Option<RecordKind> {
    match (1..=9).find(|byte| *record == id(*byte))? {
        1 => Some(RecordKind::Configuration),
        9 => Some(RecordKind::Database),
        _ => Some(RecordKind::User),
    }
}

fn general() -> GeneralDraft {
    GeneralDraft {
        configuration: Some(id(1)),
        administrative_credential: Some(id(2)),
        accounts: vec![],
    }
}

fn row(byte: u8, may_launch: MayLaunch) -> AccountDraft {
    AccountDraft {
        user: Some(id(byte)),
        may_launch,
        persons: vec![],
    }
}

fn set_up() -> Settings {
    Settings::default().with_general(&general(), &linkable).unwrap()
}

fn connection(launch: u8) -> ConnectionDraft {
    ConnectionDraft {
        connections: Tri::On,
        launch_credential: Some(id(launch)),
        ..ConnectionDraft::default()
    }
}

fn connect(
    settings: &Settings,
    draft: &ConnectionDraft,
    configuration: &Configuration,
) -> Result<Settings, Refusal> {
    settings.with_connection(
        draft,
        Some(Parent {
            title: "Prod",
            configuration,
        }),
        &linkable,
    )
}

fn sentences(refusal: Refusal) -> Vec<String> {
    refusal
        .fields
        .into_iter()
        .map(|error| format!("{}: {}", error.field, error.message))
        .collect()
}

#[test]
fn links_must_be_of_the_right_kind_and_visible() {
    let draft = GeneralDraft {
        configuration: Some(id(2)),
        administrative_credential: Some(id(77)),
        accounts: vec![row(9, MayLaunch::Everyone)],
    };

    assert_eq!(
        sentences(Settings::default().with_general(&draft, &linkable).unwrap_err()),
        [
            "configuration: Choose a PAM Configuration from the list.",
            "administrative_credential: Choose a PAM User from the list.",
            "accounts[0][user]: Choose a PAM User from the list.",
        ]
    );
}

#[test]
fn the_administrative_credential_is_no_account_unless_it_is_the_launch_credential() {
    let draft = GeneralDraft {
        accounts: vec![row(2, MayLaunch::Everyone)],
        ..general()
    };
    assert!(set_up().with_general(&draft, &linkable).is_err());

    let launching = connect(&set_up(), &connection(2), &Configuration::default()).unwrap();
    let settings = launching.with_general(&draft, &linkable).unwrap();

    assert_eq!(settings.administrative, settings.connection.launch_credential);
}

#[test]
fn connection_settings_wait_for_the_general_tab() {
    let refusal = connect(&Settings::default(), &connection(3), &Configuration::default()).unwrap_err();

    assert_eq!(refusal.code, Code::PamPrereq);
    assert_eq!(
        refusal.sentence,
        "Select a PAM configuration and an administrative credential first."
    );
}

#[test]
fn connections_are_not_enabled_without_a_launch_credential() {
    for connections in [Tri::On, Tri::Inherit] {
        let draft = ConnectionDraft {
            connections,
            launch_credential: None,
            ..ConnectionDraft::default()
        };

        let refusal = connect(&set_up(), &draft, &Configuration::default()).unwrap_err();

        assert_eq!((refusal.code, refusal.fields.len()), (Code::PamNoCredential, 1));
    }
    assert!(connect(&set_up(), &ConnectionDraft::default(), &Configuration::default()).is_ok());
}

#[test]
fn the_launch_credential_becomes_an_account_everyone_with_a_share_may_use() {
    let settings = connect(&set_up(), &connection(3), &Configuration::default()).unwrap();

    assert_eq!(settings.account(&id(3)).unwrap().launchers, Launchers::Everyone);
    assert!(settings.account(&id(2)).is_none());
}

#[test]
fn a_launch_credential_with_a_list_of_its_own_keeps_it() {
    let draft = GeneralDraft {
        accounts: vec![AccountDraft {
            persons: vec![PersonId::from_random([5; 16])],
            ..row(3, MayLaunch::Persons)
        }],
        ..general()
    };
    let settings = Settings::default().with_general(&draft, &linkable).unwrap();

    let settings = connect(&settings, &connection(3), &Configuration::default()).unwrap();

    assert!(
        settings
            .account(&id(3))
            .unwrap()
            .launchers
            .includes(&PersonId::from_random([5; 16]))
    );
    assert!(
        !settings
            .account(&id(3))
            .unwrap()
            .launchers
            .includes(&PersonId::from_random([6; 16]))
    );
}

#[test]
fn a_replaced_launch_credential_is_open_to_nobody() {
    let before = connect(&set_up(), &connection(3), &Configuration::default()).unwrap();

    let after = connect(&before, &connection(4), &Configuration::default()).unwrap();

    assert_eq!(after.account(&id(3)).unwrap().launchers, Launchers::nobody());
    assert_eq!(after.account(&id(4)).unwrap().launchers, Launchers::Everyone);
}

#[test]
fn the_launch_credential_cannot_be_taken_off_the_list() {
    let settings = connect(&set_up(), &connection(3), &Configuration::default()).unwrap();

    assert_eq!(
        sentences(settings.with_general(&general(), &linkable).unwrap_err()).len(),
        1
    );
}

#[test]
fn what_the_configuration_turned_off_cannot_be_turned_on() {
    let configuration = Configuration {
        text_session_recording: false,
        can_export: false,
        ..Configuration::default()
    };
    let draft = ConnectionDraft {
        text_session_recording: Tri::On,
        can_export: Tri::On,
        ..connection(3)
    };

    assert_eq!(
        sentences(connect(&set_up(), &draft, &configuration).unwrap_err()),
        [
            "text_session_recording: Text session recording is turned off in PAM Configuration \"Prod\".",
            "can_export: CSV export is turned off in PAM Configuration \"Prod\".",
        ]
    );
}

#[test]
fn key_events_need_a_recording_in_force() {
    let configuration = Configuration {
        graphical_session_recording: false,
        text_session_recording: false,
        ..Configuration::default()
    };
    let draft = ConnectionDraft {
        recording_include_keys: Tri::On,
        ..connection(3)
    };

    assert_eq!(
        sentences(connect(&set_up(), &draft, &configuration).unwrap_err()).len(),
        1
    );
    assert!(connect(&set_up(), &draft, &Configuration::default()).is_ok());
}

#[test]
fn stored_settings_become_the_drafts_they_came_from() {
    let draft = ConnectionDraft {
        port: "6432".to_owned(),
        font_size: "14".to_owned(),
        idle_timeout: "10 min".to_owned(),
        statement_timeout: "none".to_owned(),
        ..connection(3)
    };

    let settings = connect(&set_up(), &draft, &Configuration::default()).unwrap();

    assert_eq!(ConnectionDraft::from(&settings.connection), draft);
    assert_eq!(
        settings
            .with_general(&settings.general_draft(), &linkable)
            .unwrap(),
        settings
    );
}
