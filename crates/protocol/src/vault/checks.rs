//! What the checks of several drafts have in common.

use serde::de::{Deserializer, Error, Visitor};

use crate::forms::FieldError;

/// Longest title of a record and name of a folder, in characters (spec §27).
const MAX_TITLE: usize = 200;

/// Longest name PostgreSQL keeps, in bytes: `NAMEDATALEN - 1`.
/// <https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS>
const MAX_NAME: usize = 63;

/// Longest description or note, in characters.
const MAX_PROSE: usize = 10_000;

/// Collects the sentences of one draft in the order of its form.
#[derive(Default)]
pub(super) struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    pub(super) fn fail(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    /// A required line of text people recognise the thing by.
    pub(super) fn title(&mut self, field: &str, label: &str, text: &str) {
        let text = text.trim();

        if text.is_empty() {
            self.fail(field, format!("Enter a {}.", label.to_lowercase()));
        } else if text.chars().count() > MAX_TITLE {
            self.fail(
                field,
                format!("{label} must not be longer than {MAX_TITLE} characters."),
            );
        } else if text.chars().any(char::is_control) {
            self.fail(
                field,
                format!("{label} must be one line of text without control characters."),
            );
        }
    }

    /// A name PostgreSQL keeps: a database or a role. Empty is allowed; who needs one asks before.
    pub(super) fn postgres_name(&mut self, field: &str, label: &str, text: &str) {
        if text.len() > MAX_NAME {
            self.fail(
                field,
                format!("{label} must not be longer than {MAX_NAME} bytes: PostgreSQL cuts it there."),
            );
        } else if text.chars().any(char::is_control) {
            self.fail(field, format!("{label} must not contain control characters."));
        }
    }

    /// A database people connect to.
    pub(super) fn database_name(&mut self, field: &str, label: &str, text: &str) {
        self.postgres_name(field, label, text);

        if text == "template0" {
            self.fail(
                field,
                "PostgreSQL accepts no connections to template0. Choose another database.",
            );
        }
    }

    pub(super) fn prose(&mut self, field: &str, label: &str, text: &str) {
        if text.chars().count() > MAX_PROSE {
            self.fail(
                field,
                format!("{label} must not be longer than {MAX_PROSE} characters."),
            );
        } else if text.contains('\0') {
            self.fail(field, format!("{label} must not contain NUL characters."));
        }
    }

    /// A whole number within bounds, or nothing.
    pub(super) fn number(&mut self, field: &str, label: &str, text: &str, least: u32, most: u32) {
        if !matches!(whole_number(text), Ok(None)) && within(text, least, most).is_none() {
            self.fail(
                field,
                format!("{label} must be a whole number from {least} to {most}."),
            );
        }
    }

    /// Text that should hold PEM blocks with one of these labels; what is inside is the vault's to parse.
    pub(super) fn pem(&mut self, field: &str, text: &str, what: &str, labels: &[&str]) {
        if text.trim().is_empty() {
            return;
        }

        if !labels
            .iter()
            .any(|label| text.contains(&format!("-----BEGIN {label}-----")))
        {
            let label = labels.first().copied().unwrap_or_default();
            self.fail(
                field,
                format!("{what} must be PEM text that begins with -----BEGIN {label}-----."),
            );
        }
    }

    pub(super) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}

/// The number a field says, `None` if it is empty.
fn whole_number(text: &str) -> Result<Option<u32>, std::num::ParseIntError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }

    text.parse().map(Some)
}

/// The number a field says, if it says one within the bounds.
pub(super) fn within(text: &str, least: u32, most: u32) -> Option<u32> {
    whole_number(text)
        .ok()
        .flatten()
        .filter(|number| (least..=most).contains(number))
}

/// Text without surrounding space, `None` if nothing is left.
pub(super) fn filled(text: &str) -> Option<String> {
    let text = text.trim();

    (!text.is_empty()).then(|| text.to_owned())
}

/// Reads a checkbox: a browser sends its value (`true`, or `on` where none is set) or nothing at all, JSON a bool.
pub(crate) fn checkbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Checkbox;

    impl Visitor<'_> for Checkbox {
        type Value = bool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("true, on, false or nothing")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
            match text {
                "true" | "on" | "1" => Ok(true),
                "false" | "off" | "0" | "" => Ok(false),
                other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
            }
        }
    }

    deserializer.deserialize_any(Checkbox)
}
