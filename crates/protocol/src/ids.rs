//! Ids: one newtype per thing, 128 random bits as 26 letters and digits, never starting with `-`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// RFC 4648 base32 in lower case, without padding.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters of an id: 128 bits in groups of 5.
const LEN: usize = 26;

/// A text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id")
    }
}

impl std::error::Error for InvalidId {}

fn encode(random: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(random);

    (0..LEN).rev().map(|group| letter(bits >> (group * 5))).collect()
}

/// The letter of the lowest 5 bits.
#[expect(clippy::indexing_slicing, reason = "5 bits never exceed 32 letters")]
fn letter(bits: u128) -> char {
    char::from(ALPHABET[(bits & 31) as usize])
}

fn check(text: &str) -> Result<(), InvalidId> {
    if text.len() == LEN && text.bytes().all(|byte| ALPHABET.contains(&byte)) {
        return Ok(());
    }

    Err(InvalidId)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The id of 128 random bits, drawn by the caller.
            pub fn from_random(random: [u8; 16]) -> Self {
                Self(encode(random))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                check(text)?;

                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;

                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A person who signs in.
    PersonId,
    /// One sign-in of one person in one browser; not the cookie's token, which only its owner holds.
    SignInId,
    /// A one-time link: first administrator, invitation, password reset.
    LinkId,
    /// An access token; not its text, which only its owner has.
    TokenId,
    /// A folder of records.
    FolderId,
    /// A record: PAM Configuration, PAM Database or PAM User.
    RecordId,
    /// A launched session.
    SessionId,
    /// A request, so that a person can quote it and an operator can find it.
    RequestId,
    /// A gateway: a name for the folders it may serve.
    GatewayId,
    /// One program of a gateway, with a key of its own.
    InstanceId,
    /// A server, for as long as its data folder is kept.
    NodeId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = RecordId::from_random([0xf7; 16]);

        assert_eq!(id.as_str().parse::<RecordId>(), Ok(id.clone()));
        assert_eq!(
            serde_json::from_str::<RecordId>(&serde_json::to_string(&id).unwrap()).unwrap(),
            id
        );
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "-aaaaaaaaaaaaaaaaaaaaaaaaa",
            "AAAAAAAAAAAAAAAAAAAAAAAAAA",
            "../../etc/passwd",
            "a",
        ] {
            assert_eq!(text.parse::<PersonId>(), Err(InvalidId), "{text:?}");
        }
    }
}
