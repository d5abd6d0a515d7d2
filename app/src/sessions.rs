//! Sessions: the list of what is live and what happened, and the player of one of them.

pub mod api;
mod list;
mod player;

pub use list::SessionsPage;
pub use player::PlayerPage;
