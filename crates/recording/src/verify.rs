//! Whether a recording is all there and as it was recorded.

use std::collections::BTreeSet;

use crate::frame::Body;
use crate::key::SessionKey;
use crate::read::Segment;
use crate::recover::CRASH;
use crate::segment::index::Index;
use crate::segment::{Hash, Head, ReadError, Stored};

/// What can be said of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// From the header to an orderly end, every byte as it was recorded.
    Intact {
        /// How many there are.
        segments: u32,
    },
    /// All that is known to have been recorded is there as it was, but it has no orderly end: the session still runs,
    /// or the recorder was cut off.
    Incomplete {
        /// Time of the last frame; 0 where there is none.
        since: i64,
    },
    /// Something is not as it was recorded, or is not there although it was.
    Altered {
        /// The first such segment.
        segment: u32,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// What is wrong with an altered segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its bytes are others.
    Changed,
    /// It is not there.
    Missing,
    /// Its end is not there.
    Short,
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

/// A place in an open segment that was made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Number of the segment.
    pub segment: u32,
    /// How many frames it had.
    pub n_frames: u64,
    /// Hash of its header and of all their records.
    pub hash: [u8; 32],
}

/// What is known of a recording apart from its files. What is known to have been there and is not, was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether it was begun, so that there is a first segment.
    pub was_begun: bool,
    /// Heads that were noted, wherever that was: each of them has to be there.
    pub heads: BTreeSet<Head>,
    /// The last place in an open segment that was noted.
    pub running: Option<Running>,
    /// The latest version of the format it was written in: a segment that says a later one was changed. `None` believes
    /// every segment, which hides what was done to one that says so.
    pub version: Option<u8>,
}

impl Known {
    /// The heads that were noted of a segment; more than one where notes contradict each other.
    fn of(&self, segment: u32) -> impl Iterator<Item = &Head> {
        let head = |byte| Head {
            segment,
            hash: [byte; 32],
        };
        self.heads.range(head(0)..=head(0xff))
    }

    /// Number of the last segment that there is at least; `None` where there need not be one.
    pub fn last_segment(&self) -> Option<u32> {
        let noted = self.heads.last().map(|head| head.segment);
        let running = self.running.map(|running| running.segment);
        noted.max(running).max(self.was_begun.then_some(0))
    }
}

/// A verification in the making: one segment is held at a time.
///
/// Of every closed segment all bytes are hashed and every piece is unsealed; nothing is unpacked but
/// the block with the end.
pub struct Verifier {
    key: SessionKey,
    known: Known,
    walk: Walk,
    altered: Option<(u32, Fault)>,
}

impl Verifier {
    /// Nothing was seen yet.
    pub fn new(key: SessionKey, known: Known) -> Self {
        Self {
            key,
            known,
            walk: Walk::default(),
            altered: None,
        }
    }

    /// Takes the next segment: each number once, in order, closed rather than open.
    pub fn push(&mut self, stored: Stored) -> Result<(), Unsupported> {
        if self.altered.is_some() {
            return Ok(());
        }
        let number = stored.segment;
        let opened = Segment::open(stored.bytes, &self.key);
        match self.walk.take(number, opened, &self.known) {
            Ok(()) => Ok(()),
            Err(Stop::Altered(segment, fault)) => {
                self.altered = Some((segment, fault));
                Ok(())
            }
            Err(Stop::Newer(version)) => Err(Unsupported {
                segment: number,
                version,
            }),
        }
    }

    /// What can be said of all of them.
    pub fn finish(self) -> Verdict {
        match self.altered.or_else(|| self.walk.fault(&self.known)) {
            Some((segment, fault)) => Verdict::Altered { segment, fault },
            None => self.walk.verdict(),
        }
    }
}

enum Stop {
    Altered(u32, Fault),
    Newer(u8),
}

/// What the segments so far have said.
#[derive(Default)]
struct Walk {
    last: Option<u32>,
    session: Option<[u8; 16]>,
    head: Hash,
    /// Segments that hold; one without a header is none.
    seen: BTreeSet<u32>,
    next_seq: u64,
    last_at: i64,
    ended: Option<String>,
}

/// Where something is wrong, seen from within a segment.
enum Broken {
    Here(Fault),
    Before(Fault),
}

impl Broken {
    fn seen_from(self, number: u32) -> Stop {
        match self {
            Broken::Here(fault) => Stop::Altered(number, fault),
            Broken::Before(fault) => Stop::Altered(number.saturating_sub(1), fault),
        }
    }
}

