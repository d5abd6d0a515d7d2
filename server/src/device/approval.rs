//! The person's half: looking at who asks, approving it with the password once more, denying it.

use std::time::Duration;

use app::ctx::{Actor, Client};
use protocol::audit::{EventName, Outcome};
use protocol::dates::rfc3339;
use protocol::device::{ApprovalDraft, LoginView, UserCode, entered_code};
use protocol::errors::{Code, Refusal};
use protocol::forms::{Draft, FieldError};
use store::{access_tokens, audit};
use vault::authorize::{self, Password, Wanted};
use vault::people::Person;

use super::logins::{Approval, Asking, Missed};
use super::{about, hold};
use crate::clock;
use crate::people::sign_in::event;
use crate::people::{password, store_failed};
use crate::state::AppState;

/// Who waits with a code.
pub async fn look_at(
    state: &AppState,
    actor: &Actor,
    code: UserCode,
    client: &Client,
) -> Result<LoginView, Refusal> {
    find(state, actor, code, client).await.map_err(|refusal| {
        if refusal.code == Code::PamNotFound {
            invalid(FieldError::new("code", refusal.sentence))
        } else {
            refusal
        }
    })
}

async fn find(
    state: &AppState,
    actor: &Actor,
    code: UserCode,
    client: &Client,
) -> Result<LoginView, Refusal> {
    match state.logins.find(&actor.person.id, code, clock::instant()) {
        Ok(login) => Ok(login),
        Err(missed) => Err(refused(state, actor, missed, client).await?),
    }
}

/// Lets the command line have its token, once the person has given their password again.
pub async fn approve(
    state: &AppState,
    actor: &Actor,
    draft: ApprovalDraft,
    client: &Client,
) -> Result<LoginView, Refusal> {
    let errors = draft.check();
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }
    let code = entered_code(&draft.code).map_err(invalid)?;
    let now = clock::now();
    let approval = Approval {
        person: actor.person.id.clone(),
        sign_in: actor.sign_in.clone(),
        expires_at: draft.expires_at(now).map_err(invalid)?,
    };
    // Before a password is counted.
    let login = find(state, actor, code, client).await?;
    password::confirm(state, actor, draft.password, client).await?;

    let mut tx = state.db.write().await.map_err(store_failed)?;
    let person = hold(&mut tx, &approval).await?;
    authorize::take_token(&person, Wanted::CommandLine, Password::GivenAgain)?;
    let n_good = access_tokens::count_good(&mut tx, &person.id, now)
        .await
        .map_err(store_failed)?;
    vault::tokens::check_room(n_good)?;
    let event = event(EventName::DeviceLoginApproved, Outcome::Ok, client, now)
        .by(&person)
        .with("machine", login.machine.clone())
        .with("user", login.user.clone())
        .with("asked_from", login.address.clone())
        .with("expires", rfc3339(approval.expires_at));
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    // Only once it is on the trail.
    match state.logins.approve(code, approval, clock::instant()) {
        Ok(()) => Ok(login),
        Err(missed) => Err(refused(state, actor, missed, client).await?),
    }
}

/// Tells the command line no.
pub async fn deny(state: &AppState, actor: &Actor, code: UserCode, client: &Client) -> Result<(), Refusal> {
    match state.logins.deny(&actor.person.id, code, clock::instant()) {
        Ok(asking) => note_denied(state, &actor.person, &asking, client).await,
        Err(missed) => Err(refused(state, actor, missed, client).await?),
    }
}

async fn note_denied(
    state: &AppState,
    person: &Person,
    asking: &Asking,
    client: &Client,
) -> Result<(), Refusal> {
    let denied = event(
        EventName::DeviceLoginDenied,
        Outcome::Denied,
        client,
        clock::now(),
    )
    .by(person);
    let mut tx = state.db.write().await.map_err(store_failed)?;
    audit::append(&mut tx, about(denied, asking))
        .await
        .map_err(store_failed)?;

    tx.commit().await.map_err(store_failed)
}

/// What who entered a code of no login is told. That they have to wait is on the trail, once.
async fn refused(
    state: &AppState,
    actor: &Actor,
    missed: Missed,
    client: &Client,
) -> Result<Refusal, Refusal> {
    match missed {
        Missed::Unknown => Ok(Refusal::new(
            Code::PamNotFound,
            "No command line waits with this code: it is mistyped, was used, or is older than ten minutes.",
        )),
        Missed::Last(wait) => {
            let locked = event(
                EventName::DeviceLoginLocked,
                Outcome::Denied,
                client,
                clock::now(),
            )
            .by(&actor.person);
            let mut tx = state.db.write().await.map_err(store_failed)?;
            audit::append(&mut tx, locked).await.map_err(store_failed)?;
            tx.commit().await.map_err(store_failed)?;

            Ok(too_many(wait))
        }
        Missed::Locked(wait) => Ok(too_many(wait)),
    }
}

fn too_many(wait: Duration) -> Refusal {
    let minutes = wait.as_secs().div_ceil(60);

    Refusal::new(
        Code::TooMany,
        format!("Too many codes that are none. Try again in {minutes} min."),
    )
}

fn invalid(error: FieldError) -> Refusal {
    Refusal::invalid(vec![error])
}
