//! Cancel keys of native clients: each is ours, and stands for one connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use pg_proto::backend::CancelKey;
use proxy::pump::Control;
use recording::Origin;
use subtle::ConstantTimeEq;
use tracing::{debug, warn};

use crate::clock;

/// The keys handed out. Cheap to clone.
#[derive(Clone, Default)]
pub struct Cancels(Arc<Mutex<HashMap<i32, Vec<Entry>>>>);

struct Entry {
    secret: Bytes,
    /// Of the connection, once it is pumped.
    control: Option<Control>,
}

/// A key that was handed out; of no use any more when dropped.
pub struct Issued {
    cancels: Cancels,
    key: CancelKey,
}

impl Cancels {
    /// A key for a connection, with the process id its client sees on the server, and a secret of so many bytes.
    pub fn issue(&self, process_id: i32, secret_len: usize) -> Issued {
        let mut secret = vec![0; secret_len];
        clock::random(&mut secret);
        let secret = Bytes::from(secret);
        let entry = Entry {
            secret: secret.clone(),
            control: None,
        };
        self.with(|keys| keys.entry(process_id).or_default().push(entry));

        Issued {
            cancels: self.clone(),
            key: CancelKey { process_id, secret },
        }
    }

    /// Cancels what the key's connection runs at this moment; a key nobody has does nothing, and says nothing.
    pub async fn cancel(&self, key: &CancelKey) {
        let found = self.with(|keys| {
            let entries = keys.get(&key.process_id)?;
            let is_it = |entry: &&Entry| bool::from(entry.secret.ct_eq(&key.secret));

            entries.iter().find(is_it).and_then(|entry| entry.control.clone())
        });
        let Some(control) = found else {
            debug!("cancel with a key that was not handed out");
            return;
        };
        match control.cancel(Origin::Person).await {
            Ok(cancelled) => debug!(?cancelled, "cancelled for a client"),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "statement not cancelled"
            ),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<i32, Vec<Entry>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Issued {
    /// The connection is pumped: from here on the key cancels what it runs.
    pub fn begin(&self, control: &Control) {
        self.cancels.with(|keys| {
            let entries = keys.get_mut(&self.key.process_id).into_iter().flatten();
            for entry in entries.filter(|entry| entry.secret == self.key.secret) {
                entry.control = Some(control.clone());
            }
        });
    }

    pub fn key(&self) -> &CancelKey {
        &self.key
    }
}

impl Drop for Issued {
    fn drop(&mut self) {
        self.cancels.with(|keys| {
            if let Some(entries) = keys.get_mut(&self.key.process_id) {
                entries.retain(|entry| entry.secret != self.key.secret);
                if entries.is_empty() {
                    keys.remove(&self.key.process_id);
                }
            }
        });
    }
}
