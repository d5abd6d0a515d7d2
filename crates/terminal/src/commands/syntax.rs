//! `\\h`: the commands of SQL, what each looks like in its usual form, and where PostgreSQL describes all of it.
//!
//! psql carries the whole syntax of its own version. Here the page of the server's version is named instead, and the
//! commands people use most have a few lines of our own.

use std::fmt::Write as _;

use super::{Arguments, Outcome};
use crate::engine::Engine;
use crate::print::escape::visible;

/// Columns of the longest name and a space.
const WIDTH: usize = 33;

/// Where the server's documentation is; behind it comes the version.
const DOCUMENTATION: &str = "https://www.postgresql.org/docs/";

/// Commands of a later version than the oldest server.
const SINCE: &[(&str, u32)] = &[("MERGE", 15)];

/// The commands of SQL in the order psql lists them.
#[rustfmt::skip]
const COMMANDS: &[&str] = &[
    "ABORT", "ALTER AGGREGATE", "ALTER COLLATION", "ALTER CONVERSION", "ALTER DATABASE",
    "ALTER DEFAULT PRIVILEGES", "ALTER DOMAIN", "ALTER EVENT TRIGGER", "ALTER EXTENSION",
    "ALTER FOREIGN DATA WRAPPER", "ALTER FOREIGN TABLE", "ALTER FUNCTION", "ALTER GROUP", "ALTER INDEX",
    "ALTER LANGUAGE", "ALTER LARGE OBJECT", "ALTER MATERIALIZED VIEW", "ALTER OPERATOR",
    "ALTER OPERATOR CLASS", "ALTER OPERATOR FAMILY", "ALTER POLICY", "ALTER PROCEDURE", "ALTER PUBLICATION",
    "ALTER ROLE", "ALTER ROUTINE", "ALTER RULE", "ALTER SCHEMA", "ALTER SEQUENCE", "ALTER SERVER",
    "ALTER STATISTICS", "ALTER SUBSCRIPTION", "ALTER SYSTEM", "ALTER TABLE", "ALTER TABLESPACE",
    "ALTER TEXT SEARCH CONFIGURATION", "ALTER TEXT SEARCH DICTIONARY", "ALTER TEXT SEARCH PARSER",
    "ALTER TEXT SEARCH TEMPLATE", "ALTER TRIGGER", "ALTER TYPE", "ALTER USER", "ALTER USER MAPPING",
    "ALTER VIEW", "ANALYZE", "BEGIN", "CALL", "CHECKPOINT", "CLOSE", "CLUSTER", "COMMENT", "COMMIT",
    "COMMIT PREPARED", "COPY", "CREATE ACCESS METHOD", "CREATE AGGREGATE", "CREATE CAST",
    "CREATE COLLATION", "CREATE CONVERSION", "CREATE DATABASE", "CREATE DOMAIN", "CREATE EVENT TRIGGER",
    "CREATE EXTENSION", "CREATE FOREIGN DATA WRAPPER", "CREATE FOREIGN TABLE", "CREATE FUNCTION",
    "CREATE GROUP", "CREATE INDEX", "CREATE LANGUAGE", "CREATE MATERIALIZED VIEW", "CREATE OPERATOR",
    "CREATE OPERATOR CLASS", "CREATE OPERATOR FAMILY", "CREATE POLICY", "CREATE PROCEDURE",
    "CREATE PUBLICATION", "CREATE ROLE", "CREATE RULE", "CREATE SCHEMA", "CREATE SEQUENCE", "CREATE SERVER",
    "CREATE STATISTICS", "CREATE SUBSCRIPTION", "CREATE TABLE", "CREATE TABLE AS", "CREATE TABLESPACE",
    "CREATE TEXT SEARCH CONFIGURATION", "CREATE TEXT SEARCH DICTIONARY", "CREATE TEXT SEARCH PARSER",
    "CREATE TEXT SEARCH TEMPLATE", "CREATE TRANSFORM", "CREATE TRIGGER", "CREATE TYPE", "CREATE USER",
    "CREATE USER MAPPING", "CREATE VIEW", "DEALLOCATE", "DECLARE", "DELETE", "DISCARD", "DO",
    "DROP ACCESS METHOD", "DROP AGGREGATE", "DROP CAST", "DROP COLLATION", "DROP CONVERSION",
    "DROP DATABASE", "DROP DOMAIN", "DROP EVENT TRIGGER", "DROP EXTENSION", "DROP FOREIGN DATA WRAPPER",
    "DROP FOREIGN TABLE", "DROP FUNCTION", "DROP GROUP", "DROP INDEX", "DROP LANGUAGE",
    "DROP MATERIALIZED VIEW", "DROP OPERATOR", "DROP OPERATOR CLASS", "DROP OPERATOR FAMILY", "DROP OWNED",
    "DROP POLICY", "DROP PROCEDURE", "DROP PUBLICATION", "DROP ROLE", "DROP ROUTINE", "DROP RULE",
    "DROP SCHEMA", "DROP SEQUENCE", "DROP SERVER", "DROP STATISTICS", "DROP SUBSCRIPTION", "DROP TABLE",
    "DROP TABLESPACE", "DROP TEXT SEARCH CONFIGURATION", "DROP TEXT SEARCH DICTIONARY",
    "DROP TEXT SEARCH PARSER", "DROP TEXT SEARCH TEMPLATE", "DROP TRANSFORM", "DROP TRIGGER", "DROP TYPE",
    "DROP USER", "DROP USER MAPPING", "DROP VIEW", "END", "EXECUTE", "EXPLAIN", "FETCH", "GRANT",
    "IMPORT FOREIGN SCHEMA", "INSERT", "LISTEN", "LOAD", "LOCK", "MERGE", "MOVE", "NOTIFY", "PREPARE",
    "PREPARE TRANSACTION", "REASSIGN OWNED", "REFRESH MATERIALIZED VIEW", "REINDEX", "RELEASE SAVEPOINT",
    "RESET", "REVOKE", "ROLLBACK", "ROLLBACK PREPARED", "ROLLBACK TO SAVEPOINT", "SAVEPOINT",
    "SECURITY LABEL", "SELECT", "SELECT INTO", "SET", "SET CONSTRAINTS", "SET ROLE",
    "SET SESSION AUTHORIZATION", "SET TRANSACTION", "SHOW", "START TRANSACTION", "TABLE", "TRUNCATE",
    "UNLISTEN", "UPDATE", "VACUUM", "VALUES", "WITH",
];

