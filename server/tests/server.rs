//! The server as a browser and a shell meet it.

// Said once more for clippy, which knows helpers of tests by it.
#[cfg(test)]
mod clients;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod doors;
#[cfg(test)]
mod floor;
#[cfg(test)]
mod gateways;
#[cfg(test)]
mod house;
#[cfg(test)]
mod import;
#[cfg(test)]
mod program;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod sessions;
