//! Who is let in as an instance: tokens that are good once, keys, and what somebody in between can do with what they heard.

use std::os::unix::fs::PermissionsExt as _;

use futures_util::{SinkExt as _, StreamExt as _};
use gateway::identity::{Identity, Proof};
use http::header;
use protocol::audit::EventName;
use protocol::entered::Entered;
use protocol::gateways::words::{Challenge, Greeting, PATH, Reply, SUBPROTOCOL, Who};
use protocol::ids::InstanceId;
use server::clock;
use sqlx::Connection as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::instance::{Behind, Kept};
use crate::floor::device::logged;

/// What is said to whoever is let in by nothing.
const STRANGER: &str = "This is no instance of a gateway, or its token is not good";

/// Somebody who has connected and was asked who they are.
struct Visitor {
    socket: WebSocketStream<TcpStream>,
    challenge: String,
    origin: String,
}

impl Visitor {
    async fn of(behind: &Behind) -> Self {
        let origin = behind.desk.url().to_owned();
        let authority = origin.strip_prefix("http://").unwrap();
        let mut request = format!("ws://{authority}{PATH}").into_client_request().unwrap();
        request
            .headers_mut()
            .insert(header::ORIGIN, origin.parse().unwrap());
        request
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL.parse().unwrap());
        let stream = TcpStream::connect(authority).await.unwrap();
        let (mut socket, _) = client_async(request, stream).await.unwrap();
        let Challenge { challenge } = hear(&mut socket).await;

        Self {
            socket,
            challenge,
            origin,
        }
    }

    fn signed(&self, identity: &Identity, who: &str) -> String {
        let proof = Proof {
            origin: &self.origin,
            challenge: &self.challenge,
            who,
        };

        hex::encode(identity.sign(&proof))
    }

    /// What the server says to a greeting.
    async fn greet(mut self, who: Who, signature: String) -> Reply {
        let greeting = Greeting {
            who,
            signature,
            version: "0.0.0".to_owned(),
            machine: "bastion".to_owned(),
        };
        let text = serde_json::to_string(&greeting).unwrap();
        self.socket.send(Message::text(text)).await.unwrap();

        hear(&mut self.socket).await
    }
}

async fn hear<T: serde::de::DeserializeOwned>(socket: &mut WebSocketStream<TcpStream>) -> T {
    loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn newcomer(token: &str, identity: &Identity) -> (Who, String) {
    let public_key = hex::encode(identity.public());
    let who = Who::Newcomer {
        token: Entered::new(token),
        public_key: public_key.clone(),
    };

    (who, public_key)
}

fn told(reply: Reply) -> String {
    match reply {
        Reply::Welcome(welcome) => format!("welcome to {}", welcome.gateway),
        Reply::Refused(refusal) => refusal.sentence,
    }
}

#[tokio::test]
async fn a_token_that_is_wrong_used_or_expired_is_told_alike_and_logged_apart() {
    let behind = Behind::open().await;
    let used = behind.token().await;
    let instance = behind.start(Kept::new(), &["--token", &used]).await;
    instance.id().await;
    let form = format!("gateway={}&id={}", behind.gateway, instance.id().await);
    behind.desk.answer("/api/remove-instance", &form).await;
    let expired = behind.token().await;
    expire(&behind).await;

    for token in [used.as_str(), &expired, "pgw_unknown"] {
        let output = behind.run(Kept::new(), &["--token", token]).end().await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();

        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(STRANGER), "{said}");
        assert!(!said.contains(token), "{said}");
    }

    let log = logged(&behind.desk.house, EventName::GatewayRefused)
        .await
        .join("\n");
    for reason in ["used token", "expired token", "unknown token"] {
        assert!(log.contains(reason), "{reason}: {log}");
    }
    assert!(!log.contains(&used) && !log.contains(&expired), "{log}");
}

