//! Which sessions are live, and how each is told to look at its rights again or to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::ids::SessionId;
use protocol::terminal::EndReason;
use tokio::sync::watch;

/// What a session is told. Later orders do not undo earlier ones.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// Grows each time rights may have changed.
    pub look_again: u64,
    /// Set once.
    pub end: Option<(EndReason, String)>,
}

/// The live sessions.
#[derive(Debug, Clone, Default)]
pub struct Registry(Arc<Mutex<HashMap<SessionId, watch::Sender<Orders>>>>);

/// A session's place in the registry; given up when dropped.
#[derive(Debug)]
pub struct Seat {
    registry: Registry,
    session: SessionId,
    pub orders: watch::Receiver<Orders>,
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
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<SessionId, watch::Sender<Orders>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a place for a session.
    pub fn sit(&self, session: &SessionId) -> Seat {
        let (tell, orders) = watch::channel(Orders::default());
        self.with(|live| {
            live.insert(session.clone(), tell);
            count(live.len());
        });

        Seat {
            registry: self.clone(),
            session: session.clone(),
            orders,
        }
    }

    /// Tells every session to check its rights again.
    pub fn look_again(&self) {
        self.with(|live| {
            for tell in live.values() {
                tell.send_modify(|orders| orders.look_again += 1);
            }
        });
    }

    /// Tells one session to end; false if it is not live.
    pub fn end(&self, session: &SessionId, reason: EndReason, sentence: &str) -> bool {
        self.with(|live| {
            let Some(tell) = live.get(session) else {
                return false;
            };
            tell.send_modify(|orders| orders.end = orders.end.take().or(Some((reason, sentence.to_owned()))));

            true
        })
    }

    /// Tells every session to end because the server stops, and waits until they have, at most `grace`.
    pub async fn end_all(&self, grace: Duration) {
        let leaving: Vec<watch::Sender<Orders>> = self.with(|live| live.values().cloned().collect());
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

    #[test]
    fn the_first_reason_to_end_stands() {
        let (registry, id) = (Registry::default(), SessionId::from_random([1; 16]));
        let seat = registry.sit(&id);

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

        drop(registry.sit(&id));

        assert!(!registry.end(&id, EndReason::Terminated, ""));
    }

    #[tokio::test]
    async fn the_end_waits_for_those_who_leave() {
        let (registry, id) = (Registry::default(), SessionId::from_random([1; 16]));
        let mut seat = registry.sit(&id);
        let leaving = async move {
            seat.orders.changed().await.unwrap();
            drop(seat);
        };

        tokio::join!(registry.end_all(Duration::from_secs(5)), leaving);

        assert!(!registry.end(&id, EndReason::Terminated, ""));
    }
}
