//! The address a request comes from: the socket's own, never a header's.

use std::net::{IpAddr, SocketAddr};

/// The peer of the TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self(address.ip().to_canonical())
    }
}
