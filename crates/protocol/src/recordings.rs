//! Words of recordings.
