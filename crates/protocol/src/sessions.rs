//! Words of sessions.
