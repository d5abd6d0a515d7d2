//! What a client has prepared and bound, so that an Execute is on record with its text and its values.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use pg_proto::frontend::Values;
use recording::{Parameter, ParameterValue};

use super::parameters;

/// Bytes of texts and values remembered for one connection, names included. What has no room is not remembered: it is
/// on record when it is prepared or bound, and the record of what runs it says that it is not remembered.
pub(super) const REMEMBERED: usize = 4 * 1024 * 1024;

/// Bytes of one value that are kept; of a longer one the beginning.
pub(super) const VALUE: usize = 64 * 1024;

/// Bytes of all values of one Bind that are kept.
pub(super) const VALUES: usize = 1024 * 1024;

/// What a name costs beside its text.
const OVERHEAD: usize = 256;

/// A prepared statement.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) text: Box<str>,
    /// OIDs of the parameters' types as the client gave them; 0 was left to the server.
    types: Box<[u32]>,
    /// As the server described them.
    described: OnceLock<Box<[u32]>>,
    pub(super) words: Words,
    /// Place of its Parse among all messages.
    pub(super) number: u64,
    _room: Room,
}

/// A bound portal.
#[derive(Debug)]
pub(super) struct Portal {
    /// `None` where it is not remembered.
    pub(super) statement: Option<Arc<Prepared>>,
    pub(super) values: Values,
    /// SQL may have given the statement's name to another one before.
    pub(super) is_doubtful: bool,
    /// Place of its Bind among all messages.
    pub(super) number: u64,
    pub(super) _room: Room,
}

/// What a statement may do to names, by the words in it. Words in a string or a comment count: better one too many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// PREPARE gives names to statements.
    pub(super) prepare: bool,
    /// DECLARE gives names to portals.
    pub(super) declare: bool,
}

/// Room that is taken until this is dropped.
#[derive(Debug, Default)]
pub(super) struct Room {
    n_bytes: usize,
    taken: Option<Arc<AtomicUsize>>,
}

impl Prepared {
    pub(super) fn new(text: Box<str>, types: Box<[u32]>, words: Words, number: u64, room: Room) -> Self {
        Self {
            text,
            types,
            described: OnceLock::new(),
            words,
            number,
            _room: room,
        }
    }

    /// The server says what types the parameters have.
    pub(super) fn describe(&self, types: impl Iterator<Item = u32>) {
        if self.types.contains(&0) || self.types.is_empty() {
            // Said twice it is said alike.
            let _known = self.described.set(types.collect());
        }
    }

    fn type_oid(&self, n: usize) -> u32 {
        match self.types.get(n) {
            Some(&oid @ 1..) => oid,
            Some(0) | None => {
                let described = self.described.get().and_then(|types| types.get(n));
                described.copied().unwrap_or(0)
            }
        }
    }
}

/// Values as a record shows them.
pub(super) fn parameters(values: &Values, statement: Option<&Prepared>) -> Vec<Parameter> {
    let shown = values.iter().enumerate().map(|(n, value)| {
        let type_oid = statement.map_or(0, |statement| statement.type_oid(n));
        let value = match value.start {
            None => ParameterValue::Null,
            Some(start) if start.len() < value.len => ParameterValue::Cut {
                start: start.to_vec(),
                len: value.len as u64,
            },
            Some(whole) if value.format == 0 => {
                ParameterValue::Text(String::from_utf8_lossy(whole).into_owned())
            }
            Some(whole) => parameters::text(type_oid, whole)
                .map_or_else(|| ParameterValue::Binary(whole.to_vec()), ParameterValue::Text),
        };
        Parameter { type_oid, value }
    });
    shown.collect()
}

impl Room {
    /// Takes room for so many bytes and a name; `None` where there is not so much left.
    pub(super) fn take(taken: &Arc<AtomicUsize>, n_bytes: usize) -> Option<Self> {
        let n_bytes = n_bytes.saturating_add(OVERHEAD);
        let before = taken.fetch_add(n_bytes, Ordering::Relaxed);
        let room = Self {
            n_bytes,
            taken: Some(Arc::clone(taken)),
        };
        // Dropped it gives back what it took.
        (before.saturating_add(n_bytes) <= REMEMBERED).then_some(room)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(taken) = &self.taken {
            taken.fetch_sub(self.n_bytes, Ordering::Relaxed);
        }
    }
}

impl Words {
    pub(super) fn of(sql: &[u8]) -> Self {
        let mut words = Self::default();
        for (start, byte) in sql.iter().enumerate() {
            let begins = |word: &[u8]| {
                sql.get(start..start + word.len())
                    .is_some_and(|text| text.eq_ignore_ascii_case(word))
            };
            match byte {
                b'p' | b'P' => words.prepare |= begins(b"prepare"),
                b'd' | b'D' => words.declare |= begins(b"declare"),
                _ => (),
            }
        }
        words
    }

    /// Of a statement nobody knows the text of.
    pub(super) fn any() -> Self {
        Self {
            prepare: true,
            declare: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_place() {
        let check = |sql: &str, prepare, declare| {
            assert_eq!(Words::of(sql.as_bytes()), Words { prepare, declare }, "{sql}");
        };

        check("select 1", false, false);
        check("/* x */pRePaRe a as select 1", true, false);
        check(
            "deallocate a;prepare a as select 1;declare b cursor for select 1",
            true,
            true,
        );
        check("prepar", false, false);
        check("pprepare", true, false);
    }

    #[test]
    fn room_is_given_back() {
        let taken = Arc::new(AtomicUsize::new(0));

        let most = Room::take(&taken, REMEMBERED - OVERHEAD).unwrap();
        assert!(Room::take(&taken, 0).is_none());
        drop(most);

        assert!(Room::take(&taken, 0).is_some());
        assert_eq!(taken.load(Ordering::Relaxed), 0);
    }
}
