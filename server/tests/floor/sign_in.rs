//! Signing in and out: the cookie, the throttle, and when a sign-in ends.

use std::time::Duration;

use expect_test::{Expect, expect};
use http::header;
use protocol::people::Role;
use protocol::time::Timestamp;
use server::clock;
use store::attempts;

use crate::house::{ADDRESS, Answer, Call, House, PASSWORD, email_of};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

async fn sign_in(house: &House, email: &str, password: &str) -> Answer {
    let password = password.replace(' ', "+");

    house
        .call(house.post(
            "/api/sign-in",
            &format!("draft[email]={email}&draft[password]={password}"),
        ))
        .await
}

/// Whether the cookie is of somebody who is signed in.
async fn is_good(house: &House, cookie: &str) -> bool {
    let answer = house.call(house.post("/api/sign-ins", "").by(cookie)).await;

    match answer.status.as_u16() {
        200 => true,
        401 => false,
        _ => panic!("{}", answer.told()),
    }
}

async fn check_cookie(public_url: &str, expected: Expect) {
    let house = House::open_at(public_url).await;

    let answer = sign_in(&house, "user@example.org", PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.body);

    let cookie = answer.header(header::SET_COOKIE).unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let (name, token) = pair.split_once('=').unwrap();
    assert_eq!(token.len(), 64, "256 bits in hex");
    expected.assert_eq(&format!("{name}: {attributes}"));
    assert!(is_good(&house, pair).await);
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    check_cookie(
        "http://localhost:7480",
        expect!["postern: HttpOnly; SameSite=Lax; Path=/"],
    )
    .await;
}

#[tokio::test]
async fn under_https_the_cookie_is_bound_to_tls_and_host() {
    check_cookie(
        "https://postern.example.org",
        expect!["__Host-postern: HttpOnly; SameSite=Lax; Secure; Path=/"],
    )
    .await;
}

#[tokio::test]
async fn under_https_a_cookie_set_without_tls_is_not_looked_at() {
    let house = House::open_at("https://postern.example.org").await;
    let cookie = house.sign_in(Role::User).await;

    assert!(!is_good(&house, &cookie).await);
    assert!(is_good(&house, &cookie.replace("postern=", "__Host-postern=")).await);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let house = House::open().await;
    let mut answers = Vec::new();
    for email in ["user@example.org", "stranger@example.org", "no address at all"] {
        let mut answer = sign_in(&house, email, "wrong").await;
        answer.headers.remove("x-request-id");
        answers.push(answer);
    }

    expect!["401 SIGNED_OUT: Email or password is wrong."].assert_eq(&answers[0].told());
    for answer in &answers {
        assert_eq!(answer.told(), answers[0].told());
        assert_eq!(answer.body, answers[0].body);
        assert_eq!(answer.headers, answers[0].headers);
    }
}

#[tokio::test]
async fn somebody_switched_off_is_answered_like_a_stranger() {
    let house = House::open().await;
    switch_off(&house, Role::User).await;

    let answer = sign_in(&house, "user@example.org", PASSWORD).await;

    assert_eq!(answer.told(), "401 SIGNED_OUT: Email or password is wrong.");
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn after_ten_failures_the_right_password_is_not_tried_either() {
    let house = House::open().await;
    for email in ["user@example.org", "stranger@example.org"] {
        fail_before(&house, email, 9).await;

        let tenth = sign_in(&house, email, "wrong").await;
        let eleventh = sign_in(&house, email, PASSWORD).await;

        assert_eq!(tenth.told(), "401 SIGNED_OUT: Email or password is wrong.");
        assert_eq!(
            eleventh.told(),
            "429 TOO_MANY: Too many attempts. Try again in 15 min."
        );
        assert!(!eleventh.headers.contains_key(header::SET_COOKIE));
    }
    let other = sign_in(&house, "auditor@example.org", PASSWORD).await;
    assert_eq!(other.status, 200, "another account of the same network");
}

#[tokio::test]
async fn a_stolen_cookie_does_not_guess_the_password() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    fail_before(&house, "user@example.org", 9).await;
    let new = PASSWORD.replace(' ', "+");
    let guess = || {
        let form = format!("draft[current]=guess&draft[new]={new}+2&draft[repeat]={new}+2");

        house.post("/api/change-password", &form).by(&cookie)
    };

    assert_eq!(
        house.call(guess()).await.told(),
        "403 PAM_PASSWORD_REQUIRED: One field needs attention."
    );
    assert_eq!(
        house.call(guess()).await.told(),
        "429 TOO_MANY: Too many attempts. Try again in 15 min."
    );
}

