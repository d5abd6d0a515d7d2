//! Sessions of native clients: connections that come and go, each a lane of one recording.
//!
//! [`Hall`] is what the connections of one session share, [`Halls`] finds the one a connection belongs to, [`task`] keeps
//! its time and ends it.

mod halls;
pub mod task;
mod thread;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use protocol::ids::SessionId;
use protocol::terminal::{EndReason, Ended};
use protocol::time::Timestamp;
use proxy::pump::{Budget, Control, Phase, Policy};
use recording::{Lane, Tape};
use tokio::sync::watch;
use tracing::warn;
use vault::effective::Effective;

use super::close::{Closing, Counted};
use super::join;
use crate::clock;
use crate::target::Aimed;

pub use halls::{Found, Halls, Key};
use thread::Thread;

/// Lanes of a recording beside the terminal's: more connections a session never has at once.
const LANES: u8 = 250;

/// Databases of one session that are named in lists.
const MAX_DATABASES: usize = 64;

/// Characters of a name there; PostgreSQL keeps no longer one.
const MAX_NAME: usize = 63;

/// What the connections of one session share. Cheap to clone.
#[derive(Clone)]
pub struct Hall(Arc<Inner>);

struct Inner {
    session: SessionId,
    closing: Closing,
    tape: Tape,
    effective: Effective,
    aim: Aimed,
    budget: Option<Arc<Budget>>,
    floor: Mutex<Floor>,
    /// Where its connections are pumped; `None` where the operating system has no room for a thread.
    thread: Option<Thread>,
    /// How many connections there are.
    open: watch::Sender<usize>,
}

/// Who is there.
struct Floor {
    /// By lane; a connection whose pump runs has a control.
    lanes: BTreeMap<u8, Option<Control>>,
    /// The lane of who came last.
    last_lane: u8,
    /// What connections that have left have counted.
    counted: Counted,
    /// The last moment somebody came or left.
    last_change: Timestamp,
    /// Where the connections have worked, in the order of their coming there.
    databases: Vec<String>,
    over: Option<Ended>,
}

/// Why a connection does not get in.
#[derive(Debug, PartialEq, Eq)]
pub enum Shut {
    /// The session is over.
    Over(Ended),
    /// It has as many connections as its record allows.
    Full(u8),
}

/// A connection's place in the hall; given up when dropped.
pub struct Place {
    hall: Hall,
    lane: u8,
}

/// What the connections of a session are doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doing {
    pub n_connections: usize,
    /// The last moment something ran, or somebody came or left; `None` while a statement runs.
    pub rests_since: Option<Timestamp>,
}

impl Hall {
    /// The hall of a session that has just been opened, with nobody in it.
    pub fn new(closing: Closing, tape: Tape, effective: Effective, aim: Aimed, database: String) -> Self {
        Self(Arc::new(Inner {
            session: closing.session.clone(),
            closing,
            tape,
            aim,
            budget: effective.max_statements().map(|most| Arc::new(Budget::new(most))),
            effective,
            floor: Mutex::new(Floor {
                lanes: BTreeMap::new(),
                last_lane: 0,
                counted: Counted::default(),
                last_change: clock::now(),
                databases: vec![database],
                over: None,
            }),
            thread: Thread::start()
                .inspect_err(|error| {
                    warn!(
                        error = error as &dyn std::error::Error,
                        "a session has no thread of its own"
                    )
                })
                .ok(),
            open: watch::Sender::new(0),
        }))
    }

    pub fn session(&self) -> &SessionId {
        &self.0.session
    }

    pub fn closing(&self) -> &Closing {
        &self.0.closing
    }

    pub fn budget(&self) -> Option<&Budget> {
        self.0.budget.as_deref()
    }

    /// Where its connections go.
    pub fn aim(&self) -> &Aimed {
        &self.0.aim
    }

    /// The settings the session was opened under.
    pub fn effective(&self) -> &Effective {
        &self.0.effective
    }

    /// Lets one more connection in, on the next lane that is free: who replays the session tells connections by it that
    /// came one after the other.
    pub fn admit(&self) -> Result<Place, Shut> {
        let mut floor = self.floor();
        if let Some(ended) = &floor.over {
            return Err(Shut::Over(ended.clone()));
        }
        let most = self.0.effective.max_connections_per_session();
        let most = u8::try_from(most).unwrap_or(LANES).min(LANES);
        let lane = if floor.lanes.len() < usize::from(most) {
            next_lane(floor.last_lane, |lane| floor.lanes.contains_key(&lane))
        } else {
            None
        };
        let Some(lane) = lane else {
            return Err(Shut::Full(most));
        };
        floor.last_lane = lane;
        floor.lanes.insert(lane, None);
        self.changed(&mut floor);
        metrics::gauge!("postern_connections_live").increment(1.0);

        Ok(Place {
            hall: self.clone(),
            lane,
        })
    }

    /// Notes a database somebody works in; gives the list of all when it is a new one.
    pub fn note_database(&self, database: &str) -> Option<String> {
        let databases = &mut self.floor().databases;
        if databases.len() > MAX_DATABASES || databases.iter().any(|known| known == database) {
            return None;
        }
        databases.push(if databases.len() == MAX_DATABASES {
            "…".to_owned()
        } else {
            database.chars().take(MAX_NAME).collect()
        });

        Some(databases.join(", "))
    }

