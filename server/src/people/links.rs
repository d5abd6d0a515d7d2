//! One-time links: set-up, invitation, reset. Shown once, stored as a hash, good for a day.

use app::ctx::{Actor, Client};
use app::sign_in::LinkView;
use protocol::audit::{EventName, Outcome};
use protocol::errors::{Code, Refusal};
use protocol::forms::FieldError;
use protocol::ids::{LinkId, PersonId};
use protocol::people::{InviteDraft, Password, SetPasswordDraft, SetUpDraft};
use protocol::time::Timestamp;
use store::links::{Link, Purpose};
use store::tokens::TokenHash;
use store::{Tx, access_tokens, attempts, audit, links, people, sign_ins};
use vault::authorize::administer;
use vault::people::{Email, Person};

use super::administrator;
use super::sign_in::{event, start};
use super::{password, store_failed};
use crate::clock;
use crate::http::sign_in::{cookie_of, new_token};
use crate::state::AppState;

/// A new link for `purpose`, as the URL to pass on.
pub async fn make(
    state: &AppState,
    tx: &mut Tx,
    purpose: Purpose,
    now: Timestamp,
) -> Result<String, Refusal> {
    let token = new_token();
    let id = LinkId::from_random(clock::draw());
    links::add(tx, &id, &token.hash(), purpose, now)
        .await
        .map_err(store_failed)?;

    Ok(format!(
        "{}/welcome/{}",
        state.config.http.public_url,
        token.expose()
    ))
}

/// What a link is for, without using it.
pub async fn look_at(state: &AppState, token: Password) -> Result<LinkView, Refusal> {
    let mut snapshot = state.db.read().await.map_err(store_failed)?;
    let link = links::lookup(&mut snapshot, &TokenHash::of(token.expose()), clock::now())
        .await
        .map_err(store_failed)?
        .ok_or_else(used_up)?;
    let Some(id) = link.purpose.person() else {
        return Ok(LinkView::SetUp);
    };
    let person = people::lookup(&mut snapshot, id)
        .await
        .map_err(store_failed)?
        .ok_or_else(used_up)?;

    Ok(LinkView::Password {
        email: person.handle.to_string(),
        role: person.role,
    })
}

/// Makes the first administrator; answers with `Set-Cookie`.
pub async fn set_up(state: &AppState, draft: SetUpDraft, client: &Client) -> Result<String, Refusal> {
    let email = draft
        .email
        .parse::<Email>()
        .map_err(|_| Refusal::invalid(vec![FieldError::new("email", "Enter an email address.")]))?;
    // Before the hash, which is costly: who has no link is not to have it made.
    let LinkView::SetUp = look_at(state, draft.token.clone()).await? else {
        return Err(used_up());
    };
    let hash = password::hash(draft.new).await?;
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let link = consume(&mut tx, &draft.token, now).await?;
    if link.purpose != Purpose::Setup || people::has_administrator(&mut tx).await.map_err(store_failed)? {
        return Err(used_up());
    }
    let person = administrator::add(&mut tx, &email, &draft.name, &hash, now).await?;
    let token = start(state, &mut tx, &person, &hash, client, now)
        .await?
        .ok_or_else(used_up)?;
    let event = event(EventName::AdministratorCreated, Outcome::Ok, client, now).by(&person);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(cookie_of(state, &token))
}

/// Sets a password through an invitation or a reset; answers with `Set-Cookie`.
pub async fn use_up(state: &AppState, draft: SetPasswordDraft, client: &Client) -> Result<String, Refusal> {
    let LinkView::Password { email, .. } = look_at(state, draft.token.clone()).await? else {
        return Err(used_up());
    };
    let errors = draft.check_for(&email);
    if !errors.is_empty() {
        return Err(Refusal::invalid(errors));
    }
    let hash = password::hash(draft.new).await?;
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let link = consume(&mut tx, &draft.token, now).await?;
    let id = link.purpose.person().ok_or_else(used_up)?;
    let person = people::set_password(&mut tx, id, &hash, now)
        .await
        .map_err(store_failed)?
        .ok_or_else(used_up)?;
    attempts::forgive(&mut tx, person.handle.as_str())
        .await
        .map_err(store_failed)?;
    sign_ins::revoke_all(&mut tx, &person.id, now)
        .await
        .map_err(store_failed)?;
    let token = start(state, &mut tx, &person, &hash, client, now)
        .await?
        .ok_or_else(used_up)?;
    let name = match link.purpose {
        Purpose::Reset(_) => EventName::PasswordChanged,
        Purpose::Setup | Purpose::Invite(_) => EventName::PersonActivated,
    };
    audit::append(&mut tx, event(name, Outcome::Ok, client, now).by(&person))
        .await
        .map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    state.sessions.look_again();

    Ok(cookie_of(state, &token))
}

