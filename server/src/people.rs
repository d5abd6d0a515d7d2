//! People act: signing in and out, one-time links, passwords. The rules are the vault's, the rows the store's.

pub mod administrator;
pub mod links;
pub mod password;
pub mod sign_in;

use std::net::{IpAddr, Ipv4Addr};

use app::ctx::Client;
use protocol::errors::{Code, Refusal};
use tracing::error;

/// A failure of the store, logged once, as a sentence without internals.
pub fn store_failed(error: store::Error) -> Refusal {
    error!(error = &error as &dyn std::error::Error, "store");

    Refusal::new(
        Code::Internal,
        "The store could not do this. Try again; if it stays, tell an administrator.",
    )
}

/// The network a client comes from: what an IPv6 host has to itself is one.
pub fn network_of(client: &Client) -> String {
    vault::throttle::network(address_of(client))
}

/// The address attempts are counted under; the unspecified one where there is none, so that it is counted too.
fn address_of(client: &Client) -> IpAddr {
    client
        .address
        .parse()
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}
