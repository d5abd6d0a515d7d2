//! What a file means.

mod problems;

use proptest::prelude::*;

use super::*;
use crate::record::User;
use crate::settings::Launchers;

/// A file with what most files have.
const GOOD: &str = include_str!("tests/good.json");

fn told(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|Problem { line, path, sentence }| format!("{line} {path}: {sentence}\n"))
        .collect()
}

fn user(content: &Content) -> &User {
    match &content.body {
        Body::User(user) => user,
        Body::Configuration(_) | Body::Database(_) => panic!("{content:?}"),
    }
}

fn ids(n_users: usize) -> (RecordId, Vec<RecordId>) {
    let configuration = RecordId::from_random([0xcc; 16]);
    let users = (0..n_users)
        .map(|idx| RecordId::from_random([u8::try_from(idx).unwrap(); 16]))
        .collect();

    (configuration, users)
}

#[test]
fn a_file_becomes_what_forms_make() {
    let reading = read(GOOD.as_bytes());
    assert_eq!(told(&reading.problems), "");
    let plan = reading.plan.unwrap();

    assert_eq!(plan.resources.name, "Acme DBs - Resources");
    assert_eq!(plan.users_folder.name, "Acme DBs - Users");
    let shares = |folder: &PlannedFolder| {
        folder
            .shares
            .iter()
            .map(|share| format!("{} {}", share.email, share.permissions.words()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        shares(&plan.resources),
        [
            "dev@example.org view, launch",
            "lead@example.org view, edit, launch"
        ]
    );
    assert_eq!(
        shares(&plan.users_folder),
        ["lead@example.org view, edit, reveal"]
    );
    assert_eq!(plan.configuration.title, "Acme");
    let titles: Vec<&str> = plan
        .users
        .iter()
        .map(|user| user.content.title.as_str())
        .collect();
    assert_eq!(titles, ["orders-admin", "PAM User - orders_app", "reporting"]);
    let admin = user(&plan.users[0].content);
    assert_eq!(
        (admin.login.as_str(), admin.connect_database.as_deref()),
        ("pam_admin", Some("postgres"))
    );
    assert_eq!(admin.distinguished_name.as_deref(), Some("CN=pam_admin,DC=acme"));
    assert!(matches!(
        plan.users[0].secrets.as_slice(),
        [(crate::envelope::SecretField::Password, crate::record::Rewrite::Set(secret))] if secret.expose() == "s3\"cret"
    ));
    let Body::Database(database) = &plan.databases[0].content.body else {
        panic!("{plan:?}")
    };
    assert_eq!(database.address(), "10.0.0.5:5432");
    assert_eq!(plan.databases[0].place.line, 18);
    assert_eq!(
        told(&reading.remarks),
        "14 pam_configuration.port_mapping: Not needed: the database type of a record says what its port speaks.\n"
    );
}

#[test]
fn settings_link_to_the_users_a_file_names() {
    let plan = read(GOOD.as_bytes()).plan.unwrap();
    let (configuration, users) = ids(plan.users.len());
    let ids = Ids {
        configuration: &configuration,
        users: &users,
    };

    let settings = plan.settings(&plan.databases[0], &ids).unwrap().unwrap();

    assert_eq!(settings.configuration.as_ref(), Some(&configuration));
    assert_eq!(settings.administrative.as_ref(), Some(&users[0]));
    assert_eq!(settings.connection.launch_credential.as_ref(), Some(&users[1]));
    // The launch credential is for everyone; a user that is only the database's own is for nobody yet.
    assert_eq!(settings.accounts.len(), 1);
    assert_eq!(settings.accounts[0].launchers, Launchers::Everyone);
    assert_eq!(settings.connection.port, Some(6432));
    assert_eq!(settings.connection.scrollback, Some(5_000));
    assert_eq!(settings.connection.can_export, protocol::vault::Tri::Off);
    assert_eq!(settings.connection.can_copy, protocol::vault::Tri::Inherit);
    assert_eq!(settings.connection.limits.idle_timeout, Some(600));
    assert!(settings.tunneling.reuse_port && settings.tunneling.inject_credentials);
    assert_eq!(plan.settings(&plan.databases[1], &ids).unwrap(), None);
}

#[test]
fn a_database_may_be_read_only() {
    let told = "\"launch_credentials\":\"orders_app\",";
    let read_only = |file: &str| {
        let plan = read(file.as_bytes()).plan.unwrap();
        let (configuration, users) = ids(plan.users.len());
        let ids = Ids {
            configuration: &configuration,
            users: &users,
        };

        plan.settings(&plan.databases[0], &ids)
            .unwrap()
            .unwrap()
            .connection
            .read_only
    };

    assert!(!read_only(GOOD));
    assert!(read_only(
        &GOOD.replace(told, &format!("{told}\"read_only\":true,"))
    ));
}

#[test]
fn a_user_of_the_database_that_is_no_credential_is_an_account_for_nobody() {
    let file = GOOD.replace("\"orders_app\",\"recording", "\"pam_admin\",\"recording");
    let plan = read(file.as_bytes()).plan.unwrap();
    let (configuration, users) = ids(plan.users.len());
    let ids = Ids {
        configuration: &configuration,
        users: &users,
    };

    let settings = plan.settings(&plan.databases[0], &ids).unwrap().unwrap();

    let launchers: Vec<_> = settings
        .accounts
        .iter()
        .map(|account| &account.launchers)
        .collect();
    assert_eq!(launchers, [&Launchers::nobody(), &Launchers::Everyone]);
    assert_eq!(settings.connection.launch_credential, settings.administrative);
}

/// What a value may be replaced with.
const VALUES: [&str; 12] = [
    "null",
    "true",
    "0",
    "-1e9",
    "\"\"",
    "\"x\"",
    "\"\\ud800\"",
    "[]",
    "[null]",
    "{}",
    "{\"x\": 1}",
    "\"on\"",
];

proptest! {
    /// There is a plan, or there is a problem.
    #[test]
    fn whatever_stands_in_a_file_it_is_read(idx in 0..60_usize, value in prop::sample::select(&VALUES[..])) {
        // A key, and up to the end of its line what is there: broken as often as not.
        let (at, _) = GOOD.match_indices("\":").nth(idx).unwrap();
        let (before, after) = GOOD.split_at(at + 2);
        let end = after.find([',', '\n']).unwrap();
        let file = format!("{before}{value}{}", &after[end..]);

        let reading = read(file.as_bytes());

        prop_assert_eq!(reading.plan.is_none(), !reading.problems.is_empty(), "{}", file);
    }

    #[test]
    fn bytes_are_read_whatever_they_are(at in 0..GOOD.len(), byte: u8) {
        let mut file = GOOD.as_bytes().to_vec();
        file[at] = byte;

        let reading = read(&file);

        prop_assert_eq!(reading.plan.is_none(), !reading.problems.is_empty());
    }
}
