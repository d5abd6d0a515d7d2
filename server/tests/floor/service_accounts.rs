//! Service accounts: no way in but their access tokens, which administrators make.

use http::header;
use protocol::audit::EventName;
use protocol::ids::LinkId;
use protocol::people::{PersonState, Role};
use protocol::tokens::Scope;
use server::clock;
use server::routes::{self, Takes};
use store::access_tokens::{self, AccessToken, Standing};
use store::links::{self, Purpose};
use store::people;
use store::tokens::{Token, TokenHash};
use vault::authorize::Wanted;
use vault::people::Person;

use super::device::logged;
use super::forms::post;
use crate::doors::requests::{NOTHING, filled, form_of, query_of};
use crate::house::{Answer, Call, House, PASSWORD};

const NAME: &str = "nightly-export";

async fn send(house: &House, cookie: &str, function: &str, form: &str) -> Answer {
    house.call(house.post(function, form).by(cookie)).await
}

/// The form of *New access token* of somebody.
fn form(account: &Person, more: &str) -> String {
    let password = PASSWORD.replace(' ', "+");

    format!(
        "person={}&draft[name]=psql&draft[lifetime]=30&draft[password]={password}{more}",
        account.id
    )
}

/// The token in an answer.
fn shown(answer: &Answer) -> String {
    let shown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();

    shown["token"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.told()))
        .to_owned()
}

/// What the store has of a token, if whose it is may act.
async fn stored(house: &House, token: &str) -> Option<AccessToken> {
    let mut snapshot = house.state.db.read().await.unwrap();
    let found = access_tokens::find(&mut snapshot, &TokenHash::of(token))
        .await
        .unwrap();

    found.map(|(token, _whose)| token)
}

