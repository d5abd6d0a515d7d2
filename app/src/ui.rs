//! Our own small set of components: layout, forms, icons, times. Plain HTML first; the browser's parts stay native.

pub mod breaks;
pub mod callback;
pub mod clipboard;
pub mod copyable;
pub mod dialog;
pub mod fetched;
pub mod field;
pub mod filter;
pub mod form;
pub mod full_screen;
pub mod icon;
pub mod layout;
pub mod notice;
pub mod once;
pub mod query;
pub mod raw;
pub mod shortcut;
pub mod size;
pub mod socket;
pub mod toast;
pub mod when;
