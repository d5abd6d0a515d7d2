//! The terminal page: the choice of an account, xterm.js on a WebSocket, and the quiet bars around it.

pub mod api;
mod bars;
mod choice;
mod line;
mod page;
mod receipts;
mod session;
mod shown;
mod socket;
pub mod xterm;

pub use page::TerminalPage;
