//! Access tokens: made by who gives their password again, shown once, revoked with everything they came from.

use protocol::audit::{AuditFilter, EventName};
use protocol::ids::TokenId;
use protocol::people::Role;
use protocol::tokens::Scope;
use server::clock;
use store::access_tokens::{self, AccessToken, Standing};
use store::tokens::TokenHash;

use super::forms::post;
use crate::doors::requests::NOTHING;
use crate::house::{Answer, Call, House, PASSWORD};

const MAKE: &str = "/api/create-token";

/// A form that is right but for `password`.
fn form(password: &str) -> String {
    let password = password.replace(' ', "+");

    format!("draft[name]=nightly+export&draft[lifetime]=30&draft[password]={password}")
}

async fn make(house: &House, cookie: &str, form: &str) -> Answer {
    house.call(house.post(MAKE, form).by(cookie)).await
}

/// A new token of whoever the cookie is of.
async fn made(house: &House, cookie: &str) -> String {
    let answer = make(house, cookie, &form(PASSWORD)).await;
    let shown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();

    shown["token"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.told()))
        .to_owned()
}

/// What the store has of a token, if its person is active.
async fn stored(house: &House, token: &str) -> Option<AccessToken> {
    let mut snapshot = house.state.db.read().await.unwrap();
    let found = access_tokens::find(&mut snapshot, &TokenHash::of(token))
        .await
        .unwrap();

    found.map(|(token, _person)| token)
}

async fn standing(house: &House, token: &str) -> Standing {
    stored(house, token).await.unwrap().standing(clock::now())
}

async fn call(house: &House, cookie: &str, function: &str, form: &str) -> Answer {
    house.call(house.post(function, form).by(cookie)).await
}

/// The details of the last event of a name, as `key: value`.
async fn logged(house: &House, name: EventName) -> Vec<String> {
    let filter = AuditFilter {
        event: name.as_str().to_owned(),
        ..AuditFilter::default()
    };
    let mut snapshot = house.state.db.read().await.unwrap();
    let events = store::audit::list(&mut snapshot, &filter).await.unwrap().events;

    events[0]
        .details
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect()
}

#[tokio::test]
async fn a_token_is_shown_once_and_kept_as_a_hash() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;

    let token = made(&house, &cookie).await;

    assert!(token.starts_with("ptn_") && token.len() == 47, "{token}");
    let kept = stored(&house, &token).await.unwrap();
    assert_eq!(kept.name, "nightly export");
    assert_eq!((kept.scope, kept.record.clone()), (Scope::Launch, None));
    assert_eq!(kept.standing(clock::now()), Standing::Good);
    for page in ["/account", "/account/tokens/new"] {
        let answer = house.call(Call::get(page).by(&cookie)).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.body.contains(&token), "{page}");
    }
    let listed = call(&house, &cookie, "/api/access-tokens", "").await;
    assert!(listed.body.contains("nightly export") && !listed.body.contains(&token));
    let mut copy = Vec::new();
    store::copy::write(&mut house.state.db.read().await.unwrap(), &mut copy)
        .await
        .unwrap();
    let copy = String::from_utf8(copy).unwrap();
    assert!(copy.contains("nightly export") && !copy.contains(&token));
    let event = logged(&house, EventName::AccessTokenCreated).await.join("\n");
    assert!(event.contains("name: nightly export") && event.contains("email: user@example.org"));
}

#[tokio::test]
async fn a_token_takes_the_persons_own_password() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;

    let missing = make(&house, &cookie, &form("")).await;
    let wrong = make(&house, &cookie, &form("not the right one")).await;

    assert_eq!(missing.told(), "422 VALIDATION: One field needs attention.");
    assert_eq!(
        wrong.told(),
        "403 PAM_PASSWORD_REQUIRED: One field needs attention."
    );
    assert_eq!(call(&house, &cookie, "/api/access-tokens", "").await.body, "[]");
}

#[tokio::test]
async fn an_auditor_has_tokens_for_the_command_line_alone() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Auditor).await;

    let refused = make(&house, &cookie, &form(PASSWORD)).await;
    let page = house.call(Call::get("/account/tokens/new").by(&cookie)).await;
    let for_command_line = form(PASSWORD) + "&draft[scope]=command_line";
    let answer = make(&house, &cookie, &for_command_line).await;

    assert_eq!(
        refused.told(),
        "403 PAM_POLICY_DENIED: Your role does not allow launching connections, so a token for clients would open nothing."
    );
    assert!(page.body.contains(r#"value="command_line""#) && !page.body.contains(r#"value="launch""#));
    let shown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let kept = stored(&house, shown["token"].as_str().unwrap()).await.unwrap();
    assert_eq!(kept.scope, Scope::CommandLine);
    let event = logged(&house, EventName::AccessTokenCreated).await;
    assert!(event.contains(&"scope: command_line".to_owned()), "{event:?}");
}

#[tokio::test]
async fn a_token_for_the_command_line_is_not_for_one_record() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let form = format!(
        "{}&draft[scope]=command_line&draft[record]={NOTHING}",
        form(PASSWORD)
    );

    let refused = make(&house, &cookie, &form).await;

    assert_eq!(refused.told(), "422 VALIDATION: One field needs attention.");
}

