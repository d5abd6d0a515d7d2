//! Rights as they are when something is done, and what the log says of those who have none.

use app::ctx::{Actor, Client};
use axum::body::{Body, Bytes};
use futures_util::stream::poll_fn;
use protocol::audit::{AuditFilter, EventName, EventView};
use protocol::errors::Code;
use protocol::ids::{RequestId, SignInId};
use protocol::people::{InviteDraft, Role};
use server::clock;
use server::people::links;
use store::attempts;
use tokio::sync::mpsc;
use vault::audit::REPEATS;

use super::sign_in::switch_off;
use crate::doors::requests::NOTHING;
use crate::house::{ADDRESS, Call, House};

/// The log, oldest first, as far as it is of that name.
async fn events(house: &House, name: EventName) -> Vec<EventView> {
    let filter = AuditFilter {
        event: name.as_str().to_owned(),
        ..AuditFilter::default()
    };
    let mut snapshot = house.state.db.read().await.unwrap();
    let mut events = store::audit::list(&mut snapshot, &filter).await.unwrap().events;
    events.reverse();

    events
}

/// The id of what a form made.
async fn made(house: &House, cookie: &str, function: &str, form: &str) -> String {
    let answer = house.call(house.post(function, form).by(cookie)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let path = answer.header("location").unwrap().split('?').next().unwrap();

    path.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn who_is_switched_off_while_a_form_arrives_is_nobody_when_it_is_there() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let (piece, mut pieces) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let body = Body::from_stream(poll_fn(move |cx| pieces.poll_recv(cx)));
    let call = house.post("/api/folder", "").by(&cookie).of(body);

    let switching = async {
        piece.send(Ok(Bytes::from_static(b"id="))).await.unwrap();
        // There is room for one: when this one is taken, the form is being read.
        piece
            .send(Ok(Bytes::from_static(NOTHING.as_bytes())))
            .await
            .unwrap();
        switch_off(&house, Role::User).await;
        drop(piece);
    };
    let (answer, ()) = tokio::join!(house.call(call), switching);

    assert_eq!(
        answer.told(),
        "401 SIGNED_OUT: You are signed out. Sign in and try again."
    );
}

#[tokio::test]
async fn an_editor_moves_nothing_also_not_to_where_it_is() {
    let house = House::open().await;
    let (administrator, user) = (
        house.sign_in(Role::Administrator).await,
        house.sign_in(Role::User).await,
    );
    let record = made(
        &house,
        &administrator,
        "/api/create-database",
        "draft[title]=Books&draft[host]=db.example.org",
    )
    .await;
    let person = house.person(Role::User).await.id;
    let share = format!("id={record}&draft[person]={person}&draft[edit]=on");
    let shared = house
        .call(house.post("/api/share-record", &share).by(&administrator))
        .await;
    assert_eq!(shared.status, 200, "{}", shared.body);

    let moving = format!("id={record}&folder=");
    let by_editor = house
        .call(house.post("/api/move-record", &moving).by(&user))
        .await;
    let by_administrator = house
        .call(house.post("/api/move-record", &moving).by(&administrator))
        .await;

    assert_eq!(
        by_editor.told(),
        "403 PAM_POLICY_DENIED: Your role does not allow configuring, sharing or deleting records."
    );
    assert_eq!(by_administrator.status, 200, "{}", by_administrator.body);
}

#[tokio::test]
async fn titles_and_notes_cannot_end_the_element_they_stand_in() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;
    let encode =
        |text| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let form = format!(
        "draft[title]={}&draft[notes]={}",
        encode("</title><b>bold"),
        encode("</textarea><b>bold")
    );
    let record = made(&house, &cookie, "/api/create-configuration", &form).await;

    for page in ["", "/edit", "/history", "/sharing"] {
        let answer = house
            .call(Call::get(&format!("/vault/{record}{page}")).by(&cookie))
            .await;

        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.body.contains("<b>bold"), "{page}");
        assert!(answer.body.contains("&lt;/title"), "{page}");
    }
    let record_page = house
        .call(Call::get(&format!("/vault/{record}")).by(&cookie))
        .await;
    assert!(record_page.body.contains("<title>&lt;/title>"));
    let edit = house
        .call(Call::get(&format!("/vault/{record}/edit")).by(&cookie))
        .await;
    assert!(edit.body.contains("&lt;/textarea"));
}

