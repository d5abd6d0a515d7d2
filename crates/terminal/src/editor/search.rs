//! Ctrl-R: the newest statement that holds what is typed.

use super::history::History;

/// Longest thing searched for, in bytes.
const MAX_QUERY: usize = 256;

/// A search under way.
#[derive(Debug)]
pub(crate) struct Search {
    query: String,
    /// Entry and place in it.
    found: Option<(usize, usize)>,
    failed: bool,
}

impl Search {
    pub(crate) fn new() -> Self {
        Self {
            query: String::new(),
            found: None,
            failed: false,
        }
    }

    pub(crate) fn prompt(&self) -> String {
        let failed = if self.failed { "failed " } else { "" };
        format!("({failed}reverse-i-search)`{}': ", self.query)
    }

    /// The statement found and where in it the cursor belongs.
    pub(crate) fn found<'h>(&self, history: &'h History) -> Option<(&'h str, usize)> {
        let (idx, at) = self.found?;
        Some((history.get(idx)?, at))
    }

    pub(crate) fn push(&mut self, c: char, history: &History) {
        if self.query.len() + c.len_utf8() > MAX_QUERY {
            return;
        }
        self.query.push(c);
        let from = self.found.map_or(history.len(), |(idx, _)| idx + 1);
        self.look(history, from);
    }

    pub(crate) fn pop(&mut self, history: &History) {
        self.query.pop();
        self.found = None;
        self.failed = false;
        if !self.query.is_empty() {
            self.look(history, history.len());
        }
    }

    /// Ctrl-R again: the next older one.
    pub(crate) fn older(&mut self, history: &History) {
        if self.query.is_empty() {
            return;
        }
        let from = self.found.map_or(history.len(), |(idx, _)| idx);
        self.look(history, from);
    }

    /// Keeps what was found before when nothing is found.
    fn look(&mut self, history: &History, before: usize) {
        let found = history.find(&self.query, before);
        self.failed = found.is_none();
        if found.is_some() {
            self.found = found;
        }
    }
}
