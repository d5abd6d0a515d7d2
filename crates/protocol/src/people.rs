//! People: who they are, how they sign in, how they are invited, and the rules of their passwords.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::entered::Entered;
use crate::forms::{Draft, FieldError};
use crate::ids::{PersonId, SignInId};
use crate::service_accounts::is_service_account;
use crate::time::Timestamp;

/// Shortest password of a person, in characters.
pub const MIN_PASSWORD: usize = 12;
/// Longest password of a person, in characters: more is a mistake, and hashing it costs the server.
pub const MAX_PASSWORD: usize = 200;
/// Longest email address, in bytes (RFC 5321 §4.5.3.1.3).
pub const MAX_EMAIL: usize = 254;
/// Longest name of a person, in characters.
pub const MAX_NAME: usize = 100;

/// What a person may do beyond what is shared with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Manages people and PAM Configurations, and everything a user does.
    Administrator,
    /// Reads recordings and the audit log; neither launches nor reveals.
    Auditor,
    /// Works with the records shared with them.
    User,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Auditor, Self::User];

    /// The stable text: in the store, in forms, in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
            Self::User => "user",
        }
    }

    /// Whether it sees sessions of others, their recordings and the audit log.
    pub fn sees_evidence(self) -> bool {
        match self {
            Self::Administrator | Self::Auditor => true,
            Self::User => false,
        }
    }

    /// What a screen shows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Auditor => "Auditor",
            Self::User => "User",
        }
    }
}

/// Whether a person can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// Has a link, no password yet.
    Invited,
    Active,
    /// Switched off by an administrator; may be switched on again.
    Off,
}

impl PersonState {
    pub const ALL: [Self; 3] = [Self::Invited, Self::Active, Self::Off];

    /// The stable text: in the store and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Off => "off",
        }
    }

    /// What a screen shows.
    pub fn label(self) -> &'static str {
        match self {
            Self::Invited => "Invited",
            Self::Active => "Active",
            Self::Off => "Switched off",
        }
    }
}

/// A text that is none of the words it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownWord;

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown word")
    }
}

impl std::error::Error for UnknownWord {}

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownWord)
    }
}

impl FromStr for PersonState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownWord)
    }
}

/// A person or service account, as a screen shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    pub id: PersonId,
    /// An email address, or a service account's name.
    pub handle: String,
    pub name: String,
    pub role: Role,
    pub state: PersonState,
    pub created_at: Timestamp,
}

impl PersonView {
    pub fn is_service_account(&self) -> bool {
        is_service_account(&self.handle)
    }
}

/// One sign-in of a person, as *Your sign-ins* shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInView {
    pub id: SignInId,
    pub created_at: Timestamp,
    pub last_seen: Timestamp,
    pub ends_at: Timestamp,
    pub remote_address: String,
    pub user_agent: String,
    /// The one that asks.
    pub is_current: bool,
}

/// A person's own password, or the token of a link, on its way from a form.
pub type Password = Entered;

/// The sign-in form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInDraft {
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub password: Password,
}

impl Draft for SignInDraft {
    /// Says only what is missing: whether an address is known is not told here.
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();

        if self.email.trim().is_empty() {
            errors.push(FieldError::new("email", "Enter your email address."));
        } else if self.email.len() > MAX_EMAIL {
            errors.push(FieldError::new(
                "email",
                "An email address has at most 254 characters.",
            ));
        }
        if self.password.is_empty() {
            errors.push(FieldError::new("password", "Enter your password."));
        } else if self.password.expose().chars().count() > MAX_PASSWORD {
            errors.push(FieldError::new(
                "password",
                "A password has at most 200 characters.",
            ));
        }

        errors
    }
}

/// *Add person*: an administrator names somebody, who gets a one-time link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InviteDraft {
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub name: String,
    #[serde(default = "default_role")]
    pub role: Role,
}

impl Default for InviteDraft {
    fn default() -> Self {
        Self {
            email: String::new(),
            name: String::new(),
            role: default_role(),
        }
    }
}

impl Draft for InviteDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();

        errors.extend(check_email(&self.email));
        errors.extend(check_name(&self.name));

        errors
    }
}

/// The page behind an invitation or a reset link: a first or a new password.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPasswordDraft {
    /// The one-time token of the link.
    #[serde(default)]
    pub token: Password,
    #[serde(default)]
    pub new: Password,
    #[serde(default)]
    pub repeat: Password,
}

