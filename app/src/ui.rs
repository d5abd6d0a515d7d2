//! Our own small set of components: layout, forms, icons, times. Plain HTML first; the browser's parts stay native.

pub mod breaks;
pub mod dialog;
pub mod fetched;
pub mod field;
pub mod filter;
pub mod form;
pub mod icon;
pub mod layout;
pub mod notice;
pub mod query;
pub mod raw;
pub mod shortcut;
pub mod when;
