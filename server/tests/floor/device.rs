//! Device login: a command line begins, a person approves it with their password, and it gets one token, once.

use http::header;
use protocol::audit::{AuditFilter, EventName};
use protocol::device::{Approved, Begun, Progress};
use protocol::ids::PersonId;
use protocol::people::Role;
use protocol::tokens::Scope;
use server::clock;
use store::access_tokens::{self, AccessToken, Standing};
use store::tokens::TokenHash;

use super::forms::post;
use super::sign_in::switch_off;
use crate::house::{Answer, Call, House, PASSWORD};

const ASKING: &str = r#"{"machine":"pc-7","user":"ada l."}"#;

async fn send(house: &House, door: &str, body: &str) -> Answer {
    house.call(house.post(door, body)).await
}

async fn begun(house: &House) -> Begun {
    let answer = send(house, "/cli/login", ASKING).await;

    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.told()))
}

async fn poll(house: &House, begun: &Begun) -> Progress {
    let body = serde_json::json!({ "device_code": begun.device_code }).to_string();
    let answer = send(house, "/cli/login/token", &body).await;

    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.told()))
}

async fn fetched(house: &House, begun: &Begun) -> Approved {
    let progress = poll(house, begun).await;
    let Progress::Approved(approved) = progress else {
        panic!("{progress:?}");
    };

    approved
}

async fn decide(house: &House, cookie: &str, function: &str, form: &str) -> Answer {
    house.call(house.post(function, form).by(cookie)).await
}

async fn approve(house: &House, cookie: &str, begun: &Begun, password: &str) -> Answer {
    let password = password.replace(' ', "+");
    let form = format!("draft[code]={}&draft[password]={password}", begun.user_code);

    decide(house, cookie, "/api/approve-login", &form).await
}

/// A login that was approved by whoever the cookie is of.
async fn approved(house: &House, cookie: &str) -> Begun {
    let begun = begun(house).await;
    let answer = approve(house, cookie, &begun, PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.told());

    begun
}

async fn stored(house: &House, approved: &Approved) -> AccessToken {
    let mut snapshot = house.state.db.read().await.unwrap();
    let hash = TokenHash::of(approved.access_token.expose());

    access_tokens::find(&mut snapshot, &hash)
        .await
        .unwrap()
        .unwrap()
        .0
}

async fn tokens_of(house: &House, person: &PersonId) -> usize {
    let mut snapshot = house.state.db.read().await.unwrap();

    access_tokens::list(&mut snapshot, person).await.unwrap().len()
}

/// The events of a name, newest first, each as its details.
pub async fn logged(house: &House, name: EventName) -> Vec<String> {
    let filter = AuditFilter {
        event: name.as_str().to_owned(),
        ..AuditFilter::default()
    };
    let mut snapshot = house.state.db.read().await.unwrap();
    let events = store::audit::list(&mut snapshot, &filter).await.unwrap().events;

    events
        .into_iter()
        .map(|event| {
            let details: Vec<String> = event
                .details
                .iter()
                .map(|(key, value)| format!("{key}: {value}"))
                .collect();

            format!(
                "{} {}",
                event.person_email.unwrap_or_default(),
                details.join(", ")
            )
        })
        .collect()
}

