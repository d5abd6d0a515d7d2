//! What is known of a recording apart from its files: what the session's row says, and what the audit log says.

use std::collections::BTreeMap;

use protocol::audit::{EventName, EventView, Outcome};
use protocol::ids::{NodeId, SessionId};
use protocol::sessions::SessionState;
use protocol::time::Timestamp;
use recording::{Head, Known, Running, VERSION};
use store::sessions::Session;
use store::{Snapshot, audit};
use vault::audit::Event;

/// Details of events.
const FORMAT: &str = "format";
const HEAD: &str = "head";
const SEGMENT: &str = "segment";
const SERVER: &str = "server";

/// What was noted of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    pub known: Known,
    /// Whether some of it is nothing this server writes, so that somebody did.
    pub is_garbled: bool,
    /// The server whose data folder the recording is in; `None` when it began before that was noted.
    pub server: Option<NodeId>,
}

/// What the row has.
pub(super) fn by_row(found: &Session) -> Noted {
    // The recording is begun before a session becomes live.
    let was_begun = match found.view.state {
        SessionState::Live | SessionState::Ended => true,
        SessionState::Starting | SessionState::Failed => false,
    };
    let head = found.chain_head.as_deref().map(head_of);
    let running = found.chain_running.as_deref().map(running_of);

    Noted {
        is_garbled: head == Some(None) || running == Some(None),
        known: Known {
            was_begun,
            heads: head.flatten().into_iter().collect(),
            running: running.flatten(),
            // Events say so if it was a later one. Of a session that keeps no recording there may be none.
            version: found.view.recordings.any().then_some(VERSION),
        },
        server: found.node.clone(),
    }
}

impl Noted {
    /// Reads what the session's row and the audit log have. Both count: who changed one of them would have to change
    /// the other as well, and the log is chained.
    pub async fn lookup(snapshot: &mut Snapshot, found: &Session) -> Result<Self, store::Error> {
        let mut noted = by_row(found);
        let mut seq = 0;
        loop {
            let events = match audit::recordings::after(snapshot, &found.view.id, seq).await {
                Err(store::Error::Inconsistent { .. }) => {
                    noted.is_garbled = true;

                    return Ok(noted);
                }
                events => events?,
            };
            let Some(last) = events.last() else {
                return Ok(noted);
            };
            seq = last.seq;
            for event in &events {
                noted.add(event);
            }
        }
    }

    fn add(&mut self, event: &EventView) {
        let details = &event.details;
        let added = match event.name == EventName::SessionRecordingSegmentClosed {
            true => self.add_head(details),
            false => self.add_beginning(details),
        };
        if added.and(self.add_version(details)).is_none() {
            self.is_garbled = true;
        }
    }

    fn add_head(&mut self, details: &BTreeMap<String, String>) -> Option<()> {
        let segment = details.get(SEGMENT)?.parse().ok()?;
        let hash = hash_of(details.get(HEAD)?)?;
        self.known.heads.insert(Head { segment, hash });

        Some(())
    }

    /// Whatever the row says by now.
    fn add_beginning(&mut self, details: &BTreeMap<String, String>) -> Option<()> {
        self.known.was_begun = true;
        // Before version 3 of the format it was not noted.
        if let Some(server) = details.get(SERVER) {
            let server = Some(server.parse().ok()?);
            // The row has it too: it says who recovers the session.
            self.is_garbled |= self.server != server;
            self.server = server;
        }

        Some(())
    }

    fn add_version(&mut self, details: &BTreeMap<String, String>) -> Option<()> {
        let noted = match details.get(FORMAT) {
            Some(format) => format.parse().ok()?,
            None => VERSION,
        };
        self.known.version = self.known.version.max(Some(noted.max(VERSION)));

        Some(())
    }
}

/// The event that a recording was begun, to which its version and its server are added.
pub fn begun(event: Event, server: &NodeId) -> Event {
    event
        .with(FORMAT, VERSION.to_string())
        .with(SERVER, server.as_str())
}

/// The event that a segment was closed; with the version, since a footer's may be a later one than the recording's.
pub fn segment_closed(session: &SessionId, head: &Head, now: Timestamp) -> Event {
    Event::new(EventName::SessionRecordingSegmentClosed, Outcome::Ok, now)
        .in_session(session)
        .with(SEGMENT, head.segment.to_string())
        .with(HEAD, hex::encode(head.hash))
        .with(FORMAT, VERSION.to_string())
}

/// `n:hash`, as the session's row keeps the last head.
pub fn head_text(head: &Head) -> String {
    format!("{}:{}", head.segment, hex::encode(head.hash))
}

/// The head a row keeps; `None` for what is none.
fn head_of(text: &str) -> Option<Head> {
    let (segment, hash) = text.split_once(':')?;

    Some(Head {
        segment: segment.parse().ok()?,
        hash: hash_of(hash)?,
    })
}

/// `n:frames:hash`, as the session's row keeps how far the open segment was.
pub fn running_text(running: &Running) -> String {
    format!(
        "{}:{}:{}",
        running.segment,
        running.n_frames,
        hex::encode(running.hash)
    )
}

/// The place a row keeps; `None` for what is none.
fn running_of(text: &str) -> Option<Running> {
    let (segment, rest) = text.split_once(':')?;
    let (n_frames, hash) = rest.split_once(':')?;

    Some(Running {
        segment: segment.parse().ok()?,
        n_frames: n_frames.parse().ok()?,
        hash: hash_of(hash)?,
    })
}

fn hash_of(hex: &str) -> Option<[u8; 32]> {
    hex::decode(hex).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_survives_its_text() {
        let head = Head {
            segment: 7,
            hash: [0xa5; 32],
        };

        assert_eq!(head_of(&head_text(&head)), Some(head));
        assert_eq!(head_of("7:zz"), None);
    }

    #[test]
    fn a_place_survives_its_text() {
        let running = Running {
            segment: 7,
            n_frames: 190,
            hash: [0xa5; 32],
        };

        assert_eq!(running_of(&running_text(&running)), Some(running));
        assert_eq!(running_of("7:190"), None);
    }
}
