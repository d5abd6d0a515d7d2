//! One-time links: good once, for a day, and only the last one.

use std::time::Duration;

use http::header;
use protocol::ids::LinkId;
use protocol::people::Role;
use server::clock;
use server::people::administrator;
use store::links::{self, Purpose};
use store::tokens::Token;

use crate::house::{Answer, Call, House, PASSWORD};

const USED_UP: &str = "404 PAM_NOT_FOUND: This link was used, is older than a day, or was replaced by a newer one. \
                       Ask an administrator for another.";

async fn invite(house: &House, email: &str) -> String {
    let administrator = house.sign_in(Role::Administrator).await;
    let form = format!("draft[email]={email}&draft[name]=Ada&draft[role]=user");
    let answer = house
        .call(house.post("/api/invite", &form).by(&administrator))
        .await;

    token_of(&answer)
}

/// The token of the link that was answered.
fn token_of(answer: &Answer) -> String {
    let shown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let link = shown["link"]
        .as_str()
        .unwrap_or_else(|| panic!("{}", answer.told()));

    link.strip_prefix("http://localhost:7480/welcome/")
        .unwrap()
        .to_owned()
}

async fn use_link(house: &House, token: &str) -> Answer {
    let password = PASSWORD.replace(' ', "+");
    let form = format!("draft[token]={token}&draft[new]={password}+2&draft[repeat]={password}+2");

    house.call(house.post("/api/use-link", &form)).await
}

#[tokio::test]
async fn an_invitation_is_used_once() {
    let house = House::open().await;
    let token = invite(&house, "ada@example.org").await;
    let page = house.call(Call::get(&format!("/welcome/{token}"))).await;
    assert!(
        page.body.contains("ada@example.org"),
        "opening it does not use it"
    );

    let first = use_link(&house, &token).await;
    let second = use_link(&house, &token).await;

    assert_eq!(first.status, 200, "{}", first.body);
    assert!(first.headers.contains_key(header::SET_COOKIE));
    assert_eq!(second.told(), USED_UP);
    assert!(!second.headers.contains_key(header::SET_COOKIE));
    let page = house.call(Call::get(&format!("/welcome/{token}"))).await;
    assert!(page.body.contains("This link was used"));
}

#[tokio::test]
async fn only_the_last_link_works() {
    let house = House::open().await;
    let administrator = house.sign_in(Role::Administrator).await;
    let user = house.sign_in(Role::User).await;
    let reset = format!("id={}", house.person(Role::User).await.id);

    let first = token_of(
        &house
            .call(house.post("/api/reset-person", &reset).by(&administrator))
            .await,
    );
    let second = token_of(
        &house
            .call(house.post("/api/reset-person", &reset).by(&administrator))
            .await,
    );

    let signed_out = house.call(house.post("/api/sign-ins", "").by(&user)).await;
    assert_eq!(signed_out.status, 401, "a reset ends the person's sign-ins");
    let password = PASSWORD.replace(' ', "+");
    let old = format!("draft[email]=user@example.org&draft[password]={password}");
    let old = house.call(house.post("/api/sign-in", &old)).await;
    assert_eq!(old.told(), "401 SIGNED_OUT: Email or password is wrong.");
    assert_eq!(use_link(&house, &first).await.told(), USED_UP);
    assert_eq!(use_link(&house, &second).await.status, 200);
}

#[tokio::test]
async fn a_link_is_good_for_a_day() {
    let house = House::open().await;
    let id = house.person(Role::User).await.id;

    for (age, expected) in [(24 * 60 + 1, 404), (24 * 60 - 1, 200)] {
        let token = Token::from_random(clock::draw());
        let made = clock::now() - Duration::from_secs(age * 60);
        let mut tx = house.state.db.write().await.unwrap();
        let link = LinkId::from_random(clock::draw());
        links::add(&mut tx, &link, &token.hash(), Purpose::Reset(id.clone()), made)
            .await
            .unwrap();
        tx.commit().await.unwrap();

        assert_eq!(
            use_link(&house, token.expose()).await.status,
            expected,
            "{age} min"
        );
    }
}

#[tokio::test]
async fn there_is_no_set_up_link_once_somebody_can_administer() {
    let house = House::open().await;

    assert_eq!(administrator::set_up_link(&house.state).await.unwrap(), None);
}

#[tokio::test]
async fn a_set_up_link_left_over_makes_no_second_administrator() {
    let house = House::open().await;
    let token = Token::from_random(clock::draw());
    let mut tx = house.state.db.write().await.unwrap();
    let link = LinkId::from_random(clock::draw());
    links::add(&mut tx, &link, &token.hash(), Purpose::Setup, clock::now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let password = PASSWORD.replace(' ', "+");
    let form = format!(
        "draft[token]={}&draft[email]=eve@example.org&draft[name]=Eve&draft[new]={password}&draft[repeat]={password}",
        token.expose()
    );

    let answer = house.call(house.post("/api/set-up", &form)).await;

    assert_eq!(answer.told(), USED_UP);
}
