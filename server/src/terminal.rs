//! The terminal's ways in: a ticket and the WebSocket that redeems it, or a command line's access token; and the frames
//! between either and the session.

pub mod command_line;
pub mod socket;
pub mod tickets;
pub mod upgrade;
pub mod watch;
