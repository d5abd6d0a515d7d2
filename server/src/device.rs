//! Device login: a command line begins, a person approves in their browser, and the command line fetches its token.
//!
//! The token is made when it is fetched, so that none exists that nobody holds. The sign-in that approved it is still good
//! then, or there is none. Who fetches twice has lost the answer, or is somebody else: the token goes (as RFC 6749 §4.1.2
//! asks for codes that are used twice).

mod approval;
pub mod logins;

use app::ctx::Client;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use protocol::audit::{EventName, Outcome};
use protocol::dates::rfc3339;
use protocol::device::{Approved, Begun, INTERVAL, LoginDraft, PAGE, PATIENCE, Poll, Progress};
use protocol::entered::Entered;
use protocol::errors::{Code, Refusal};
use protocol::forms::Draft;
use protocol::ids::{PersonId, TokenId};
use store::access_tokens::{self, AccessToken};
use store::tokens::TokenHash;
use store::{Tx, audit, people, sign_ins};
use vault::authorize::{self, Password, Wanted};
use vault::people::Person;

pub use approval::{approve, deny, look_at};
pub use logins::Logins;
use logins::{Approval, Asking, Polled};

use crate::clock;
use crate::http::{json, pages};
use crate::people::sign_in::event;
use crate::people::{network_of, store_failed};
use crate::routes::refuse;
use crate::state::AppState;

/// `POST /cli/login`: a command line begins.
pub async fn begin(State(state): State<AppState>, request: Request) -> Response {
    let client = pages::client(&request);
    let begun = async {
        let draft: LoginDraft = json::read(request.into_body()).await?;

        start(&state, draft, &client)
    };

    answer(begun.await)
}

/// `POST /cli/login/token`: it asks whether it was approved.
pub async fn token(State(state): State<AppState>, request: Request) -> Response {
    let client = pages::client(&request);
    let asked = async {
        let poll: Poll = json::read(request.into_body()).await?;

        progress(&state, &TokenHash::of(poll.device_code.expose()), &client).await
    };

    answer(asked.await)
}

fn answer<T: serde::Serialize>(answer: Result<T, Refusal>) -> Response {
    match answer {
        Ok(answer) => axum::Json(answer).into_response(),
        Err(refusal) => refuse(&refusal),
    }
}

fn start(state: &AppState, draft: LoginDraft, client: &Client) -> Result<Begun, Refusal> {
    let errors = draft.check();
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }
    let asking = Asking {
        machine: draft.machine.trim().to_owned(),
        user: draft.user.trim().to_owned(),
        address: client.address.clone(),
        network: network_of(client),
        begun_at: clock::now(),
    };
    let (device, code) = state.logins.begin(asking, clock::instant()).ok_or_else(|| {
        Refusal::new(
            Code::TooMany,
            "Too many logins wait for their person. Try again in ten minutes.",
        )
    })?;
    let page = format!("{}{PAGE}", state.config.http.public_url);

    Ok(Begun {
        device_code: Entered::new(device.expose()),
        user_code: code,
        verification_uri_complete: format!("{page}?code={code}"),
        verification_uri: page,
        expires_in: PATIENCE.as_secs(),
        interval: INTERVAL.as_secs(),
    })
}

async fn progress(state: &AppState, device: &TokenHash, client: &Client) -> Result<Progress, Refusal> {
    let token = TokenId::from_random(clock::draw());

    Ok(match state.logins.poll(device, &token, clock::instant()) {
        Polled::Expired => Progress::ExpiredToken,
        Polled::Pending => Progress::AuthorizationPending,
        Polled::TooSoon => Progress::SlowDown,
        Polled::Denied => Progress::AccessDenied,
        Polled::Approved(asking, approval) => give(state, device, &token, &asking, &approval, client).await?,
        Polled::Replayed(person, token) => {
            take_back(state, &person, &token, client)
                .await
                .map_err(store_failed)?;

            Progress::ExpiredToken
        }
    })
}

