//! A segment: a stretch of a recording in one file, open while it is written and closed after.

/// Hash of a segment, in which the hashes of all segments before it are contained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub segment: u32,
    pub hash: [u8; 32],
}
