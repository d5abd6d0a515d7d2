//! `\d` and its relatives on real servers: what the engine shows is what psql 15 shows, to the byte.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on says so and stops"
)]

#[path = "describe/driver.rs"]
mod driver;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use driver::Driver;
use testkit::{Auth, Cluster, Version};

const SCHEMA: &str = include_str!("describe/schema.sql");
const COMMANDS: &str = include_str!("describe/commands.txt");
const DATABASE: &str = "described";

/// Stands between the outputs of two commands.
const MARK: &str = "--next--";

fn cluster(version: Version) -> Cluster {
    let cluster = Cluster::builder()
        .version(version)
        .auth(Auth::Trust)
        .start()
        .unwrap();
    cluster.sql("CREATE DATABASE described").unwrap();
    let shown = psql(
        &cluster,
        "postgres",
        &format!("\\set ON_ERROR_STOP\n\\set QUIET on\n{SCHEMA}"),
    );
    assert_eq!(shown, "", "the schema has mistakes");
    cluster
}

/// Everything psql writes when it reads this, errors where they happen.
fn psql(cluster: &Cluster, user: &str, input: &str) -> String {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new("psql");
    command
        .args(["-X", "-h", "127.0.0.1", "-U", user, "-d", DATABASE])
        .args(["-p", &cluster.port().to_string()])
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer);
    let mut child = command.spawn().unwrap();
    // Its copies of the pipe's end would keep the pipe open.
    drop(command);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let typing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let mut shown = String::new();
    reader.read_to_string(&mut shown).unwrap();
    typing.join().unwrap().unwrap();
    child.wait().unwrap();
    shown
}

/// What psql shows for each command: without the places in its input that it names only to a script.
fn by_psql(cluster: &Cluster, user: &str, commands: &[&str]) -> Vec<String> {
    let input: String = commands
        .iter()
        .map(|command| format!("{command}\n\\echo {MARK}\n"))
        .collect();
    let shown = psql(cluster, user, &input);
    let outputs: Vec<_> = shown.split(&format!("{MARK}\n")).map(interactive).collect();
    assert_eq!(outputs.len(), commands.len() + 1);
    outputs.into_iter().take(commands.len()).collect()
}

fn interactive(shown: &str) -> String {
    let lines = shown.split_inclusive('\n').map(|line| {
        let Some((_, text)) = line
            .strip_prefix("psql:<stdin>:")
            .and_then(|rest| rest.split_once(": "))
        else {
            return line.to_owned();
        };
        text.strip_prefix("error: ").unwrap_or(text).to_owned()
    });
    lines.collect()
}

fn by_engine(cluster: &Cluster, user: &str, commands: &[&str]) -> Vec<String> {
    let mut driver = Driver::connect(cluster.port(), user, DATABASE);
    let shown = commands.iter().map(|command| driver.run(command));
    // The second line of an unknown command's error is for people only.
    shown
        .map(|shown| shown.replace("Try \\? for help.\n", ""))
        .collect()
}

