//! Forms of a browser without JavaScript: the page again with what was wrong, or on to the next page.

use http::header;
use protocol::people::Role;

use crate::house::{Answer, Call, House, PASSWORD};

const SECRET: &str = "hunter2-hunter2-hunter2";

/// A browser's own encoding of what was entered on `page`.
fn entered(page: &str, fields: &[(&str, &str)]) -> String {
    let encode =
        |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut form = format!("stands_on={}", encode(page));
    for (name, value) in fields {
        form.push_str(&format!("&{}={}", encode(name), encode(value)));
    }

    form
}

pub async fn post(house: &House, path: &str, page: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    house
        .call(house.post(path, &entered(page, fields)).plain(page).by(cookie))
        .await
}

#[tokio::test]
async fn a_refused_sign_in_shows_the_form_with_the_address_and_without_the_password() {
    let house = House::open().await;
    let fields = [
        ("next", "/sessions"),
        ("draft[email]", "user@example.org"),
        ("draft[password]", SECRET),
    ];

    let answer = post(&house, "/api/sign-in", "/sign-in", "", &fields).await;

    assert_eq!(answer.status, 401);
    assert!(
        answer
            .header(header::CONTENT_TYPE)
            .unwrap()
            .starts_with("text/html")
    );
    assert!(answer.body.contains("Email or password is wrong."));
    assert!(answer.body.contains(r#"value="user@example.org""#));
    assert!(!answer.body.contains(SECRET));
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn a_sign_in_goes_on_to_the_page_that_was_wanted() {
    let house = House::open().await;
    for (next, expected) in [
        ("", "/vault"),
        ("/sessions?text=a", "/sessions?text=a"),
        ("//evil.example/", "/vault"),
        ("https://evil.example/", "/vault"),
    ] {
        let fields = [
            ("next", next),
            ("draft[email]", "user@example.org"),
            ("draft[password]", PASSWORD),
        ];

        let answer = post(&house, "/api/sign-in", "/sign-in", "", &fields).await;

        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.header(header::LOCATION), Some(expected));
        assert!(answer.headers.contains_key(header::SET_COOKIE));
        assert_eq!(answer.body, "");
    }
}

#[tokio::test]
async fn a_wrong_field_has_its_sentence_and_the_others_keep_their_values() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;
    let fields = [
        ("draft[email]", "not <an> address"),
        ("draft[name]", "Grace Hopper"),
        ("draft[role]", "auditor"),
    ];

    let answer = post(&house, "/api/invite", "/people/invite", &cookie, &fields).await;

    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("One field needs attention."));
    assert!(answer.body.contains(r#"value="not &lt;an&gt; address""#));
    assert!(answer.body.contains(r#"value="Grace Hopper""#));
}

#[tokio::test]
async fn no_secret_comes_back_from_a_form_that_was_refused() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;
    let key = "-----BEGIN PRIVATE KEY-----\nhunter3hunter3hunter3\n-----END PRIVATE KEY-----";
    let fields = [
        ("draft[title]", ""),
        ("draft[login]", "reader"),
        ("draft[password]", SECRET),
        ("draft[private_key]", key),
    ];

    let answer = post(&house, "/api/create-user", "/vault/new/user", &cookie, &fields).await;

    assert_eq!(answer.status, 422);
    assert!(answer.body.contains(r#"value="reader""#));
    assert!(!answer.body.contains(SECRET));
    assert!(!answer.body.contains("hunter3"));
}

#[tokio::test]
async fn a_password_in_a_pasted_connection_string_does_not_come_back() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;
    let pasted = format!("postgres://app:{SECRET}@db.example.org/books");
    let fields = [("draft[title]", ""), ("draft[host]", pasted.as_str())];

    let answer = post(
        &house,
        "/api/create-database",
        "/vault/new/database",
        &cookie,
        &fields,
    )
    .await;

    assert_eq!(answer.status, 422);
    assert!(!answer.body.contains(SECRET));
}

#[tokio::test]
async fn an_answer_that_is_shown_once_is_shown_on_the_page_of_the_form() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;
    let fields = [
        ("draft[email]", "ada@example.org"),
        ("draft[name]", "Ada"),
        ("draft[role]", "user"),
    ];

    let answer = post(&house, "/api/invite", "/people/invite", &cookie, &fields).await;

    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("http://localhost:7480/welcome/"));
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
}

#[tokio::test]
async fn what_was_saved_is_followed_by_its_page() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;
    let fields = [("draft[title]", "Reader"), ("draft[login]", "reader")];

    let answer = post(&house, "/api/create-user", "/vault/new/user", &cookie, &fields).await;

    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = house
        .call(Call::get(answer.header(header::LOCATION).unwrap()).by(&cookie))
        .await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Reader"));
}

#[tokio::test]
async fn a_form_of_somebody_signed_out_leads_to_sign_in() {
    let house = House::open().await;

    let answer = post(
        &house,
        "/api/create-folder",
        "/folders/new",
        "",
        &[("draft[name]", "a")],
    )
    .await;

    assert_eq!(answer.told(), "303");
    assert_eq!(answer.headers["location"], "/sign-in");
}

#[tokio::test]
async fn what_no_form_of_ours_sends_is_refused_in_words() {
    let house = House::open().await;
    let long = format!("draft[email]={}", "a".repeat(300 * 1024));

    for (form, expected) in [
        (
            "draft[email]=a&draft[password]=b&draft[admin]=true",
            "422 VALIDATION: The form sent something this page does not know. Reload it and try again.",
        ),
        (
            "",
            "422 VALIDATION: The form sent something this page does not know. Reload it and try again.",
        ),
        (long.as_str(), "422 VALIDATION: The form is longer than 256 KiB."),
    ] {
        let answer = house.call(house.post("/api/sign-in", form)).await;

        assert_eq!(answer.told(), expected);
    }
}
