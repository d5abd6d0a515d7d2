//! The server as a browser and a shell meet it.

mod audit_command;
mod doors;
mod floor;
mod house;
