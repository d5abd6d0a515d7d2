//! The terminal page: the choice of an account, xterm.js on a WebSocket, and the quiet bars around it.

pub mod api;
mod back;
mod bars;
mod choice;
mod clipboard;
mod editor;
mod find;
mod held;
mod keep;
mod keys;
mod line;
mod more;
#[cfg(test)]
mod offered;
mod outbox;
mod page;
mod receipts;
mod reconnect;
mod session;
mod shown;
mod socket;
mod ticket;
mod touch;
mod transfer;
pub mod xterm;

pub use page::TerminalPage;