#[tokio::test]
async fn a_sign_in_that_is_refused_again_and_again_is_one_event() {
    let house = House::open().await;
    let now = clock::now();
    let mut tx = house.state.db.write().await.unwrap();
    for _ in 0..10 {
        attempts::admit(&mut tx, "user@example.org", ADDRESS, now)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    for _ in 0..20 {
        let form = "draft[email]=user@example.org&draft[password]=guess";
        let answer = house.call(house.post("/api/sign-in", form)).await;
        assert_eq!(answer.status, 429, "{}", answer.body);
    }

    let events = events(&house, EventName::SignInLocked).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].details["address_typed"], "user@example.org");
    assert_eq!(events[0].details["limit"], "account_at_address");
    assert_eq!(events[0].remote_address, Some(ADDRESS.to_string()));
}

#[tokio::test]
async fn what_was_only_counted_is_told_when_it_has_been_quiet() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let ids = [
        NOTHING,
        "bbbbbbbbbbbbbbbbbbbbbbbbbb",
        "cccccccccccccccccccccccccc",
    ];
    for id in ids {
        let form = format!("draft[record]={id}");
        let answer = house.call(house.post("/api/launch", &form).by(&cookie)).await;
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
    assert_eq!(events(&house, EventName::ConnectionDenied).await.len(), 1);

    let mut tx = house.state.db.write().await.unwrap();
    let later = clock::now() + store::audit::repeats::QUIET;
    store::audit::repeats::settle(&mut tx, later).await.unwrap();
    tx.commit().await.unwrap();

    let events = events(&house, EventName::ConnectionDenied).await;
    assert_eq!(events.len(), 2);
    assert_eq!(events[1].details[REPEATS], "2");
    assert_eq!(events[1].person_email.as_deref(), Some("user@example.org"));
}

#[tokio::test]
async fn a_role_taken_away_since_the_request_came_manages_nobody() {
    let house = House::open().await;
    let (administrator, other) = (
        house.person(Role::Administrator).await,
        house.person(Role::Auditor).await,
    );
    let administer = vault::authorize::administer(&administrator).unwrap();
    let mut tx = house.state.db.write().await.unwrap();
    for (person, role) in [(&other, Role::Administrator), (&administrator, Role::User)] {
        store::people::change_role(&mut tx, &administer, &person.id, role)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    // As the request knew them when it came.
    let actor = Actor {
        person: administrator,
        sign_in: SignInId::from_random(clock::draw()),
    };
    let client = Client {
        address: ADDRESS.to_string(),
        user_agent: String::new(),
        request: RequestId::from_random(clock::draw()),
    };
    let draft = InviteDraft {
        email: "new@example.org".to_owned(),
        name: "New".to_owned(),
        role: Role::Administrator,
    };
    let invited = links::invite(&house.state, &actor, draft, &client).await;
    let reset = links::reset(&house.state, &actor, &other.id, &client).await;

    assert_eq!(invited.unwrap_err().code, Code::PamPolicyDenied);
    assert_eq!(reset.unwrap_err().code, Code::PamPolicyDenied);
    let email = "new@example.org".parse().unwrap();
    let mut snapshot = house.state.db.read().await.unwrap();
    assert_eq!(store::people::find(&mut snapshot, &email).await.unwrap(), None);
}

#[tokio::test]
async fn a_terminal_without_a_size_is_refused_in_words() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;

    for address in ["/terminal", "/terminal?cols=80", "/terminal?cols=-1&rows=x"] {
        let answer = house.call(Call::get(address).by(&cookie)).await;

        assert_eq!(
            answer.told(),
            "422 VALIDATION: The address of a terminal says how large it is: /terminal?cols=80&rows=24."
        );
    }
}
