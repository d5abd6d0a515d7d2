//! People and service accounts: the list, adding somebody by a one-time link, and one person's role, access and password;
//! adding a service account, and its access.

pub mod api;
mod invite;
mod list;
mod once;
mod person;
mod service_account;

use protocol::people::{PersonState, PersonView};
use serde::{Deserialize, Serialize};

pub use invite::InvitePage;
pub use list::PeoplePage;
pub use person::PersonPage;
pub use service_account::NewServiceAccountPage;

/// A one-time link, shown once: only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLink {
    /// Whom to pass it on to.
    pub email: String,
    pub link: String,
}

/// One person or service account, as their own page shows them to an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonDetail {
    pub person: PersonView,
    /// Sign-ins that are good at this moment.
    pub n_sign_ins: usize,
    /// The administrator who looks.
    pub is_viewer: bool,
}

/// Class of the tag of a state.
fn tag_of(state: PersonState) -> &'static str {
    match state {
        PersonState::Active => "tag ok",
        PersonState::Invited => "tag warn",
        PersonState::Off => "tag",
    }
}
