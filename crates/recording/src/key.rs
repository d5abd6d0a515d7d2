//! The session's key and what is derived from it.

use std::fmt;

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::segment::{Hash, PLACE_LEN};

/// Key of one session's recording. Kept wrapped by the master key; wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// From 32 random bytes drawn for this session alone.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be wrapped by the master key and nothing else.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// Length of the tag at the end of everything sealed.
pub(crate) const TAG_LEN: usize = 16;

/// The tag does not hold: another key, another place or other bytes.
#[derive(Debug)]
pub(crate) struct WrongTag;

/// One of the session's subkeys, ready for use.
#[derive(Clone)]
pub(crate) struct Cipher(Aes256Gcm);

impl SessionKey {
    /// For records of open segments.
    pub(crate) fn open_cipher(&self) -> Cipher {
        self.cipher(&[b"postern recording open"])
    }

    /// For blocks of closed segments: the same segment number and counters under another subkey.
    pub(crate) fn closed_cipher(&self) -> Cipher {
        self.cipher(&[b"postern recording closed"])
    }

    /// For the footer of one crash. A recording and its copy may both be recovered, and by then differ under one
    /// segment number: a subkey seals two footers only where header and place are the same, and so is all they say.
    pub(crate) fn footer_cipher(&self, header: &Hash, place: &[u8; PLACE_LEN]) -> Cipher {
        self.cipher(&[b"postern recording crash", header, place])
    }

    fn cipher(&self, purpose: &[&[u8]]) -> Cipher {
        let mut subkey = Zeroizing::new([0; 32]);
        // HKDF-SHA256 (RFC 5869) gives up to 8,160 bytes; 32 never fail.
        let expanded =
            hkdf::Hkdf::<sha2::Sha256>::new(None, &self.0).expand_multi_info(purpose, subkey.as_mut());
        debug_assert!(expanded.is_ok(), "32 bytes are within HKDF's bound");
        Cipher(Aes256Gcm::new(&(*subkey).into()))
    }
}

impl Cipher {
    /// Reads what was sealed as number `counter` of `segment`.
    pub(crate) fn unseal(
        &self,
        segment: u32,
        counter: u64,
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, WrongTag> {
        let mut plain = sealed.to_vec();
        let nonce = nonce(segment, counter);
        self.0
            .decrypt_in_place(&nonce.into(), associated, &mut plain)
            .map_err(|_| WrongTag)?;
        Ok(plain)
    }
}

/// Segment and counter: each pair is used once under a subkey, because a session never uses a segment number twice and
/// [`Sealer`] counts. What a recovery adds has subkeys of its own.
fn nonce(segment: u32, counter: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    let (head, tail) = nonce.split_at_mut(4);
    head.copy_from_slice(&segment.to_be_bytes());
    tail.copy_from_slice(&counter.to_be_bytes());
    nonce
}

/// The counter was used up, or the bytes are beyond what AES-GCM may seal at once.
#[cfg(feature = "write")]
#[derive(Debug)]
pub(crate) struct Unsealable;

/// Seals one segment; owns its counter, so that no nonce is used twice.
#[cfg(feature = "write")]
pub(crate) struct Sealer {
    cipher: Cipher,
    segment: u32,
    counter: u64,
}

#[cfg(feature = "write")]
impl Sealer {
    pub(crate) fn new(cipher: Cipher, segment: u32) -> Self {
        Self {
            cipher,
            segment,
            counter: 0,
        }
    }

    /// Number the next seal will have.
    pub(crate) fn counter(&self) -> u64 {
        self.counter
    }

    /// Seals in place and gives the tag to put behind.
    pub(crate) fn seal(&mut self, associated: &[u8], plain: &mut [u8]) -> Result<[u8; TAG_LEN], Unsealable> {
        let counter = self.counter;
        self.counter = counter.checked_add(1).ok_or(Unsealable)?;
        self.seal_as(counter, associated, plain)
    }

    /// Seals the last piece of a segment as number [`LAST`], which a reader knows without counting.
    pub(crate) fn seal_last(self, associated: &[u8], plain: &mut [u8]) -> Result<[u8; TAG_LEN], Unsealable> {
        self.seal_as(LAST, associated, plain)
    }

    fn seal_as(
        &self,
        counter: u64,
        associated: &[u8],
        plain: &mut [u8],
    ) -> Result<[u8; TAG_LEN], Unsealable> {
        let nonce = nonce(self.segment, counter);
        let tag = self
            .cipher
            .0
            .encrypt_inout_detached(&nonce.into(), associated, plain.into());
        Ok(tag.map_err(|_| Unsealable)?.into())
    }
}

/// Counter of the last piece of a segment. [`Sealer::seal`] refuses before it gets there.
pub(crate) const LAST: u64 = u64::MAX;
