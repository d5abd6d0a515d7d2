//! Secrets at rest: each is sealed with a data key of its own, which is wrapped by the master key.
//!
//! AES-256-GCM (NIST SP 800-38D). What a secret belongs to is associated data of both seals, so a ciphertext moved
//! to another record or field does not open. A data key seals once; nonces and keys are drawn by the caller.

use std::fmt;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, Mac};
use protocol::ids::{RecordId, SessionId};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Secret;

/// Bytes of a key.
pub const KEY: usize = 32;
/// Bytes of a nonce.
pub const NONCE: usize = 12;
/// Format of the stored texts; a new format is a new word.
const FORMAT: &str = "v1";

/// Why a sealed text does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the stored text is not in a known format")]
    Malformed,
    /// The text was wrapped with another master key, whose id this is.
    #[error("sealed with master key {0}, which is not the one in use")]
    OtherKey(String),
    /// Altered, or moved from another record or field.
    #[error("the ciphertext does not belong here or was altered")]
    Forged,
}

/// A text that is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 bytes in base64")]
pub struct InvalidKey;

/// The key that wraps all others. It lives outside the database.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey {
    bytes: [u8; KEY],
    id: String,
}

impl MasterKey {
    /// The key of 32 random bytes, drawn by the caller.
    pub fn from_random(bytes: [u8; KEY]) -> Self {
        let digest = Sha256::new()
            .chain_update(b"postern master key id\0")
            .chain_update(bytes)
            .finalize();
        let id = hex::encode(digest.get(..6).unwrap_or_default());

        Self { bytes, id }
    }

    /// Reads the text a key file holds.
    ///
    /// # Errors
    /// The text is not 32 bytes in base64.
    pub fn from_text(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim().trim_end_matches('=');
        let bytes = Zeroizing::new(STANDARD_NO_PAD.decode(text).map_err(|_| InvalidKey)?);
        let bytes: [u8; KEY] = bytes.as_slice().try_into().map_err(|_| InvalidKey)?;

        Ok(Self::from_random(bytes))
    }

    /// The text for a key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD_NO_PAD.encode(self.bytes))
    }

    /// What only a holder of the key can say of `bytes`: HMAC-SHA-256 (RFC 2104), under a key of its own for each
    /// `purpose`. Compare in constant time.
    pub fn authenticate(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        let under = |key: &[u8; KEY], bytes: &[u8]| {
            // A key shorter than SHA-256's block is followed by zeros.
            let mut block = Zeroizing::new([0; 64]);
            block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
            let mut mac = Hmac::<Sha256>::new((&*block).into());
            mac.update(bytes);

            mac.finalize().into_bytes().into()
        };
        let key = Zeroizing::new(under(&self.bytes, purpose.as_bytes()));

        under(&key, bytes)
    }

    /// Tells keys apart without saying anything of them; part of every wrapped text.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// A secret field of a PAM User.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretField {
    Password,
    PrivateKey,
}

impl SecretField {
    pub const ALL: [Self; 2] = [Self::Password, Self::PrivateKey];

    /// The form's and the store's name of the field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PrivateKey => "private_key",
        }
    }
}

/// The randomness of one seal: a data key and two nonces. Used once.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SealRandom {
    key: [u8; KEY],
    nonce: [u8; NONCE],
    wrap_nonce: [u8; NONCE],
}

impl SealRandom {
    pub fn new(key: [u8; KEY], nonce: [u8; NONCE], wrap_nonce: [u8; NONCE]) -> Self {
        Self {
            key,
            nonce,
            wrap_nonce,
        }
    }
}

/// A secret as the store keeps it: two texts without meaning for who lacks the master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The data key, wrapped by the master key it names.
    pub wrapped_key: String,
    pub ciphertext: String,
}

/// Seals a secret for one field of one record.
///
/// # Errors
/// Only a secret beyond AES-GCM's 64 GiB, which no form accepts.
pub fn seal(
    master: &MasterKey,
    record: &RecordId,
    field: SecretField,
    secret: &Secret,
    random: SealRandom,
) -> Result<Sealed, OpenError> {
    let place = record_place(record, field);
    let ciphertext = encrypt(&random.key, &random.nonce, &place, secret.expose().as_bytes())?;
    let wrapped = encrypt(&master.bytes, &random.wrap_nonce, &place, &random.key)?;

    Ok(Sealed {
        wrapped_key: format!("{FORMAT}.{}.{wrapped}", master.id),
        ciphertext: format!("{FORMAT}.{ciphertext}"),
    })
}

