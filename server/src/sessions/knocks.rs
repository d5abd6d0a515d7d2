//! Who wants in: the session's person, come back.

use app::ctx::{Actor, Client};

use super::open::Screen;
use crate::terminal::socket::Ends;

/// Somebody at a session's door.
pub enum Knock {
    /// The session's person, in a window that takes it over.
    Back(Box<Arrival>),
}

/// A window of the session's person. Whether they may is weighed again by the session.
pub struct Arrival {
    pub actor: Actor,
    pub client: Client,
    pub ends: Ends,
    pub screen: Screen,
}

impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Back(_) => "Back",
        })
    }
}