#[tokio::test]
async fn an_approved_login_gives_a_token_of_the_person_for_the_command_line() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let begun = begun(&house).await;
    assert_eq!(
        begun.verification_uri_complete,
        format!("http://localhost:7480/device?code={}", begun.user_code)
    );
    assert_eq!((begun.expires_in, begun.interval), (600, 5));

    let form = format!("code={}", begun.user_code);
    let seen = decide(&house, &cookie, "/api/look-at-login", &form).await;
    let answer = approve(&house, &cookie, &begun, PASSWORD).await;
    let approved = fetched(&house, &begun).await;

    assert!(
        seen.body.contains("pc-7") && seen.body.contains("ada l."),
        "{}",
        seen.body
    );
    assert!(!answer.body.contains(approved.access_token.expose()));
    assert_eq!(approved.email, "user@example.org");
    let token = stored(&house, &approved).await;
    assert_eq!(
        (token.name.as_str(), token.scope),
        ("postern on pc-7", Scope::CommandLine)
    );
    assert_eq!(token.expires_at, approved.expires_at);
    let days = token.expires_at.since(clock::now()).as_secs_f64() / 86_400.0;
    assert!((29.9..=30.0).contains(&days), "{days}");
    let said_yes = &logged(&house, EventName::DeviceLoginApproved).await[0];
    assert!(
        said_yes.starts_with("user@example.org asked_from: 192.0.2.7, ")
            && said_yes.ends_with("machine: pc-7, user: ada l."),
        "{said_yes}"
    );
    let made = &logged(&house, EventName::AccessTokenCreated).await[0];
    assert!(
        made.contains("scope: command_line") && made.starts_with("user@"),
        "{made}"
    );
    let mut copy = Vec::new();
    store::copy::write(&mut house.state.db.read().await.unwrap(), &mut copy)
        .await
        .unwrap();
    let copy = String::from_utf8(copy).unwrap();
    for secret in [&approved.access_token, &begun.device_code] {
        assert!(!copy.contains(secret.expose()));
    }
}

#[tokio::test]
async fn an_auditor_may_approve_one_too() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Auditor).await;

    let begun = approved(&house, &cookie).await;

    assert_eq!(fetched(&house, &begun).await.email, "auditor@example.org");
}

#[tokio::test]
async fn a_device_code_that_is_shown_again_takes_its_token_away() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let begun = approved(&house, &cookie).await;
    let first = fetched(&house, &begun).await;
    assert_eq!(
        stored(&house, &first).await.standing(clock::now()),
        Standing::Good
    );

    for _ in 0..2 {
        assert_eq!(poll(&house, &begun).await, Progress::ExpiredToken);
    }

    assert_eq!(
        stored(&house, &first).await.standing(clock::now()),
        Standing::Revoked
    );
    assert_eq!(logged(&house, EventName::AccessTokenRevoked).await.len(), 1);
}

#[tokio::test]
async fn two_questions_at_once_leave_no_token_that_both_hold() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let person = house.person(Role::User).await.id;
    let begun = approved(&house, &cookie).await;

    let (one, other) = tokio::join!(poll(&house, &begun), poll(&house, &begun));

    let n_tokens = [&one, &other]
        .into_iter()
        .filter(|progress| matches!(progress, Progress::Approved(_)))
        .count();
    assert!(n_tokens <= 1, "{one:?} {other:?}");
    assert_eq!(tokens_of(&house, &person).await, 0);
}

#[tokio::test]
async fn a_denied_login_gives_nothing() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let begun = begun(&house).await;
    let form = format!("code={}", begun.user_code);

    let denied = decide(&house, &cookie, "/api/deny-login", &form).await;
    let too_late = approve(&house, &cookie, &begun, PASSWORD).await;

    assert_eq!(denied.status, 200, "{}", denied.told());
    assert_eq!(
        too_late.told(),
        "404 PAM_NOT_FOUND: No command line waits with this code: it is mistyped, was used, or is older than ten minutes."
    );
    assert_eq!(poll(&house, &begun).await, Progress::AccessDenied);
    assert_eq!(
        logged(&house, EventName::DeviceLoginDenied).await,
        ["user@example.org asked_from: 192.0.2.7, machine: pc-7, user: ada l."]
    );
    assert!(logged(&house, EventName::DeviceLoginApproved).await.is_empty());
}