#[tokio::test]
async fn signing_out_ends_this_sign_in_and_no_other() {
    let house = House::open().await;
    let (here, there) = (house.sign_in(Role::User).await, house.sign_in(Role::User).await);

    let answer = house.call(house.post("/api/sign-out", "").by(&here)).await;

    expect!["postern=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"]
        .assert_eq(answer.header(header::SET_COOKIE).unwrap());
    assert!(!is_good(&house, &here).await);
    assert!(is_good(&house, &there).await);
}

#[tokio::test]
async fn signing_out_everywhere_makes_every_cookie_of_the_person_useless() {
    let house = House::open().await;
    let (here, there) = (house.sign_in(Role::User).await, house.sign_in(Role::User).await);
    let somebody_else = house.sign_in(Role::Auditor).await;

    let answer = house
        .call(house.post("/api/sign-out-everywhere", "").by(&here))
        .await;

    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!is_good(&house, &here).await);
    assert!(!is_good(&house, &there).await);
    assert!(is_good(&house, &somebody_else).await);
    let page = house.call(Call::get("/account").by(&there)).await;
    assert_eq!(page.header(header::LOCATION), Some("/sign-in?next=%2Faccount"));
}

#[tokio::test]
async fn a_changed_password_ends_every_other_sign_in() {
    let house = House::open().await;
    let (here, there) = (house.sign_in(Role::User).await, house.sign_in(Role::User).await);
    let present = PASSWORD.replace(' ', "+");
    let form = format!("draft[current]={present}&draft[new]={present}+2&draft[repeat]={present}+2");

    let answer = house
        .call(house.post("/api/change-password", &form).by(&here))
        .await;

    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(is_good(&house, &here).await);
    assert!(!is_good(&house, &there).await);
    let old = sign_in(&house, "user@example.org", PASSWORD).await;
    let new = sign_in(&house, "user@example.org", &format!("{PASSWORD} 2")).await;
    assert_eq!((old.status.as_u16(), new.status.as_u16()), (401, 200));
}

#[tokio::test]
async fn a_sign_in_ends_after_an_hour_of_rest() {
    let house = House::open().await;
    let now = clock::now();

    for (seen, expected) in [(61 * MINUTE, false), (59 * MINUTE, true)] {
        let cookie = house.sign_in_from(Role::User, now - seen, now + HOUR).await;

        assert_eq!(is_good(&house, &cookie).await, expected, "{seen:?}");
    }
}

#[tokio::test]
async fn a_request_keeps_a_sign_in_from_resting() {
    let house = House::open().await;
    let now = clock::now();
    let cookie = house
        .sign_in_from(Role::User, now - 59 * MINUTE, now + HOUR)
        .await;

    assert!(is_good(&house, &cookie).await);

    let mut snapshot = house.state.db.read().await.unwrap();
    let person = house.person(Role::User).await.id;
    // Who was not seen would have ended by then.
    let open = store::sign_ins::list(&mut snapshot, &person, HOUR, now + 30 * MINUTE)
        .await
        .unwrap();
    assert_eq!(open.len(), 1);
}

#[tokio::test]
async fn a_sign_in_ends_at_its_absolute_end_however_busy() {
    let house = House::open().await;
    let now = clock::now();

    let ended = house
        .sign_in_from(Role::User, now, Timestamp(now.micros() - 1))
        .await;
    let open = house.sign_in_from(Role::User, now, now + HOUR).await;

    assert!(!is_good(&house, &ended).await);
    assert!(is_good(&house, &open).await);
}

#[tokio::test]
async fn a_role_taken_away_is_gone_with_the_next_request() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Auditor).await;
    assert_eq!(house.call(Call::get("/audit").by(&cookie)).await.status, 200);

    let person = house.person(Role::Auditor).await.id;
    let administer = vault::authorize::administer(&house.person(Role::Administrator).await).unwrap();
    let mut tx = house.state.db.write().await.unwrap();
    store::people::change_role(&mut tx, &administer, &person, Role::User)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    assert_eq!(house.call(Call::get("/audit").by(&cookie)).await.status, 403);
}

#[tokio::test]
async fn somebody_switched_off_is_nobody_with_the_next_request() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    assert!(is_good(&house, &cookie).await);

    switch_off(&house, Role::User).await;

    assert!(!is_good(&house, &cookie).await);
}

pub async fn switch_off(house: &House, role: Role) {
    let administrator = house.sign_in(Role::Administrator).await;
    let id = house.person(role).await.id;
    let call = house
        .post("/api/switch-off", &format!("id={id}"))
        .by(&administrator);
    let answer = house.call(call).await;

    assert_eq!(answer.status, 200, "{} of {}", answer.body, email_of(role));
}

/// Attempts that failed a minute apart, the last one a minute ago.
async fn fail_before(house: &House, email: &str, times: u32) {
    let now = clock::now();
    let mut tx = house.state.db.write().await.unwrap();
    for ago in (1..=times).rev() {
        attempts::admit(&mut tx, email, ADDRESS, now - ago * MINUTE)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}
