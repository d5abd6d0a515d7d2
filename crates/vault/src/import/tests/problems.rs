//! Every sentence about a file that means nothing.

use expect_test::{Expect, expect};

use super::{GOOD, told};
use crate::import::{MAX_RECORDS, read};

/// The example of the specification: a file as other vaults write it.
const FOREIGN: &str = include_str!("foreign.json");

fn check(file: &str, expected: Expect) {
    let reading = read(file.as_bytes());

    assert_eq!(reading.plan.is_none(), !reading.problems.is_empty());
    expected.assert_eq(&told(&reading.problems));
}

/// The good file with one place changed.
fn check_with(place: &str, instead: &str, expected: Expect) {
    assert_eq!(GOOD.matches(place).count(), 1, "{place}");

    check(&GOOD.replace(place, instead), expected);
}

#[test]
fn every_feature_that_is_not_built_is_named() {
    check(
        FOREIGN,
        expect![[r#"
            3 shared_folder_users.permissions[0].manage_users: This server does not have sharing by others than administrators. Remove "manage_users", or make it "off" or empty, to import the rest.
            3 shared_folder_users.permissions[0].name: This server does not have teams. Name people instead, each by their email address.
            6 pam_configuration.rotation: This server does not have password rotation. Remove "rotation", or make it "off" or empty, to import the rest.
            8 pam_configuration.default_rotation_schedule: This server does not have password rotation. Remove "default_rotation_schedule", or make it "off" or empty, to import the rest.
            9 pam_configuration.network_id: This server does not have named networks. Remove "network_id", or make it "off" or empty, to import the rest.
            9 pam_configuration.network_cidr: This server does not have networks that bound where a configuration reaches. Remove "network_cidr", or make it "off" or empty, to import the rest.
            12 pam_data.resources[0].database_id: This server does not have ids of databases in a cloud. Remove "database_id", or make it "off" or empty, to import the rest.
            14 pam_data.resources[0].pam_settings.options.rotation: This server does not have password rotation. Remove "rotation", or make it "off" or empty, to import the rest.
            16 pam_data.resources[0].pam_settings.options.jit_settings: This server does not have just-in-time access. Remove "jit_settings", or make it "off" or empty, to import the rest.
            17 pam_data.resources[0].pam_settings.options.ai_settings: This server does not have analysis of sessions. Remove "ai_settings", or make it "off" or empty, to import the rest.
            18 pam_data.resources[0].pam_settings.options.workflow: This server does not have approvals and check-out. Remove "workflow", or make it "off" or empty, to import the rest.
            24 pam_data.resources[0].pam_settings.connection.launch_credentials: No user of this file has the title or login "orders-app". Correct it, or add the user.
            28 pam_data.resources[0].users[0].rotation_settings: This server does not have password rotation. Remove "rotation_settings", or make it "off" or empty, to import the rest.
        "#]],
    );
}

#[test]
fn a_feature_that_is_off_is_no_problem() {
    for off in [
        "false",
        "null",
        "\"off\"",
        "\"default\"",
        "\"\"",
        "[]",
        "{}",
        "0",
        "\" OFF \"",
        "{\"enabled\": \"off\", \"rotation\": \"general\"}",
        "{\"type\": \"on-demand\"}",
        "{\"_why\": \"x\", \"approvals_needed\": 0, \"allowed_times\": {\"allowed_days\": []}}",
    ] {
        for key in ["workflow", "jit_settings", "rotation"] {
            let file = GOOD.replace("\"options\": {", &format!("\"options\": {{\"{key}\": {off}, "));

            assert_eq!(told(&read(file.as_bytes()).problems), "", "{key}: {off}");
        }
    }
}

#[test]
fn what_is_no_json_says_where() {
    check(
        "",
        expect![[r#"
        1 : This is no JSON: EOF while parsing a value at line 1 column 0.
    "#]],
    );
    check(
        "{\n  \"project\": \"Acme\",\n}",
        expect![[r#"
        3 : This is no JSON: key must be a string at line 3 column 1.
    "#]],
    );
    check(
        "[1]",
        expect![[r#"
        1 : An object is expected here: { … }.
    "#]],
    );
}

#[test]
fn bytes_that_are_no_text_say_where() {
    let reading = read(b"{\n\"project\": \"\xff\"}");

    assert_eq!(
        told(&reading.problems),
        "2 : This is no text in UTF-8. Save the file in that encoding.\n"
    );
}

#[test]
fn an_empty_file_says_what_is_missing() {
    check(
        "{}",
        expect![[r#"
        1 project: Name the project: its folders are named by it.
        1 pam_configuration: There is no PAM Configuration: every project has one.
    "#]],
    );
}

#[test]
fn keys_nobody_knows_are_refused_and_comments_are_not() {
    check_with(
        "\"notes\": \"Orders\"",
        "\"note\": \"Orders\", \"_note\": 1, \"_note\": 2",
        expect![[r#"
            19 pam_data.resources[0].note: There is no key "note" here. Remove it, or begin its name with _ to keep it as a comment.
        "#]],
    );
    check_with(
        "\"pam_data\": {",
        "\"pam_dta\": {}, \"pam_data\": {",
        expect![[r#"
            16 pam_dta: There is no key "pam_dta" here. Remove it, or begin its name with _ to keep it as a comment.
        "#]],
    );
}

#[test]
fn a_key_stands_there_once() {
    check_with(
        "\"port\": \"5432\"",
        "\"port\": \"5432\",\n\"port\": 5433",
        expect![[r#"
            20 pam_data.resources[0].port: "port" is there twice. Keep one.
        "#]],
    );
}

#[test]
fn numbers_may_stand_in_quotes_and_must_be_in_their_bounds() {
    for port in ["5432", "\"5432\"", "\" 5432 \""] {
        check_with(
            "\"port\": \"5432\"",
            &format!("\"port\": {port}"),
            expect![[r#""#]],
        );
    }
    check_with(
        "\"port\": \"5432\"",
        "\"port\": 70000",
        expect![[r#"
        19 pam_data.resources[0].port: Port must be a whole number from 1 to 65535; PostgreSQL's own is 5432.
    "#]],
    );
    check_with(
        "\"port\": \"5432\"",
        "\"port\": [5432]",
        expect![[r#"
        19 pam_data.resources[0].port: A number is expected here.
    "#]],
    );
    check_with(
        "\"port\": 6432",
        "\"port\": 0",
        expect![[r#"
        25 pam_data.resources[0].pam_settings.connection.port: Connection port must be a whole number from 1 to 65535.
    "#]],
    );
    check_with(
        "\"idle_timeout\": 600",
        "\"idle_timeout\": 1",
        expect![[r#"
        28 pam_data.resources[0].pam_settings.connection.idle_timeout: Idle timeout must be from 30 s to 1 d, for example 30 s, 10 min or 8 h, or none.
    "#]],
    );
    check_with(
        "\"reuse_port\": true",
        "\"reuse_port\": true, \"port\": \"x\"",
        expect![[r#"
            24 pam_data.resources[0].pam_settings.port_forward.port: Remote port must be a whole number from 1 to 65535.
        "#]],
    );
}

#[test]
fn words_that_mean_nothing_are_told_with_those_that_do() {
    check_with(
        "\"tunneling\": \"on\"}",
        "\"tunneling\": \"maybe\"}",
        expect![[r#"
            22 pam_data.resources[0].pam_settings.options.tunneling: This is "on", "off" or "default".
        "#]],
    );
    check_with(
        "\"protocol\":\"postgresql\"",
        "\"protocol\":\"mysql\"",
        expect![[r#"
            25 pam_data.resources[0].pam_settings.connection.protocol: This server knows "postgresql" here, and nothing else.
        "#]],
    );
    check_with(
        "\"gray-black\"",
        "\"custom\"",
        expect![[r#"
        27 pam_data.resources[0].pam_settings.connection.color_scheme: This server knows "gray-black", "green-black", "white-black", "black-white" here, and nothing else.
    "#]],
    );
    check_with(
        "\"environment\": \"local\"",
        "\"environment\": \"aws\"",
        expect![[r#"
            11 pam_configuration.environment: This server knows "local" here, and nothing else.
        "#]],
    );
    check_with(
        "\"use_ssl\": true",
        "\"use_ssl\": \"perhaps\"",
        expect![[r#"
        20 pam_data.resources[0].use_ssl: This is true or false.
    "#]],
    );
    check_with(
        "\"database_type\": \"postgresql\"",
        "\"database_type\": \"oracle\"",
        expect![[r#"
            20 pam_data.resources[0].database_type: This server knows "postgresql", "postgresql-flexible" here, and nothing else.
        "#]],
    );
    check_with(
        "{\"type\": \"pamDatabase\", \"title\": \"reports-pg\"",
        "{\"type\": \"pamMachine\", \"os\": 1",
        expect![[r#"
            36 pam_data.resources[1].type: This server knows "pamDatabase" here, and nothing else.
        "#]],
    );
    check_with(
        "{\"type\": \"pamDatabase\", \"title\": \"reports-pg\"",
        "{\"title\": \"reports-pg\"",
        expect![[r#"
            36 pam_data.resources[1].type: Say what this is: "pamDatabase".
        "#]],
    );
    check_with(
        "{\"type\": \"pamDatabase\", \"title\": \"reports-pg\"",
        "{\"type\": null, \"title\": \"reports-pg\"",
        expect![[r#"
            36 pam_data.resources[1].type: Say what this is: "pamDatabase".
        "#]],
    );
    check_with(
        "\"15432=postgresql\"",
        "\"2222=ssh\"",
        expect![[r#"
        14 pam_configuration.port_mapping[0]: A port is mapped like this: "15432=postgresql", and to no other protocol.
    "#]],
    );
}

#[test]
fn a_gateway_is_for_the_store_to_find() {
    let place = "\"gateway_name\": \"\"";
    assert_eq!(GOOD.matches(place).count(), 1);
    let named = GOOD.replace(place, "\"gateway_name\": \" gw-1 \"");

    let of = |file: &str| {
        read(file.as_bytes())
            .gateway
            .map(|gateway| (gateway.name, gateway.place.line))
    };

    assert_eq!(of(&named), Some(("gw-1".to_owned(), 11)));
    assert_eq!(of(GOOD), None);
}

#[test]
fn a_user_needs_a_login_and_a_password() {
    check_with(
        "\"login\":\"reporting\",\"password\":\"rep\"",
        "\"password\":\"\"",
        expect![[r#"
            38 pam_data.users[0].password: There is no password: nobody could be signed in with this user. Write it here; it is stored encrypted.
            38 pam_data.users[0].login: Enter the name of the PostgreSQL role.
        "#]],
    );
    check_with(
        "\"password\":\"rep\"",
        "\"password\":12345678",
        expect![[r#"
        38 pam_data.users[0].password: A text is expected here, in quotes.
    "#]],
    );
    check_with(
        "\"password\":\"rep\"",
        "\"password\":\"rep\",\"private_pem_key\":\"-----BEGIN PRIVATE KEY-----\"",
        expect![[r#"
            38 pam_data.users[0].private_pem_key: A key signs in to PostgreSQL together with a client certificate, which this file has no key for. Leave it out here, and paste both on the record's page.
        "#]],
    );
    check_with(
        "\"password\":\"rep\"",
        "\"password\":\"a\\u0000b\"",
        expect![[r#"
            38 pam_data.users[0].password: The password must not contain NUL characters.
        "#]],
    );
}

#[test]
fn titles_are_given_once() {
    check_with(
        "\"title\":\"reporting\"",
        "\"title\":\"orders-admin\"",
        expect![[r#"
            38 pam_data.users[0].title: Another user of this file has the title "orders-admin". Give each its own.
        "#]],
    );
    check_with(
        "\"title\": \"reports-pg\"",
        "\"title\": \"orders-pg\"",
        expect![[r#"
            36 pam_data.resources[1].title: Another resource of this file has this title. Give each its own.
        "#]],
    );
}

#[test]
fn credentials_name_users_of_the_file() {
    check_with(
        "\"orders-admin\",\"launch",
        "\"nobody\",\"launch",
        expect![[r#"
            26 pam_data.resources[0].pam_settings.connection.administrative_credentials: No user of this file has the title or login "nobody". Correct it, or add the user.
        "#]],
    );
    check_with(
        "\"login\":\"reporting\"",
        "\"login\":\"orders_app\"",
        expect![[r#""#]],
    );
    check_with(
        "\"orders_app\",\"recording",
        "[\"reporting\", \"orders_app\"],\"recording",
        expect![[r#"
            26 pam_data.resources[0].pam_settings.connection.launch_credentials: Name one user here.
        "#]],
    );
    let two = GOOD
        .replace(
            "\"title\":\"reporting\",\"login\":\"reporting\"",
            "\"title\":\"a\",\"login\":\"twin\"",
        )
        .replace(
            "\"users\": [{\"type\":\"pamUser\",\"title\":\"a\"",
            "\"users\": [{\"title\":\"b\",\"login\":\"twin\",\"password\":\"x\"}, {\"title\":\"a\"",
        )
        .replace("\"orders_app\",\"recording", "\"twin\",\"recording");
    check(
        &two,
        expect![[r#"
        26 pam_data.resources[0].pam_settings.connection.launch_credentials: Several users of this file are called "twin". Name one by its title.
    "#]],
    );
}

#[test]
fn connections_need_their_credentials() {
    check_with(
        "\"launch_credentials\":\"orders_app\",",
        "",
        expect![[r#"
            25 pam_data.resources[0].pam_settings.connection.launch_credentials: Select a launch credential, or allow users to select credentials from their vault: connections cannot be enabled without one.
        "#]],
    );
    check_with(
        "\"administrative_credentials\":\"orders-admin\",",
        "",
        expect![[r#"
            25 pam_data.resources[0].pam_settings.connection.administrative_credentials: Select an administrative credential.
        "#]],
    );
    check_with(
        "\"connections\": \"on\", \"tunneling\": \"on\",\n",
        "\"connections\": \"off\", \"tunneling\": \"off\",\n",
        expect![[r#"
            22 pam_data.resources[0].pam_settings.options.connections: Connections are turned off in PAM Configuration "Acme".
            22 pam_data.resources[0].pam_settings.options.tunneling: Tunneling is turned off in PAM Configuration "Acme".
        "#]],
    );
}

#[test]
fn shares_are_with_people() {
    check_with(
        "\"dev@example.org\"",
        "\"DBA Team\"",
        expect![[r#"
        8 shared_folder_resources.permissions[0].name: This server does not have teams. Name people instead, each by their email address.
    "#]],
    );
    check_with(
        "\"dev@example.org\"",
        "\"\"",
        expect![[r#"
        8 shared_folder_resources.permissions[0].name: Name a person by their email address.
    "#]],
    );
    check_with(
        "\"dev@example.org\"",
        "\"lead@example.org\"",
        expect![[r#"
        9 shared_folder_resources.permissions[1].name: This person is on the list already.
    "#]],
    );
    check_with(
        "\"dev@example.org\"",
        "\"dev@\"",
        expect![[r#"
        8 shared_folder_resources.permissions[0].name: Enter an email address such as ada@example.org.
    "#]],
    );
    check_with(
        "{\"name\": \"dev@example.org\"}",
        "{\"name\": \"dev@example.org\", \"manage_users\": true}",
        expect![[r#"
            8 shared_folder_resources.permissions[0].manage_users: This server does not have sharing by others than administrators. Remove "manage_users", or make it "off" or empty, to import the rest.
        "#]],
    );
    check_with(
        "{\"name\": \"dev@example.org\"}",
        "\"dev@example.org\"",
        expect![[r#"
            8 shared_folder_resources.permissions[0]: An object is expected here: { … }.
            8 shared_folder_resources.permissions[0].name: Name a person by their email address.
        "#]],
    );
}

#[test]
fn a_host_is_a_host_and_a_connection_string_is_not_repeated() {
    check_with(
        "\"10.0.0.5\"",
        "\"postgresql://app:s3cret@db/x\"",
        expect![[r#"
            19 pam_data.resources[0].host: This is a connection string. Write the host alone here, and user and password as a PAM User.
        "#]],
    );
    check_with(
        "\"10.0.0.5\"",
        "\"db:5432\"",
        expect![[r#"
        19 pam_data.resources[0].host: Host must not contain a port. Use the Port field.
    "#]],
    );
}

#[test]
fn all_problems_are_told_at_once_and_none_repeats_a_secret() {
    let file = GOOD
        .replace("\"port\": 6432", "\"port\": 99999")
        .replace("\"10.0.0.5\"", "\"\"")
        .replace("\"dev@example.org\"", "\"DBA Team\"")
        .replace("\"password\":\"rep\"", "\"password\":{\"s3cret\":\"s3cret\"}")
        .replace("\"orders-admin\",\"launch", "\"nobody\",\"launch");

    let reading = read(file.as_bytes());

    assert_eq!(reading.problems.len(), 5, "{}", told(&reading.problems));
    assert!(!format!("{reading:?}").contains("s3cret"));
    assert!(!format!("{:?}", read(GOOD.as_bytes())).contains("s3"));
}

#[test]
fn a_file_has_a_bound_of_records() {
    let user = |idx: usize| format!("{{\"login\": \"u{idx}\", \"password\": \"x\"}}");
    let file = |n_users: usize| {
        let users: Vec<String> = (0..n_users).map(user).collect();
        format!(
            "{{\"project\": \"Acme\", \"pam_configuration\": {{}},\n\"pam_data\": {{\"users\": [{}]}}}}",
            users.join(",")
        )
    };

    check(&file(MAX_RECORDS), expect![[r#""#]]);
    check(
        &file(MAX_RECORDS + 1),
        expect![[r#"
            2 pam_data: These are more than 2000 records. Import them in several files.
        "#]],
    );
}
