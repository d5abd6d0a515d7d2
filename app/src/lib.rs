//! What people see: Leptos pages, components and server functions; compiled for the server (`ssr`) and the browser (`hydrate`).

// The types of views nest as deeply as the pages do.
#![recursion_limit = "512"]

pub mod account;
pub mod audit;
pub mod ctx;
pub mod device;
pub mod errors;
pub mod gateways;
pub mod pages;
pub mod parts;
pub mod people;
pub mod routes;
pub mod sessions;
pub mod shell;
pub mod sign_in;
pub mod terminal;
pub mod tokens;
pub mod ui;
pub mod vault;
pub mod viewer;