#[tokio::test]
async fn without_the_persons_password_nothing_is_approved() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let begun = begun(&house).await;

    let missing = approve(&house, &cookie, &begun, "").await;
    let wrong = approve(&house, &cookie, &begun, "not the right one").await;

    assert_eq!(missing.told(), "422 VALIDATION: One field needs attention.");
    assert_eq!(
        wrong.told(),
        "403 PAM_PASSWORD_REQUIRED: One field needs attention."
    );
    assert_eq!(poll(&house, &begun).await, Progress::AuthorizationPending);
    assert_eq!(poll(&house, &begun).await, Progress::SlowDown);
    assert_eq!(
        logged(&house, EventName::PasswordConfirmationFailed).await.len(),
        1
    );
}

#[tokio::test]
async fn what_ends_the_sign_in_that_approved_ends_the_approval() {
    let house = House::open().await;
    let administrator = house.sign_in(Role::Administrator).await;
    let person = house.person(Role::User).await.id;
    let about = format!("id={person}");
    let new = format!("{PASSWORD} 2").replace(' ', "+");
    let old = PASSWORD.replace(' ', "+");
    let change = format!("draft[current]={old}&draft[new]={new}&draft[repeat]={new}");

    for (function, form) in [
        ("/api/sign-out", String::new()),
        ("/api/sign-out-everywhere", String::new()),
        ("/api/switch-off", about.clone()),
        // Last: the others go on with the password everybody has.
        ("/api/change-password", change),
    ] {
        let cookie = house.sign_in(Role::User).await;
        let begun = approved(&house, &cookie).await;
        let who = match function {
            "/api/sign-out" | "/api/sign-out-everywhere" => cookie,
            // From another browser.
            "/api/change-password" => house.sign_in(Role::User).await,
            _ => administrator.clone(),
        };
        let answer = decide(&house, &who, function, &form).await;
        assert_eq!(answer.status, 200, "{function}: {}", answer.told());

        assert_eq!(poll(&house, &begun).await, Progress::AccessDenied, "{function}");
        if function == "/api/switch-off" {
            decide(&house, &administrator, "/api/switch-on", &about).await;
        }
    }

    assert_eq!(tokens_of(&house, &person).await, 0);
    let denied = logged(&house, EventName::DeviceLoginDenied).await;
    assert_eq!(denied.len(), 4);
    assert!(
        denied.iter().all(|event| event.contains("reason: ")),
        "{denied:?}"
    );
}

#[tokio::test]
async fn who_is_switched_off_has_no_login_to_approve() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let begun = begun(&house).await;
    switch_off(&house, Role::User).await;

    let refused = approve(&house, &cookie, &begun, PASSWORD).await;

    assert_eq!(refused.status, 401);
    assert_eq!(poll(&house, &begun).await, Progress::AuthorizationPending);
}

#[tokio::test]
async fn who_guesses_codes_is_locked_out_of_the_right_one_too_and_it_is_told_once() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let begun = begun(&house).await;
    let right = format!("code={}", begun.user_code);
    let look = async |form: &str| decide(&house, &cookie, "/api/look-at-login", form).await.told();

    for n in 0..9 {
        assert_eq!(
            look("code=BCDF-GHJK").await,
            "422 VALIDATION: One field needs attention.",
            "{n}"
        );
    }
    let tenth = look("code=BCDF-GHJK").await;
    let afterwards = [look(&right).await, look(&right).await];

    let locked = "429 TOO_MANY: Too many codes that are none. Try again in 15 min.";
    assert_eq!(tenth, locked);
    assert_eq!(afterwards, [locked, locked]);
    assert_eq!(
        logged(&house, EventName::DeviceLoginLocked).await,
        ["user@example.org "]
    );
    let other = house.sign_in(Role::Auditor).await;
    let theirs = decide(&house, &other, "/api/look-at-login", &right).await;
    assert_eq!(theirs.status, 200, "somebody else");
    // What is no code at all is not a guess.
    let other = house.sign_in(Role::Administrator).await;
    for _ in 0..12 {
        let typo = decide(&house, &other, "/api/look-at-login", "code=hello").await;
        assert_eq!(typo.status, 422);
    }
    assert_eq!(
        decide(&house, &other, "/api/look-at-login", &right).await.status,
        200
    );
}

