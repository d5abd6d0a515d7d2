//! A person or service account as the rules see them: a handle that compares, a role, a state.

use std::fmt;
use std::str::FromStr;

use protocol::errors::{Code, Refusal};
use protocol::ids::PersonId;
use protocol::people::{PersonState, PersonView, Role, UnknownWord, check_email, normal_email};
use protocol::service_accounts::{check_service_name, in_words, is_service_account, normal_name};
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

/// A service account's name in the one form it is stored and compared in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceName(String);

impl ServiceName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands where people have a name, so that no list takes a program for a person.
    pub fn in_words(&self) -> String {
        in_words(&self.0)
    }
}

impl FromStr for ServiceName {
    type Err = UnknownWord;

    /// Accepts what `protocol::service_accounts::check_service_name` accepts.
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        if check_service_name(text).is_some() {
            return Err(UnknownWord);
        }

        Ok(Self(normal_name(text)))
    }
}

/// By what everybody is told from everybody else in lists, recordings and the audit log. Which of the two it is shows in
/// its text: an address has an `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handle {
    Email(Email),
    Service(ServiceName),
}

impl Handle {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Service(name) => name.as_str(),
        }
    }
}

impl FromStr for Handle {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match is_service_account(text) {
            true => text.parse().map(Self::Service),
            false => text.parse().map(Self::Email),
        }
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody who may sign in, or a service account, which may not and acts with access tokens alone. The hash of the
/// password is not part of a person: it is asked for by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub handle: Handle,
    pub name: String,
    pub role: Role,
    pub state: PersonState,
    pub created_at: Timestamp,
}

impl Person {
    pub fn is_active(&self) -> bool {
        self.state == PersonState::Active
    }

    pub fn is_service_account(&self) -> bool {
        matches!(self.handle, Handle::Service(_))
    }

    /// Whether this is somebody with a role to change and a password to reset.
    ///
    /// # Errors
    /// `PamConflict`: it is a service account.
    pub fn check_is_human(&self) -> Result<(), Refusal> {
        if !self.is_service_account() {
            return Ok(());
        }

        Err(Refusal::new(
            Code::PamConflict,
            "A service account has no password and no other role than User. Give it access tokens instead.",
        ))
    }
}

impl From<&Person> for PersonView {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.clone(),
            handle: person.handle.to_string(),
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

    #[test]
    fn a_handle_is_an_address_or_a_name_and_says_which() {
        let name: ServiceName = "nightly-export".parse().unwrap();

        assert_eq!(
            "ada@example.org".parse::<Handle>().unwrap().to_string(),
            "ada@example.org"
        );
        assert_eq!(" Nightly-Export".parse(), Ok(Handle::Service(name.clone())));
        assert_eq!(name.in_words(), "nightly-export (service account)");
        for neither in ["", "ada@", "@", "two words", "nightly-export@"] {
            assert_eq!(neither.parse::<Handle>(), Err(UnknownWord), "{neither}");
        }
    }
}
