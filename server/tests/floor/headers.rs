//! Headers of every answer, and the policy of pages.

use app::pages::PAGES;
use expect_test::expect;
use http::Method;
use protocol::people::Role;
use server::routes;

use crate::doors::requests::{NOTHING, filled};
use crate::house::{Answer, Call, House};

#[tokio::test]
async fn every_door_sends_the_headers_that_protect_it() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;
    let health = house.call(Call::get("/healthz")).await;
    expect![[r#"
        cache-control: no-store
        content-security-policy: default-src 'none'; frame-ancestors 'none'
        cross-origin-opener-policy: same-origin
        cross-origin-resource-policy: same-origin
        permissions-policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()
        referrer-policy: same-origin
        x-content-type-options: nosniff
        x-frame-options: DENY
    "#]]
    .assert_eq(&protection(&health));

    for door in routes::doors(&house.state).list() {
        let path = filled(&door.path, NOTHING);
        let call = || match door.method {
            Method::POST => house.post(&path, ""),
            _ => Call::get(&path),
        };
        for call in [call(), call().by(&cookie)] {
            let answer = house.call(call).await;
            let names: Vec<String> = names(&protection(&answer));

            assert_eq!(names, self::names(&protection(&health)), "{} {path}", door.method);
            check_policy(&answer, &path);
            assert!(answer.headers.contains_key("x-request-id"), "{path}");
        }
    }
}

#[tokio::test]
async fn every_page_runs_only_scripts_that_carry_its_nonce() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;

    for path in PAGES
        .iter()
        .map(|page| filled(page.path, NOTHING))
        .chain(["/lost".to_owned()])
    {
        let answer = house.call(Call::get(&path).by(&cookie)).await;
        if answer.status.is_redirection() {
            continue;
        }
        let nonce = nonce(&answer).unwrap_or_else(|| panic!("{path} has no nonce"));

        assert!(!tags(&answer.body, "script").is_empty(), "{path}");
        for tag in [tags(&answer.body, "script"), tags(&answer.body, "style")].concat() {
            assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{path}: {tag}");
        }
        for attribute in [" style=\"", " onclick=", " onload=", " onsubmit=", "javascript:"] {
            assert!(!answer.body.contains(attribute), "{path} has {attribute}");
        }
    }
}

#[tokio::test]
async fn a_nonce_is_used_once() {
    let house = House::open().await;

    let first = house.call(Call::get("/sign-in")).await;
    let second = house.call(Call::get("/sign-in")).await;

    assert_ne!(nonce(&first), nonce(&second));
}

#[tokio::test]
async fn a_page_says_what_its_policy_is() {
    let house = House::open().await;

    let page = house.call(Call::get("/sign-in")).await;
    let policy = page
        .header("content-security-policy")
        .unwrap()
        .replace(&nonce(&page).unwrap(), "NONCE")
        .replace("; ", "\n");

    expect![[r#"
        default-src 'none'
        script-src 'self' 'nonce-NONCE' 'wasm-unsafe-eval'
        style-src 'self' 'nonce-NONCE'
        img-src 'self' data:
        font-src 'self'
        connect-src 'self'
        form-action 'self'
        base-uri 'none'
        frame-ancestors 'none'"#]]
    .assert_eq(&policy);
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

/// The headers a browser acts on, sorted.
fn protection(answer: &Answer) -> String {
    let mut lines: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();

            name == "cache-control"
                || name == "content-security-policy"
                || name == "referrer-policy"
                || name == "permissions-policy"
                || name.starts_with("cross-origin-")
                || (name.starts_with("x-") && name != "x-request-id")
        })
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    lines.sort();

    lines.concat()
}

fn names(lines: &str) -> Vec<String> {
    lines
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn check_policy(answer: &Answer, path: &str) {
    let policy = answer.header("content-security-policy").unwrap();

    assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert!(!policy.contains("'unsafe-inline'"), "{path}: {policy}");
    assert!(!policy.contains("'unsafe-eval'"), "{path}: {policy}");
    let is_page = answer
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/html"));
    assert_eq!(policy.contains("'nonce-"), is_page, "{path}: {policy}");
}

fn nonce(answer: &Answer) -> Option<String> {
    let (_, rest) = answer.header("content-security-policy")?.split_once("'nonce-")?;
    let (nonce, _) = rest.split_once('\'')?;

    Some(nonce.to_owned())
}

/// The opening tags of that name.
fn tags<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("<{name}");

    page.match_indices(&start)
        .filter_map(|(at, _)| page.get(at..)?.split_inclusive('>').next())
        .filter(|tag| {
            tag.get(start.len()..)
                .is_some_and(|rest| rest.starts_with([' ', '>']))
        })
        .collect()
}
