//! References to variables: `:name`, `:'name'`, `:"name"` and `:{?name}`.

use crate::variables::{Variables, is_name_byte};

/// A reference at the start of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference<'t> {
    pub(crate) name: &'t str,
    pub(crate) kind: Kind,
    /// Bytes of the whole reference.
    pub(crate) len: usize,
}

/// How the value is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As it is.
    Bare,
    /// As an SQL literal.
    Literal,
    /// As an SQL identifier.
    Identifier,
    /// TRUE or FALSE: whether it is set.
    Test,
}

impl<'t> Reference<'t> {
    /// The reference `text` begins with.
    pub(crate) fn at(text: &'t str) -> Option<Self> {
        let rest = text.strip_prefix(':')?;
        let (kind, before, behind) = match rest.as_bytes().first()? {
            b'\'' => (Kind::Literal, 1, "'"),
            b'"' => (Kind::Identifier, 1, "\""),
            b'{' if rest.starts_with("{?") => (Kind::Test, 2, "}"),
            _ => (Kind::Bare, 0, ""),
        };
        let rest = rest.get(before..)?;
        let n_bytes = rest.bytes().take_while(|byte| is_name_byte(*byte)).count();
        let name = rest.get(..n_bytes).filter(|name| !name.is_empty())?;
        rest.get(n_bytes..)?.starts_with(behind).then_some(Self {
            name,
            kind,
            len: 1 + before + n_bytes + behind.len(),
        })
    }

    /// What stands for it; `None` leaves the text as it is.
    pub(crate) fn resolve(&self, variables: &Variables) -> Option<String> {
        let value = variables.get(self.name);
        match self.kind {
            Kind::Bare => value.map(str::to_owned),
            Kind::Literal => value.map(literal),
            Kind::Identifier => value.map(identifier),
            Kind::Test => Some(if value.is_some() { "TRUE" } else { "FALSE" }.to_owned()),
        }
    }
}

/// An SQL literal that means the same whatever `standard_conforming_strings` is.
fn literal(value: &str) -> String {
    let quoted = value.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!(" E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

fn identifier(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str) -> (usize, Option<String>) {
        let mut variables = Variables::new();
        variables.set("x", "it's \"a\" \\").unwrap();
        Reference::at(text).map_or((0, None), |reference| {
            (reference.len, reference.resolve(&variables))
        })
    }

    #[test]
    fn references_are_found_and_quoted_as_psql_does() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(resolved(":x y"), (2, some("it's \"a\" \\")));
        assert_eq!(resolved(":'x'"), (4, some(" E'it''s \"a\" \\\\'")));
        assert_eq!(resolved(":\"x\""), (4, some("\"it's \"\"a\"\" \\\"")));
        assert_eq!(resolved(":{?x}"), (5, some("TRUE")));
        assert_eq!(resolved(":{?y}"), (5, some("FALSE")));
        assert_eq!(resolved(":y"), (2, None));
        for none in ["::x", ":'x y'", ":\"x", ":", ": x", ":{x}", ":="] {
            assert_eq!(resolved(none), (0, None), "{none}");
        }
    }
}