/// Opens what was sealed for this field of this record.
///
/// # Errors
/// `OtherKey` names the master key that is missing; the other two mean a damaged or forged row.
pub fn open(
    master: &MasterKey,
    record: &RecordId,
    field: SecretField,
    sealed: &Sealed,
) -> Result<Secret, OpenError> {
    let place = record_place(record, field);
    let key = unwrap(master, &place, &sealed.wrapped_key)?;
    let ciphertext = sealed
        .ciphertext
        .strip_prefix(FORMAT)
        .and_then(|rest| rest.strip_prefix('.'))
        .ok_or(OpenError::Malformed)?;
    let mut text = decrypt(&key, &place, ciphertext)?;

    String::from_utf8(std::mem::take(&mut *text))
        .map(Secret::new)
        .map_err(|_| OpenError::Malformed)
}

/// Wraps the key of a session's recording.
///
/// # Errors
/// None in practice; see [`seal`].
pub fn wrap_session_key(
    master: &MasterKey,
    session: &SessionId,
    key: &[u8; KEY],
    nonce: [u8; NONCE],
) -> Result<String, OpenError> {
    let wrapped = encrypt(&master.bytes, &nonce, &session_place(session), key)?;

    Ok(format!("{FORMAT}.{}.{wrapped}", master.id))
}

/// Unwraps the key of a session's recording.
///
/// # Errors
/// As [`open`].
pub fn unwrap_session_key(
    master: &MasterKey,
    session: &SessionId,
    wrapped: &str,
) -> Result<Zeroizing<[u8; KEY]>, OpenError> {
    unwrap(master, &session_place(session), wrapped)
}

/// Whether this master key wrapped the text.
pub fn is_wrapped_by(master: &MasterKey, wrapped: &str) -> bool {
    wrapped.split('.').nth(1) == Some(master.id.as_str())
}

/// Wraps the data key of a stored secret with another master key; the secret itself stays as it is.
///
/// # Errors
/// As [`open`].
pub fn rewrap_secret_key(
    from: &MasterKey,
    to: &MasterKey,
    record: &RecordId,
    field: SecretField,
    wrapped: &str,
    nonce: [u8; NONCE],
) -> Result<String, OpenError> {
    rewrap(from, to, &record_place(record, field), wrapped, nonce)
}

/// Wraps the key of a session's recording with another master key.
///
/// # Errors
/// As [`open`].
pub fn rewrap_session_key(
    from: &MasterKey,
    to: &MasterKey,
    session: &SessionId,
    wrapped: &str,
    nonce: [u8; NONCE],
) -> Result<String, OpenError> {
    rewrap(from, to, &session_place(session), wrapped, nonce)
}

fn rewrap(
    from: &MasterKey,
    to: &MasterKey,
    place: &[u8],
    wrapped: &str,
    nonce: [u8; NONCE],
) -> Result<String, OpenError> {
    let key = unwrap(from, place, wrapped)?;
    let wrapped = encrypt(&to.bytes, &nonce, place, &*key)?;

    Ok(format!("{FORMAT}.{}.{wrapped}", to.id))
}

/// Ids have one length and field names no colon, so no two places have the same bytes.
fn record_place(record: &RecordId, field: SecretField) -> Vec<u8> {
    format!("record:{record}:{}", field.name()).into_bytes()
}

fn session_place(session: &SessionId) -> Vec<u8> {
    format!("session:{session}:recording").into_bytes()
}

fn unwrap(master: &MasterKey, place: &[u8], wrapped: &str) -> Result<Zeroizing<[u8; KEY]>, OpenError> {
    let mut parts = wrapped.splitn(3, '.');
    let (Some(FORMAT), Some(id), Some(sealed)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(OpenError::Malformed);
    };
    if id != master.id {
        return Err(OpenError::OtherKey(id.to_owned()));
    }
    let key = decrypt(&master.bytes, place, sealed)?;

    key.as_slice()
        .try_into()
        .map(Zeroizing::new)
        .map_err(|_| OpenError::Malformed)
}

