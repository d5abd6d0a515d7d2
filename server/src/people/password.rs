//! Passwords: hashed and compared off the async threads, changed, and asked for again.

use app::ctx::{Actor, Client};
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::forms::FieldError;
use protocol::people::{Password, PasswordDraft};
use store::{attempts, audit, people, sign_ins};
use tokio::sync::Semaphore;
use vault::Secret;
use vault::passwords::Hash;

use super::sign_in::{admit, event};
use super::store_failed;
use crate::clock;
use crate::state::AppState;

/// Hashes made or compared at once, at 19 MiB each: however many sign in, memory and cores are left for sessions.
static ROOM: Semaphore = Semaphore::const_new(8);

/// Whether `password` is behind `hash`; takes as long where there is none.
pub async fn verify(hash: Option<Hash>, password: Secret) -> Result<bool, Refusal> {
    let is_known = hash.is_some();
    let hash = hash.unwrap_or_else(Hash::nobody);
    let is_right = with_room(move || hash.verify(&password)).await?;

    Ok(is_right && is_known)
}

/// The hash to store for `password`.
pub async fn hash(password: Password) -> Result<Hash, Refusal> {
    let (password, salt) = (Secret::new(password.into_exposed()), clock::draw());

    with_room(move || Hash::of(&password, salt))
        .await?
        .map_err(|_| busy())
}

/// Runs what takes a core and memory when there is room for it, off the async threads.
async fn with_room<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let room = ROOM.acquire().await.map_err(|_| busy())?;
    let acting = move || {
        let done = act();
        // Held to the end, also when nobody waits for the answer any more.
        drop(room);

        done
    };

    tokio::task::spawn_blocking(acting).await.map_err(|_| busy())
}

fn busy() -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "The server is short of memory. Try again in a moment.",
    )
}

/// Changes the person's own password; every other sign-in of theirs ends.
pub async fn change(
    state: &AppState,
    actor: &Actor,
    draft: PasswordDraft,
    client: &Client,
) -> Result<(), Refusal> {
    let errors = draft.check_for(actor.person.handle.as_str());
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }
    let present = confirmed(state, actor, draft.current, "current", client).await?;
    let new = hash(draft.new).await?;
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let changed = people::replace_password(&mut tx, &actor.person.id, &present, &new, now)
        .await
        .map_err(store_failed)?;
    if changed.is_none() {
        return Err(Refusal::new(
            Code::PamConflict,
            "Your password was changed elsewhere meanwhile. Sign in again.",
        ));
    }
    sign_ins::revoke_others(&mut tx, &actor.person.id, &actor.sign_in, now)
        .await
        .map_err(store_failed)?;
    let event = event(EventName::PasswordChanged, Outcome::Ok, client, now).by(&actor.person);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    state.sessions.look_again();

    Ok(())
}

/// Asks for the password again before something sensitive.
pub async fn confirm(
    state: &AppState,
    actor: &Actor,
    password: Password,
    client: &Client,
) -> Result<(), Refusal> {
    confirmed(state, actor, password, "password", client).await?;
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    sign_ins::confirm(&mut tx, &actor.sign_in, now)
        .await
        .map_err(store_failed)?;
    let event = event(EventName::PasswordConfirmed, Outcome::Ok, client, now).by(&actor.person);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(())
}

/// The hash `password` was found right against; throttled like a sign-in, or a stolen cookie could guess.
async fn confirmed(
    state: &AppState,
    actor: &Actor,
    password: Password,
    field: &'static str,
    client: &Client,
) -> Result<Hash, Refusal> {
    let attempt = admit(state, actor.person.handle.as_str(), client).await?;
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let hash = people::password(&mut snapshot, &actor.person.id)
        .await
        .map_err(store_failed)?;
    drop(snapshot);
    let is_right = verify(hash.clone(), Secret::new(password.into_exposed())).await?;
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let (Some(hash), true) = (hash, is_right) else {
        let event = event(
            EventName::PasswordConfirmationFailed,
            Outcome::Denied,
            client,
            clock::now(),
        )
        .by(&actor.person);
        audit::append(&mut tx, event).await.map_err(store_failed)?;
        tx.commit().await.map_err(store_failed)?;
        let mut refusal = Refusal::invalid(vec![FieldError::new(field, "This is not your password.")]);
        refusal.code = Code::PamPasswordRequired;

        return Err(refusal);
    };
    attempts::succeeded(&mut tx, &attempt)
        .await
        .map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(hash)
}
