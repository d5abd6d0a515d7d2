//! Sessions: the list of what is live and what happened, the player of one of them, its transcript, the live view.

mod activity;
mod address;
pub mod api;
mod list;
mod live;
mod outcome;
mod player;
mod terminate;
mod transcript;

use protocol::sessions::SessionList;
use protocol::vault::RecordView;
use serde::{Deserialize, Serialize};

pub use activity::ActivityPage;
pub use list::SessionsPage;
pub use live::LivePage;
pub use player::PlayerPage;
pub use terminate::TerminatePage;
pub use transcript::TranscriptPage;

/// A record and the sessions on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityDetail {
    pub record: RecordView,
    pub list: SessionList,
}
