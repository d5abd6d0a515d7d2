//! After a crash: what a recording still has, and the footer that closes it.
//!
//! Nothing that is found is written to. A footer depends only on what was found, so a recovery cut
//! short and repeated makes the same bytes: one nonce never seals two contents.

use bytes::Bytes;

use crate::frame::Body;
use crate::key::SessionKey;
use crate::segment::{Hash, ReadError, Stored, sha256};
use crate::verify::open_all;

/// Reason of the end that recovery writes.
pub const CRASH: &str = "crash";

/// What was found of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Sequence number of the last frame that holds; `None` where there is none.
    pub last_seq: Option<u64>,
    /// Its time; `None` where there is none.
    pub last_at: Option<i64>,
    /// A number that was never used.
    pub next_segment: u32,
    /// Whether the last frame is the end, so that no footer is due.
    pub was_ended: bool,
    session: [u8; 16],
    head: Hash,
}

/// Reads what was found, each segment up to its last frame that holds. Never fails: what is altered
/// or torn is left for [`verify`](crate::verify()) to tell.
pub fn recover(found: &[Stored], key: &SessionKey) -> Recovery {
    let mut recovery = Recovery {
        last_seq: None,
        last_at: None,
        next_segment: 0,
        was_ended: false,
        session: [0; 16],
        head: [0; 32],
    };
    for (number, opened) in open_all(found, key) {
        recovery.next_segment = number.saturating_add(1);
        let segment = match opened {
            Ok(segment) => segment,
            Err(ReadError::Empty) => continue,
            Err(ReadError::Newer(_) | ReadError::Altered) => {
                let bytes = found
                    .iter()
                    .find(|stored| stored.segment == number)
                    .map(|stored| &stored.bytes);
                recovery.head = sha256(&[bytes.map_or(&[][..], Bytes::as_ref)]);
                continue;
            }
        };
        recovery.session = segment.header().session;
        let mut frames = segment.frames();
        for frame in frames.by_ref().map_while(Result::ok) {
            recovery.last_seq = Some(frame.seq);
            recovery.last_at = Some(frame.at);
            recovery.was_ended = matches!(frame.body, Body::End { .. });
        }
        recovery.head = frames.head().hash;
    }
    recovery
}

/// A closed segment of its own with the end of a recording that has none: write it as segment
/// [`Recovery::next_segment`]. `None` where the recording was ended.
#[cfg(feature = "write")]
pub fn crash_footer(recovery: &Recovery, key: &SessionKey) -> Option<crate::Closed> {
    use crate::segment::closed::{ClosedWriter, Effort};

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
    let mut closed = ClosedWriter::start(key, next_segment, session, head, Effort::None);
    closed.push(0, seq, at, &body, &packed).ok()?;
    closed.finish().ok()
}
