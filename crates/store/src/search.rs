//! Text people type into filters, as parameters of SQL both databases understand.

/// A text to find: as it is, and as a pattern of `LOWER(column) LIKE … ESCAPE '\'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    exact: String,
    part: String,
}

impl Pattern {
    /// Nothing for an empty text.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }

        let mut part = String::from("%");
        for c in text.to_lowercase().chars() {
            if matches!(c, '%' | '_' | '\\') {
                part.push('\\');
            }
            part.push(c);
        }
        part.push('%');

        Some(Self {
            exact: text.to_owned(),
            part,
        })
    }

    pub(crate) fn exact(&self) -> &str {
        &self.exact
    }

    pub(crate) fn part(&self) -> &str {
        &self.part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_never_a_wildcard() {
        let pattern = Pattern::of(" 50%_Off\\ ").unwrap();

        assert_eq!(pattern.exact(), "50%_Off\\");
        assert_eq!(pattern.part(), r"%50\%\_off\\%");
        assert_eq!(Pattern::of("  "), None);
    }
}
