//! What a client has prepared and bound, so that an Execute is on record with its text and its values.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use pg_proto::frontend::Values;
use pg_proto::read_only::Verdict;
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
    described: OnceLock<(Box<[u32]>, Room)>,
    pub(super) words: Words,
    /// In read-only mode: what came of its text.
    pub(super) verdict: Verdict,
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
    /// Its values are on record with an Execute.
    pub(super) is_told: AtomicBool,
    pub(super) _room: Room,
}

/// What a statement may do to names, by the words in it. Words in a string or a comment count: better one too many. DO and
/// CALL run what they put together, which may do both.
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
    pub(super) fn new(
        text: Box<str>,
        types: Box<[u32]>,
        words: Words,
        verdict: Verdict,
        number: u64,
        room: Room,
    ) -> Self {
        Self {
            text,
            types,
            described: OnceLock::new(),
            words,
            verdict,
            number,
            _room: room,
        }
    }

    /// The server says what types the parameters have; forgotten where there is no room.
    pub(super) fn describe(&self, types: impl Iterator<Item = u32>, taken: &Arc<AtomicUsize>) {
        // Said twice it is said alike.
        if self.described.get().is_some() || !self.types.is_empty() && !self.types.contains(&0) {
            return;
        }
        let types: Box<[u32]> = types.collect();
        if let Some(room) = Room::of(taken, size_of_val(&*types)) {
            let _first = self.described.set((types, room));
        }
    }

    fn type_oid(&self, n: usize) -> u32 {
        match self.types.get(n) {
            Some(&oid @ 1..) => oid,
            Some(0) | None => {
                let described = self.described.get().and_then(|(types, _)| types.get(n));
                described.copied().unwrap_or(0)
            }
        }
    }
}

impl Portal {
    /// True once for every portal with values: what is read of it in parts has them with its first part.
    pub(super) fn tell(&self) -> bool {
        !self.values.is_empty() && !self.is_told.swap(true, Ordering::Relaxed)
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
        Self::of(taken, n_bytes.saturating_add(OVERHEAD))
    }

    /// The same for more of what has a name already.
    fn of(taken: &Arc<AtomicUsize>, n_bytes: usize) -> Option<Self> {
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
            // `do` begins too many words.
            let is = |word: &[u8]| {
                let before = start.checked_sub(1).and_then(|before| sql.get(before));
                let behind = sql.get(start + word.len());
                begins(word)
                    && ![before, behind]
                        .into_iter()
                        .flatten()
                        .any(|byte| is_of_name(*byte))
            };
            match byte {
                b'p' | b'P' => words.prepare |= begins(b"prepare"),
                b'd' | b'D' => {
                    words.declare |= begins(b"declare");
                    if is(b"do") {
                        return Self::any();
                    }
                }
                b'c' | b'C' if is(b"call") => return Self::any(),
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

/// Whether a name may have this byte in it.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
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
        check("DO $$ begin end $$", true, true);
        check("/**/call/**/p()", true, true);
        check("select 1;do'begin end'", true, true);
        check(
            "select recall, double, do_it, \u{e9}do from dodo, \"do\u{e9}\"",
            false,
            false,
        );
    }

    #[test]
    fn what_a_server_describes_takes_room_too() {
        let taken = Arc::new(AtomicUsize::new(0));
        let prepared = || {
            let room = Room::take(&taken, 0).unwrap();
            Prepared::new(
                "".into(),
                Box::default(),
                Words::default(),
                Verdict::Permitted,
                1,
                room,
            )
        };

        let all: Vec<_> = (0..1000).map(|_| prepared()).collect();
        for prepared in &all {
            prepared.describe(1..=16_384, &taken);
        }

        assert_eq!(all[0].type_oid(2), 3);
        assert_eq!(all[999].type_oid(2), 0);
        let n_described = all.iter().filter(|prepared| prepared.type_oid(2) == 3).count();
        assert_eq!(n_described, (REMEMBERED - 1000 * OVERHEAD) / (64 * 1024));
        drop(all);
        assert_eq!(taken.load(Ordering::Relaxed), 0);
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
