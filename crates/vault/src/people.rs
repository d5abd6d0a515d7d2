//! A person as the rules see them: an address that compares, a role, a state.

use std::fmt;
use std::str::FromStr;

use protocol::ids::PersonId;
use protocol::people::{PersonState, PersonView, Role, UnknownWord, check_email, normal_email};
use protocol::time::Timestamp;

/// An email address in the one form it is stored and compared in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = UnknownWord;

    /// Accepts what `protocol::people::check_email` accepts.
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        if check_email(text).is_some() {
            return Err(UnknownWord);
        }

        Ok(Self(normal_email(text)))
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Somebody who may sign in. The hash of the password is not part of a person: it is asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub email: Email,
    pub name: String,
    pub role: Role,
    pub state: PersonState,
    pub created_at: Timestamp,
}

impl Person {
    pub fn is_active(&self) -> bool {
        self.state == PersonState::Active
    }
}

impl From<&Person> for PersonView {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.clone(),
            email: person.email.to_string(),
            name: person.name.clone(),
            role: person.role,
            state: person.state,
            created_at: person.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_without_case() {
        assert_eq!(" Ada@Example.org".parse::<Email>(), "ada@example.ORG".parse());
        assert!("ada".parse::<Email>().is_err());
    }
}