/// Commands whose page has a hyphen between the words.
const HYPHENATED: &[&str] = &[
    "COMMIT PREPARED",
    "CREATE ACCESS METHOD",
    "DROP ACCESS METHOD",
    "DROP OWNED",
    "PREPARE TRANSACTION",
    "REASSIGN OWNED",
    "RELEASE SAVEPOINT",
    "ROLLBACK PREPARED",
    "SECURITY LABEL",
    "SET CONSTRAINTS",
    "SET ROLE",
    "SET SESSION AUTHORIZATION",
    "SET TRANSACTION",
    "START TRANSACTION",
];

/// Words of which a page's name has others.
const SHORTENED: &[(&str, &str)] = &[
    ("OPERATOR CLASS", "OPCLASS"),
    ("OPERATOR FAMILY", "OPFAMILY"),
    ("TEXT SEARCH CONFIGURATION", "TSCONFIG"),
    ("TEXT SEARCH DICTIONARY", "TSDICTIONARY"),
    ("TEXT SEARCH PARSER", "TSPARSER"),
    ("TEXT SEARCH TEMPLATE", "TSTEMPLATE"),
];

/// The usual form of a command.
const FORMS: &[(&str, &str)] = &[
    (
        "ALTER TABLE",
        "ALTER TABLE name ADD COLUMN column type [NOT NULL] [DEFAULT value]\n\
         ALTER TABLE name DROP COLUMN column | RENAME TO new_name | RENAME COLUMN column TO new_name\n\
         ALTER TABLE name ALTER COLUMN column SET DEFAULT value | SET NOT NULL | TYPE type [USING expression]\n\
         ALTER TABLE name ADD CONSTRAINT name ... | DROP CONSTRAINT name | OWNER TO role",
    ),
    ("ANALYZE", "ANALYZE [VERBOSE] [table [(column, ...)], ...]"),
    ("BEGIN", "BEGIN [ISOLATION LEVEL level] [READ ONLY | READ WRITE]"),
    ("COMMIT", "COMMIT [AND CHAIN]"),
    (
        "COPY",
        "COPY table [(column, ...)] FROM STDIN [WITH (FORMAT csv, HEADER, ...)]\n\
         COPY table [(column, ...)] | (query) TO STDOUT [WITH (FORMAT csv, HEADER, ...)]\n\
         \\copy does the same with a file of yours.",
    ),
    (
        "CREATE INDEX",
        "CREATE [UNIQUE] INDEX [CONCURRENTLY] [name] ON table [USING method] (column | (expression), ...)\n    \
         [INCLUDE (column, ...)] [WHERE condition]",
    ),
    (
        "CREATE ROLE",
        "CREATE ROLE name [LOGIN] [CREATEDB] [CREATEROLE] [IN ROLE role, ...] [VALID UNTIL 'time']\n\
         Its password: \\password name",
    ),
    (
        "CREATE TABLE",
        "CREATE [TEMPORARY] TABLE [IF NOT EXISTS] name (\n    \
         column type [NOT NULL] [DEFAULT value] [PRIMARY KEY] [UNIQUE] [REFERENCES table (column)] [CHECK (condition)],\n    \
         ...\n)",
    ),
    (
        "CREATE USER",
        "CREATE USER name [CREATEDB] [CREATEROLE] [IN ROLE role, ...] [VALID UNTIL 'time']\n\
         Its password: \\password name",
    ),
    (
        "CREATE VIEW",
        "CREATE [OR REPLACE] VIEW name [(column, ...)] AS query",
    ),
    (
        "DELETE",
        "DELETE FROM table [USING other_table, ...] [WHERE condition] [RETURNING expression, ...]",
    ),
    ("DROP TABLE", "DROP TABLE [IF EXISTS] name, ... [CASCADE]"),
    (
        "EXPLAIN",
        "EXPLAIN [(ANALYZE, BUFFERS, VERBOSE, FORMAT format)] statement\n\
         ANALYZE runs the statement: wrap what changes data in BEGIN and ROLLBACK.",
    ),
    (
        "GRANT",
        "GRANT SELECT | INSERT | UPDATE | DELETE | ALL, ... ON table, ... TO role, ...\n\
         GRANT USAGE | CREATE ON SCHEMA schema TO role, ...\n\
         GRANT role, ... TO role, ...",
    ),
    (
        "INSERT",
        "INSERT INTO table [(column, ...)] VALUES (value, ...), ... | query\n    \
         [ON CONFLICT (column, ...) DO NOTHING | DO UPDATE SET column = value, ...] [RETURNING expression, ...]",
    ),
    (
        "REVOKE",
        "REVOKE SELECT | INSERT | UPDATE | DELETE | ALL, ... ON table, ... FROM role, ...\n\
         REVOKE role, ... FROM role, ...",
    ),
    ("ROLLBACK", "ROLLBACK [AND CHAIN]"),
    (
        "SELECT",
        "[WITH name AS (query), ...]\n\
         SELECT [DISTINCT] expression [AS name], ...\n    \
         FROM table [alias] [LEFT | RIGHT | FULL] [JOIN table ON condition | USING (column, ...)] ...\n    \
         [WHERE condition] [GROUP BY expression, ...] [HAVING condition]\n    \
         [UNION | INTERSECT | EXCEPT [ALL] query] [ORDER BY expression [DESC], ...] [LIMIT count] [OFFSET start]\n    \
         [FOR UPDATE | FOR SHARE [SKIP LOCKED]]",
    ),
    ("SET", "SET [LOCAL] parameter = value | DEFAULT"),
    ("SHOW", "SHOW parameter | ALL"),
    ("TRUNCATE", "TRUNCATE table, ... [RESTART IDENTITY] [CASCADE]"),
    (
        "UPDATE",
        "UPDATE table SET column = expression, ... [FROM other_table, ...] [WHERE condition] [RETURNING expression, ...]",
    ),
    ("VACUUM", "VACUUM [(FULL, ANALYZE, VERBOSE)] [table, ...]"),
];

