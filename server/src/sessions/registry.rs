//! Which sessions are live and whose, how each is told to look at its rights again or to end, and how somebody who
//! wants in knocks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::ids::{PersonId, RecordId, SessionId};
use protocol::sessions::SessionKind;
use protocol::terminal::{EndReason, LiveSession};
use protocol::time::Timestamp;
use tokio::sync::{mpsc, watch};

use super::knocks::Knock;

/// People who wait to be let in at once; who comes then waits outside.
const WAITING: usize = 16;

/// What a session is told. Later orders do not undo earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// Grows each time rights may have changed.
    pub look_again: u64,
    /// Set once.
    pub end: Option<(EndReason, String)>,
}

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub kind: SessionKind,
    pub person: PersonId,
    pub record: RecordId,
    pub record_title: String,
    /// Login of the account in use.
    pub account: String,
    pub started_at: Timestamp,
}

/// A live session as others see it.
#[derive(Debug)]
struct Live {
    place: Place,
    is_attached: bool,
    tell: watch::Sender<Orders>,
    knocks: mpsc::Sender<Knock>,
}

/// The live sessions.
#[derive(Debug, Clone, Default)]
pub struct Registry(Arc<Mutex<HashMap<SessionId, Live>>>);

/// A session's place in the registry; given up when dropped.
#[derive(Debug)]
pub struct Seat {
    registry: Registry,
    session: SessionId,
    pub orders: watch::Receiver<Orders>,
    pub knocks: mpsc::Receiver<Knock>,
}

impl Seat {
    /// Whether a browser shows the session to its person.
    pub fn note_attached(&self, is_attached: bool) {
        self.registry.with(|live| {
            if let Some(live) = live.get_mut(&self.session) {
                live.is_attached = is_attached;
            }
        });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.registry.with(|live| {
            live.remove(&self.session);
            count(live.len());
        });
    }
}

impl Registry {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<SessionId, Live>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a place for a session that a browser has opened.
    pub fn sit(&self, session: &SessionId, place: Place) -> Seat {
        let (tell, orders) = watch::channel(Orders::default());
        let (knocks, heard) = mpsc::channel(WAITING);
        self.with(|live| {
            live.insert(
                session.clone(),
                Live {
                    place,
                    is_attached: true,
                    tell,
                    knocks,
                },
            );
            count(live.len());
        });

        Seat {
            registry: self.clone(),
            session: session.clone(),
            orders,
            knocks: heard,
        }
    }

    /// Whose a session is; `None` if it is not live.
    pub fn place(&self, session: &SessionId) -> Option<Place> {
        self.with(|live| live.get(session).map(|live| live.place.clone()))
    }

    /// The live terminals of a person on a record, oldest first.
    pub fn own(&self, person: &PersonId, record: &RecordId) -> Vec<LiveSession> {
        let mut own: Vec<LiveSession> = self.with(|live| {
            live.iter()
                .filter(|(_, live)| live.place.kind == SessionKind::Terminal)
                .filter(|(_, live)| live.place.person == *person && live.place.record == *record)
                .map(|(id, live)| LiveSession {
                    id: id.clone(),
                    account: live.place.account.clone(),
                    started_at: live.place.started_at,
                    is_attached: live.is_attached,
                })
                .collect()
        });
        own.sort_by_key(|live| live.started_at);

        own
    }

    /// Asks a session to let somebody in, who is given back if it is not live. Waits while others are let in.
    pub async fn knock(&self, session: &SessionId, knock: Knock) -> Result<(), Knock> {
        let door = self.with(|live| live.get(session).map(|live| live.knocks.clone()));

        match door {
            Some(door) => door.send(knock).await.map_err(|error| error.0),
            None => Err(knock),
        }
    }

    /// Tells every session to check its rights again.
    pub fn look_again(&self) {
        self.with(|live| {
            for session in live.values() {
                session.tell.send_modify(|orders| orders.look_again += 1);
            }
        });
    }

    /// Whether this server runs the session.
    pub fn is_live(&self, session: &SessionId) -> bool {
        self.with(|live| live.contains_key(session))
    }

    /// Tells one session to end; false if it is not live.
    pub fn end(&self, session: &SessionId, reason: EndReason, sentence: &str) -> bool {
        self.with(|live| {
            let Some(session) = live.get(session) else {
                return false;
            };
            session
                .tell
                .send_modify(|orders| orders.end = orders.end.take().or(Some((reason, sentence.to_owned()))));

            true
        })
    }