/// Makes the token that was approved, if its person may still have it.
async fn give(
    state: &AppState,
    device: &TokenHash,
    id: &TokenId,
    asking: &Asking,
    approval: &Approval,
    client: &Client,
) -> Result<Progress, Refusal> {
    let text = vault::tokens::text(clock::draw());
    let hash = TokenHash::of(text.expose());
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let made = match hold(&mut tx, approval).await {
        // Who replays holds the person too, and takes away what was made before.
        Ok(_) if !state.logins.may_give(device) => return Ok(Progress::ExpiredToken),
        Ok(person) => make(&mut tx, &person, id, &hash, asking, approval, client).await,
        Err(refusal) => Err(refusal),
    };
    let (person, token) = match made {
        Ok(made) => made,
        Err(refusal) if refusal.code == Code::Internal => return Err(refusal),
        Err(refusal) => {
            drop(tx);
            state.logins.refuse(device);
            note_refused(state, asking, approval, &refusal, client).await?;

            return Ok(Progress::AccessDenied);
        }
    };
    tx.commit().await.map_err(store_failed)?;

    Ok(Progress::Approved(Approved {
        access_token: Entered::new(text.expose()),
        email: person.handle.to_string(),
        expires_at: token.expires_at,
    }))
}

/// The person who approved, if they and their sign-in are still good, and for as long as the transaction lasts.
async fn hold(tx: &mut Tx, approval: &Approval) -> Result<Person, Refusal> {
    let person = people::hold(tx, &approval.person).await.map_err(store_failed)?;
    let person = person.filter(Person::is_active).ok_or_else(Refusal::signed_out)?;
    let is_signed_in = sign_ins::hold(tx, &approval.sign_in, &approval.person)
        .await
        .map_err(store_failed)?;

    is_signed_in.then_some(person).ok_or_else(Refusal::signed_out)
}

async fn make(
    tx: &mut Tx,
    person: &Person,
    id: &TokenId,
    hash: &TokenHash,
    asking: &Asking,
    approval: &Approval,
    client: &Client,
) -> Result<(Person, AccessToken), Refusal> {
    let now = clock::now();
    // The password was given again when it was approved.
    let take = authorize::take_token(person, Wanted::CommandLine, Password::GivenAgain)?;
    let n_good = access_tokens::count_good(tx, &person.id, now)
        .await
        .map_err(store_failed)?;
    vault::tokens::check_room(n_good)?;
    let name = format!("postern on {}", asking.machine);
    let token = access_tokens::add(tx, &take, id, hash, &name, approval.expires_at, now)
        .await
        .map_err(store_failed)?;
    let event = event(EventName::AccessTokenCreated, Outcome::Ok, client, now)
        .by(person)
        .with("email", person.handle.to_string())
        .with("token", token.id.to_string())
        .with("name", token.name.clone())
        .with("scope", token.scope.as_str())
        .with("expires", rfc3339(token.expires_at));
    audit::append(tx, event).await.map_err(store_failed)?;

    Ok((person.clone(), token))
}

/// An approval that gave nothing, on the trail.
async fn note_refused(
    state: &AppState,
    asking: &Asking,
    approval: &Approval,
    refusal: &Refusal,
    client: &Client,
) -> Result<(), Refusal> {
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let person = people::lookup(&mut tx, &approval.person)
        .await
        .map_err(store_failed)?;
    let mut denied = about(
        event(
            EventName::DeviceLoginDenied,
            Outcome::Denied,
            client,
            clock::now(),
        ),
        asking,
    )
    .with("reason", refusal.sentence.clone());
    if let Some(person) = person {
        denied = denied.by(&person);
    }
    audit::append(&mut tx, denied).await.map_err(store_failed)?;

    tx.commit().await.map_err(store_failed)
}

/// Revokes a token that was fetched twice.
async fn take_back(
    state: &AppState,
    person: &PersonId,
    token: &TokenId,
    client: &Client,
) -> Result<(), store::Error> {
    let now = clock::now();
    let mut tx = state.db.write().await?;
    // Waits for who is making it.
    people::hold(&mut tx, person).await?;
    if let Some(token) = access_tokens::revoke(&mut tx, token, person, now).await? {
        let event = event(EventName::AccessTokenRevoked, Outcome::Ok, client, now)
            .with("token", token.id.to_string())
            .with("name", token.name)
            .with(
                "reason",
                "it was asked for a second time with the same device code",
            );
        audit::append(&mut tx, event).await?;
    }
    tx.commit().await?;
    state.sessions.look_again();

    Ok(())
}

/// Who asked, in the details of an event.
fn about(event: vault::audit::Event, asking: &Asking) -> vault::audit::Event {
    event
        .with("machine", asking.machine.clone())
        .with("user", asking.user.clone())
        .with("asked_from", asking.address.clone())
}
