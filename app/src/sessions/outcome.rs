//! What became of a statement, as a live view and a replay tell it.

/// Over all results of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Outcome {
    /// Microseconds from its start to the end of its last result.
    pub(super) duration: u64,
    pub(super) rows: u64,
    /// PostgreSQL's words for what was done; of several results the last.
    pub(super) tag: String,
    /// Not told to who watches.
    pub(super) sqlstate: Option<String>,
    /// PostgreSQL's message.
    pub(super) error: Option<String>,
    /// Data went into or out of the database.
    pub(super) has_moved: bool,
    /// A gate forbade its COPY.
    pub(super) is_refused: bool,
}

impl Outcome {
    /// Takes what ended after this.
    pub(super) fn append(&mut self, next: Self) {
        self.duration = self.duration.max(next.duration);
        self.rows = self.rows.saturating_add(next.rows);
        self.tag = next.tag;
        self.sqlstate = next.sqlstate.or(self.sqlstate.take());
        self.error = next.error.or(self.error.take());
        self.has_moved |= next.has_moved;
        self.is_refused |= next.is_refused;
    }

    pub(super) fn has_failed(&self) -> bool {
        self.sqlstate.is_some() || self.error.is_some() || self.is_refused
    }

    /// `4 rows`, `42501`, `failed`, `refused`, `CREATE TABLE`, `ok`.
    pub(super) fn words(&self) -> String {
        let is_counted = self.tag.split(' ').any(|word| word.parse::<u64>().is_ok());

        match (&self.sqlstate, self.rows) {
            _ if self.is_refused => "refused".to_owned(),
            (Some(sqlstate), _) => sqlstate.clone(),
            (None, _) if self.error.is_some() => "failed".to_owned(),
            (None, 0) if self.tag.is_empty() => "ok".to_owned(),
            (None, 0) if !is_counted => self.tag.clone(),
            (None, 1) => "1 row".to_owned(),
            (None, rows) => format!("{rows} rows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_said_in_postgresqls_words() {
        for (tag, rows, expected) in [
            ("SELECT 4", 4, "4 rows"),
            ("SELECT 1", 1, "1 row"),
            ("UPDATE 0", 0, "0 rows"),
            ("CREATE TABLE", 0, "CREATE TABLE"),
            ("", 0, "ok"),
        ] {
            let outcome = Outcome {
                tag: tag.to_owned(),
                rows,
                ..Outcome::default()
            };

            assert_eq!(outcome.words(), expected);
            assert!(!outcome.has_failed());
        }
    }

    #[test]
    fn a_failure_has_its_code_where_it_is_known() {
        let watched = Outcome {
            error: Some("permission denied for table orders".to_owned()),
            ..Outcome::default()
        };
        let recorded = Outcome {
            sqlstate: Some("42501".to_owned()),
            ..watched.clone()
        };

        assert_eq!([watched.words(), recorded.words()], ["failed", "42501"]);
        assert!(watched.has_failed() && recorded.has_failed());
    }

    #[test]
    fn results_of_one_statement_are_added_up() {
        let result = |rows, duration| Outcome {
            rows,
            duration,
            tag: format!("SELECT {rows}"),
            ..Outcome::default()
        };
        let mut outcome = result(1, 200);

        outcome.append(result(3, 900));

        assert_eq!((outcome.words().as_str(), outcome.duration), ("4 rows", 900));
    }
}