impl SetPasswordDraft {
    /// The rule that needs to know whose link it is: the password is not the address.
    pub fn check_for(&self, email: &str) -> Vec<FieldError> {
        let mut errors = self.check();
        if errors.is_empty() {
            errors.extend(check_differs(&self.new, email));
        }

        errors
    }
}

impl Draft for SetPasswordDraft {
    fn check(&self) -> Vec<FieldError> {
        check_new(&self.new, &self.repeat)
    }
}

/// The page behind the set-up link: the first administrator.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUpDraft {
    /// The one-time token of the link.
    #[serde(default)]
    pub token: Password,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub new: Password,
    #[serde(default)]
    pub repeat: Password,
}

impl Draft for SetUpDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();

        errors.extend(check_email(&self.email));
        errors.extend(check_name(&self.name));
        let password = check_new(&self.new, &self.repeat);
        if password.is_empty() {
            errors.extend(check_differs(&self.new, &self.email));
        }
        errors.extend(password);

        errors
    }
}

/// *Change password*: everyone, their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordDraft {
    #[serde(default)]
    pub current: Password,
    #[serde(default)]
    pub new: Password,
    #[serde(default)]
    pub repeat: Password,
}

impl PasswordDraft {
    /// The rule that needs to know who asks: the password is not the address.
    pub fn check_for(&self, email: &str) -> Vec<FieldError> {
        let mut errors = self.check();
        if errors.is_empty() {
            errors.extend(check_differs(&self.new, email));
        }

        errors
    }
}

impl Draft for PasswordDraft {
    fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();

        if self.current.is_empty() {
            errors.push(FieldError::new("current", "Enter your present password."));
        }
        errors.extend(check_new(&self.new, &self.repeat));
        if errors.is_empty() && self.current == self.new {
            errors.push(FieldError::new(
                "new",
                "Choose a password that differs from the present one.",
            ));
        }

        errors
    }
}

/// *Change role* of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDraft {
    pub id: PersonId,
    pub role: Role,
}

impl Draft for RoleDraft {
    fn check(&self) -> Vec<FieldError> {
        Vec::new()
    }
}

/// The address as it is stored and compared: without surrounding space, in lower case.
pub fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// What is wrong with an email address, by shape only: one `@`, something before it, a name after it.
pub fn check_email(email: &str) -> Option<FieldError> {
    let email = email.trim();
    let message = if email.is_empty() {
        "Enter an email address."
    } else if email.len() > MAX_EMAIL {
        "An email address has at most 254 characters."
    } else if !has_email_shape(email) {
        "Enter an email address such as ada@example.org."
    } else {
        return None;
    };

    Some(FieldError::new("email", message))
}

fn has_email_shape(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else {
        return false;
    };
    let is_plain = |text: &str| {
        !text.is_empty()
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "@<>(),;:\\\"".contains(c))
    };

    is_plain(local) && is_plain(domain) && domain.split('.').all(|label| !label.is_empty())
}

/// What is wrong with a person's name.
pub fn check_name(name: &str) -> Option<FieldError> {
    let name = name.trim();
    let message = if name.is_empty() {
        "Enter a name."
    } else if name.chars().count() > MAX_NAME {
        "A name has at most 100 characters."
    } else if name.contains(char::is_control) {
        "A name has no control characters."
    } else {
        return None;
    };

    Some(FieldError::new("name", message))
}

fn check_new(new: &Password, repeat: &Password) -> Vec<FieldError> {
    let length = new.expose().chars().count();
    let mut errors = Vec::new();

    if new.is_empty() {
        errors.push(FieldError::new(
            "new",
            "Enter a password of at least 12 characters.",
        ));
    } else if length < MIN_PASSWORD {
        errors.push(FieldError::new(
            "new",
            "A password has at least 12 characters. A sentence is a good one.",
        ));
    } else if length > MAX_PASSWORD {
        errors.push(FieldError::new("new", "A password has at most 200 characters."));
    } else if new.expose().chars().all(|c| new.expose().starts_with(c)) {
        errors.push(FieldError::new(
            "new",
            "A password is more than one character repeated.",
        ));
    }
    if errors.is_empty() && new != repeat {
        errors.push(FieldError::new(
            "repeat",
            "The two passwords differ. Type the same one twice.",
        ));
    }

    errors
}

fn check_differs(password: &Password, email: &str) -> Option<FieldError> {
    if normal_email(password.expose()) != normal_email(email) {
        return None;
    }

    Some(FieldError::new(
        "new",
        "The password is your email address. Choose one nobody can guess.",
    ))
}

fn default_role() -> Role {
    Role::User
}

#[cfg(test)]
mod tests;
