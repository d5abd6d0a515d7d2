//! A string of the protocol: bytes that end at a NUL on the wire.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

/// The bytes of a protocol string, in the server's or client's encoding, without the closing NUL.
///
/// Never holds a NUL: a constructor cuts at the first one, as C does, so that what is encoded is what is
/// decoded on the other side. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Takes the bytes up to the first NUL.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let mut bytes = bytes.into();
        if let Some(nul) = bytes.iter().position(|&byte| byte == 0) {
            bytes.truncate(nul);
        }
        Self(bytes)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text for a person's eyes; what is not UTF-8 is shown as U+FFFD.
    pub fn to_str(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The same bytes, shared.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str(), f)
    }
}
