//! The formula and where values come from.

use protocol::vault::{DatabaseType, TlsMode};

use super::*;
use crate::record::Tls;

fn database() -> Database {
    Database {
        host: "db".to_owned(),
        port: 5433,
        database_type: DatabaseType::Postgresql,
        database: "orders".to_owned(),
        tls: Tls {
            mode: TlsMode::VerifyFull,
            trusted_ca: None,
            server_name: None,
        },
        notes: String::new(),
    }
}

fn effective(connection: Connection, configuration: &Configuration) -> Effective {
    let settings = Settings {
        connection,
        ..Settings::default()
    };

    Effective::of(
        &settings,
        &database(),
        Some(Parent {
            title: "Prod",
            configuration,
        }),
    )
}

#[test]
fn a_switch_follows_the_formula() {
    for (allowed, record, in_force) in [
        (true, Tri::Inherit, true),
        (true, Tri::On, true),
        (true, Tri::Off, false),
        (false, Tri::Inherit, false),
        (false, Tri::On, false),
        (false, Tri::Off, false),
    ] {
        let configuration = Configuration {
            can_export: allowed,
            ..Configuration::default()
        };
        let connection = Connection {
            can_export: record,
            ..Connection::default()
        };

        assert_eq!(
            effective(connection, &configuration).can_export.value,
            in_force,
            "{allowed} {record:?}"
        );
    }
}

#[test]
fn what_is_denied_says_by_whom() {
    let configuration = Configuration {
        text_session_recording: false,
        ..Configuration::default()
    };
    let connection = Connection {
        text_session_recording: Tri::On,
        ..Connection::default()
    };

    let text = effective(connection, &configuration).text_session_recording;

    assert_eq!(
        text.denied.unwrap(),
        "Text session recording is turned off in PAM Configuration \"Prod\"."
    );
    assert_eq!(text.source, Source::Configuration("Prod".to_owned()));
}

#[test]
fn limits_come_from_the_nearest_that_says_one() {
    let limits = Limits {
        idle_timeout: Some(600),
        connect_timeout: Some(5),
        ..Limits::default()
    };
    let configuration = Configuration {
        limits,
        ..Configuration::default()
    };
    let own = Limits {
        idle_timeout: Some(0),
        ..Limits::default()
    };

    let effective = effective(
        Connection {
            limits: own,
            ..Connection::default()
        },
        &configuration,
    );

    assert_eq!(effective.idle_timeout(), None);
    assert_eq!(effective.idle_timeout.source, Source::Record);
    assert_eq!(effective.connect_timeout(), Duration::from_secs(5));
    assert_eq!(
        effective.connect_timeout.source,
        Source::Configuration("Prod".to_owned())
    );
    assert_eq!(
        effective.max_session_duration(),
        Some(Duration::from_secs(8 * 3_600))
    );
    assert_eq!(effective.max_session_duration.source, Source::Default);
    assert_eq!(effective.statement_timeout(), None);
}

#[test]
fn without_a_recording_there_are_no_key_events() {
    let connection = Connection {
        graphical_session_recording: Tri::Off,
        text_session_recording: Tri::Off,
        recording_include_keys: Tri::On,
        ..Connection::default()
    };

    let effective = effective(connection, &Configuration::default());

    assert_eq!(effective.recordings(), []);
    assert!(effective.recording_include_keys.denied.is_some());
}

#[test]
fn key_events_may_be_asked_for_by_the_record_alone() {
    let connection = Connection {
        recording_include_keys: Tri::On,
        ..Connection::default()
    };

    let on = effective(connection, &Configuration::default()).recordings();

    assert_eq!(on, [Recorded::Graphical, Recorded::Text, Recorded::Keys]);
    assert_eq!(
        effective(Connection::default(), &Configuration::default())
            .recordings()
            .len(),
        2
    );
}

#[test]
fn connections_are_off_without_a_configuration() {
    let settings = Settings {
        connection: Connection {
            connections: Tri::On,
            ..Connection::default()
        },
        ..Settings::default()
    };

    assert!(!Effective::of(&settings, &database(), None).connections.value);
}

#[test]
fn every_field_of_the_form_is_resolved() {
    let effective = effective(Connection::default(), &Configuration::default());

    let lines: Vec<String> = effective
        .resolved()
        .into_iter()
        .map(|line| format!("{}: {}, {}", line.field, line.in_force, line.source.words()))
        .collect();

    expect_test::expect![[r#"
        connections: off, set on this record
        graphical_session_recording: on, from PAM Configuration "Prod"
        text_session_recording: on, from PAM Configuration "Prod"
        recording_include_keys: off, from PAM Configuration "Prod"
        replay_own_sessions: off, Postern's default
        port: 5433, set on this record
        allow_supply_user: off, set on this record
        allow_supply_host: off, set on this record
        supplied_hosts: none, set on this record
        default_database: orders, set on this record
        can_export: on, from PAM Configuration "Prod"
        can_import: on, from PAM Configuration "Prod"
        can_copy: on, from PAM Configuration "Prod"
        can_paste: on, from PAM Configuration "Prod"
        read_only: off, set on this record
        color_scheme: gray on black, Postern's default
        font_size: 12, Postern's default
        scrollback: 1000, Postern's default
        statement_timeout: none, Postern's default
        connect_timeout: 30 s, Postern's default
        idle_timeout: 30 min, Postern's default
        max_session_duration: 8 h, Postern's default
        max_sessions_per_user: 5, Postern's default
        max_sessions_per_resource: unlimited, Postern's default
        max_connections_per_session: 100, Postern's default
        max_statements_per_session: unlimited, Postern's default
        tunneling: on, from PAM Configuration "Prod"
        unguarded_tunnels: off, from PAM Configuration "Prod"
        remote_port: 5433, set on this record
        reuse_port: off, set on this record
        inject_credentials: on, set on this record"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn a_native_client_has_a_hundred_connections_and_any_number_of_statements_unless_said_otherwise() {
    let limited = Connection {
        limits: Limits {
            max_connections_per_session: Some(2),
            max_statements_per_session: Some(1_000),
            ..Limits::default()
        },
        ..Connection::default()
    };
    let (by_default, limited) = (
        effective(Connection::default(), &Configuration::default()),
        effective(limited, &Configuration::default()),
    );

    assert_eq!(by_default.max_connections_per_session(), 100);
    assert_eq!(by_default.max_statements(), None);
    assert_eq!(limited.max_connections_per_session(), 2);
    assert_eq!(limited.max_statements(), Some(1_000));
}