/// Lets every token that was not used expire.
async fn expire(behind: &Behind) {
    let mut store = sqlx::SqliteConnection::connect(&behind.desk.house.state.config.store_url())
        .await
        .unwrap();
    sqlx::query("UPDATE gateway_tokens SET expires_at = created_at WHERE used_at IS NULL")
        .execute(&mut store)
        .await
        .unwrap();
}

#[tokio::test]
async fn of_two_who_come_with_one_token_one_is_let_in() {
    let behind = Behind::open().await;
    let token = behind.token().await;
    let (one, other) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let enroll = async |identity: &Identity| {
        let visitor = Visitor::of(&behind).await;
        let (who, public_key) = newcomer(&token, identity);
        let signature = visitor.signed(identity, &public_key);

        told(visitor.greet(who, signature).await)
    };

    let (one, other) = tokio::join!(enroll(&one), enroll(&other));

    let mut both = [one, other];
    both.sort();
    assert!(both[0].contains(STRANGER), "{both:?}");
    assert_eq!(both[1], "welcome to Berlin");
}

#[tokio::test]
async fn what_was_heard_on_one_connection_opens_no_other() {
    let behind = Behind::open().await;
    let identity = Identity::generate().unwrap();
    let token = behind.token().await;
    let visitor = Visitor::of(&behind).await;
    let (who, public_key) = newcomer(&token, &identity);
    let heard = visitor.signed(&identity, &public_key);

    // The enrolment itself, said again on a connection that was asked another thing.
    let replayed = Visitor::of(&behind).await.greet(who.clone(), heard.clone()).await;
    assert!(told(replayed).contains(STRANGER));
    let Reply::Welcome(welcome) = visitor.greet(who.clone(), heard).await else {
        panic!("the token was used up by who did not hold the key");
    };

    let visitor = Visitor::of(&behind).await;
    let heard = visitor.signed(&identity, welcome.instance.as_str());
    let replayed = Visitor::of(&behind)
        .await
        .greet(Who::Instance(welcome.instance.clone()), heard.clone())
        .await;
    assert!(told(replayed).contains(STRANGER));
    let own = visitor.greet(Who::Instance(welcome.instance), heard).await;
    assert_eq!(told(own), "welcome to Berlin");
    let log = logged(&behind.desk.house, EventName::GatewayRefused)
        .await
        .join("\n");
    assert!(log.contains("bad signature"), "{log}");
}

#[tokio::test]
async fn somebody_else_s_key_and_somebody_nobody_knows_are_told_alike() {
    let behind = Behind::open().await;
    let instance = behind.enroll().await;
    let thief = Identity::generate().unwrap();
    for id in [instance.id().await, InstanceId::from_random(clock::draw())] {
        let visitor = Visitor::of(&behind).await;
        let signature = visitor.signed(&thief, id.as_str());

        let reply = visitor.greet(Who::Instance(id), signature).await;

        assert!(told(reply).contains(STRANGER));
    }
}

#[tokio::test]
async fn an_instance_comes_from_where_it_was_enrolled() {
    let behind = Behind::open().await;
    let instance = behind.enroll().await;
    instance.id().await;
    let mut store = sqlx::SqliteConnection::connect(&behind.desk.house.state.config.store_url())
        .await
        .unwrap();
    sqlx::query("UPDATE gateway_instances SET address = '10.0.0.4'")
        .execute(&mut store)
        .await
        .unwrap();
    let kept = instance.kill();

    let output = behind.run(kept, &[]).end().await;

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("This instance is locked to 10.0.0.4; the request came from 192.0.2.7."),
        "{said}"
    );
}

#[tokio::test]
async fn a_key_that_others_may_read_is_not_used() {
    let behind = Behind::open().await;
    let instance = behind.enroll().await;
    instance.id().await;
    let kept = instance.kill();
    let file = kept.file();
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();

    let output = behind.run(kept, &[]).end().await;

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("others may read the key in it"), "{said}");
}
