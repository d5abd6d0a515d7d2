//! Whether a recording is all there and as it was recorded.

use std::collections::BTreeMap;

use crate::frame::Body;
use crate::key::SessionKey;
use crate::read::Segment;
use crate::recover::CRASH;
use crate::segment::{Hash, Head, ReadError, Stored};

/// What can be said of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// From the header to an orderly end, every byte as it was recorded.
    Intact {
        /// How many there are.
        segments: u32,
    },
    /// What is there is as it was recorded, but its end is not there: the session still runs, the
    /// recorder was cut off, or segments were removed.
    Incomplete {
        /// Time of the last frame; 0 where there is none.
        since: i64,
    },
    /// A segment is not as it was recorded, or is missing before later ones.
    Altered {
        /// The first such segment.
        segment: u32,
    },
}

/// A segment was written by a later version, of which nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("segment {segment} has version {version} of the format, which this reader does not know")]
pub struct Unsupported {
    /// Number of the segment.
    pub segment: u32,
    /// Version it says it has.
    pub version: u8,
}

/// Reads every byte and holds the chain against `anchor`, the last head the audit log knows.
///
/// Without an anchor, segments removed from the end of a recording that was never ended do not show,
/// nor does a recording rewritten by who has the key. Of two segments with one number, as a crash
/// between rename and removal leaves them, the closed one counts.
pub fn verify(segments: &[Stored], key: &SessionKey, anchor: Option<&Head>) -> Result<Verdict, Unsupported> {
    let mut walk = Walk::default();
    for (number, opened) in open_all(segments, key) {
        match walk.take(number, opened) {
            Ok(()) => {}
            Err(Stop::Altered(segment)) => return Ok(Verdict::Altered { segment }),
            Err(Stop::Newer(version)) => {
                return Err(Unsupported {
                    segment: number,
                    version,
                });
            }
        }
    }
    Ok(walk.verdict(anchor))
}

/// One segment for each number, in order: the closed one where it can be read, else the open one.
pub(crate) fn open_all(segments: &[Stored], key: &SessionKey) -> BTreeMap<u32, Result<Segment, ReadError>> {
    let mut opened: BTreeMap<u32, Result<Segment, ReadError>> = BTreeMap::new();
    for stored in segments {
        let segment = Segment::open(stored.bytes.clone(), key);
        let is_closed = segment.as_ref().is_ok_and(|segment| segment.index().is_some());
        let readable = opened.get(&stored.segment).is_some_and(Result::is_ok);
        if is_closed || !readable {
            opened.insert(stored.segment, segment);
        }
    }
    opened
}

enum Stop {
    Altered(u32),
    Newer(u8),
}

/// What the segments so far have said.
#[derive(Default)]
struct Walk {
    last: Option<u32>,
    session: Option<[u8; 16]>,
    head: Hash,
    heads: BTreeMap<u32, Hash>,
    next_seq: u64,
    last_at: i64,
    ended: Option<String>,
}

impl Walk {
    fn take(&mut self, number: u32, opened: Result<Segment, ReadError>) -> Result<(), Stop> {
        let altered = Stop::Altered(number);
        if let Some(last) = self.last
            && last.checked_add(1) != Some(number)
        {
            return Err(Stop::Altered(last.saturating_add(1)));
        }
        let before = self.last.replace(number).unwrap_or(number.saturating_sub(1));
        let segment = match opened {
            Ok(segment) => segment,
            Err(ReadError::Empty) => return Ok(()),
            Err(ReadError::Altered) => return Err(altered),
            Err(ReadError::Newer(version)) => return Err(Stop::Newer(version)),
        };
        let header = segment.header();
        if header.segment != number || *self.session.get_or_insert(header.session) != header.session {
            return Err(altered);
        }
        let mut frames = segment.frames();
        for frame in frames.by_ref() {
            let Ok(frame) = frame else {
                return Err(altered);
            };
            if self.ended.is_some() {
                return Err(altered);
            }
            // The frame holds, so what is missing was before it.
            if frame.seq != self.next_seq {
                return Err(Stop::Altered(before));
            }
            self.next_seq += 1;
            if let Body::End { reason } = frame.body {
                self.ended = Some(reason);
            }
            self.last_at = frame.at;
        }
        // This segment holds, so where its memory of the one before is another, that one changed.
        if header.previous != self.head {
            return Err(Stop::Altered(before));
        }
        self.head = frames.head().hash;
        self.heads.insert(number, self.head);
        Ok(())
    }

    fn verdict(self, anchor: Option<&Head>) -> Verdict {
        let incomplete = Verdict::Incomplete { since: self.last_at };
        if let Some(anchor) = anchor {
            match self.heads.get(&anchor.segment) {
                Some(hash) if *hash == anchor.hash => {}
                Some(_) => {
                    return Verdict::Altered {
                        segment: anchor.segment,
                    };
                }
                None => return incomplete,
            }
        }
        match self.ended.as_deref() {
            None | Some(CRASH) => incomplete,
            Some(_) => Verdict::Intact {
                segments: u32::try_from(self.heads.len()).unwrap_or(u32::MAX),
            },
        }
    }
}
