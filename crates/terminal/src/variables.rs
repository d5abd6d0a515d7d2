//! psql's variables: those of `\set`, and those that steer the session or tell of it.

use std::collections::BTreeMap;
use std::fmt;

/// Bytes all names and values may take.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The variables of a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variables {
    values: BTreeMap<String, String>,
    held: usize,
}

/// Why a variable cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unset {
    #[error("invalid variable name: \"{0}\"")]
    Name(String),
    #[error("unrecognized value \"{value}\" for \"{name}\": Boolean expected")]
    NotBoolean { name: String, value: String },
    #[error("unrecognized value \"{value}\" for \"{name}\"\nAvailable values are: {words}.")]
    NotOneOf {
        name: String,
        value: String,
        words: String,
    },
    #[error("{name} is always {value} in this terminal.")]
    Stuck { name: String, value: String },
    #[error("The variables of this session hold 4 MiB, and no more fits.")]
    Full,
}

/// What a variable that steers the session can be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Switch,
    /// A switch that cannot be moved here.
    Stuck,
    Word(&'static [&'static str]),
}

/// Variables that cannot have any value, or that are never unset: their kind and what they begin with.
const STEERING: &[(&str, Kind, &str)] = &[
    ("AUTOCOMMIT", Kind::Stuck, "on"),
    ("ECHO", Kind::Word(&["none", "errors", "queries", "all"]), "none"),
    ("ECHO_HIDDEN", Kind::Switch, "off"),
    ("ON_ERROR_ROLLBACK", Kind::Stuck, "off"),
    ("ON_ERROR_STOP", Kind::Switch, "off"),
    ("QUIET", Kind::Switch, "off"),
    (
        "SHOW_CONTEXT",
        Kind::Word(&["never", "errors", "always"]),
        "errors",
    ),
    ("SINGLELINE", Kind::Switch, "off"),
    (
        "VERBOSITY",
        Kind::Word(&["default", "verbose", "terse", "sqlstate"]),
        "default",
    ),
];

/// psql's prompts: of a statement, of its next line, of rows for COPY.
const PROMPTS: &[(&str, &str)] = &[
    ("PROMPT1", "%/%R%x%# "),
    ("PROMPT2", "%/%R%x%# "),
    ("PROMPT3", ">> "),
];

impl Variables {
    /// Those psql begins with.
    pub(crate) fn new() -> Self {
        let mut variables = Self::default();
        for (name, _, value) in STEERING {
            variables.put(name, value);
        }
        for (name, value) in PROMPTS {
            variables.put(name, value);
        }
        variables
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Sets a variable as `\set` does.
    ///
    /// # Errors
    ///
    /// When a person chose a name or value that cannot be, or too much is set.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), Unset> {
        if !is_name(name) {
            return Err(Unset::Name(name.to_owned()));
        }
        let steering = STEERING.iter().find(|(known, _, _)| *known == name);
        let value = match steering {
            Some((_, kind, first)) => kind.check(name, value, first)?,
            None => value,
        };
        let before = self.values.get(name).map_or(0, |value| name.len() + value.len());
        if self.held - before + name.len() + value.len() > MAX_BYTES {
            return Err(Unset::Full);
        }
        self.put(name, value);
        Ok(())
    }

    /// Sets a variable that tells of the session.
    pub(crate) fn tell(&mut self, name: &str, value: &str) {
        self.put(name, value);
    }

    /// Removes a variable, if there is one; one that steers is switched off or back to where it began.
    pub(crate) fn unset(&mut self, name: &str) {
        if let Some(value) = self.values.remove(name) {
            self.held = self.held.saturating_sub(name.len() + value.len());
        }
        match STEERING.iter().find(|(known, _, _)| *known == name) {
            Some((_, Kind::Word(_) | Kind::Stuck, value)) => self.put(name, value),
            Some((_, Kind::Switch, _)) => self.put(name, "off"),
            None => {}
        }
    }

