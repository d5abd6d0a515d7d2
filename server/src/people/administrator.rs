//! The first administrator: by the set-up link printed at first start, or by `posternd admin create`.

use app::ctx::Client;
use protocol::audit::{EventName, Outcome};
use protocol::errors::Refusal;
use protocol::ids::{PersonId, RequestId};
use protocol::people::{Password, Role};
use protocol::time::Timestamp;
use store::links::Purpose;
use store::{Tx, audit, people};
use vault::audit::Event;
use vault::passwords::Hash;
use vault::people::{Email, Person};

use super::sign_in::event;
use super::{links, password, store_failed};
use crate::clock;
use crate::state::AppState;

/// Adds an active administrator.
pub async fn add(
    tx: &mut Tx,
    email: &Email,
    name: &str,
    hash: &Hash,
    now: Timestamp,
) -> Result<Person, Refusal> {
    let id = PersonId::from_random(clock::draw());
    people::invite(tx, &id, email, name, Role::Administrator, now)
        .await
        .map_err(links::taken)?;
    let person = people::set_password(tx, &id, hash, now)
        .await
        .map_err(store_failed)?;

    person.ok_or_else(Refusal::not_found)
}

/// `posternd admin create`.
pub async fn create(
    state: &AppState,
    email: &Email,
    name: &str,
    password: Password,
) -> Result<Person, Refusal> {
    let hash = password::hash(password).await?;
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    let person = add(&mut tx, email, name, &hash, now).await?;
    let client = command_line();
    let event = event(EventName::AdministratorCreated, Outcome::Ok, &client, now).by(&person);
    audit::append(&mut tx, event).await.map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(person)
}

/// A set-up link while nobody can administer; `None` otherwise. Each start makes a new one, the last one counts.
pub async fn set_up_link(state: &AppState) -> Result<Option<String>, Refusal> {
    let now = clock::now();
    let mut tx = state.db.write().await.map_err(store_failed)?;
    if people::has_administrator(&mut tx).await.map_err(store_failed)? {
        return Ok(None);
    }
    let link = links::make(state, &mut tx, Purpose::Setup, now).await?;
    audit::append(&mut tx, Event::new(EventName::SetupLinkCreated, Outcome::Ok, now))
        .await
        .map_err(store_failed)?;
    tx.commit().await.map_err(store_failed)?;

    Ok(Some(link))
}

/// Who acts when somebody with a shell on the server does.
fn command_line() -> Client {
    Client {
        address: "command line".to_owned(),
        user_agent: String::new(),
        request: RequestId::from_random(clock::draw()),
    }
}
