//! The instances that are connected to this server, and which of them a connection goes out through.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gateway::streams::Opener;
use protocol::gateways::LiveView;
use protocol::ids::{GatewayId, InstanceId};
use protocol::time::Timestamp;
use tokio::sync::{Notify, watch};
use vault::gateway::Gateway;

use super::greeting::Greeted;

/// What an instance is told when it has lost its place,
const REVOKED: &str =
    "This instance was removed from its gateway in Postern. Enroll it anew with a new token.";

/// and when somebody has come with its key.
const SUCCEEDED: &str =
    "Another program has connected with this instance's key. Enroll each with a token of its own.";

/// Connections through one instance. Fewer than the streams there may be: one that ends takes a moment to be gone.
const MOST_CONNECTIONS: u32 = 800;

/// How often an instance is noted as seen.
const TOUCH_MICROS: i64 = 60 * 1_000_000;

/// Everybody who is there.
#[derive(Clone, Default)]
pub struct Pool(Arc<Mutex<HashMap<InstanceId, Arc<Live>>>>);

struct Live {
    instance: InstanceId,
    gateway: GatewayId,
    machine: String,
    version: String,
    opener: Opener,
    /// The rules of its gateway, as they are written.
    targets: Mutex<Vec<String>>,
    has_changed: Notify,
    n_connections: AtomicU32,
    is_leaving: AtomicBool,
    /// Why it has to go.
    sent_away: watch::Sender<Option<&'static str>>,
    /// In microseconds.
    touched_at: AtomicI64,
}

/// An instance's place; dropping it gives the place up.
pub struct Place {
    pool: Pool,
    live: Arc<Live>,
}

/// A way out through an instance, counted for as long as it is held.
pub struct Taken {
    live: Arc<Live>,
}

impl Pool {
    /// Takes an instance in. One that is there already under this id is sent away: it is lost and that was not noticed yet,
    /// or somebody else has its key.
    pub(super) fn join(&self, greeted: &Greeted, opener: Opener) -> Place {
        let live = Arc::new(Live {
            instance: greeted.instance.clone(),
            gateway: greeted.gateway.id.clone(),
            machine: greeted.machine.clone(),
            version: greeted.version.clone(),
            opener,
            targets: Mutex::new(greeted.gateway.targets.texts()),
            has_changed: Notify::new(),
            n_connections: AtomicU32::new(0),
            is_leaving: AtomicBool::new(false),
            sent_away: watch::Sender::new(None),
            touched_at: AtomicI64::new(i64::MIN),
        });
        let before = self.lock().insert(live.instance.clone(), Arc::clone(&live));
        if let Some(before) = before {
            before.sent_away.send_replace(Some(SUCCEEDED));
        }

        Place {
            pool: self.clone(),
            live,
        }
    }

    /// The instance of a gateway with the fewest connections, if one has room.
    pub fn take(&self, gateway: &GatewayId) -> Option<Taken> {
        let places = self.lock();
        let live = places
            .values()
            .filter(|live| live.gateway == *gateway && !live.is_leaving.load(Ordering::Relaxed))
            // A stream too many would cost all the others.
            .filter(|live| live.n_connections.load(Ordering::Relaxed) < MOST_CONNECTIONS)
            .min_by_key(|live| live.n_connections.load(Ordering::Relaxed))?;
        live.n_connections.fetch_add(1, Ordering::Relaxed);

        Some(Taken {
            live: Arc::clone(live),
        })
    }

    /// What an instance does that is connected.
    pub fn view(&self, instance: &InstanceId) -> Option<LiveView> {
        let places = self.lock();
        let live = places.get(instance)?;

        Some(LiveView {
            n_connections: live.n_connections.load(Ordering::Relaxed),
            is_leaving: live.is_leaving.load(Ordering::Relaxed),
        })
    }

    /// Who is there, and of which gateway.
    pub fn live(&self) -> Vec<(InstanceId, GatewayId)> {
        self.lock()
            .values()
            .map(|live| (live.instance.clone(), live.gateway.clone()))
            .collect()
    }

    /// Takes an instance's place away; its connections end.
    pub fn revoke(&self, instance: &InstanceId) {
        if let Some(live) = self.lock().remove(instance) {
            live.sent_away.send_replace(Some(REVOKED));
        }
    }

    /// Tells an instance the rules of its gateway, which may be others now.
    pub fn refresh(&self, instance: &InstanceId, gateway: &Gateway) {
        let places = self.lock();
        let Some(live) = places.get(instance) else {
            return;
        };
        let new = gateway.targets.texts();
        let mut targets = live.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if *targets != new {
            *targets = new;
            live.has_changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InstanceId, Arc<Live>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub fn instance(&self) -> &InstanceId {
        &self.live.instance
    }

    pub fn machine(&self) -> &str {
        &self.live.machine
    }

    pub fn version(&self) -> &str {
        &self.live.version
    }

    /// It takes no new connections.
    pub fn leave(&self) {
        self.live.is_leaving.store(true, Ordering::Relaxed);
    }

    /// The place was taken away; what to say.
    pub async fn sent_away(&self) -> String {
        let mut watched = self.live.sent_away.subscribe();
        // The sender lives as long as the place.
        let why = watched.wait_for(Option::is_some).await;

        why.ok().and_then(|why| *why).unwrap_or_default().to_owned()
    }

    /// The rules are others.
    pub async fn changed(&self) {
        self.live.has_changed.notified().await;
    }

    pub fn targets(&self) -> Vec<String> {
        self.live
            .targets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether it is time to note that the instance was seen; it is noted then.
    pub fn wants_touch(&self, now: Timestamp) -> bool {
        let last = self.live.touched_at.load(Ordering::Relaxed);
        let is_due = now.micros().saturating_sub(TOUCH_MICROS) >= last;
        if is_due {
            self.live.touched_at.store(now.micros(), Ordering::Relaxed);
        }

        is_due
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.pool.lock();
        // The place may be its successor's by now.
        let is_own = places
            .get(&self.live.instance)
            .is_some_and(|live| Arc::ptr_eq(live, &self.live));
        if is_own {
            places.remove(&self.live.instance);
        }
    }
}

impl Taken {
    pub fn opener(&self) -> &Opener {
        &self.live.opener
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.live.n_connections.fetch_sub(1, Ordering::Relaxed);
    }
}
