//! Which hosts may be given, and to whom.

use protocol::people::Role;
use protocol::time::Timestamp;
use protocol::vault::{DatabaseDraft, Permissions};

use super::*;
use crate::authorize::tests::{person, share};
use crate::record::{Content, Stamp};

fn record(byte: u8, title: &str, host: &str) -> Record {
    let draft = DatabaseDraft {
        title: title.to_owned(),
        host: host.to_owned(),
        port: "5433".to_owned(),
        ..DatabaseDraft::default()
    };
    let stamp = Stamp {
        by: person(0, Role::Administrator).id,
        at: Timestamp(0),
    };

    Record {
        id: RecordId::from_random([byte; 16]),
        owner: None,
        content: Content::of_database(&draft).unwrap(),
        version: 1,
        created: stamp.clone(),
        updated: stamp,
    }
}

fn allowing(hosts: &[&str]) -> Connection {
    Connection {
        allow_supply_host: true,
        supplied_hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        ..Connection::default()
    }
}

fn ask(template: &Record, connection: &Connection, asked: Asked<'_>) -> Result<Option<Supplied>, String> {
    let database = template.database().unwrap();

    supplied(&person(7, Role::User), template, database, connection, asked)
        .map_err(|refusal| format!("{:?}: {}", refusal.code, refusal.sentence))
}

fn given(template: &Record, connection: &Connection, host: &str) -> Result<String, String> {
    ask(template, connection, Asked::Host(host)).map(|supplied| supplied.unwrap().typed())
}

#[test]
fn a_template_takes_the_hosts_it_allows_and_no_others() {
    let template = record(1, "Any of ours", "");
    let connection = allowing(&["10.0.0.0/8", "*.internal:6432"]);

    assert_eq!(
        given(&template, &connection, "10.1.2.3:5433").unwrap(),
        "10.1.2.3:5433"
    );
    // By its name it is decided where it is dialled.
    assert_eq!(
        given(&template, &connection, "db.internal").unwrap(),
        "db.internal"
    );
    let refused: Vec<String> = [
        "192.0.2.1",
        "169.254.169.254",
        "127.0.0.1",
        "[::ffff:127.0.0.1]:5432",
        "postgresql://db",
        "db:0",
    ]
    .into_iter()
    .map(|host| given(&template, &connection, host).unwrap_err())
    .collect();
    expect_test::expect![[r#"
        PamTargetDenied: Host 192.0.2.1 is not allowed by connection template "Any of ours".
        PamTargetDenied: Host 169.254.169.254 is not allowed by connection template "Any of ours".
        PamTargetDenied: Host 127.0.0.1 is not allowed by connection template "Any of ours".
        PamTargetDenied: Host ::ffff:127.0.0.1 is not allowed by connection template "Any of ours".
        Validation: Host must not contain a scheme such as postgresql://. Enter only the host, for example db.
        Validation: The port behind the host must be a whole number from 1 to 65535."#]]
    .assert_eq(&refused.join("\n"));
}

#[test]
fn without_a_list_no_host_is_allowed() {
    let template = record(1, "Any", "");

    // Nor is a name, which an empty list of rules would admit.
    for hosts in [&[][..], &["not a rule"]] {
        for host in ["10.0.0.1", "db.internal"] {
            assert!(
                given(&template, &allowing(hosts), host).is_err(),
                "{hosts:?} {host}"
            );
        }
    }
}

#[test]
fn what_a_name_leads_to_is_held_against_the_list_too() {
    let template = record(1, "Any", "");
    let connection = allowing(&["10.0.0.0/8"]);
    let supplied = ask(&template, &connection, Asked::Host("db.example.org"))
        .unwrap()
        .unwrap();

    assert!(
        supplied
            .allowed()
            .admit("db.example.org", 5432, "10.0.0.7".parse().unwrap())
    );
    for address in ["192.0.2.1", "169.254.169.254", "127.0.0.1", "::1"] {
        assert!(
            !supplied
                .allowed()
                .admit("db.example.org", 5432, address.parse().unwrap()),
            "{address}"
        );
    }
}

#[test]
fn a_host_is_asked_for_where_there_is_none_and_nowhere_else() {
    let (template, orders) = (record(1, "Any", ""), record(2, "Orders", "10.0.0.9"));
    let connection = allowing(&["10.0.0.0/8"]);
    let off = Connection::default();

    assert_eq!(ask(&orders, &connection, Asked::Nothing), Ok(None));
    let refused: Vec<String> = [
        ask(&orders, &connection, Asked::Host("10.0.0.1")),
        ask(&template, &off, Asked::Nothing),
        ask(&template, &off, Asked::Host("10.0.0.1")),
        ask(&template, &connection, Asked::Nothing),
        ask(&template, &connection, Asked::Both),
    ]
    .into_iter()
    .map(Result::unwrap_err)
    .collect();
    expect_test::expect![[r#"
        PamPolicyDenied: This record does not allow supplying a host.
        PamPrereq: This record has no host. Ask an administrator to enter one, or to allow supplying it.
        PamPolicyDenied: This record does not allow supplying a host.
        Validation: Host is required for this template.
        Validation: Enter a host or choose a record, not both."#]]
    .assert_eq(&refused.join("\n"));
}

#[test]
fn the_host_of_a_record_is_taken_from_who_sees_it_and_as_if_it_was_typed() {
    let template = record(1, "Any", "");
    let mut orders = record(1, "Orders", "10.0.0.9");
    let connection = allowing(&["10.0.0.0/8"]);
    let shares = [share(&person(7, Role::User), Permissions::VIEW)];
    let asked = |record: &Record, shares: &[Share]| {
        let asked = Asked::Record(&record.id, Some((record, shares)));

        ask(&template, &connection, asked).map(Option::unwrap)
    };

    let supplied = asked(&orders, &shares).unwrap();
    assert_eq!((supplied.host(), supplied.port()), ("10.0.0.9", Some(5433)));
    assert_eq!(supplied.record(), Some(&orders.id));

    let unseen = asked(&orders, &[]).unwrap_err();
    let nothing = ask(&template, &connection, Asked::Record(&orders.id, None)).unwrap_err();
    assert_eq!(unseen, nothing);
    assert!(unseen.starts_with("PamNotFound"), "{unseen}");
    orders.content = record(1, "Elsewhere", "192.0.2.1").content;
    assert!(
        asked(&orders, &shares)
            .unwrap_err()
            .starts_with("PamTargetDenied")
    );
    orders.content = record(1, "Another template", "").content;
    assert_eq!(asked(&orders, &shares).unwrap_err(), nothing);
}
