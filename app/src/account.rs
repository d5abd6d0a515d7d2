//! The person's own page: password, sign-ins, signing out.

pub mod api;
mod page;

pub use page::AccountPage;