#[tokio::test]
async fn without_javascript_the_form_keeps_what_was_entered_and_shows_the_token_once() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let page = "/account/tokens/new";
    let mut fields = [
        ("draft[name]", "nightly export"),
        ("draft[record]", ""),
        ("draft[lifetime]", "day"),
        ("draft[day]", "2020-01-01"),
        ("draft[password]", PASSWORD),
    ];

    let refused = post(&house, MAKE, page, &cookie, &fields).await;
    fields[2].1 = "365";
    let shown = post(&house, MAKE, page, &cookie, &fields).await;
    let again = house.call(Call::get(page).by(&cookie)).await;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("This day is over. Choose a later one."));
    assert!(refused.body.contains(r#"value="nightly export""#));
    assert!(!refused.body.contains(PASSWORD));
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains(r#"value="ptn_"#));
    assert!(!again.body.contains("ptn_"));
}

#[tokio::test]
async fn only_its_owner_and_an_administrator_revoke_a_token() {
    let house = House::open().await;
    let owner = house.sign_in(Role::User).await;
    let administrator = house.sign_in(Role::Administrator).await;
    let (one, other) = (made(&house, &owner).await, made(&house, &owner).await);
    let id_of = async |token: &str| -> TokenId { stored(&house, token).await.unwrap().id };
    let form_one = format!("id={}", id_of(&one).await);
    let person = house.person(Role::User).await.id;
    let form_other = format!("person={person}&id={}", id_of(&other).await);

    for stranger in [Role::Auditor, Role::Administrator] {
        let cookie = house.sign_in(stranger).await;
        let refused = call(&house, &cookie, "/api/revoke-token", &form_one).await;
        assert_eq!(
            refused.told(),
            "404 PAM_NOT_FOUND: There is no such token, or it was revoked already."
        );
    }
    assert_eq!(standing(&house, &one).await, Standing::Good);
    let by_owner = call(&house, &owner, "/api/revoke-token", &form_one).await;
    let by_administrator = call(&house, &administrator, "/api/revoke-token-of", &form_other).await;

    assert_eq!(by_owner.status, 200, "{}", by_owner.body);
    assert_eq!(by_administrator.status, 200, "{}", by_administrator.body);
    assert_eq!(standing(&house, &one).await, Standing::Revoked);
    assert_eq!(standing(&house, &other).await, Standing::Revoked);
    let event = logged(&house, EventName::AccessTokenRevoked).await.join("\n");
    assert!(event.contains("name: nightly export") && event.contains("email: user@example.org"));
}

#[tokio::test]
async fn tokens_go_with_everything_that_takes_sign_ins_away() {
    let house = House::open().await;
    let administrator = house.sign_in(Role::Administrator).await;
    let person = house.person(Role::User).await.id;

    let cookie = house.sign_in(Role::User).await;
    let token = made(&house, &cookie).await;
    call(&house, &cookie, "/api/sign-out-everywhere", "").await;
    assert_eq!(standing(&house, &token).await, Standing::Revoked);
    let event = logged(&house, EventName::SignedOutEverywhere).await;
    assert!(event.contains(&"tokens_revoked: 1".to_owned()), "{event:?}");

    let token = made(&house, &house.sign_in(Role::User).await).await;
    let form = format!("id={person}");
    call(&house, &administrator, "/api/switch-off", &form).await;
    assert_eq!(stored(&house, &token).await, None);
    call(&house, &administrator, "/api/switch-on", &form).await;
    assert_eq!(standing(&house, &token).await, Standing::Revoked);

    let token = made(&house, &house.sign_in(Role::User).await).await;
    call(&house, &administrator, "/api/reset-person", &form).await;
    assert_eq!(standing(&house, &token).await, Standing::Revoked);
}

#[tokio::test]
async fn a_token_for_one_record_goes_with_the_record() {
    let house = House::open().await;
    let administrator = house.sign_in(Role::Administrator).await;
    let database = "draft[title]=Books&draft[host]=db.example.org";
    let answer = call(&house, &administrator, "/api/create-database", database).await;
    let place = answer.header("location").unwrap().split('?').next().unwrap();
    let record = place.rsplit('/').next().unwrap();
    let form = format!("{}&draft[record]={record}", form(PASSWORD));

    let unshared = make(&house, &house.sign_in(Role::User).await, &form).await;
    let answer = make(&house, &administrator, &form).await;
    let shown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let token = shown["token"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.told()));

    assert_eq!(unshared.told(), "404 PAM_NOT_FOUND: Record not found.");
    let kept = stored(&house, token).await.unwrap();
    assert_eq!(
        kept.record.map(|record| record.to_string()).as_deref(),
        Some(record)
    );
    let listed = call(&house, &administrator, "/api/access-tokens", "").await;
    assert!(listed.body.contains("Books"), "{}", listed.body);
    call(
        &house,
        &administrator,
        "/api/delete-record",
        &format!("id={record}"),
    )
    .await;
    assert_eq!(stored(&house, token).await, None);
}