/// A database of that title; its id.
async fn database(house: &House, cookie: &str) -> String {
    let form = "draft[title]=Books&draft[host]=db.example.org";
    let answer = send(house, cookie, "/api/create-database", form).await;
    let place = answer.header("location").unwrap().split('?').next().unwrap();

    place.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_administrator_adds_one_and_its_name_is_told_from_a_persons() {
    let house = House::open().await;
    let ada = house.sign_in(Role::Administrator).await;
    let add = async |name: &str| {
        send(
            &house,
            &ada,
            "/api/add-service-account",
            &format!("draft[name]={name}"),
        )
        .await
    };

    let added = add("Nightly-Export").await;
    let page = added.header("location").unwrap().to_owned();

    assert_eq!(added.status, 200, "{}", added.body);
    let page = house.call(Call::get(&page).by(&ada)).await;
    assert!(page.body.contains("nightly-export (service account)"));
    assert!(!page.body.contains("Reset password") && !page.body.contains("Change role"));
    let people = house.call(Call::get("/people").by(&ada)).await;
    assert!(people.body.contains("Service account"));
    assert_eq!(
        logged(&house, EventName::ServiceAccountAdded).await,
        ["administrator@example.org email: nightly-export"]
    );
    for wrong in ["nightly-export", "user@example.org", "two+words", ""] {
        let refused = add(wrong).await;
        assert_eq!(
            refused.told(),
            "422 VALIDATION: One field needs attention.",
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn signing_in_with_its_name_is_answered_like_a_stranger() {
    let house = House::open().await;
    house.service_account(NAME).await;
    let mut answers = Vec::new();
    for email in [NAME, "no-such-export", "stranger@example.org"] {
        let form = format!(
            "draft[email]={email}&draft[password]={}",
            PASSWORD.replace(' ', "+")
        );
        let mut answer = house.call(house.post("/api/sign-in", &form)).await;
        answer.headers.remove("x-request-id");
        answers.push(answer);
    }

    assert_eq!(answers[0].told(), "401 SIGNED_OUT: Email or password is wrong.");
    assert!(!answers[0].headers.contains_key(header::SET_COOKIE));
    for answer in &answers {
        assert_eq!(answer.body, answers[0].body);
        assert_eq!(answer.headers, answers[0].headers);
    }
}

#[tokio::test]
async fn it_has_no_password_no_link_and_no_other_role() {
    let house = House::open().await;
    let ada = house.sign_in(Role::Administrator).await;
    let account = house.service_account(NAME).await;
    let refused = "409 PAM_CONFLICT: A service account has no password and no other role than User. Give it access tokens \
                   instead.";

    let id = format!("id={}", account.id);
    let reset = send(&house, &ada, "/api/reset-person", &id).await;
    let role = format!("draft[id]={}&draft[role]=administrator", account.id);
    let role = send(&house, &ada, "/api/change-role", &role).await;

    assert_eq!(
        (reset.told(), role.told()),
        (refused.to_owned(), refused.to_owned())
    );
}

#[tokio::test]
async fn a_link_that_should_not_be_opens_nothing() {
    let house = House::open().await;
    let account = house.service_account(NAME).await;
    for purpose in [
        Purpose::Reset(account.id.clone()),
        Purpose::Invite(account.id.clone()),
    ] {
        let token = Token::from_random(clock::draw());
        let id = LinkId::from_random(clock::draw());
        let mut tx = house.state.db.write().await.unwrap();
        links::add(&mut tx, &id, &token.hash(), purpose, clock::now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let new = PASSWORD.replace(' ', "+");
        let form = format!(
            "draft[token]={}&draft[new]={new}&draft[repeat]={new}",
            token.expose()
        );

        let answer = house.call(house.post("/api/use-link", &form)).await;

        assert!(answer.told().starts_with("404 PAM_NOT_FOUND: This link was used"));
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    let mut snapshot = house.state.db.read().await.unwrap();
    let kept = people::lookup(&mut snapshot, &account.id).await.unwrap();
    assert_eq!(kept, Some(account));
}

#[tokio::test]
async fn at_no_door_of_the_pages_is_it_more_than_a_stranger() {
    let house = House::open().await;
    let account = house.service_account(NAME).await;
    let token = house.token_of(&account, Wanted::CommandLine).await;
    let doors = routes::doors(&house.state);
    let for_people = doors
        .list()
        .iter()
        .filter(|door| door.takes == Takes::TheirOwn && !door.path.starts_with("/cli/"));

    for door in for_people {
        let call = || match door.method.as_str() {
            "POST" => house.post(&door.path, &form_of(&door.path, NOTHING)),
            _ => Call::get(&format!(
                "{}{}",
                filled(&door.path, NOTHING),
                query_of(&door.path)
            )),
        };
        let with_token = call().with(header::AUTHORIZATION, &format!("Bearer {token}"));
        let as_cookie = call().by(&format!("postern={token}"));

        let strangers = house.call(call()).await;
        for theirs in [house.call(with_token).await, house.call(as_cookie).await] {
            assert_eq!(theirs.told(), strangers.told(), "{} {}", door.method, door.path);
            assert!(!theirs.headers.contains_key(header::SET_COOKIE), "{}", door.path);
        }
    }
}

#[tokio::test]
async fn administrators_make_its_tokens_and_the_log_says_who_and_for_whom() {
    let house = House::open().await;
    let ada = house.sign_in(Role::Administrator).await;
    let account = house.service_account(NAME).await;
    let make = async |form: &str| send(&house, &ada, "/api/create-token-of", form).await;

    let launch = shown(&make(&form(&account, "")).await);
    let line = shown(&make(&form(&account, "&draft[scope]=command_line")).await);

    for (token, scope) in [(&launch, Scope::Launch), (&line, Scope::CommandLine)] {
        let kept = stored(&house, token).await.unwrap();
        assert_eq!((kept.person, kept.scope), (account.id.clone(), scope));
        let event = &logged(&house, EventName::AccessTokenCreated).await[usize::from(scope == Scope::Launch)];
        assert!(
            event.starts_with("administrator@example.org email: nightly-export, "),
            "{event}"
        );
    }
    let own = send(&house, &ada, "/api/access-tokens", "").await;
    assert_eq!(own.body, "[]");
    let page = house
        .call(Call::get(&format!("/people/{}", account.id)).by(&ada))
        .await;
    assert!(page.body.contains("psql") && !page.body.contains(&launch));
    let wrong = form(&account, "").replace(&PASSWORD.replace(' ', "+"), "wrong");
    assert_eq!(
        make(&wrong).await.told(),
        "403 PAM_PASSWORD_REQUIRED: One field needs attention."
    );
    let persons = form(&house.person(Role::User).await, "");
    assert_eq!(
        make(&persons).await.told(),
        "403 PAM_POLICY_DENIED: People make their own access tokens, under Account."
    );
}

#[tokio::test]
async fn a_share_gives_it_launch_and_no_more_and_a_token_for_one_record_takes_one() {
    let house = House::open().await;
    let ada = house.sign_in(Role::Administrator).await;
    let account = house.service_account(NAME).await;
    let record = database(&house, &ada).await;
    let share = async |more: &str| {
        let form = format!("id={record}&draft[person]={}{more}", account.id);

        send(&house, &ada, "/api/share-record", &form).await
    };
    let for_record = form(&account, &format!("&draft[record]={record}"));

    let unshared = send(&house, &ada, "/api/create-token-of", &for_record).await;
    let editing = share("&draft[launch]=on&draft[edit]=on").await;
    let launching = share("&draft[launch]=on").await;
    let token = shown(&send(&house, &ada, "/api/create-token-of", &for_record).await);

    assert_eq!(
        unshared.told(),
        "409 PAM_CONFLICT: This record is not shared with the service account, or without launch. Share it first."
    );
    assert_eq!(editing.told(), "422 VALIDATION: One field needs attention.");
    assert_eq!(launching.status, 200, "{}", launching.body);
    let kept = stored(&house, &token).await.unwrap();
    assert_eq!(kept.record.map(|record| record.to_string()), Some(record.clone()));
    let page = house
        .call(Call::get(&format!("/vault/{record}/sharing")).by(&ada))
        .await;
    assert!(
        page.body
            .contains("Remove the share of nightly-export (service account)")
    );
}

#[tokio::test]
async fn switched_off_it_loses_its_tokens_and_is_given_none() {
    let house = House::open().await;
    let ada = house.sign_in(Role::Administrator).await;
    let account = house.service_account(NAME).await;
    let token = house.token_of(&account, Wanted::Everything).await;
    let id = format!("id={}", account.id);

    send(&house, &ada, "/api/switch-off", &id).await;
    let while_off = send(&house, &ada, "/api/create-token-of", &form(&account, "")).await;
    let found_off = stored(&house, &token).await;
    send(&house, &ada, "/api/switch-on", &id).await;
    let again = send(&house, &ada, "/api/create-token-of", &form(&account, "")).await;

    assert_eq!(
        while_off.told(),
        "409 PAM_CONFLICT: This service account is switched off. Switch it on first."
    );
    assert_eq!(found_off, None);
    let standing = stored(&house, &token).await.unwrap().standing(clock::now());
    assert_eq!(standing, Standing::Revoked);
    assert_eq!(again.status, 200, "{}", again.body);
    let mut snapshot = house.state.db.read().await.unwrap();
    let kept = people::lookup(&mut snapshot, &account.id).await.unwrap().unwrap();
    assert_eq!(kept.state, PersonState::Active);
}

#[tokio::test]
async fn without_javascript_its_token_is_shown_once_on_the_form_it_was_asked_for() {
    let house = House::open().await;
    let ada = house.sign_in(Role::Administrator).await;
    let account = house.service_account(NAME).await;
    let page = format!("/people/{}/tokens/new", account.id);
    let mut fields = [
        ("person", account.id.as_str()),
        ("draft[name]", "psql"),
        ("draft[lifetime]", "day"),
        ("draft[day]", "2020-01-01"),
        ("draft[password]", PASSWORD),
    ];

    let refused = post(&house, "/api/create-token-of", &page, &ada, &fields).await;
    fields[2].1 = "365";
    let shown = post(&house, "/api/create-token-of", &page, &ada, &fields).await;
    let again = house.call(Call::get(&page).by(&ada)).await;

    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("This day is over. Choose a later one."));
    assert!(refused.body.contains(r#"value="psql""#) && !refused.body.contains(PASSWORD));
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains(r#"value="ptn_"#) && shown.body.contains("of nightly-export"));
    assert!(!again.body.contains("ptn_"));
}
