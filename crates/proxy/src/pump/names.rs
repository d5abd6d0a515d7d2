//! Which name stands for what, when answers are still to come.
//!
//! What the server has answered is certain. What was sent since the last Sync can be relied on too: had it failed, the
//! server would skip all up to the next Sync. Between the two nobody knows, and who asks has to wait.

use std::collections::HashMap;
use std::sync::Arc;

/// PostgreSQL tells names apart by so many bytes, of its own encoding: names with others than ASCII among them are not
/// remembered, for two of a client's may be one there.
const NAME: usize = 63;

/// Prepared statements or portals by name. The empty name is the unnamed one.
#[derive(Debug)]
pub(super) struct Names<T> {
    unnamed: Entry<T>,
    named: HashMap<Box<[u8]>, Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    /// As of the last answer.
    certain: Option<Arc<T>>,
    /// Messages about it that are not answered.
    pending: u32,
    /// The last of them: its batch, and what the name stands for if it succeeds.
    batch: u64,
    sent: Option<Arc<T>>,
}

/// What a name stands for in the place where the question is asked.
#[derive(Debug)]
pub(super) enum Look<T> {
    Known(Arc<T>),
    /// Nothing that was seen to be given this name.
    Unknown,
    /// An answer decides.
    Undecided,
}

/// How a message about a name was answered.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    /// The name stands for this now.
    Is(Arc<T>),
    /// It stands for nothing.
    Gone,
    /// Nothing has changed.
    Unchanged,
}

/// A name as the server tells it from others.
pub(super) fn key(name: &[u8]) -> Box<[u8]> {
    significant(name).into()
}

fn significant(name: &[u8]) -> &[u8] {
    name.get(..NAME).unwrap_or(name)
}

impl<T> Names<T> {
    pub(super) fn look(&self, name: &[u8], batch: u64) -> Look<T> {
        let Some(entry) = self.entry(significant(name)) else {
            return Look::Unknown;
        };
        let value = match entry.pending {
            0 => &entry.certain,
            _ if entry.batch == batch => &entry.sent,
            _ => return Look::Undecided,
        };
        value.clone().map_or(Look::Unknown, Look::Known)
    }

    /// A message about `key` is sent; if it succeeds the name stands for `value`.
    pub(super) fn send(&mut self, key: &[u8], batch: u64, value: Option<Arc<T>>) {
        if !key.is_ascii() {
            return;
        }
        let entry = if key.is_empty() {
            &mut self.unnamed
        } else {
            self.named.entry(key.into()).or_default()
        };
        entry.pending += 1;
        entry.batch = batch;
        entry.sent = value;
    }

    /// A message about `key` is answered, or never will be.
    pub(super) fn settle(&mut self, key: &[u8], outcome: Outcome<T>) {
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        match outcome {
            Outcome::Is(value) => entry.certain = Some(value),
            Outcome::Gone => entry.certain = None,
            Outcome::Unchanged => (),
        }
        entry.pending = entry.pending.saturating_sub(1);
        if entry.pending == 0 {
            entry.sent = None;
            if entry.certain.is_none() && !key.is_empty() {
                self.named.remove(key);
            }
        }
    }

    /// Every name but the unnamed one stands for nothing any more, by what was answered last.
    pub(super) fn forget_named(&mut self) {
        if self.named.is_empty() {
            return;
        }
        self.named.retain(|_, entry| {
            entry.certain = None;
            entry.pending > 0
        });
    }

    /// The same, and the unnamed one too.
    pub(super) fn forget_all(&mut self) {
        self.unnamed.certain = None;
        self.forget_named();
    }

    fn entry(&self, key: &[u8]) -> Option<&Entry<T>> {
        if key.is_empty() {
            Some(&self.unnamed)
        } else {
            self.named.get(key)
        }
    }

