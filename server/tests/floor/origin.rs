//! Requests that change something, and WebSockets, come from our own pages or not at all.

use http::{HeaderName, Method, header};
use protocol::people::Role;
use server::routes;

use crate::house::{Call, House};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const REFUSED: &str = "403 CROSS_ORIGIN: This request did not come from http://localhost:7480. \
                       Open Postern at that address and try again.";

#[tokio::test]
async fn a_post_from_elsewhere_is_refused_at_every_door() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;
    let paths: Vec<String> = routes::doors(&house.state)
        .list()
        .iter()
        .filter(|door| door.method == Method::POST)
        .map(|door| door.path.clone())
        .collect();
    assert!(paths.len() > 40);

    for path in paths {
        let post = || house.post(&path, "").by(&cookie);
        for (how, call) in [
            ("no origin", post().without(header::ORIGIN)),
            (
                "another site",
                post().with(header::ORIGIN, "https://evil.example"),
            ),
            (
                "another scheme",
                post().with(header::ORIGIN, "https://localhost:7480"),
            ),
            (
                "another port",
                post().with(header::ORIGIN, "http://localhost:7481"),
            ),
            ("no site at all", post().with(header::ORIGIN, "null")),
            ("another site, says the browser", post().with(SITE, "cross-site")),
            ("a sibling, says the browser", post().with(SITE, "same-site")),
            ("a plain form", post().without(header::ORIGIN).plain("/vault")),
        ] {
            assert_eq!(house.call(call).await.told(), REFUSED, "{path}: {how}");
        }
    }
}

#[tokio::test]
async fn what_only_reads_needs_no_origin() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;

    let answer = house.call(Call::get("/account").by(&cookie)).await;

    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn no_method_but_the_doors_own_gets_through() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::Administrator).await;

    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::POST] {
        let elsewhere = Call::new(method.clone(), "/account", "").by(&cookie);
        assert_eq!(house.call(elsewhere).await.told(), REFUSED, "{method}");

        let ours = Call::new(method.clone(), "/account", "").by(&cookie);
        let ours = ours.with(header::ORIGIN, "http://localhost:7480");
        assert_eq!(house.call(ours).await.status, 405, "{method}");
    }
    // A link, an image or a prefetch is a GET; it runs no server function.
    let followed = Call::get("/api/sign-out-everywhere").by(&cookie);
    assert_eq!(house.call(followed).await.status, 405);
    assert_eq!(house.call(Call::get("/account").by(&cookie)).await.status, 200);
}

#[tokio::test]
async fn a_web_socket_from_elsewhere_is_refused_before_its_ticket_is_looked_at() {
    let house = House::open().await;
    let cookie = house.sign_in(Role::User).await;
    let upgrade = || {
        Call::get("/terminal?cols=80&rows=24")
            .by(&cookie)
            .with(header::CONNECTION, "upgrade")
            .with(header::UPGRADE, "websocket")
            .with(header::SEC_WEBSOCKET_VERSION, "13")
            .with(header::SEC_WEBSOCKET_KEY, "AAAAAAAAAAAAAAAAAAAAAA==")
            .with(header::SEC_WEBSOCKET_PROTOCOL, "postern.terminal.v1")
    };

    for call in [
        upgrade(),
        upgrade().with(header::ORIGIN, "https://evil.example"),
        upgrade()
            .with(header::ORIGIN, "http://localhost:7480")
            .with(SITE, "cross-site"),
    ] {
        assert_eq!(house.call(call).await.told(), REFUSED);
    }
    let ours = house
        .call(upgrade().with(header::ORIGIN, "http://localhost:7480"))
        .await;
    assert_eq!(
        ours.told(),
        "403 PAM_TICKET_INVALID: This launch is no longer valid: a ticket is good once and for 30 s. Launch again."
    );
}
