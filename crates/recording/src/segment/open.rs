//! Open segments: one sealed record for each frame, appended as it happens.
//!
//! ```text
//! header | { length 4 | length XOR running hash 4 | sealed frame } …
//! ```
//!
//! The running hash starts as the header's hash and takes in every record; it is associated data of
//! the next record. So a record holds only behind exactly the records before it, and the hash after
//! the last one stands for the whole segment.

use bytes::Bytes;

use super::{Hash, Parts, ReadError, associated, check, is_cut_by_zeros, sha256};
use crate::frame::Frame;
use crate::key::Cipher;
#[cfg(feature = "write")]
use crate::{
    key::{Sealer, SessionKey, TAG_LEN, Unsealable},
    segment::{SegmentHeader, State, VERSION},
};

const PREFIX_LEN: usize = 8;

/// Seals the frames of an open segment.
#[cfg(feature = "write")]
pub(crate) struct OpenWriter {
    sealer: Sealer,
    running: Hash,
}

#[cfg(feature = "write")]
impl OpenWriter {
    /// Puts the segment's header into `out`.
    pub(crate) fn start(
        key: &SessionKey,
        segment: u32,
        session: [u8; 16],
        previous: Hash,
        out: &mut Vec<u8>,
    ) -> Self {
        let header = SegmentHeader {
            version: VERSION,
            state: State::Open,
            segment,
            session,
            previous,
        }
        .encode();
        out.extend_from_slice(&header);
        Self {
            sealer: Sealer::new(key.open_cipher(), segment),
            running: sha256(&[&header]),
        }
    }

    /// Hash of the header and of every record so far, and how many there are.
    pub(crate) fn running(&self) -> (Hash, u64) {
        (self.running, self.sealer.counter())
    }

    /// Puts a frame's sealed record behind `out`; `append` puts the frame itself there.
    pub(crate) fn push(
        &mut self,
        append: impl FnOnce(&mut Vec<u8>),
        out: &mut Vec<u8>,
    ) -> Result<(), Unsealable> {
        let start = out.len();
        out.extend_from_slice(&[0; PREFIX_LEN]);
        append(out);
        let len = out.len() - start - PREFIX_LEN + TAG_LEN;
        let len = u32::try_from(len).map_err(|_| Unsealable)?;
        let checked = len ^ check(&self.running);
        let prefix = out
            .get_mut(start..)
            .and_then(<[u8]>::first_chunk_mut::<PREFIX_LEN>)
            .ok_or(Unsealable)?;
        let [a, b, c, d] = len.to_be_bytes();
        let [e, f, g, h] = checked.to_be_bytes();
        *prefix = [a, b, c, d, e, f, g, h];

        let place = associated(&self.running, self.sealer.counter());
        let plain = out.get_mut(start + PREFIX_LEN..).ok_or(Unsealable)?;
        let tag = self.sealer.seal(&place, plain)?;
        out.extend_from_slice(&tag);
        self.running = sha256(&[&self.running, out.get(start..).ok_or(Unsealable)?]);
        Ok(())
    }
}

/// Frames of an open segment, up to where it ends, is torn or altered.
pub(crate) struct OpenFrames {
    cipher: Cipher,
    segment: u32,
    rest: Bytes,
    counter: u64,
    running: Hash,
}

impl OpenFrames {
    pub(crate) fn new(parts: &Parts, bytes: &Bytes) -> Self {
        Self {
            cipher: parts.cipher.clone(),
            segment: parts.header.segment,
            rest: bytes.slice(parts.len.min(bytes.len())..),
            counter: 0,
            running: parts.digest,
        }
    }

    /// Hash of the header and of every record read so far.
    pub(crate) fn running(&self) -> Hash {
        self.running
    }

    /// Whether every byte was read.
    #[cfg(test)]
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn next(&mut self) -> Result<Option<Frame>, ReadError> {
        let Some(sealed) = self.next_sealed()? else {
            return Ok(None);
        };
        let place = associated(&self.running, self.counter);
        let unsealed = self.cipher.unseal(
            self.segment,
            self.counter,
            &place,
            sealed.slice(PREFIX_LEN..).as_ref(),
        );
        let Ok(plain) = unsealed else {
            return self.torn_within(sealed.len());
        };
        let mut plain = Bytes::from(plain);
        let frame = Frame::decode(&mut plain).map_err(|_| ReadError::Altered)?;
        if !plain.is_empty() {
            return Err(ReadError::Altered);
        }
        self.running = sha256(&[&self.running, &sealed]);
        self.counter += 1;
        self.rest = self.rest.slice(sealed.len()..);
        Ok(Some(frame))
    }

    /// The next record with its prefix. An altered length is told from a torn record by its check.
    fn next_sealed(&mut self) -> Result<Option<Bytes>, ReadError> {
        let Some((prefix, after)) = self.rest.split_first_chunk::<PREFIX_LEN>() else {
            return Ok(None);
        };
        let [a, b, c, d, e, f, g, h] = *prefix;
        let len = u32::from_be_bytes([a, b, c, d]);
        let written = u32::from_be_bytes([e, f, g, h]);
        if written != len ^ check(&self.running) {
            return self.torn_within(PREFIX_LEN);
        }
        let len = usize::try_from(len).map_err(|_| ReadError::Altered)?;
        if len > after.len() {
            return Ok(None);
        }
        Ok(Some(self.rest.slice(..PREFIX_LEN + len)))
    }

    /// A record that does not hold is torn where the file system left zeros for it, and altered elsewhere.
    fn torn_within<T>(&mut self, len: usize) -> Result<Option<T>, ReadError> {
        let is_torn = is_cut_by_zeros(&self.rest, len) || self.rest.iter().all(|byte| *byte == 0);
        if !is_torn {
            return Err(ReadError::Altered);
        }
        Ok(None)
    }
}
