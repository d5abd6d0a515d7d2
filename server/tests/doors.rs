//! Every door, called as nobody, user, auditor and administrator, answers as `doors/table.txt` says.
//!
//! What a path or a form names is well-formed and does not exist, so that a refusal is about who asks and
//! everybody who may ask is told the same. That things which are not shared are answered like that too is in
//! `doors/hidden.rs`.

mod hidden;
pub mod requests;

use std::collections::{BTreeMap, BTreeSet};

use app::pages::PAGES;
use http::{Method, header};
use protocol::people::Role;
use server::routes::{self, Takes};
use vault::authorize::Wanted;

use crate::house::{Call, House};
use requests::{NOTHING, filled, form_of, query_of};

const TABLE: &str = include_str!("doors/table.txt");

/// Nobody first.
const CALLERS: [Option<Role>; 4] = [
    None,
    Some(Role::User),
    Some(Role::Auditor),
    Some(Role::Administrator),
];

/// What the command line sends, beside what it asks.
const SENT: [&str; 7] = [
    "/cli/import",
    "/cli/login",
    "/cli/login/token",
    "/cli/logout",
    "/cli/sessions/{session}/replay",
    "/cli/sessions/{session}/terminate",
    "/cli/sessions/{session}/verify",
];

/// Path and method, in the order of the table.
type Key = (String, String);

#[tokio::test]
async fn every_door_answers_everybody_as_the_table_says() {
    let house = House::open().await;
    let mut answered = BTreeMap::new();
    for door in routes::doors(&house.state).list() {
        let mut statuses = Vec::new();
        for caller in CALLERS {
            statuses.push(call(&house, &door.method, &door.path, caller).await.to_string());
        }
        answered.insert((door.path.clone(), door.method.to_string()), statuses.join(" "));
    }

    let faults = faults(&answered, &table());

    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn every_page_and_server_function_is_a_door() {
    let house = House::open().await;
    let doors = routes::doors(&house.state);
    let declared: BTreeSet<Key> = doors
        .list()
        .iter()
        .map(|door| (door.path.clone(), door.method.to_string()))
        .collect();
    let pages = PAGES.iter().map(|page| (page.path, Method::GET));
    let functions: Vec<(&str, Method)> = leptos::server_fn::axum::server_fn_paths().collect();

    assert!(
        functions.len() > 40,
        "server functions are missing from the test's binary"
    );
    for (path, method) in pages.chain(functions) {
        assert!(
            declared.contains(&(path.to_owned(), method.to_string())),
            "{method} {path}"
        );
    }
    assert_eq!(declared.len(), doors.list().len(), "a door is declared twice");
}

#[tokio::test]
async fn only_a_post_may_change_something() {
    let house = House::open().await;

    for door in routes::doors(&house.state).list() {
        let expected = if door.path.starts_with("/api/") || SENT.contains(&door.path.as_str()) {
            Method::POST
        } else {
            Method::GET
        };

        assert_eq!(door.method, expected, "{}", door.path);
    }
}

#[tokio::test]
async fn a_token_for_the_command_line_opens_what_its_persons_cookie_opens_and_no_other_token_does() {
    let house = House::open().await;
    let doors = routes::doors(&house.state);
    let doors: Vec<_> = doors
        .list()
        .iter()
        .filter(|door| door.takes == Takes::TokensToo)
        .collect();
    assert_eq!(doors.len(), 5);

    for role in Role::ALL {
        let token = house.token(role, Wanted::CommandLine).await;
        for door in &doors {
            let by_token = ask_with(&house, &door.path, &token).await;
            let by_cookie = call(&house, &door.method, &door.path, Some(role)).await;

            assert_eq!(by_token, by_cookie, "{role:?} {}", door.path);
        }
    }
    let launch = house.token(Role::Administrator, Wanted::Everything).await;
    for door in &doors {
        assert_eq!(ask_with(&house, &door.path, &launch).await, 403, "{}", door.path);
        assert_eq!(
            ask_with(&house, &door.path, "ptn_wrong").await,
            401,
            "{}",
            door.path
        );
        // What a proxy on the way adds is nobody's.
        assert_eq!(
            ask_with(&house, &door.path, "eyJhbGciOi").await,
            303,
            "{}",
            door.path
        );
    }
}

/// The status of a door that is asked with a token and no cookie.
async fn ask_with(house: &House, path: &str, token: &str) -> u16 {
    let call = call_about(house, &Method::GET, path, NOTHING);
    let call = call.with(header::AUTHORIZATION, &format!("Bearer {token}"));

    house.call(call).await.status.as_u16()
}

async fn call(house: &House, method: &Method, path: &str, caller: Option<Role>) -> u16 {
    let mut call = call_about(house, method, path, NOTHING);
    if let Some(role) = caller {
        call = call.by(&house.sign_in(role).await);
    }

    house.call(call).await.status.as_u16()
}

/// What is asked at a door, with `id` wherever it takes one.
fn call_about(house: &House, method: &Method, path: &str, id: &str) -> Call {
    let target = filled(path, id);
    if *method == Method::POST {
        return house.post(&target, &form_of(path, id));
    }

    Call::get(&format!("{target}{}", query_of(path)))
}

/// The rows of the table: method, path, and the statuses in the order of [`CALLERS`].
fn table() -> BTreeMap<Key, String> {
    rows()
        .map(|row| {
            let mut words = row.split_whitespace();
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            let statuses: Vec<&str> = words.collect();

            ((path.to_owned(), method.to_owned()), statuses.join(" "))
        })
        .collect()
}

fn rows() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|line| !line.starts_with('#'))
}

/// Everything that differs, each with what to do about it.
fn faults(answered: &BTreeMap<Key, String>, table: &BTreeMap<Key, String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (key, statuses) in answered {
        let row = row(key, statuses);
        match table.get(key) {
            None => faults.push(format!(
                "a door without a row: if these are the answers it should give, add to tests/doors/table.txt\n{row}"
            )),
            Some(expected) if expected != statuses => faults.push(format!(
                "a door that answers otherwise than its row says ({expected}):\n{row}"
            )),
            Some(_) => {}
        }
    }
    for key in table.keys().filter(|key| !answered.contains_key(*key)) {
        faults.push(format!(
            "a row without a door: take it out of tests/doors/table.txt: {} {}",
            key.1, key.0
        ));
    }
    let tidy: Vec<String> = table.iter().map(|(key, statuses)| row(key, statuses)).collect();
    if faults.is_empty() && !rows().eq(tidy.iter().map(String::as_str)) {
        faults.push(format!(
            "tests/doors/table.txt is right but not aligned, sorted by path and free of doubles; it should read\n{}",
            tidy.join("\n")
        ));
    }

    faults
}

fn row((path, method): &Key, statuses: &str) -> String {
    let columns: Vec<String> = statuses.split(' ').map(|status| format!("{status:<8}")).collect();

    format!("{method:<5} {path:<30} {}", columns.concat())
        .trim_end()
        .to_owned()
}