    /// Whether a variable is on; one that is something else than on or off is neither.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.get(name).and_then(boolean) == Some(true)
    }

    /// Whether a variable is this word.
    pub(crate) fn is(&self, name: &str, word: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case(word))
    }

    fn put(&mut self, name: &str, value: &str) {
        let before = self.values.insert(name.to_owned(), value.to_owned());
        let before = before.map_or(0, |value| name.len() + value.len());
        self.held = (self.held + name.len() + value.len()).saturating_sub(before);
    }
}

/// What a bare `\set` lists.
impl fmt::Display for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.values {
            writeln!(f, "{name} = '{value}'")?;
        }
        Ok(())
    }
}

impl Kind {
    fn check<'v>(self, name: &str, value: &'v str, first: &str) -> Result<&'v str, Unset> {
        let refused = |words: &[&str]| Unset::NotOneOf {
            name: name.to_owned(),
            value: value.to_owned(),
            words: words.join(", "),
        };
        let not_boolean = || Unset::NotBoolean {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let is_one_of = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
        match self {
            Self::Stuck if !value.is_empty() && boolean(value).is_none() => Err(not_boolean()),
            Self::Stuck if boolean(if value.is_empty() { "on" } else { value }) != boolean(first) => {
                Err(Unset::Stuck {
                    name: name.to_owned(),
                    value: first.to_owned(),
                })
            }
            Self::Switch | Self::Stuck if value.is_empty() => Ok("on"),
            Self::Stuck => Ok(value),
            Self::Switch if boolean(value).is_some() => Ok(value),
            Self::Word(words) if is_one_of(words) => Ok(value),
            Self::Switch => Err(not_boolean()),
            Self::Word(words) => Err(refused(words)),
        }
    }
}

/// Letters, digits and underscores, and whatever is not ASCII.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_name_byte)
}

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// psql's Booleans: `on`, `off`, `1`, `0`, and any beginning of `true`, `false`, `yes`, `no` and `off`.
pub(crate) fn boolean(value: &str) -> Option<bool> {
    let value = value.to_ascii_lowercase();
    let begins = |word: &str| !value.is_empty() && word.starts_with(&value);
    if begins("true") || begins("yes") || value == "on" || value == "1" {
        return Some(true);
    }
    let is_off = begins("false") || begins("no") || (begins("off") && value.len() > 1) || value == "0";
    is_off.then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steering_variables_take_what_psql_takes() {
        let mut variables = Variables::new();

        assert_eq!(variables.set("AUTOCOMMIT", ""), Ok(()));
        assert!(variables.is_on("AUTOCOMMIT"));
        assert_eq!(
            variables.set("AUTOCOMMIT", "of").unwrap_err().to_string(),
            "AUTOCOMMIT is always on in this terminal."
        );
        assert!(variables.is_on("AUTOCOMMIT"));
        assert_eq!(variables.set("QUIET", "of"), Ok(()));
        assert!(!variables.is_on("QUIET"));
        assert_eq!(
            variables.set("AUTOCOMMIT", "foo").unwrap_err().to_string(),
            "unrecognized value \"foo\" for \"AUTOCOMMIT\": Boolean expected"
        );
        assert_eq!(
            variables.set("VERBOSITY", "foo").unwrap_err().to_string(),
            "unrecognized value \"foo\" for \"VERBOSITY\"\n\
             Available values are: default, verbose, terse, sqlstate."
        );
        assert_eq!(variables.set("VERBOSITY", "TERSE"), Ok(()));
        assert!(variables.is("VERBOSITY", "terse"));
        variables.unset("VERBOSITY");
        assert!(variables.is("VERBOSITY", "default"));
    }

    #[test]
    fn names_are_checked_and_what_is_held_is_bounded() {
        let mut variables = Variables::new();

        assert_eq!(variables.set("a-b", "x"), Err(Unset::Name("a-b".to_owned())));
        assert_eq!(variables.set("1x", "x"), Ok(()));
        assert_eq!(variables.set("größe", "x"), Ok(()));
        assert_eq!(variables.set("big", &"x".repeat(MAX_BYTES)), Err(Unset::Full));
        for _ in 0..100 {
            assert_eq!(variables.set("big", &"x".repeat(MAX_BYTES / 2)), Ok(()));
        }
        variables.unset("big");
        assert!(variables.held < 1_000);
    }
}