    /// Runs what belongs to one of its connections, on the session's thread; `None` where that panicked.
    pub async fn run<T: Send + 'static>(&self, future: BoxFuture<'static, T>) -> Option<T> {
        match &self.0.thread {
            Some(thread) => thread.run(future).await,
            None => AssertUnwindSafe(future).catch_unwind().await.ok(),
        }
    }

    pub fn doing(&self) -> Doing {
        let (n_connections, last_change, controls) = {
            let floor = self.floor();

            (floor.lanes.len(), floor.last_change, floor.controls())
        };
        let mut rests_since = Some(last_change);
        for control in controls {
            rests_since = match control.activity().borrow().phase {
                Phase::Ready { since } => rests_since.max(Some(Timestamp::from_micros(since))),
                Phase::Running { .. } => control
                    .starves_since()
                    .map(Timestamp::from_micros)
                    .and_then(|since| rests_since.max(Some(since))),
            };
            if rests_since.is_none() {
                break;
            }
        }

        Doing {
            n_connections,
            rests_since,
        }
    }

    /// Tells every client something.
    pub fn warn(&self, sentence: &str) {
        let controls = self.floor().controls();
        for control in controls {
            control.warn(sentence);
        }
    }

    /// Nobody is let in any more, and who is there is told why it ends. The first reason stands.
    pub fn end(&self, ended: &Ended) {
        let mut floor = self.floor();
        let first = floor.over.get_or_insert_with(|| ended.clone()).clone();
        let controls = floor.controls();
        drop(floor);
        for control in controls {
            control.end(sqlstate(first.reason), first.sentence.clone());
        }
    }

    /// The same, if nobody is there since `since`; false if somebody is.
    pub fn end_if_empty(&self, since: Timestamp, ended: &Ended) -> bool {
        let mut floor = self.floor();
        let is_empty = floor.lanes.is_empty() && floor.last_change <= since;
        if is_empty {
            floor.over.get_or_insert_with(|| ended.clone());
        }

        is_empty
    }

    /// Why it is over, if it is.
    pub fn ended(&self) -> Option<Ended> {
        self.floor().over.clone()
    }

    /// Waits until everybody has left.
    pub async fn emptied(&self) {
        // The sender is the hall's own.
        let _ = self.0.open.subscribe().wait_for(|n| *n == 0).await;
    }

    /// What all connections have counted so far.
    pub fn counted(&self) -> Counted {
        let (mut counted, controls) = {
            let floor = self.floor();

            (floor.counted, floor.controls())
        };
        for control in controls {
            add(&mut counted, &control);
        }

        counted
    }

    fn floor(&self) -> MutexGuard<'_, Floor> {
        self.0.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self, floor: &mut Floor) {
        floor.last_change = clock::now();
        self.0.open.send_replace(floor.lanes.len());
    }
}

impl Place {
    pub fn hall(&self) -> &Hall {
        &self.hall
    }

    /// Where the connection is recorded.
    pub fn lane(&self) -> Lane {
        self.hall.0.tape.lane(self.lane)
    }

    /// What the connection's pump keeps to.
    pub fn policy(&self) -> Policy {
        Policy {
            budget: self.hall.0.budget.clone(),
            ..join::policy(&self.hall.0.effective)
        }
    }

    /// The connection's pump is about to run; where the session is over it ends at once.
    pub fn begin(&self, control: &Control) {
        let mut floor = self.hall.floor();
        floor.lanes.insert(self.lane, Some(control.clone()));
        let over = floor.over.clone();
        drop(floor);
        if let Some(ended) = over {
            control.end(sqlstate(ended.reason), ended.sentence);
        }
    }
}

impl Floor {
    /// Of the connections that are pumped. They are asked with the floor unlocked: they may wait for a disk.
    fn controls(&self) -> Vec<Control> {
        self.lanes.values().flatten().cloned().collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let control = self.hall.floor().lanes.get(&self.lane).cloned().flatten();
        let mut counted = Counted::default();
        if let Some(control) = control {
            add(&mut counted, &control);
        }
        let mut floor = self.hall.floor();
        floor.lanes.remove(&self.lane);
        floor.counted.statements += counted.statements;
        floor.counted.errors += counted.errors;
        self.hall.changed(&mut floor);
        metrics::gauge!("postern_connections_live").decrement(1.0);
    }
}

fn add(counted: &mut Counted, control: &Control) {
    let activity = *control.activity().borrow();
    counted.statements += activity.statements;
    counted.errors += activity.errors;
}

/// The next lane after `last` that is not taken, and behind the last of all the first.
fn next_lane(last: u8, is_taken: impl Fn(u8) -> bool) -> Option<u8> {
    (last + 1..=LANES).chain(1..=last).find(|lane| !is_taken(*lane))
}

/// How a client is told by code why its session is over.
/// See <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub fn sqlstate(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Idle => "57P05",
        EndReason::PolicyChanged => "28000",
        EndReason::RecordingFailed => "58030",
        EndReason::ConnectionLost => "08006",
        EndReason::Goodbye
        | EndReason::Duration
        | EndReason::ClientGone
        | EndReason::Terminated
        | EndReason::Shutdown
        | EndReason::Crash => "57P01",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_taken_in_turn() {
        let nobody = |_| false;

        assert_eq!(next_lane(0, nobody), Some(1));
        assert_eq!(next_lane(7, |lane| lane == 8), Some(9));
        assert_eq!(next_lane(LANES, nobody), Some(1));
        assert_eq!(next_lane(LANES, |lane| lane != 3), Some(3));
        assert_eq!(next_lane(5, |_| true), None);
    }
}
