//! The session's key and what is derived from it.

use zeroize::ZeroizeOnDrop;

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

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}
