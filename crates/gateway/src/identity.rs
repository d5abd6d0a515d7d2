//! The key of a gateway's instance: made where it runs, and shown to be its own for each connection.
//!
//! What is signed names the server and holds a number the server has just drawn: a signature is good for one connection to
//! one server.

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

/// What every signature begins with, so that none is good for anything else.
const CONTEXT: &[u8] = b"postern gateway v1";

/// A key pair, Ed25519.
pub struct Identity {
    pair: Ed25519KeyPair,
    document: Zeroizing<Vec<u8>>,
}

/// A key that cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be used")]
pub struct BadKey;

impl Identity {
    /// # Errors
    /// The operating system gives no randomness.
    pub fn generate() -> Result<Self, BadKey> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| BadKey)?;

        Self::load(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// # Errors
    /// It is no key of this kind.
    pub fn load(document: Zeroizing<Vec<u8>>) -> Result<Self, BadKey> {
        let pair = Ed25519KeyPair::from_pkcs8(&document).map_err(|_| BadKey)?;

        Ok(Self { pair, document })
    }

    /// PKCS #8, for a file of its owner alone.
    pub fn document(&self) -> &[u8] {
        &self.document
    }

    /// What the server keeps of it.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Shows that this connection is the key's owner's.
    pub fn sign(&self, proof: &Proof<'_>) -> Vec<u8> {
        self.pair.sign(&proof.bytes()).as_ref().to_vec()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// The server's address as its users write it: what is said to one is nothing to another.
    pub origin: &'a str,
    /// What the server has drawn for this connection.
    pub challenge: &'a str,
    /// Who signs: the public key of a newcomer, in hex, or the id of an instance.
    pub who: &'a str,
}

impl Proof<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = CONTEXT.to_vec();
        for part in [self.origin, self.challenge, self.who] {
            // The lengths keep one part from being taken for another's end.
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }

        bytes
    }

    pub fn is_signed(&self, public: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, public)
            .verify(&self.bytes(), signature)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROOF: Proof<'_> = Proof {
        origin: "https://postern.example.org",
        challenge: "a1b2",
        who: "instance",
    };

    #[test]
    fn a_signature_is_good_for_one_server_one_connection_and_one_instance() {
        let identity = Identity::generate().unwrap();
        let signature = identity.sign(&PROOF);
        let public = identity.public();

        assert!(PROOF.is_signed(public, &signature));
        for other in [
            Proof {
                origin: "https://evil.example.org",
                ..PROOF
            },
            Proof {
                challenge: "a1b3",
                ..PROOF
            },
            Proof {
                who: "another",
                ..PROOF
            },
            // The same bytes, cut elsewhere.
            Proof {
                challenge: "a1b2i",
                who: "nstance",
                ..PROOF
            },
        ] {
            assert!(!other.is_signed(public, &signature), "{other:?}");
        }
        let stranger = Identity::generate().unwrap();
        assert!(!PROOF.is_signed(stranger.public(), &signature));
        assert!(!PROOF.is_signed(&[], &signature));
        assert!(!PROOF.is_signed(public, &[]));
    }

    #[test]
    fn a_key_is_kept_and_read_again() {
        let identity = Identity::generate().unwrap();
        let again = Identity::load(Zeroizing::new(identity.document().to_vec())).unwrap();

        assert_eq!(again.public(), identity.public());
        assert_eq!(Identity::load(Zeroizing::new(vec![1, 2, 3])).unwrap_err(), BadKey);
        assert_eq!(format!("{identity:?}"), "Identity(..)");
    }
}
