//! What the database server itself says it was asked: the other witness.

use std::collections::BTreeMap;

/// Settings of a database whose log [`Witness::of`] reads.
pub const SETTINGS: [&str; 4] = [
    "log_statement = 'all'",
    // A parameter is large, and a failed statement has been logged when it came.
    "log_parameter_max_length = 0",
    "log_parameter_max_length_on_error = 0",
    "log_min_error_statement = 'panic'",
];

/// The prefix of each entry: the database, the backend, the SQLSTATE.
pub const PREFIX: &str = "<%d %p %e> ";

/// What one database was asked, and what it refused.
#[derive(Debug, Default)]
pub struct Witness {
    /// Texts, and how often each was run.
    pub statements: BTreeMap<String, u64>,
    /// SQLSTATEs of errors, also of those that were told when a text was prepared or its parameters were bound, and how
    /// often.
    pub errors: BTreeMap<String, u64>,
}

impl Witness {
    pub fn of(log: &str, database: &str) -> Self {
        let mut witness = Self::default();
        // Lines of a text after its first begin with a tab.
        let entries = log.replace("\n\t", "\u{0}");
        let prefix = format!("<{database} ");
        for entry in entries.lines().filter_map(|line| line.strip_prefix(&prefix)) {
            let (facts, entry) = entry.split_once("> ").unwrap();
            let (_, sqlstate) = facts.split_once(' ').unwrap();
            if let Some(text) = statement(entry) {
                if is_poolers_own(text) {
                    continue;
                }
                let text = head(&text.replace('\u{0}', "\n"));
                *witness.statements.entry(text).or_default() += 1;
            } else if entry.starts_with("ERROR:  ") {
                *witness.errors.entry(sqlstate.to_owned()).or_default() += 1;
            }
        }

        witness
    }
}

/// The text of a statement as far as it is compared: a long one is not on record to its end.
pub fn head(text: &str) -> String {
    text.chars().take(1000).collect::<String>().trim_end().to_owned()
}

/// What pgbouncer asks when a client has come or left; no client here asks it in these words.
fn is_poolers_own(text: &str) -> bool {
    text == "DISCARD ALL" || text.starts_with("SET ") && text.contains("application_name='")
}

fn statement(entry: &str) -> Option<&str> {
    let entry = entry.strip_prefix("LOG:  ")?;
    if let Some(text) = entry.strip_prefix("statement: ") {
        return Some(text);
    }
    // `execute <unnamed>: …`, `execute name/portal: …`; of a portal's later parts `execute fetch from …`.
    let entry = entry.strip_prefix("execute ")?;
    if entry.starts_with("fetch from ") {
        return None;
    }

    entry.split_once(": ").map(|(_, text)| text)
}
