//! Who an instance is: by a token once, then by its key. Whatever is wrong with either, who comes hears the same sentence;
//! the audit log tells the reasons apart.

use std::io;

use app::ctx::Client;
use axum::extract::ws::{Message, WebSocket};
use gateway::identity::Proof;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::gateways::words::{Challenge, Greeting, MAX_WORD, Reply, Who};
use protocol::ids::InstanceId;
use serde::Serialize;
use store::audit;
use store::gateways::{self, Instance, NewInstance, Token};
use store::tokens::TokenHash;
use tokio::time::timeout;
use vault::gateway::{Gateway, Via};

use super::PATIENCE;
use crate::access_tokens::penance;
use crate::clock;
use crate::people::sign_in::event;
use crate::people::{network_of, store_failed};
use crate::state::AppState;

/// Longest name of a machine and longest version that are kept, in characters.
const MAX_SELF: usize = 100;

/// An instance that has shown who it is.
pub struct Greeted {
    pub instance: InstanceId,
    pub gateway: Gateway,
    pub machine: String,
    pub version: String,
    /// Where it comes from.
    pub address: String,
}

/// Why nobody was let in.
enum No {
    /// Not who they say, or nobody any more: the reason is for the log.
    Stranger(&'static str, Option<Via>),
    /// Known, and told why not.
    Refused(Refusal, &'static str, Via),
    Failed(Refusal),
}

impl From<store::Error> for No {
    fn from(error: store::Error) -> Self {
        Self::Failed(store_failed(error))
    }
}

/// Asks who it is.
///
/// # Errors
/// It is lost, or was told no.
pub async fn greet(state: &AppState, socket: &mut WebSocket, client: &Client) -> io::Result<Greeted> {
    let challenge = hex::encode(clock::draw::<32>());
    let asked = Challenge {
        challenge: challenge.clone(),
    };
    say(socket, &asked).await?;
    let greeting = hear(socket).await?;
    let no = match look_at(state, greeting, &challenge, client).await {
        Ok(greeted) => return Ok(greeted),
        Err(no) => no,
    };
    let refusal = match no {
        No::Stranger(reason, gateway) => {
            note(state, reason, gateway.as_ref(), client).await;
            // Who tries again and again does not do so at the speed of the disk.
            penance().await;

            Refusal::new(
                Code::SignedOut,
                "This is no instance of a gateway, or its token is not good: a token works once and for a limited time. Make \
                 a new one in Postern under Gateways.",
            )
        }
        No::Refused(refusal, reason, gateway) => {
            note(state, reason, Some(&gateway), client).await;

            refusal
        }
        No::Failed(refusal) => refusal,
    };
    say(socket, &Reply::Refused(refusal)).await?;

    Err(io::ErrorKind::PermissionDenied.into())
}

async fn look_at(
    state: &AppState,
    greeting: Greeting,
    challenge: &str,
    client: &Client,
) -> Result<Greeted, No> {
    let signature = hex::decode(&greeting.signature).unwrap_or_default();
    let is_signed = |who: &str, public_key: &str| {
        let proof = Proof {
            origin: &state.config.http.public_url,
            challenge,
            who,
        };

        proof.is_signed(&hex::decode(public_key).unwrap_or_default(), &signature)
    };
    match &greeting.who {
        Who::Newcomer { token, public_key } => {
            // Of one spelling, so that no key is two.
            let public_key = &public_key.to_ascii_lowercase();
            // Before the token is used up: who does not hold the key they name has no use for it.
            if !is_signed(public_key, public_key) {
                return Err(No::Stranger("bad signature", None));
            }

            enroll(
                state,
                &TokenHash::of(token.expose()),
                public_key,
                &greeting,
                client,
            )
            .await
        }
        Who::Instance(id) => {
            let mut snapshot = state.db.read().await?;
            let Some(known) = gateways::instance(&mut snapshot, id).await? else {
                return Err(No::Stranger("unknown instance", None));
            };
            let gateway = gateways::lookup(&mut snapshot, &known.gateway).await?;
            let Some(gateway) = gateway else {
                return Err(No::Stranger("unknown instance", None));
            };
            if !is_signed(id.as_str(), &known.public_key) {
                return Err(No::Stranger("bad signature", Some(gateway.via())));
            }
            if known.is_revoked {
                return Err(No::Stranger("revoked", Some(gateway.via())));
            }

            admit(known, gateway, &greeting, client)
        }
    }
}

/// Whether a known instance comes from where it may.
fn admit(known: Instance, gateway: Gateway, greeting: &Greeting, client: &Client) -> Result<Greeted, No> {
    if gateway.address_lock && known.address != client.address {
        let sentence = format!(
            "This instance is locked to {}; the request came from {}. Enroll it anew, or take the lock off its gateway.",
            known.address, client.address
        );

        return Err(No::Refused(
            Refusal::new(Code::PamPolicyDenied, sentence),
            "another address",
            gateway.via(),
        ));
    }

    Ok(Greeted {
        instance: known.id,
        gateway,
        machine: cut(&greeting.machine),
        version: cut(&greeting.version),
        address: client.address.clone(),
    })
}

/// Uses a token up and makes the key an instance's, both or neither.
async fn enroll(
    state: &AppState,
    hash: &TokenHash,
    public_key: &str,
    greeting: &Greeting,
    client: &Client,
) -> Result<Greeted, No> {
    let now = clock::now();
    let mut tx = state.db.write().await?;
    let Some(id) = gateways::redeem(&mut tx, hash, now).await? else {
        let (reason, whose) = match gateways::look_at_token(&mut tx, hash).await? {
            Token::Unknown => ("unknown token", None),
            Token::Used(gateway) => ("used token", Some(gateway)),
            Token::Expired(gateway) => ("expired token", Some(gateway)),
        };
        let gateway = match whose {
            Some(id) => gateways::lookup(&mut tx, &id).await?,
            None => None,
        };

        return Err(No::Stranger(reason, gateway.as_ref().map(Gateway::via)));
    };
    let Some(gateway) = gateways::lookup(&mut tx, &id).await? else {
        return Err(No::Stranger("unknown token", None));
    };
    let instance = InstanceId::from_random(clock::draw());
    let (machine, version) = (cut(&greeting.machine), cut(&greeting.version));
    let new = NewInstance {
        id: &instance,
        gateway: &gateway.id,
        public_key,
        machine: &machine,
        version: &version,
        address: &client.address,
    };
    match gateways::add_instance(&mut tx, new, gateway.max_instances, now).await {
        Ok(true) => {}
        Ok(false) => {
            let sentence = format!(
                "Gateway \"{}\" has as many instances as it may. Remove one in Postern, or allow more; the token stays good.",
                gateway.name
            );

            return Err(No::Refused(
                Refusal::new(Code::PamPolicyDenied, sentence),
                "too many instances",
                gateway.via(),
            ));
        }
        Err(store::Error::Taken) => return Err(No::Stranger("another instance's key", Some(gateway.via()))),
        Err(error) => return Err(error.into()),
    }
    let enrolled = event(EventName::GatewayInstanceEnrolled, Outcome::Ok, client, now)
        .with("gateway", gateway.name.clone())
        .with("instance", instance.to_string())
        .with("machine", machine.clone());
    audit::append(&mut tx, enrolled).await?;
    tx.commit().await?;

    Ok(Greeted {
        instance,
        gateway,
        machine,
        version,
        address: client.address.clone(),
    })
}

/// Puts somebody who was not let in on the trail; the same from one network again and again is counted.
async fn note(state: &AppState, reason: &'static str, gateway: Option<&Via>, client: &Client) {
    let whose = gateway.map(|gateway| gateway.id.as_str()).unwrap_or_default();
    let subject = format!("gateway {reason} {whose} {}", network_of(client));
    let mut refused =
        event(EventName::GatewayRefused, Outcome::Denied, client, clock::now()).with("reason", reason);
    if let Some(gateway) = gateway {
        refused = refused.with("gateway", gateway.name.clone());
    }
    let noted = async {
        let mut tx = state.db.write().await?;
        audit::append_unless_repeated(&mut tx, &subject, refused).await?;

        tx.commit().await
    };
    // They were refused all the same; the failure is in the server's log.
    let _ = noted.await.map_err(store_failed);
}

fn cut(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(MAX_SELF)
        .collect()
}

/// Says a word of the greeting.
///
/// # Errors
/// The socket is lost, or does not take it in time.
pub async fn say(socket: &mut WebSocket, word: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(word).map_err(io::Error::other)?;

    timeout(PATIENCE, socket.send(Message::Text(text.into())))
        .await
        .map_err(|_| io::ErrorKind::TimedOut)?
        .map_err(io::Error::other)
}

async fn hear(socket: &mut WebSocket) -> io::Result<Greeting> {
    let next = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) if text.len() <= MAX_WORD => {
                    return serde_json::from_str(&text).map_err(io::Error::other);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Close(_))) | None => {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                Some(Err(error)) => return Err(io::Error::other(error)),
            }
        }
    };

    timeout(PATIENCE, next)
        .await
        .map_err(|_| io::ErrorKind::TimedOut)?
}
