//! The terminal's way in: a ticket, the WebSocket that redeems it, and the frames between browser and session.

pub mod socket;
pub mod tickets;
pub mod upgrade;
pub mod watch;
