//! What the server's handlers share: concrete parts, made once in `main`.

use std::ops::Deref;
use std::sync::Arc;

use app::ctx::Shared;
use protocol::ids::NodeId;
use proxy::Roots;
use store::Db;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vault::envelope::MasterKey;

use crate::clients::cancels::Cancels;
use crate::clock;
use crate::config::Config;
use crate::crowd::Crowd;
use crate::device::Logins;
use crate::gateways::Pool;
use crate::operations::ServerOperations;
use crate::recorder::Note;
use crate::recordings::Viewings;
use crate::sessions::native::Halls;
use crate::sessions::{Registry, Space};
use crate::terminal::tickets::Tickets;

/// Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// The parts.
pub struct App {
    pub config: Config,
    /// Which server this is.
    pub node: NodeId,
    pub db: Db,
    pub master: Arc<MasterKey>,
    pub tickets: Tickets,
    /// Command lines that wait for their person.
    pub logins: Logins,
    pub sessions: Registry,
    /// Sessions of native clients that others may join.
    pub halls: Halls,
    pub cancels: Cancels,
    /// Requests of one network whose access token is being looked up.
    pub strangers: Crowd,
    /// Of one network, who says that they are an instance of a gateway and has not shown it yet.
    pub newcomers: Crowd,
    /// Tunnels that are being opened with one access token.
    pub openings: Crowd,
    /// The instances of gateways that are connected here.
    pub gateways: Pool,
    /// Room for a project file that is being imported.
    pub imports: Semaphore,
    /// Where sessions keep rows of results that are larger than memory.
    pub spools: Arc<Space>,
    pub viewings: Viewings,
    /// Where recordings leave what the store is to remember of them.
    pub notes: mpsc::Sender<Note>,
    /// Certificates the operating system trusts; for targets whose record names no CA.
    pub system_roots: Roots,
    /// Background work; shutdown waits for it.
    pub tasks: TaskTracker,
    /// Cancelled when the server stops; what runs until then ends with it.
    pub stopping: CancellationToken,
}

impl AppState {
    pub fn new(config: Config, node: NodeId, db: Db, master: MasterKey, notes: mpsc::Sender<Note>) -> Self {
        let spools = Space::new(config.spool_folder(), config.sessions.result_spool_total());

        Self(Arc::new(App {
            config,
            node,
            db,
            master: Arc::new(master),
            tickets: Tickets::default(),
            logins: Logins::default(),
            sessions: Registry::default(),
            halls: Halls::default(),
            cancels: Cancels::default(),
            strangers: Crowd::of(64),
            newcomers: Crowd::of(16),
            openings: Crowd::of(8),
            gateways: Pool::default(),
            imports: Semaphore::new(1),
            spools: Arc::new(spools),
            viewings: Viewings::default(),
            notes,
            system_roots: system_roots(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        }))
    }

    /// The same parts as server functions see them.
    pub fn shared(&self) -> Shared {
        Shared {
            db: self.db.clone(),
            master: self.master.clone(),
            operations: Arc::new(ServerOperations::new(self.clone())),
            now: clock::now,
            random: clock::random,
            sign_in_idle: self.config.sign_in.idle(),
            public_url: self.config.http.public_url.as_str().into(),
        }
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

/// Debian's bundle. Without one nobody is trusted, and verified connections ask for a CA of the record's own.
fn system_roots() -> Roots {
    std::fs::read_to_string("/etc/ssl/certs/ca-certificates.crt")
        .ok()
        .and_then(|pem| Roots::from_pem(&pem).ok())
        .unwrap_or_else(Roots::none)
}