/// Adds a person; answers with the link to pass on.
pub async fn invite(
    state: &AppState,
    actor: &Actor,
    draft: InviteDraft,
    client: &Client,
) -> Result<String, Refusal> {
    let email = draft
        .email
        .parse::<Email>()
        .map_err(|_| Refusal::invalid(vec![FieldError::new("email", "Enter an email address.")]))?;
    let now = clock::now();
    let id = PersonId::from_random(clock::draw());
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let administrator = administering(&mut tx, actor).await?;
    let person = people::invite(&mut tx, &id, &email, &draft.name, draft.role, now)
        .await
        .map_err(taken)?;
    let link = make(state, &mut tx, Purpose::Invite(id), now).await?;
    let event = event(EventName::PersonInvited, Outcome::Ok, client, now)
        .by(&administrator)
        .with("email", person.handle.to_string())
        .with("role", person.role.as_str());
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(link)
}

/// Takes a person's password, sign-ins and tokens away and gives the link by which they choose another.
pub async fn reset(
    state: &AppState,
    actor: &Actor,
    id: &PersonId,
    client: &Client,
) -> Result<String, Refusal> {
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let administrator = administering(&mut tx, actor).await?;
    let person = people::lookup(&mut tx, id)
        .await
        .map_err(store_failed)?
        .ok_or_else(nobody)?;
    person.check_is_human()?;
    let purpose = purpose_for(&person)?;
    people::forget_password(&mut tx, id).await.map_err(store_failed)?;
    sign_ins::revoke_all(&mut tx, id, now)
        .await
        .map_err(store_failed)?;
    let revoked = access_tokens::revoke_all(&mut tx, id, now)
        .await
        .map_err(store_failed)?;
    let link = make(state, &mut tx, purpose, now).await?;
    let event = event(EventName::PersonReset, Outcome::Ok, client, now)
        .by(&administrator)
        .with("email", person.handle.to_string())
        .with("tokens_revoked", revoked.to_string());
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;
    state.sessions.look_again();

    Ok(link)
}

/// Who acts, if they may manage people now and until the transaction ends.
async fn administering(tx: &mut Tx, actor: &Actor) -> Result<Person, Refusal> {
    let person = people::hold(tx, &actor.person.id)
        .await
        .map_err(store_failed)?
        .ok_or_else(nobody)?;
    administer(&person)?;

    Ok(person)
}

fn purpose_for(person: &Person) -> Result<Purpose, Refusal> {
    use protocol::people::PersonState;

    match person.state {
        PersonState::Invited => Ok(Purpose::Invite(person.id.clone())),
        PersonState::Active => Ok(Purpose::Reset(person.id.clone())),
        PersonState::Off => Err(Refusal::new(
            Code::PamConflict,
            "This person is switched off. Switch them on first.",
        )),
    }
}

async fn consume(tx: &mut Tx, token: &Password, now: Timestamp) -> Result<Link, Refusal> {
    links::consume(tx, &TokenHash::of(token.expose()), now)
        .await
        .map_err(store_failed)?
        .ok_or_else(used_up)
}

fn used_up() -> Refusal {
    Refusal::new(
        Code::PamNotFound,
        "This link was used, is older than a day, or was replaced by a newer one. Ask an administrator for another.",
    )
}

fn nobody() -> Refusal {
    Refusal::new(Code::PamNotFound, "There is no such person.")
}

/// An address that somebody has is told beside the field.
pub(super) fn taken(error: store::Error) -> Refusal {
    match error {
        store::Error::Taken => Refusal::invalid(vec![FieldError::new(
            "email",
            "Somebody with this address has been added already.",
        )]),
        store::Error::Unavailable(_)
        | store::Error::Inconsistent { .. }
        | store::Error::Address
        | store::Error::Migration(_)
        | store::Error::Copy(_)
        | store::Error::NotACopy(_)
        | store::Error::Internal(_) => store_failed(error),
    }
}
