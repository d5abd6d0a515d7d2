//! Statements typed before: Up, Down, and what a search looks through.

use std::collections::VecDeque;

/// Most entries kept.
const MAX_ENTRIES: usize = 2_000;

/// Most bytes kept; the oldest entries go first.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Entries, oldest first, and where Up and Down have got to.
#[derive(Debug, Default)]
pub(crate) struct History {
    entries: VecDeque<String>,
    bytes: usize,
    /// The entry shown; `None` when the person's own text is.
    at: Option<usize>,
    /// The person's own text while an entry is shown.
    draft: String,
}

impl History {
    pub(crate) fn new(entries: Vec<String>) -> Self {
        let mut history = Self::default();
        for entry in entries {
            history.add(entry);
        }
        history
    }

    /// Adds an entry; false when it equals the one before it.
    pub(crate) fn add(&mut self, entry: String) -> bool {
        self.leave();
        if self.entries.back() == Some(&entry) {
            return false;
        }
        self.bytes += entry.len();
        self.entries.push_back(entry);
        while self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
        true
    }

    /// The entry before the one shown; `text` is what is being edited now.
    pub(crate) fn older(&mut self, text: &str) -> Option<&str> {
        let at = match self.at {
            Some(at) => at.checked_sub(1)?,
            None => {
                let last = self.entries.len().checked_sub(1)?;
                self.draft = text.to_owned();
                last
            }
        };
        self.at = Some(at);
        self.entries.get(at).map(String::as_str)
    }

    /// The entry after the one shown, or the text left behind.
    pub(crate) fn newer(&mut self) -> Option<&str> {
        let at = self.at? + 1;
        if at < self.entries.len() {
            self.at = Some(at);
            return self.entries.get(at).map(String::as_str);
        }
        self.at = None;
        Some(&self.draft)
    }

    /// Forgets where Up and Down have got to.
    pub(crate) fn leave(&mut self) {
        self.at = None;
        self.draft.clear();
    }

    /// The newest entry before `before` that holds `query`, and where in it.
    pub(crate) fn find(&self, query: &str, before: usize) -> Option<(usize, usize)> {
        let n_older = before.min(self.entries.len());
        let mut older = self.entries.iter().enumerate().take(n_older).rev();
        older.find_map(|(idx, entry)| Some((idx, entry.rfind(query)?)))
    }

    pub(crate) fn get(&self, idx: usize) -> Option<&str> {
        self.entries.get(idx).map(String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn down_comes_back_to_what_was_being_typed() {
        let mut history = History::new(vec!["one".into(), "two".into()]);

        assert_eq!(history.older("dra"), Some("two"));
        assert_eq!(history.older("two"), Some("one"));
        assert_eq!(history.older("one"), None);
        assert_eq!(history.newer(), Some("two"));
        assert_eq!(history.newer(), Some("dra"));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn the_same_statement_twice_in_a_row_is_one_entry() {
        let mut history = History::default();

        assert!(history.add("a".into()));
        assert!(!history.add("a".into()));
        assert!(history.add("b".into()));
        assert!(history.add("a".into()));
    }

    #[test]
    fn history_is_bounded_in_entries_and_bytes() {
        let mut history = History::new((0..3_000).map(|n| n.to_string()).collect());
        assert_eq!((history.len(), history.get(0)), (MAX_ENTRIES, Some("1000")));

        history.add("x".repeat(MAX_BYTES));
        assert_eq!(history.len(), 1);
    }
}
