//! psql's name patterns: `or*`, `public.or*`, `"Quoted".x`, `db.schema.name`.

use super::Scope;

/// A pattern taken apart: regular expressions without their anchors.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    /// Left of the name, outermost first.
    before: Vec<String>,
    name: String,
    /// The outermost part, unquoted and folded, as a plain name.
    first_plain: String,
}

/// Which columns a pattern is matched against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    /// The schema's name; without one a pattern may have no dot.
    pub(super) schema: Option<&'a str>,
    pub(super) name: &'a str,
    /// A second name that may match as well.
    pub(super) other: Option<&'a str>,
    /// Condition for objects found without naming their schema.
    pub(super) visible: Option<&'a str>,
    /// Most parts of a pattern, the database's included.
    pub(super) most_parts: usize,
    /// Characters of regular expressions mean themselves.
    pub(super) literal: bool,
    /// A dot is part of the name, and like any other character there.
    pub(super) dotted: bool,
}

impl<'a> Names<'a> {
    /// Objects of a schema.
    pub(super) fn in_schema(schema: &'a str, name: &'a str, visible: &'a str) -> Self {
        Self {
            schema: Some(schema),
            name,
            other: None,
            visible: (!visible.is_empty()).then_some(visible),
            most_parts: 3,
            literal: false,
            dotted: false,
        }
    }

    /// Objects without a schema.
    pub(super) fn plain(name: &'a str) -> Self {
        Self {
            schema: None,
            name,
            other: None,
            visible: None,
            most_parts: 1,
            literal: false,
            dotted: false,
        }
    }

    /// Objects whose pattern may name the database, as psql's error messages have it.
    pub(super) fn of_database(name: &'a str) -> Self {
        Self {
            most_parts: 2,
            ..Self::plain(name)
        }
    }

    pub(super) fn or(self, other: &'a str) -> Self {
        Self {
            other: Some(other),
            ..self
        }
    }

    pub(super) fn literally(self) -> Self {
        Self {
            literal: true,
            ..self
        }
    }

    /// Dots are part of the name.
    pub(super) fn with_dots(self) -> Self {
        Self { dotted: true, ..self }
    }

    /// The conditions of a pattern, or what to say about one that is not possible.
    pub(super) fn conditions(self, pattern: Option<&str>, scope: &Scope) -> Result<Vec<String>, String> {
        let Some(text) = pattern else {
            return Ok(self.visible.map(str::to_owned).into_iter().collect());
        };
        let parts = take_apart(text, self.literal, self.dotted);
        let n_dots = parts.before.len();
        if n_dots >= self.most_parts {
            return Err(format!("improper qualified name (too many dotted names): {text}"));
        }
        let names_database = self.most_parts > 1 && n_dots + 1 == self.most_parts;
        if names_database && (self.schema.is_none() || parts.first_plain != scope.database) {
            return Err(format!("cross-database references are not implemented: {text}"));
        }
        let mut found = Vec::new();
        let on_name = matching(self.name, &parts.name);
        match (on_name, self.other) {
            (Some(name), Some(other)) => {
                let other = matching(other, &parts.name).unwrap_or_default();
                found.push(format!("({name} OR {other})"));
            }
            (Some(name), None) => found.push(name),
            (None, _) => {}
        }
        match (self.schema, parts.before.last()) {
            (Some(schema), Some(part)) => found.extend(matching(schema, part)),
            (None, Some(_)) => {}
            (_, None) => found.extend(self.visible.map(str::to_owned)),
        }
        Ok(found)
    }
}

/// `column ~ '^(regex)$'`; nothing when every name matches.
fn matching(column: &str, regex: &str) -> Option<String> {
    if regex == ".*" {
        return None;
    }
    let anchored = quoted(&format!("^({regex})$"));
    Some(format!(
        "{column} OPERATOR(pg_catalog.~) {anchored} COLLATE pg_catalog.default"
    ))
}

/// A text literal, whatever `standard_conforming_strings` says.
pub(super) fn quoted(text: &str) -> String {
    let escape = if text.contains('\\') { "E" } else { "" };
    format!("{escape}'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

fn take_apart(text: &str, literal: bool, dotted: bool) -> Parts {
    let mut before = Vec::new();
    let mut name = String::new();
    let (mut plain, mut first_plain) = (String::new(), None);
    let mut in_quotes = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if in_quotes && chars.peek() == Some(&'"') => {
                chars.next();
                name.push('"');
                plain.push('"');
            }
            '"' => in_quotes = !in_quotes,
            '*' if !in_quotes => {
                name.push_str(".*");
                plain.push('*');
            }
            '?' if !in_quotes => {
                name.push('.');
                plain.push('?');
            }
            '.' if !in_quotes && !dotted => {
                before.push(std::mem::take(&mut name));
                first_plain.get_or_insert_with(|| std::mem::take(&mut plain));
            }
            _ => {
                let c = if in_quotes { c } else { c.to_ascii_lowercase() };
                let special = "|*+?()[]{}.^$\\".contains(c) && (in_quotes || literal);
                let is_array = c == '[' && chars.peek() == Some(&']');
                if special || is_array || c == '$' {
                    name.push('\\');
                }
                name.push(c);
                plain.push(c);
            }
        }
    }
    Parts {
        before,
        name,
        first_plain: first_plain.unwrap_or(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(text: &str) -> Result<Vec<String>, String> {
        let scope = Scope {
            major: 15,
            database: "app".to_owned(),
        };
        Names::in_schema("s", "n", "visible").conditions(Some(text), &scope)
    }

    #[test]
    fn names_fold_unless_quoted_and_wildcards_become_expressions() {
        let parts = |text| {
            let parts = take_apart(text, false, false);
            (parts.before, parts.name)
        };
        assert_eq!(parts("Or*"), (vec![], "or.*".to_owned()));
        assert_eq!(parts("\"Or*\""), (vec![], "Or\\*".to_owned()));
        assert_eq!(
            parts("Sales.or?ers"),
            (vec!["sales".to_owned()], "or.ers".to_owned())
        );
        assert_eq!(parts("a\"b\"\"C.d\"$"), (vec![], "ab\"C\\.d\\$".to_owned()));
        assert_eq!(parts("int[]"), (vec![], "int\\[]".to_owned()));
        assert_eq!(parts("pare[nt]"), (vec![], "pare[nt]".to_owned()));
    }

    #[test]
    fn a_pattern_may_name_the_database_it_is_in_and_no_other() {
        let matched = "n OPERATOR(pg_catalog.~) '^(x)$' COLLATE pg_catalog.default";
        assert_eq!(
            conditions("x"),
            Ok(vec![matched.to_owned(), "visible".to_owned()])
        );
        assert_eq!(conditions("*.x"), Ok(vec![matched.to_owned()]));
        assert_eq!(conditions("APP.*.x"), Ok(vec![matched.to_owned()]));
        assert_eq!(
            conditions("other.public.x"),
            Err("cross-database references are not implemented: other.public.x".to_owned())
        );
        assert_eq!(
            conditions("a.b.c.d"),
            Err("improper qualified name (too many dotted names): a.b.c.d".to_owned())
        );
    }

    #[test]
    fn a_literal_stays_one_whatever_it_holds() {
        assert_eq!(quoted("it's"), "'it''s'");
        assert_eq!(quoted("a\\'b"), "E'a\\\\''b'");
    }
}
