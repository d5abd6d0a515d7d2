//! What surrounds every answer: assets, pages, server functions, headers, origin, sign-in, tracing.

pub mod assets;
pub mod forms;
pub mod headers;
pub mod json;
pub mod messages;
pub mod origin;
pub mod pages;
pub mod sign_in;
pub mod trace;
