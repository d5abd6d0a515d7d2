//! Which session a connection of a native client belongs to: that of the same token, record, account and address, if
//! one is open.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::ids::{RecordId, SessionId, TokenId};

use super::{Hall, Place, Shut};

/// Whose connections are one session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub token: TokenId,
    pub record: RecordId,
    pub account: RecordId,
    pub address: String,
}

/// The halls that are open. Cheap to clone.
#[derive(Clone, Default)]
pub struct Halls(Arc<Mutex<HashMap<Key, Entry>>>);

/// Who finds no hall opens one; who comes meanwhile waits for it.
type Entry = Arc<tokio::sync::Mutex<Option<Hall>>>;

/// A place in a hall.
pub enum Found<T> {
    /// In one that was open.
    Open(Place),
    /// In one that was opened for it, and what came of that.
    Opened(Place, T),
}

impl Halls {
    /// A place in the open hall of `key`, or in one that `open` makes.
    pub async fn enter<T, E>(
        &self,
        key: &Key,
        open: impl Future<Output = Result<(Hall, T), E>>,
    ) -> Result<Found<T>, E>
    where
        E: From<Shut>,
    {
        let entry = self.entry(key);
        let mut hall = entry.lock().await;
        match hall.as_ref().map(Hall::admit) {
            Some(Ok(place)) => return Ok(Found::Open(place)),
            Some(Err(full @ Shut::Full(_))) => return Err(full.into()),
            Some(Err(Shut::Over(_))) | None => {}
        }
        let opening = async {
            let (opened, made) = open.await?;

            Ok((opened.admit()?, opened, made))
        };
        match opening.await {
            Ok((place, opened, made)) => {
                *hall = Some(opened);

                Ok(Found::Opened(place, made))
            }
            Err(error) => {
                drop(hall);
                drop(entry);
                self.remove_if(key, |hall| hall.is_none());

                Err(error)
            }
        }
    }

    /// A session is over. Where its key stands for the next one already, that one stays.
    pub fn forget(&self, key: &Key, session: &SessionId) {
        self.remove_if(key, |hall| hall.is_some_and(|hall| hall.session() == session));
    }

    /// Removes the entry of a key, unless somebody is about to enter by it.
    fn remove_if(&self, key: &Key, is_it: impl Fn(Option<&Hall>) -> bool) {
        self.with(|halls| {
            let is_left = halls.get(key).is_some_and(|entry| {
                Arc::strong_count(entry) == 1 && entry.try_lock().is_ok_and(|hall| is_it(hall.as_ref()))
            });
            if is_left {
                halls.remove(key);
            }
        });
    }

    fn entry(&self, key: &Key) -> Entry {
        self.with(|halls| Arc::clone(halls.entry(key.clone()).or_default()))
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<Key, Entry>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
