//! Whether a recording is all there and as it was recorded.

use std::collections::BTreeMap;

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

/// A place in an open segment, which the audit log knows while the segment is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Number of the segment.
    pub segment: u32,
    /// How many frames it had.
    pub n_frames: u64,
    /// Hash of its header and of all their records.
    pub hash: [u8; 32],
}

/// Reads every byte and holds the chain against `anchor`, the last head the audit log knows.
///
/// Without an anchor, segments removed from the end of a recording that was never ended do not show,
/// nor does a recording rewritten by who has the key. Of two segments with one number, as a crash
/// between rename and removal leaves them, the closed one counts.
pub fn verify(segments: &[Stored], key: &SessionKey, anchor: Option<&Head>) -> Result<Verdict, Unsupported> {
    let mut verifier = Verifier::new(key.clone());
    for (number, opened) in open_all(segments, key) {
        verifier.take(number, opened)?;
    }
    Ok(verifier.finish(anchor))
}

/// A verification in the making: one segment is held at a time.
///
/// Of every closed segment all bytes are hashed and every piece is unsealed; nothing is unpacked but
/// the block with the end.
pub struct Verifier {
    key: SessionKey,
    walk: Walk,
    running: Option<Running>,
    altered: Option<u32>,
}

impl Verifier {
    /// Nothing was seen yet.
    pub fn new(key: SessionKey) -> Self {
        Self {
            key,
            walk: Walk::default(),
            running: None,
            altered: None,
        }
    }

    /// Holds the segment, as long as it is open, against a place the audit log knows.
    #[must_use]
    pub fn expect_running(mut self, running: Running) -> Self {
        self.running = Some(running);
        self
    }

    /// Takes the next segment: each number once, in order, closed rather than open.
    pub fn push(&mut self, stored: Stored) -> Result<(), Unsupported> {
        let opened = Segment::open(stored.bytes, &self.key);
        self.take(stored.segment, opened)
    }

    /// What can be said of all of them. See [`verify`] for the anchor.
    pub fn finish(self, anchor: Option<&Head>) -> Verdict {
        if let Some(segment) = self.altered {
            return Verdict::Altered { segment };
        }
        let is_short = self
            .running
            .is_some_and(|running| !self.walk.has_reached(&running));
        match self.walk.verdict(anchor) {
            Verdict::Intact { .. } if is_short => Verdict::Incomplete {
                since: self.walk.last_at,
            },
            verdict @ (Verdict::Intact { .. } | Verdict::Incomplete { .. } | Verdict::Altered { .. }) => {
                verdict
            }
        }
    }

    fn take(&mut self, number: u32, opened: Result<Segment, ReadError>) -> Result<(), Unsupported> {
        if self.altered.is_some() {
            return Ok(());
        }
        match self.walk.take(number, opened, self.running.as_ref()) {
            Ok(()) => Ok(()),
            Err(Stop::Altered(segment)) => {
                self.altered = Some(segment);
                Ok(())
            }
            Err(Stop::Newer(version)) => Err(Unsupported {
                segment: number,
                version,
            }),
        }
    }
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
    /// The last open segment, and how many frames it has.
    open: Option<(u32, u64)>,
}

/// Where something is wrong, seen from within a segment.
enum Broken {
    Here,
    At(u32),
}

impl Broken {
    fn or(self, number: u32) -> Stop {
        match self {
            Broken::Here => Stop::Altered(number),
            Broken::At(segment) => Stop::Altered(segment),
        }
    }
}

impl Walk {
    fn take(
        &mut self,
        number: u32,
        opened: Result<Segment, ReadError>,
        running: Option<&Running>,
    ) -> Result<(), Stop> {
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
        let hash = match segment.index() {
            Some(index) => self
                .take_closed(&segment, index, before)
                .map_err(|stop| stop.or(number))?,
            None => self
                .take_open(&segment, before, running)
                .map_err(|stop| stop.or(number))?,
        };
        // This segment holds, so where its memory of the one before is another, that one changed.
        if header.previous != self.head {
            return Err(Stop::Altered(before));
        }
        self.head = hash;
        self.heads.insert(number, self.head);
        Ok(())
    }

    /// Everything is unsealed and hashed; what blocks have inside is as their index says.
    fn take_closed(&mut self, segment: &Segment, index: &Index, before: u32) -> Result<Hash, Broken> {
        for (number, block) in index.blocks.iter().enumerate() {
            segment.check_block(number).map_err(|_| Broken::Here)?;
            self.count(block.first_seq, block.n_frames.into(), before)?;
            self.last_at = block.last_at;
        }
        if index.ends {
            let last = index.blocks.len().checked_sub(1).ok_or(Broken::Here)?;
            let frames = segment.block(last).map_err(|_| Broken::Here)?;
            let Some(Body::End { reason }) = frames.last().map(|frame| &frame.body) else {
                return Err(Broken::Here);
            };
            self.ended = Some(reason.clone());
        }
        Ok(segment.hash())
    }

    fn take_open(
        &mut self,
        segment: &Segment,
        before: u32,
        running: Option<&Running>,
    ) -> Result<Hash, Broken> {
        let expected = running.filter(|running| running.segment == segment.number());
        let mut frames = segment.frames();
        let mut n_frames = 0u64;
        while let Some(frame) = frames.next() {
            let frame = frame.map_err(|_| Broken::Here)?;
            self.count(frame.seq, 1, before)?;
            self.last_at = frame.at;
            if let Body::End { reason } = frame.body {
                self.ended = Some(reason);
            }
            n_frames += 1;
            if let Some(expected) = expected
                && expected.n_frames == n_frames
                && expected.hash != frames.head().hash
            {
                return Err(Broken::Here);
            }
        }
        self.open = Some((segment.number(), n_frames));
        Ok(frames.head().hash)
    }

    /// Sequence numbers go on. These frames hold, so what is missing was before them.
    fn count(&mut self, first_seq: u64, n_frames: u64, before: u32) -> Result<(), Broken> {
        if self.ended.is_some() {
            return Err(Broken::Here);
        }
        if first_seq != self.next_seq {
            return Err(Broken::At(before));
        }
        self.next_seq = first_seq.checked_add(n_frames).ok_or(Broken::Here)?;
        Ok(())
    }

    fn has_reached(&self, running: &Running) -> bool {
        match self.open {
            Some((segment, n_frames)) if segment == running.segment => n_frames >= running.n_frames,
            Some(_) | None => self.heads.contains_key(&running.segment),
        }
    }

    fn verdict(&self, anchor: Option<&Head>) -> Verdict {
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