#[tokio::test]
async fn following_a_link_fills_the_code_in_and_decides_nothing() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let begun = begun(&house).await;
    let page = format!("/device?code={}", begun.user_code);

    let shown = house.call(Call::get(&page).by(&cookie)).await;
    let signed_out = house.call(Call::get(&page)).await;

    assert_eq!(shown.status, 200);
    assert!(shown.body.contains(&format!(r#"value="{}""#, begun.user_code)));
    assert!(!shown.body.contains("pc-7"));
    assert_eq!(poll(&house, &begun).await, Progress::AuthorizationPending);
    let to_sign_in = signed_out.header(header::LOCATION).unwrap();
    assert!(
        to_sign_in.starts_with("/sign-in?next=%2Fdevice%3Fcode%3D"),
        "{to_sign_in}"
    );
}

#[tokio::test]
async fn without_javascript_every_step_is_a_page() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let begun = begun(&house).await;
    let code = begun.user_code.to_string();
    let page = "/device";
    let decide = async |password: &str| {
        let fields = [
            ("draft[code]", code.as_str()),
            ("draft[lifetime]", "90"),
            ("draft[password]", password),
        ];

        post(&house, "/api/approve-login", page, &cookie, &fields).await
    };

    let unknown = post(
        &house,
        "/api/look-at-login",
        page,
        &cookie,
        &[("code", "BCDF-GHJK")],
    )
    .await;
    let asks = post(&house, "/api/look-at-login", page, &cookie, &[("code", &code)]).await;
    let refused = decide("not the right one").await;
    let done = decide(PASSWORD).await;

    assert_eq!(unknown.status, 422);
    assert!(unknown.body.contains("No command line waits with this code"));
    assert!(unknown.body.contains(r#"value="BCDF-GHJK""#));
    assert_eq!(asks.status, 200);
    for part in [
        "pc-7",
        "ada l.",
        "192.0.2.7",
        "Approve only what you have started yourself",
    ] {
        assert!(asks.body.contains(part), "{part}");
    }
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("This is not your password.") && refused.body.contains("pc-7"));
    assert!(!refused.body.contains("not the right one"));
    assert_eq!(done.status, 200);
    assert!(done.body.contains("Approved."));
    let approved = fetched(&house, &begun).await;
    let days = approved.expires_at.since(clock::now()).as_secs_f64() / 86_400.0;
    assert!((89.9..=90.0).contains(&days), "{days}");
}

#[tokio::test]
async fn a_command_line_sends_little_and_comes_from_the_address_people_use() {
    let house = House::open().await;
    let long = format!(r#"{{"machine":"{}","user":"ada"}}"#, "x".repeat(5_000));

    for (body, expected) in [
        (
            r#"{"machine":"a\u001b[2J","user":"ada"}"#,
            "422 VALIDATION: One field needs attention.",
        ),
        (
            r#"{"machine":"a","user":"b","scope":"all"}"#,
            "422 VALIDATION: The request is not what this server expects. Is the command line of another version than the server?",
        ),
        (
            "machine=a&user=b",
            "422 VALIDATION: The request is not what this server expects. Is the command line of another version than the server?",
        ),
        (
            &long,
            "422 VALIDATION: The request is longer than 4 KiB, or was cut short.",
        ),
    ] {
        assert_eq!(send(&house, "/cli/login", body).await.told(), expected);
    }
    let elsewhere = house
        .post("/cli/login", ASKING)
        .with(header::ORIGIN, "https://evil.example");
    assert_eq!(house.call(elsewhere).await.status, 403);
}

#[tokio::test]
async fn logins_of_one_network_are_bounded() {
    let house = House::open().await;
    for _ in 0..64 {
        begun(&house).await;
    }

    let refused = send(&house, "/cli/login", ASKING).await;

    assert_eq!(
        refused.told(),
        "429 TOO_MANY: Too many logins wait for their person. Try again in ten minutes."
    );
}