pub(super) fn syntax(engine: &mut Engine, arguments: &mut Arguments<'_>) -> Outcome {
    let topic = arguments.whole_line().unwrap_or_default();
    let topic = topic.trim_end_matches([';', ' ', '\t']);
    let major = engine.scope().major;
    let text = if topic.is_empty() {
        list(engine.columns())
    } else {
        match found(&topic.to_ascii_uppercase()) {
            names if names.is_empty() => format!(
                "No help available for \"{topic}\".\nTry \\h with no arguments to see available help.\n"
            ),
            names => names.into_iter().map(|name| page(name, major)).collect(),
        }
    };
    engine.say(&visible(text.as_bytes()));
    Outcome::Done
}

/// The names, column by column, as many columns as fit.
fn list(columns: usize) -> String {
    let n_columns = (columns.saturating_sub(3) / WIDTH).max(1);
    let n_rows = COMMANDS.len().div_ceil(n_columns);
    let mut text = "Available help:\n".to_owned();
    for row in 0..n_rows {
        text.push_str("  ");
        for column in 0..n_columns {
            let name = COMMANDS.get(row + column * n_rows).unwrap_or(&"");
            let width = if column + 1 < n_columns { WIDTH } else { 0 };
            let _ = write!(text, "{name:<width$}");
        }
        text.push('\n');
    }

    text
}

