//! Many byte streams over one WebSocket, each with flow control of its own: what tunnels and gateways are made of. And the
//! gateway's side of them, which connects to targets for the server.

pub mod agent;
pub mod call;
pub mod identity;
pub mod lines;
pub mod messages;
pub mod reach;
pub mod streams;

mod pipe;
