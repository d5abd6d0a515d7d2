//! Many byte streams over one WebSocket, each with flow control of its own: what tunnels are made of.

pub mod lines;
pub mod streams;

mod pipe;
