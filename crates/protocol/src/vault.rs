//! Words of vault.
