//! `posternd`: configuration, the composition root, routes, sessions, recorder, jobs.

// The types of views nest as deeply as the pages do.
#![recursion_limit = "512"]

pub mod access_tokens;
pub mod audit;
pub mod cli;
pub mod clients;
pub mod clock;
pub mod command;
pub mod config;
pub mod connection_test;
pub mod crowd;
pub mod device;
pub mod gateways;
pub mod health;
pub mod http;
pub mod import;
pub mod jobs;
pub mod launch;
pub mod listener;
pub mod master_key;
pub mod node;
pub mod operations;
pub mod peer;
pub mod people;
pub mod process;
pub mod recorder;
pub mod recordings;
pub mod routes;
pub mod serve;
pub mod sessions;
pub mod state;
pub mod target;
pub mod terminal;
pub mod tls;
pub mod tunnel;
pub mod viewer;
