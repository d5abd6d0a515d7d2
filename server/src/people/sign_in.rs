//! Signing in: throttled, the same for known and unknown addresses, audited.

use app::ctx::{Actor, Client};
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::ids::SignInId;
use protocol::people::SignInDraft;
use protocol::time::Timestamp;
use store::attempts::{Admission, Attempt};
use store::sign_ins::SignIn;
use store::tokens::{Token, TokenHash};
use store::{Tx, access_tokens, attempts, audit, people, sign_ins};
use vault::Secret;
use vault::audit::Event;
use vault::passwords::Hash;
use vault::people::{Email, Person};
use vault::throttle::{Bar, Verdict};

use super::{address_of, password, store_failed};
use crate::clock;
use crate::http::sign_in::{cookie_of, new_token, no_cookie};
use crate::state::AppState;

/// Who stands behind a token, if it is good; marks the sign-in as seen once a minute.
pub async fn actor_behind(
    state: &AppState,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<Actor>, store::Error> {
    let mut snapshot = state.db.read().await?;
    let found = sign_ins::lookup(&mut snapshot, token, state.config.sign_in.idle(), now).await?;
    drop(snapshot);
    let Some((sign_in, person)) = found else {
        return Ok(None);
    };
    if sign_in.wants_touch(now) {
        let mut tx = state.db.write().await?;
        sign_ins::touch(&mut tx, &sign_in.id, now).await?;
        tx.commit().await?;
    }

    Ok(Some(Actor {
        person,
        sign_in: sign_in.id,
    }))
}

/// Checks address and password and starts a sign-in; answers with `Set-Cookie`.
pub async fn sign_in(state: &AppState, draft: SignInDraft, client: &Client) -> Result<String, Refusal> {
    let attempt = admit(state, &draft.email, client).await?;
    let email = draft.email.parse::<Email>().ok();
    let found = look_up(state, email.as_ref()).await.map_err(store_failed)?;
    let password = Secret::new(draft.password.into_exposed());
    let is_right = password::verify(found.as_ref().map(|(_, hash)| hash.clone()), password).await?;
    let Some((person, hash)) = found.filter(|(person, _)| is_right && person.is_active()) else {
        return refused(state, &draft.email, client).await;
    };
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let Some(token) = start(state, &mut tx, &person, &hash, client, now).await? else {
        drop(tx);

        return refused(state, &draft.email, client).await;
    };
    attempts::succeeded(&mut tx, &attempt)
        .await
        .map_err(store_failed)?;
    let event = event(EventName::SignInOk, Outcome::Ok, client, now).by(&person);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(cookie_of(state, &token))
}

/// Starts a sign-in of a person whose password, of this hash, or link was right; `None` when it is not theirs any more.
pub async fn start(
    state: &AppState,
    tx: &mut Tx,
    person: &Person,
    hash: &Hash,
    client: &Client,
    now: Timestamp,
) -> Result<Option<Token>, Refusal> {
    let token = new_token();
    let sign_in = SignIn {
        id: SignInId::from_random(clock::draw()),
        person: person.id.clone(),
        created_at: now,
        last_seen: now,
        absolute_end: now + state.config.sign_in.absolute(),
        remote_address: client.address.clone(),
        user_agent: client.user_agent.clone(),
        reauthenticated_at: now,
    };
    let is_added = sign_ins::add(tx, &token.hash(), &sign_in, hash)
        .await
        .map_err(store_failed)?;

    Ok(is_added.then_some(token))
}

/// Ends one sign-in; answers with the `Set-Cookie` that takes the cookie away.
pub async fn sign_out(state: &AppState, actor: &Actor, client: &Client) -> Result<String, Refusal> {
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    sign_ins::revoke(&mut tx, &actor.sign_in, &actor.person.id, now)
        .await
        .map_err(store_failed)?;
    let event = event(EventName::SignedOut, Outcome::Ok, client, now).by(&actor.person);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    state.sessions.look_again();

    Ok(no_cookie(state))
}

/// Ends every sign-in of the person and revokes their tokens; their sessions end with them.
pub async fn sign_out_everywhere(
    state: &AppState,
    actor: &Actor,
    client: &Client,
) -> Result<String, Refusal> {
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let ended = sign_ins::revoke_all(&mut tx, &actor.person.id, now)
        .await
        .map_err(store_failed)?;
    let revoked = access_tokens::revoke_all(&mut tx, &actor.person.id, now)
        .await
        .map_err(store_failed)?;
    let event = event(EventName::SignedOutEverywhere, Outcome::Ok, client, now)
        .by(&actor.person)
        .with("sign_ins", ended.to_string())
        .with("tokens_revoked", revoked.to_string());
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    state.sessions.look_again();

    Ok(no_cookie(state))
}

/// Counts the attempt, or says when the next one may be made.
pub async fn admit(state: &AppState, email: &str, client: &Client) -> Result<Attempt, Refusal> {
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let admission = attempts::admit(&mut tx, email, address_of(client), now)
        .await
        .map_err(store_failed)?;
    let (attempt, bar, until) = match admission {
        Admission::Admitted(attempt) | Admission::Refused(attempt, Verdict::Allowed) => {
            tx.commit().await.map_err(store_failed)?;

            return Ok(attempt);
        }
        Admission::Refused(attempt, Verdict::Refused { bar, until }) => (attempt, bar, until),
    };
    let event = event(EventName::SignInLocked, Outcome::Denied, client, now)
        .with("address_typed", typed(email))
        .with("limit", bar.as_str());
    audit::append_unless_repeated(&mut tx, &subject(&attempt, bar), event)
        .await
        .map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Err(too_many(until, now))
}

/// What is the same refusal once more. Who is refused for their network may type any account: it does not count.
fn subject(attempt: &Attempt, bar: Bar) -> String {
    let account = match bar {
        Bar::AccountHere | Bar::AccountEverywhere => attempt.account(),
        Bar::Network => "",
    };

    format!("sign-in {} {} {account}", bar.as_str(), attempt.network())
}

fn too_many(until: Timestamp, now: Timestamp) -> Refusal {
    let seconds = until.since(now).as_secs() + 1;
    let wait = match seconds {
        0..=90 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    };

    Refusal::new(Code::TooMany, format!("Too many attempts. Try again in {wait}."))
}

async fn look_up(state: &AppState, email: Option<&Email>) -> Result<Option<(Person, Hash)>, store::Error> {
    let Some(email) = email else {
        return Ok(None);
    };
    let mut snapshot = state.db.read().await?;
    let Some(person) = people::find(&mut snapshot, email).await? else {
        return Ok(None);
    };
    let hash = people::password(&mut snapshot, &person.id).await?;

    Ok(hash.map(|hash| (person, hash)))
}

async fn refused(state: &AppState, email: &str, client: &Client) -> Result<String, Refusal> {
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let event = event(EventName::SignInFailed, Outcome::Denied, client, clock::now())
        .with("address_typed", typed(email));
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Err(wrong())
}

/// What was typed as an address, if it is one: people type their password there too, and the log is for ever.
fn typed(email: &str) -> String {
    email
        .parse::<Email>()
        .map_or_else(|_| "not an address".to_owned(), |email| email.to_string())
}

/// The same for an unknown address, a wrong password and somebody switched off.
fn wrong() -> Refusal {
    Refusal::new(Code::SignedOut, "Email or password is wrong.")
}

/// An event of this request.
pub fn event(name: EventName, outcome: Outcome, client: &Client, now: Timestamp) -> Event {
    Event::new(name, outcome, now)
        .from_address(client.address.clone())
        .in_request(&client.request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_typed_as_an_address_stays_out_of_the_log() {
        assert_eq!(typed(" Ada@Example.org"), "ada@example.org");
        assert_eq!(typed("correct horse battery staple"), "not an address");
    }
}
