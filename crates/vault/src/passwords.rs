//! Passwords of people: argon2id, kept as PHC strings.
//!
//! Hashing takes some 20 ms of one core and 19 MiB: run it where blocking is allowed, and bound how many run.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::Secret;

/// Bytes of salt the caller draws for each hash (RFC 9106 §3.1).
pub const SALT: usize = 16;

/// Memory in KiB, passes and lanes: 19 MiB, 2, 1, as the OWASP password storage cheat sheet asks for.
/// A stored hash names its own, so that these may grow.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash with those parameters that no password has: its output was drawn at random.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cG9zdGVybi1ub2JvZHktMQ$T4lUZpQZEkhW5LyCJVFLxoMYDanBeoWWUBjsEkjuztU";

/// The hash could not be made: there was no memory for it. Never the password's fault.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed")]
pub struct Unhashable;

/// What the store keeps of a password. `Debug` hides it: who has a hash may guess offline.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(String);

impl Hash {
    /// Hashes a password with a salt that is used for nothing else.
    ///
    /// # Errors
    /// [`Unhashable`] when the 19 MiB cannot be had.
    pub fn of(password: &Secret, salt: [u8; SALT]) -> Result<Self, Unhashable> {
        let params = Params::new(MEMORY, PASSES, LANES, None).map_err(|_| Unhashable)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = argon2
            .hash_password_with_salt(password.expose().as_bytes(), &salt)
            .map_err(|_| Unhashable)?;

        Ok(Self(hash.to_string()))
    }

    /// The PHC string as it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The hash of nobody: verify against it when there is no such account, so that the answer to an unknown
    /// address takes as long as to a known one.
    pub fn nobody() -> Self {
        Self(NOBODY.to_owned())
    }

    /// The PHC string, for the store.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the hash of that password; compared in constant time. A hash that cannot be read is
    /// nobody's.
    pub fn verify(&self, password: &Secret) -> bool {
        Argon2::default()
            .verify_password(password.expose().as_bytes(), self.0.as_str())
            .is_ok()
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let hash = Hash::of(&secret("correct horse"), [7; SALT]).unwrap();
        let stored = Hash::from_stored(hash.as_str().to_owned());

        assert!(stored.verify(&secret("correct horse")));
        assert!(!stored.verify(&secret("correct house")));
        assert!(!stored.verify(&secret("")));
    }

    #[test]
    fn a_hash_names_its_parameters_and_depends_on_its_salt() {
        let one = Hash::of(&secret("correct horse"), [1; SALT]).unwrap();
        let other = Hash::of(&secret("correct horse"), [2; SALT]).unwrap();

        assert!(
            one.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            one.as_str()
        );
        assert_ne!(one, other);
    }

    #[test]
    fn nobody_costs_as_much_as_somebody_and_is_never_right() {
        let somebody = Hash::of(&secret("correct horse"), [1; SALT]).unwrap();
        let params = |hash: &Hash| hash.as_str().rsplit('$').nth(2).map(str::to_owned);

        assert_eq!(params(&Hash::nobody()), params(&somebody));
        assert!(argon2::PasswordHash::new(Hash::nobody().as_str()).is_ok());
        assert!(!Hash::nobody().verify(&secret("correct horse")));
    }

    #[test]
    fn an_unreadable_hash_is_nobodys() {
        for stored in ["", "correct horse", "$argon2id$"] {
            assert!(
                !Hash::from_stored(stored.to_owned()).verify(&secret("correct horse")),
                "{stored:?}"
            );
        }
    }

    #[test]
    fn a_hash_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", Hash::nobody()), "Hash(..)");
    }
}