impl Walk {
    fn take(&mut self, number: u32, opened: Result<Segment, ReadError>, known: &Known) -> Result<(), Stop> {
        let expected = self.next();
        if number != expected {
            return Err(Stop::Altered(expected, Fault::Missing));
        }
        self.last = Some(number);
        let changed = Stop::Altered(number, Fault::Changed);
        let segment = match opened {
            Ok(segment) => segment,
            Err(ReadError::Empty) => return Ok(()),
            Err(ReadError::Altered) => return Err(changed),
            Err(ReadError::Newer(version)) if known.version.is_some_and(|latest| version > latest) => {
                return Err(changed);
            }
            Err(ReadError::Newer(version)) => return Err(Stop::Newer(version)),
        };
        let header = segment.header();
        if header.segment != number || *self.session.get_or_insert(header.session) != header.session {
            return Err(changed);
        }
        let running = known.running.as_ref().filter(|running| running.segment == number);
        let taken = match segment.index() {
            Some(index) => self.take_closed(&segment, index, running),
            None => self.take_open(&segment, running),
        };
        let hash = taken.map_err(|broken| broken.seen_from(number))?;
        // This segment holds, so where its memory of the one before is another, that one changed.
        if header.previous != self.head {
            return Err(Broken::Before(Fault::Changed).seen_from(number));
        }
        if known.of(number).any(|head| head.hash != hash) {
            return Err(changed);
        }
        self.head = hash;
        self.seen.insert(number);
        Ok(())
    }

    /// Number of the segment that comes next.
    fn next(&self) -> u32 {
        self.last.map_or(0, |last| last.saturating_add(1))
    }

    /// Everything is unsealed and hashed; what blocks have inside is as their index says.
    fn take_closed(
        &mut self,
        segment: &Segment,
        index: &Index,
        expected: Option<&Running>,
    ) -> Result<Hash, Broken> {
        let changed = |_| Broken::Here(Fault::Changed);
        let mut n_frames = 0u64;
        for (number, block) in index.blocks.iter().enumerate() {
            segment.check_block(number).map_err(changed)?;
            self.count(block.first_seq, block.n_frames.into())?;
            self.last_at = block.last_at;
            n_frames = n_frames.saturating_add(block.n_frames.into());
        }
        // What was noted while it was open is in it. A footer never was open: one made of a copy lies in its place.
        if expected.is_some_and(|expected| segment.is_footer() || n_frames < expected.n_frames) {
            return Err(Broken::Here(Fault::Short));
        }
        if index.ends {
            let last = index.blocks.len().checked_sub(1);
            let frames = segment.block(last.unwrap_or_default()).map_err(changed)?;
            let Some(Body::End { reason }) = frames.last().map(|frame| &frame.body) else {
                return Err(Broken::Here(Fault::Changed));
            };
            self.ended = Some(reason.clone());
        }
        Ok(segment.hash())
    }

    fn take_open(&mut self, segment: &Segment, expected: Option<&Running>) -> Result<Hash, Broken> {
        let mut frames = segment.frames();
        let mut n_frames = 0u64;
        while let Some(frame) = frames.next() {
            let frame = frame.map_err(|_| Broken::Here(Fault::Changed))?;
            self.count(frame.seq, 1)?;
            self.last_at = frame.at;
            if let Body::End { reason } = frame.body {
                self.ended = Some(reason);
            }
            n_frames += 1;
            if let Some(expected) = expected
                && expected.n_frames == n_frames
                && expected.hash != frames.head().hash
            {
                return Err(Broken::Here(Fault::Changed));
            }
        }
        if expected.is_some_and(|expected| n_frames < expected.n_frames) {
            return Err(Broken::Here(Fault::Short));
        }
        Ok(frames.head().hash)
    }

    /// Sequence numbers go on. These frames hold, so what is missing was before them.
    fn count(&mut self, first_seq: u64, n_frames: u64) -> Result<(), Broken> {
        if self.ended.is_some() {
            return Err(Broken::Here(Fault::Changed));
        }
        if first_seq > self.next_seq {
            return Err(Broken::Before(Fault::Short));
        }
        if first_seq < self.next_seq {
            return Err(Broken::Before(Fault::Changed));
        }
        self.next_seq = first_seq
            .checked_add(n_frames)
            .ok_or(Broken::Here(Fault::Changed))?;
        Ok(())
    }

    /// What is known to have been there and is not.
    fn fault(&self, known: &Known) -> Option<(u32, Fault)> {
        let known_last = known.last_segment()?;
        if self.last < Some(known_last) {
            return Some((self.next(), Fault::Missing));
        }
        // Those that are there were held against what was noted while they were read.
        let heads = known.heads.iter().map(|head| head.segment);
        let noted = heads.chain(known.running.map(|running| running.segment));
        let gone = noted.filter(|segment| !self.seen.contains(segment)).min();
        gone.map(|segment| (segment, Fault::Short))
    }

    fn verdict(&self) -> Verdict {
        match self.ended.as_deref() {
            None | Some(CRASH) => Verdict::Incomplete { since: self.last_at },
            Some(_) => Verdict::Intact {
                segments: u32::try_from(self.seen.len()).unwrap_or(u32::MAX),
            },
        }
    }
}