fn encrypt(key: &[u8; KEY], nonce: &[u8; NONCE], place: &[u8], plain: &[u8]) -> Result<String, OpenError> {
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(
            nonce.into(),
            Payload {
                msg: plain,
                aad: place,
            },
        )
        .map_err(|_| OpenError::Malformed)?;

    Ok(STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
}

fn decrypt(key: &[u8; KEY], place: &[u8], text: &str) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| OpenError::Malformed)?;
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(OpenError::Malformed)?;
    let plain = Aes256Gcm::new(key.into())
        .decrypt(
            nonce.into(),
            Payload {
                msg: sealed,
                aad: place,
            },
        )
        .map_err(|_| OpenError::Forged)?;

    Ok(Zeroizing::new(plain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::from_random([byte; KEY])
    }

    fn record(byte: u8) -> RecordId {
        RecordId::from_random([byte; 16])
    }

    fn sealed(text: &str) -> Sealed {
        let random = SealRandom::new([3; KEY], [4; NONCE], [5; NONCE]);

        seal(
            &master(1),
            &record(2),
            SecretField::Password,
            &Secret::new(text.to_owned()),
            random,
        )
        .unwrap()
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(text in any::<String>(), key: [u8; 32], nonce: [u8; 12], wrap: [u8; 12]) {
            let random = SealRandom::new(key, nonce, wrap);

            let sealed = seal(&master(1), &record(2), SecretField::PrivateKey, &Secret::new(text.clone()), random).unwrap();

            let opened = open(&master(1), &record(2), SecretField::PrivateKey, &sealed).unwrap();
            prop_assert_eq!(opened.expose(), text);
        }
    }

    #[test]
    fn a_ciphertext_moved_to_another_record_or_field_does_not_open() {
        let sealed = sealed("hunter2");

        assert_eq!(
            open(&master(1), &record(9), SecretField::Password, &sealed).unwrap_err(),
            OpenError::Forged
        );
        assert_eq!(
            open(&master(1), &record(2), SecretField::PrivateKey, &sealed).unwrap_err(),
            OpenError::Forged
        );
    }

    #[test]
    fn a_ciphertext_with_the_data_key_of_another_record_does_not_open() {
        let (ours, random) = (
            sealed("hunter2"),
            SealRandom::new([6; KEY], [7; NONCE], [8; NONCE]),
        );
        let theirs = seal(
            &master(1),
            &record(9),
            SecretField::Password,
            &Secret::new("x".to_owned()),
            random,
        )
        .unwrap();

        let mixed = Sealed {
            wrapped_key: theirs.wrapped_key,
            ..ours
        };

        assert_eq!(
            open(&master(1), &record(2), SecretField::Password, &mixed).unwrap_err(),
            OpenError::Forged
        );
    }

    #[test]
    fn an_altered_text_does_not_open() {
        let good = sealed("hunter2");
        for at in 3..good.ciphertext.len() {
            let mut bytes = good.ciphertext.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let altered = Sealed {
                ciphertext: String::from_utf8(bytes).unwrap(),
                ..good.clone()
            };

            assert!(
                open(&master(1), &record(2), SecretField::Password, &altered).is_err(),
                "letter {at}"
            );
        }
        for malformed in ["", "v1", "v1.", "v2.AAAA", "v1.!!"] {
            let altered = Sealed {
                ciphertext: malformed.to_owned(),
                ..good.clone()
            };

            assert_eq!(
                open(&master(1), &record(2), SecretField::Password, &altered).unwrap_err(),
                OpenError::Malformed
            );
        }
    }

    #[test]
    fn another_master_key_is_named_not_tried() {
        let error = open(&master(7), &record(2), SecretField::Password, &sealed("hunter2")).unwrap_err();

        assert_eq!(error, OpenError::OtherKey(master(1).id().to_owned()));
    }

    #[test]
    fn a_master_key_survives_its_text() {
        let read = MasterKey::from_text(&format!("{}\n", *master(1).to_text())).unwrap();

        assert_eq!(read.id(), master(1).id());
        assert_eq!(MasterKey::from_text("short").unwrap_err(), InvalidKey);
        assert!(!format!("{read:?}").contains(&*read.to_text()));
    }

    #[test]
    fn a_rewrapped_key_opens_with_the_new_master_key_and_no_longer_with_the_old() {
        let before = sealed("hunter2");

        let rewrapped = rewrap_secret_key(
            &master(1),
            &master(7),
            &record(2),
            SecretField::Password,
            &before.wrapped_key,
            [6; NONCE],
        );
        let after = Sealed {
            wrapped_key: rewrapped.unwrap(),
            ..before
        };

        assert!(is_wrapped_by(&master(7), &after.wrapped_key));
        let opened = open(&master(7), &record(2), SecretField::Password, &after).unwrap();
        assert_eq!(opened.expose(), "hunter2");
        assert_eq!(
            open(&master(1), &record(2), SecretField::Password, &after).unwrap_err(),
            OpenError::OtherKey(master(7).id().to_owned())
        );
    }

    #[test]
    fn a_session_key_opens_only_for_its_session() {
        let session = |byte| SessionId::from_random([byte; 16]);

        let wrapped = wrap_session_key(&master(1), &session(2), &[9; KEY], [3; NONCE]).unwrap();

        assert_eq!(
            *unwrap_session_key(&master(1), &session(2), &wrapped).unwrap(),
            [9; KEY]
        );
        assert_eq!(
            unwrap_session_key(&master(1), &session(3), &wrapped).unwrap_err(),
            OpenError::Forged
        );
    }
}