    /// Waits until a session has ended and its row says so, at most `patience`.
    pub async fn gone(&self, session: &SessionId, patience: Duration) {
        let leaving = self.with(|live| live.get(session).map(|live| live.tell.clone()));
        if let Some(tell) = leaving {
            // Who takes longer ends all the same.
            let _ = tokio::time::timeout(patience, tell.closed()).await;
        }
    }

    /// Tells every session to end because the server stops, and waits until they have, at most `grace`.
    pub async fn end_all(&self, grace: Duration) {
        let leaving: Vec<watch::Sender<Orders>> =
            self.with(|live| live.values().map(|session| session.tell.clone()).collect());
        for tell in &leaving {
            tell.send_modify(|orders| {
                orders.end = orders
                    .end
                    .take()
                    .or(Some((EndReason::Shutdown, "The server is stopping.".to_owned())));
            });
        }
        let gone = async {
            for tell in &leaving {
                tell.closed().await;
            }
        };
        // Who has not left by then is cut off with the process; recovery closes the recording.
        let _ = tokio::time::timeout(grace, gone).await;
    }
}

fn count(n_live: usize) {
    metrics::gauge!("postern_sessions_live").set(n_live as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            kind: SessionKind::Terminal,
            person: PersonId::from_random([7; 16]),
            record: RecordId::from_random([8; 16]),
            record_title: "Books".to_owned(),
            account: "reporting".to_owned(),
            started_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn a_session_is_found_by_its_person_and_record_only() {
        let (registry, id) = (Registry::default(), SessionId::from_random([1; 16]));
        let seat = registry.sit(&id, place());
        seat.note_attached(false);
        let Place { person, record, .. } = place();

        let own = registry.own(&person, &record);

        assert_eq!(
            own.iter()
                .map(|live| (&live.id, live.is_attached))
                .collect::<Vec<_>>(),
            [(&id, false)]
        );
        assert!(registry.own(&PersonId::from_random([9; 16]), &record).is_empty());
        assert!(registry.own(&person, &RecordId::from_random([9; 16])).is_empty());
    }

    #[test]
    fn the_first_reason_to_end_stands() {
        let (registry, id) = (Registry::default(), SessionId::from_random([1; 16]));
        let seat = registry.sit(&id, place());

        assert!(registry.end(&id, EndReason::Terminated, "Terminated by a."));
        assert!(registry.end(&id, EndReason::Shutdown, "The server is stopping."));

        assert_eq!(
            seat.orders.borrow().end,
            Some((EndReason::Terminated, "Terminated by a.".to_owned()))
        );
    }

    #[test]
    fn a_seat_is_given_up_with_its_session() {
        let (registry, id) = (Registry::default(), SessionId::from_random([1; 16]));

        drop(registry.sit(&id, place()));

        assert!(!registry.end(&id, EndReason::Terminated, ""));
    }

    #[tokio::test]
    async fn who_ends_a_session_waits_until_it_is_gone() {
        let (registry, id) = (Registry::default(), SessionId::from_random([1; 16]));
        let mut seat = registry.sit(&id, place());
        let leaving = async move {
            seat.orders.changed().await.unwrap();
            drop(seat);
        };

        assert!(registry.end(&id, EndReason::Terminated, ""));
        tokio::join!(registry.gone(&id, Duration::from_secs(5)), leaving);

        assert!(!registry.is_live(&id));
    }

    #[tokio::test]
    async fn a_session_that_does_not_leave_is_not_waited_for_for_ever() {
        let (registry, id) = (Registry::default(), SessionId::from_random([1; 16]));
        let _seat = registry.sit(&id, place());

        registry.gone(&id, Duration::from_millis(1)).await;

        assert!(registry.is_live(&id));
    }

    #[tokio::test]
    async fn the_end_waits_for_those_who_leave() {
        let (registry, id) = (Registry::default(), SessionId::from_random([1; 16]));
        let mut seat = registry.sit(&id, place());
        let leaving = async move {
            seat.orders.changed().await.unwrap();
            drop(seat);
        };

        tokio::join!(registry.end_all(Duration::from_secs(5)), leaving);

        assert!(!registry.end(&id, EndReason::Terminated, ""));
    }
}
