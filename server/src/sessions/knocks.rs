//! Who wants in at a live session: its person, come back, or somebody who watches.

use app::ctx::{Actor, Client};
use protocol::terminal::watch::{WatchFrame, WatcherFrame};
use protocol::terminal::{Ended, ServerFrame};

use super::open::Screen;
use crate::terminal::socket::Ends;
use crate::viewer::Viewer;

/// Somebody at a session's door.
pub enum Knock {
    /// The session's person, in a window that takes it over.
    Back(Box<Arrival>),
    /// Who may see evidence, and has been weighed.
    Watcher(Box<Watching>),
}

/// Somebody who watches.
pub struct Watching {
    pub viewer: Viewer,
    pub ends: Ends<WatcherFrame, WatchFrame>,
}

/// A window of the session's person. Whether they may is weighed again by the session.
pub struct Arrival {
    pub actor: Actor,
    pub client: Client,
    pub ends: Ends,
    pub screen: Screen,
}

impl Knock {
    /// The session is over: whoever knocked is told.
    pub fn refuse(self, ended: Ended) {
        // Who has gone again in the meantime is not missed.
        match self {
            Self::Back(arrival) => {
                let _told = arrival.ends.to_browser.try_send(ServerFrame::Ended(ended));
            }
            Self::Watcher(watching) => {
                let _told = watching.ends.to_browser.try_send(WatchFrame::Ended(ended));
            }
        }
    }
}

impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Back(_) => "Back",
            Self::Watcher(_) => "Watcher",
        })
    }
}