/// The commands a topic names: those that begin with it, or else with its first words.
fn found(topic: &str) -> Vec<&'static str> {
    if topic == "*" {
        return COMMANDS.to_vec();
    }
    let n_words = topic.split(' ').count();
    for n_kept in [n_words, 2, 1] {
        let words: Vec<_> = topic.split(' ').take(n_kept).collect();
        let start = words.join(" ");
        if let Some(exact) = COMMANDS.iter().find(|name| **name == start) {
            return vec![exact];
        }
        let names: Vec<_> = COMMANDS
            .iter()
            .copied()
            .filter(|name| name.starts_with(&start))
            .collect();
        if !names.is_empty() {
            return names;
        }
    }

    Vec::new()
}

fn page(name: &str, major: u32) -> String {
    let mut text = format!("Command:     {name}\n");
    if let Some((_, since)) = SINCE.iter().find(|(of, since)| *of == name && major < *since) {
        let _ = writeln!(text, "Not on this server: it came with PostgreSQL {since}.");
    }
    if let Some((_, form)) = FORMS.iter().find(|(of, _)| *of == name) {
        let _ = write!(text, "In short:\n{form}\n\n");
    }
    let version = match major {
        u32::MAX => "current".to_owned(),
        major => major.to_string(),
    };
    let _ = write!(text, "URL: {DOCUMENTATION}{version}/sql-{}.html\n\n", slug(name));

    text
}

/// What the page of a command is called.
fn slug(name: &str) -> String {
    match name {
        "TABLE" | "WITH" => return "select".to_owned(),
        "ROLLBACK TO SAVEPOINT" => return "rollback-to".to_owned(),
        _ => {}
    }
    if HYPHENATED.contains(&name) {
        return name.to_ascii_lowercase().replace(' ', "-");
    }
    let shortened = SHORTENED
        .iter()
        .fold(name.to_owned(), |name, (words, word)| name.replace(words, word));

    shortened.to_ascii_lowercase().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_of_a_command_there_is() {
        for (name, form) in FORMS {
            assert!(COMMANDS.contains(name), "{name}");
            assert!(form.lines().all(|line| line.len() <= 120), "{form}");
        }
    }

    #[test]
    fn names_are_listed_in_as_many_columns_as_psql_would_use() {
        let wide = list(80);
        let lines: Vec<_> = wide.lines().collect();

        assert_eq!(lines[1], "  ABORT                            CREATE USER MAPPING");
        assert_eq!(lines.len(), 94);
        assert_eq!(list(20).lines().count(), COMMANDS.len() + 1);
    }

    #[test]
    fn a_topic_finds_what_begins_with_it_or_with_its_first_words() {
        assert_eq!(found("SELECT"), ["SELECT"]);
        assert_eq!(found("SAVE"), ["SAVEPOINT"]);
        assert_eq!(found("DROP TA"), ["DROP TABLE", "DROP TABLESPACE"]);
        assert_eq!(found("CREATE INDEX ON ORDERS"), ["CREATE INDEX"]);
        assert_eq!(found("UPDATE ORDERS SET"), ["UPDATE"]);
        assert!(found("NOTHING").is_empty());
    }

    #[test]
    fn a_page_is_of_the_servers_version() {
        assert_eq!(
            page("MERGE", 14),
            "Command:     MERGE\nNot on this server: it came with PostgreSQL 15.\n\
             URL: https://www.postgresql.org/docs/14/sql-merge.html\n\n"
        );
        assert!(page("WITH", u32::MAX).contains("/docs/current/sql-select.html"));
    }
}
