//! Words of audit.
