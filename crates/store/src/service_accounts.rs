//! Service accounts: rows of people that no password opens. All but making one is done as with people.

use protocol::ids::PersonId;
use protocol::people::{PersonState, Role};
use protocol::time::Timestamp;
use vault::authorize::{Administer, Authorized};
use vault::passwords::Hash;
use vault::people::{Handle, Person, ServiceName};

use crate::db::{Tx, run};
use crate::errors::Error;

const ADD: &str = r#"
    INSERT INTO people (id, kind, email, name, role, state, password_hash, created_at)
    VALUES ($1, 'service', $2, $3, 'user', 'active', $4, $5)
"#;

/// Adds a service account, which is active at once: it has nothing to choose.
///
/// # Errors
/// [`Error::Taken`] when there is one of this name.
pub async fn add(
    tx: &mut Tx,
    _administer: &Authorized<Administer>,
    id: &PersonId,
    name: &ServiceName,
    now: Timestamp,
) -> Result<Person, Error> {
    let nobody = Hash::nobody();
    run!(
        tx,
        sqlx::query(ADD)
            .bind(id.as_str())
            .bind(name.as_str())
            .bind(name.in_words())
            .bind(nobody.as_str())
            .bind(now.micros())
    )?;

    Ok(Person {
        id: id.clone(),
        name: name.in_words(),
        handle: Handle::Service(name.clone()),
        role: Role::User,
        state: PersonState::Active,
        created_at: now,
    })
}

/// The statements of this module, for the test that prepares each on both databases.
#[cfg(test)]
pub(crate) const STATEMENTS: &[&str] = &[ADD];

#[cfg(test)]
mod tests;