    fn entry_mut(&mut self, key: &[u8]) -> Option<&mut Entry<T>> {
        if key.is_empty() {
            Some(&mut self.unnamed)
        } else {
            self.named.get_mut(key)
        }
    }
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self {
            unnamed: Entry::default(),
            named: HashMap::new(),
        }
    }
}

impl<T> Default for Entry<T> {
    fn default() -> Self {
        Self {
            certain: None,
            pending: 0,
            batch: 0,
            sent: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(names: &Names<&'static str>, name: &[u8], batch: u64) -> &'static str {
        match names.look(name, batch) {
            Look::Known(text) => *text,
            Look::Unknown => "unknown",
            Look::Undecided => "undecided",
        }
    }

    #[test]
    fn a_name_is_known_in_its_batch_and_after_the_answer() {
        let mut names = Names::default();

        names.send(b"s", 1, Some(Arc::new("one")));
        assert_eq!(seen(&names, b"s", 1), "one");
        assert_eq!(seen(&names, b"s", 2), "undecided");
        names.settle(b"s", Outcome::Is(Arc::new("one")));
        assert_eq!(seen(&names, b"s", 2), "one");
        assert_eq!(seen(&names, b"t", 2), "unknown");
    }

    #[test]
    fn a_name_that_was_not_given_keeps_what_it_stood_for() {
        let mut names = Names::default();
        names.send(b"s", 1, Some(Arc::new("one")));
        names.settle(b"s", Outcome::Is(Arc::new("one")));

        names.send(b"s", 2, Some(Arc::new("two")));
        names.settle(b"s", Outcome::Unchanged);

        assert_eq!(seen(&names, b"s", 3), "one");
    }

    #[test]
    fn a_name_given_again_and_again_is_followed_in_order() {
        let mut names = Names::default();
        names.send(b"", 1, Some(Arc::new("one")));
        names.send(b"", 2, Some(Arc::new("two")));

        assert_eq!(seen(&names, b"", 2), "two");
        names.settle(b"", Outcome::Is(Arc::new("one")));
        assert_eq!(seen(&names, b"", 3), "undecided");
        names.settle(b"", Outcome::Unchanged);
        assert_eq!(seen(&names, b"", 3), "one");
    }

    #[test]
    fn names_are_told_apart_as_far_as_the_server_does() {
        let mut names = Names::default();
        let (one, two) = ([b'a'; 70], [b'a'; 64]);
        names.send(&key(&one), 1, Some(Arc::new("one")));

        assert_eq!(seen(&names, &two, 1), "one");
    }

    #[test]
    fn a_name_another_encoding_may_have_too_is_not_remembered() {
        let mut names = Names::default();
        // One name in Shift-JIS, and one where the server cuts it.
        for name in [
            &b"\xED\x40"[..],
            b"\xFA\x5C",
            &[[b'a'; 62].as_slice(), b"\xE9"].concat(),
        ] {
            names.send(&key(name), 1, Some(Arc::new("one")));

            assert_eq!(seen(&names, name, 1), "unknown");
            names.settle(&key(name), Outcome::Is(Arc::new("one")));
            assert_eq!(seen(&names, name, 2), "unknown");
        }
        assert!(names.named.is_empty());

        // What is cut off does not count.
        let cut = [[b'a'; 63].as_slice(), b"\xE9"].concat();
        names.send(&key(&cut), 1, Some(Arc::new("two")));
        assert_eq!(seen(&names, &[b'a'; 63], 1), "two");
    }

    #[test]
    fn what_is_forgotten_takes_no_room() {
        let mut names = Names::default();
        for name in [b"a", b"b"] {
            names.send(name, 1, Some(Arc::new("one")));
        }
        names.settle(b"a", Outcome::Is(Arc::new("one")));

        names.forget_all();

        assert_eq!(seen(&names, b"a", 1), "unknown");
        assert_eq!(seen(&names, b"b", 1), "one");
        names.settle(b"b", Outcome::Gone);
        assert!(names.named.is_empty());
    }
}
