//! Service accounts: programs that connect without being anybody. Each has a name where a person has an email address.

use serde::{Deserialize, Serialize};

use crate::forms::{Draft, FieldError};

/// Longest name, in bytes.
pub const MAX_NAME: usize = 64;

/// Whether it is a service account that goes by this in lists, recordings and the audit log: an email address has an `@`,
/// a service account's name has none.
pub fn is_service_account(handle: &str) -> bool {
    !handle.contains('@')
}

/// A handle as a screen shows it, so that no program is taken for a person.
pub fn in_words(handle: &str) -> String {
    match is_service_account(handle) {
        true => format!("{handle} (service account)"),
        false => handle.to_owned(),
    }
}

/// The name as it is stored and compared: without surrounding space, in lower case.
pub fn normal_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What is wrong with a service account's name.
pub fn check_service_name(name: &str) -> Option<FieldError> {
    let name = normal_name(name);
    let message = if name.is_empty() {
        "Enter a name such as nightly-export."
    } else if name.len() > MAX_NAME {
        "A service account's name has at most 64 characters."
    } else if !has_name_shape(&name) {
        "Use letters from a to z, digits, and - . _ between them, such as nightly-export."
    } else {
        return None;
    };

    Some(FieldError::new("name", message))
}

/// Begins and ends with a letter or digit: it stands in sentences.
fn has_name_shape(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (first, last) = (name.bytes().next(), name.bytes().last());

    first.is_some_and(is_word)
        && last.is_some_and(is_word)
        && name.bytes().all(|byte| is_word(byte) || b"-._".contains(&byte))
}

/// *Add service account*.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceAccountDraft {
    pub name: String,
}

impl Draft for ServiceAccountDraft {
    fn check(&self) -> Vec<FieldError> {
        check_service_name(&self.name).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::check_email;

    #[test]
    fn a_name_is_never_an_address_nor_an_address_a_name() {
        for name in [
            "nightly-export",
            "bi.team_2",
            " Grafana ",
            "7",
            &"a".repeat(MAX_NAME),
        ] {
            assert_eq!(check_service_name(name), None, "{name}");
            assert!(check_email(name).is_some(), "{name}");
            assert!(is_service_account(name), "{name}");
            assert!(in_words(name).ends_with(" (service account)"), "{name}");
        }
        for address in ["ada@example.org", "a@b"] {
            assert!(check_service_name(address).is_some(), "{address}");
            assert!(!is_service_account(address), "{address}");
            assert_eq!(in_words(address), address);
        }
    }

    #[test]
    fn a_name_that_could_be_misread_is_none() {
        for name in [
            "",
            " ",
            "-export",
            "export.",
            "nightly export",
            "exp\u{f6}rt",
            "a/b",
            "a\u{202e}b",
            &"a".repeat(MAX_NAME + 1),
        ] {
            let draft = ServiceAccountDraft {
                name: name.to_owned(),
            };

            assert_eq!(draft.check().len(), 1, "{name}");
        }
    }
}
