//! Who holds an access token: asked where native clients come in, and at the doors of the command line.

use std::time::Duration;

use app::ctx::Client;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use protocol::audit::{EventName, Outcome};
use protocol::time::Timestamp;
use protocol::tokens::HolderView;
use store::access_tokens::{self, AccessToken, Standing};
use store::audit;
use store::tokens::TokenHash;
use tokio::time::sleep;
use vault::people::Person;

use crate::clock;
use crate::http::pages;
use crate::people::sign_in::event;
use crate::people::{network_of, store_failed};
use crate::routes::refuse;
use crate::state::AppState;

/// How long who gives a wrong token or password waits for the answer.
const PENANCE: Duration = Duration::from_millis(500);

/// A token that is good at this moment, and whose it is.
#[derive(Debug, Clone)]
pub struct Holder {
    pub token: AccessToken,
    pub person: Person,
}

/// `GET /cli/whoami`.
pub async fn whoami(Extension(holder): Extension<Holder>) -> Json<HolderView> {
    let Holder { token, person } = holder;

    Json(HolderView {
        email: person.handle.to_string(),
        role: person.role,
        token: token.name,
        scope: token.scope,
        expires_at: token.expires_at,
    })
}

/// `POST /cli/logout`: whoever holds a token may revoke it.
pub async fn logout(
    State(state): State<AppState>,
    Extension(holder): Extension<Holder>,
    request: Request,
) -> Response {
    match revoke(&state, &holder, &pages::client(&request)).await {
        Ok(()) => Json(()).into_response(),
        Err(error) => refuse(&store_failed(error)),
    }
}

async fn revoke(state: &AppState, holder: &Holder, client: &Client) -> Result<(), store::Error> {
    let Holder { token, person } = holder;
    let now = clock::now();
    let mut tx = state.db.write().await?;
    if access_tokens::revoke(&mut tx, &token.id, &person.id, now)
        .await?
        .is_some()
    {
        let event = event(EventName::AccessTokenRevoked, Outcome::Ok, client, now)
            .by(person)
            .with("email", person.handle.to_string())
            .with("token", token.id.to_string())
            .with("name", token.name.clone());
        audit::append(&mut tx, event).await?;
    }
    tx.commit().await?;
    state.sessions.look_again();

    Ok(())
}

/// Who holds the token of this text; `None`, after a while, whatever is wrong with it. The audit log tells the reasons
/// apart.
pub async fn holder_of(
    state: &AppState,
    text: &str,
    client: &Client,
) -> Result<Option<Holder>, store::Error> {
    let now = clock::now();
    let mut snapshot = state.db.read().await?;
    let found = access_tokens::find(&mut snapshot, &TokenHash::of(text)).await?;
    drop(snapshot);
    let problem = match &found {
        Some((token, _)) => match token.standing(now) {
            Standing::Good => None,
            Standing::Expired => Some("expired"),
            Standing::Revoked => Some("revoked"),
        },
        None => Some("unknown"),
    };
    match (found, problem) {
        (Some((token, person)), None) => {
            touch(state, &token, client, now).await?;

            Ok(Some(Holder { token, person }))
        }
        (found, problem) => {
            note(state, found, problem.unwrap_or_default(), client, now).await?;
            // Who tries again and again does not do so at the speed of the disk.
            penance().await;

            Ok(None)
        }
    }
}

/// The wait of who has given what opens nothing.
pub async fn penance() {
    sleep(PENANCE).await;
}

async fn touch(
    state: &AppState,
    token: &AccessToken,
    client: &Client,
    now: Timestamp,
) -> Result<(), store::Error> {
    if !token.wants_touch(now) {
        return Ok(());
    }
    let mut tx = state.db.write().await?;
    access_tokens::touch(&mut tx, &token.id, &client.address, now).await?;

    tx.commit().await
}

/// Puts a token that opened nothing on the trail; the same from one address again and again is counted.
async fn note(
    state: &AppState,
    found: Option<(AccessToken, Person)>,
    problem: &str,
    client: &Client,
    now: Timestamp,
) -> Result<(), store::Error> {
    let subject = match &found {
        Some((token, _)) => format!("token {} {problem}", token.id),
        None => format!("token {} {problem}", network_of(client)),
    };
    let mut refused =
        event(EventName::AccessTokenRefused, Outcome::Denied, client, now).with("reason", problem);
    if let Some((token, person)) = found {
        refused = refused.by(&person).with("token", token.name);
    }
    let mut tx = state.db.write().await?;
    audit::append_unless_repeated(&mut tx, &subject, refused).await?;

    tx.commit().await
}
