//! After a crash: what a recording still has, and the footer that closes it.
//!
//! Nothing that is found is written to. A footer depends only on what was found, so a recovery cut short and repeated
//! makes the same bytes; and what it depends on is in its key, so that one made of a copy which was found otherwise is
//! sealed under another: one nonce never seals two contents.

use crate::frame::Body;
use crate::key::SessionKey;
use crate::read::Segment;
use crate::segment::{Head, ReadError, Stored, sha256};

/// Reason of the end that recovery writes.
pub const CRASH: &str = "crash";

/// What was found of a recording, segment by segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Sequence number of the last frame that holds; `None` where there is none.
    pub last_seq: Option<u64>,
    /// Its time; `None` where there is none.
    pub last_at: Option<i64>,
    /// A number that was never used.
    pub next_segment: u32,
    /// Whether the last frame is the end, so that no footer is due.
    pub was_ended: bool,
    /// Hash of the last segment: what the footer is chained to.
    pub head: Option<Head>,
    session: [u8; 16],
}

impl Recovery {
    /// Reads the next segment up to its last frame that holds: each number once, in order, closed rather than open.
    /// Never fails: what is altered or torn is left for [`Verifier`](crate::Verifier) to tell.
    pub fn push(&mut self, found: &Stored, key: &SessionKey) {
        self.next_segment = found.segment.saturating_add(1);
        let segment = match Segment::open(found.bytes.clone(), key) {
            Ok(segment) => segment,
            Err(ReadError::Empty) => return,
            Err(ReadError::Newer(_) | ReadError::Altered) => {
                self.head = Some(Head {
                    segment: found.segment,
                    hash: sha256(&[&found.bytes]),
                });
                return;
            }
        };
        self.session = segment.header().session;
        let mut frames = segment.frames();
        for frame in frames.by_ref().map_while(Result::ok) {
            self.last_seq = Some(frame.seq);
            self.last_at = Some(frame.at);
            self.was_ended = matches!(frame.body, Body::End { .. });
        }
        self.head = Some(frames.head());
    }
}

/// A closed segment of its own with the end of a recording that has none: write it as segment
/// [`Recovery::next_segment`]. `None` where the recording was ended.
#[cfg(feature = "write")]
pub fn crash_footer(recovery: &Recovery, key: &SessionKey) -> Option<crate::Closed> {
    use crate::segment::{Place, closed::ClosedWriter};

    if recovery.was_ended {
        return None;
    }
    let Recovery {
        last_seq,
        last_at,
        next_segment,
        session,
        head,
        ..
    } = *recovery;
    // Not the time of the recovery: see above.
    let at = last_at.unwrap_or_default();
    let seq = last_seq.map_or(0, |seq| seq.saturating_add(1));
    let body = Body::End {
        reason: CRASH.to_owned(),
    };
    let packed = body.pack().ok()?;
    let previous = head.map_or([0; 32], |head| head.hash);
    let mut closed = ClosedWriter::footer(key, next_segment, session, previous, Place { seq, at });
    closed.push(0, seq, at, &body, &packed).ok()?;
    closed.finish().ok()
}