/// Holds the outputs against each other.
fn compare(commands: &[&str], expected: &[String], shown: &[String]) {
    let mut wrong = String::new();
    for ((command, expected), shown) in commands.iter().zip(expected).zip(shown) {
        if expected != shown {
            wrong.push_str(&format!("{command}\n--- psql\n{expected}--- engine\n{shown}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn is_psql_15() -> bool {
    let output = Command::new("psql").arg("--version").output().unwrap();
    String::from_utf8_lossy(&output.stdout).contains(") 15.")
}

/// The commands that end in an error of the server.
fn failed<'a>(commands: &[&'a str], outputs: &[String]) -> BTreeMap<&'a str, String> {
    let pairs = commands.iter().zip(outputs);
    pairs
        .filter(|(_, output)| output.starts_with("ERROR:"))
        .map(|(command, output)| (*command, output.clone()))
        .collect()
}

#[test]
fn every_command_shows_what_psql_shows() {
    let cluster = cluster(Version::System);
    let commands: Vec<_> = COMMANDS.lines().collect();

    let shown = by_engine(&cluster, "postgres", &commands);

    let expected = by_psql(&cluster, "postgres", &commands);
    if is_psql_15() {
        compare(&commands, &expected, &shown);
    }
    // Newer psqls lay some tables out differently; none of the statements may fail where theirs do not.
    assert_eq!(failed(&commands, &shown), failed(&commands, &expected));
}

#[test]
fn who_may_not_see_is_told_what_psql_tells() {
    let cluster = cluster(Version::System);
    let commands = [
        "\\l+",
        "\\d+ shop.orders",
        "\\dRs",
        "\\dRs+",
        "\\deu+",
        "\\dp shop.*",
        "\\drds",
        "\\dt",
        "\\sf shop.touch",
        "\\d",
        "\\dn+",
        "\\du",
    ];
    let shown = by_engine(&cluster, "visitor", &commands);

    let expected = by_psql(&cluster, "visitor", &commands);
    if is_psql_15() {
        compare(&commands, &expected, &shown);
    }
}

#[test]
fn help_on_a_statement_names_the_page_psql_names() {
    let cluster = cluster(Version::System);
    let pages = |shown: &str| {
        let mut pages = BTreeMap::new();
        let mut command = String::new();
        for line in shown.lines() {
            if let Some(name) = line.strip_prefix("Command:") {
                command = name.trim().to_owned();
            } else if let Some(address) = line.strip_prefix("URL: ") {
                pages.insert(std::mem::take(&mut command), address.to_owned());
            }
        }
        pages
    };

    let shown = pages(&by_engine(&cluster, "postgres", &["\\h *"]).concat());

    let expected = pages(&by_psql(&cluster, "postgres", &["\\h *"]).concat());
    assert!(expected.len() > 150);
    if is_psql_15() {
        assert_eq!(shown, expected);
    }
}

#[test]
fn print_options_mean_what_they_mean_in_psql() {
    let cluster = cluster(Version::System);
    let shown_each = [
        "\\d parent",
        "\\d counter",
        "\\d shop.customers_lower",
        "\\dt",
        "\\dt nope",
        "\\df nope",
        "\\du",
        "\\dn+ shop",
        "\\dRp+ chosen",
        "\\dFp+ parse_plain",
        "\\sf atomic",
    ];
    let mut commands = Vec::new();
    for option in [
        "\\x on",
        "\\x off",
        "\\t",
        "\\t",
        "\\pset border 2",
        "\\pset null nothing",
        "\\pset footer",
        "\\pset format unaligned",
    ] {
        commands.push(option);
        commands.extend(shown_each);
    }

    let shown = by_engine(&cluster, "postgres", &commands);

    let expected = by_psql(&cluster, "postgres", &commands);
    if is_psql_15() {
        compare(&commands, &expected, &shown);
    }
}

#[test]
fn in_a_failed_transaction_the_server_has_the_word() {
    let cluster = cluster(Version::System);
    let commands = [
        "BEGIN;",
        "SELECT 1 / 0;",
        "\\d",
        "\\d public.parent",
        "ROLLBACK;",
        "\\d public.plain",
    ];
    let shown = by_engine(&cluster, "postgres", &commands);

    let expected = by_psql(&cluster, "postgres", &["\\d public.plain"]);
    assert_eq!(
        shown,
        [
            "BEGIN\n",
            "ERROR:  division by zero\n",
            "ERROR:  current transaction is aborted, commands ignored until end of transaction block\n",
            "ERROR:  current transaction is aborted, commands ignored until end of transaction block\n",
            "ROLLBACK\n",
            &expected[0],
        ]
    );
}

#[test]
fn a_server_of_version_18_answers_every_command() {
    let old = cluster(Version::System);
    let new = cluster(Version::V18);
    let commands: Vec<_> = COMMANDS.lines().collect();

    let shown = by_engine(&new, "postgres", &commands);

    let expected = by_engine(&old, "postgres", &commands);
    assert_eq!(failed(&commands, &shown), failed(&commands, &expected));
}
