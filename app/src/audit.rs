//! The audit log: filters, one page of events, export, verification of the chain.

pub mod api;
mod chain;
mod filters;
mod list;
mod page;

pub use page::AuditPage;
