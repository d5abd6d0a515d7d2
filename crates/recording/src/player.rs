//! What the server sends to a player that may see the recording: frames in the clear.
//!
//! ```text
//! version 1 | frame …
//! ```

use bytes::Bytes;

use crate::frame::{Frame, Malformed, TooLarge};

const VERSION: u8 = 1;

/// Frames as bytes for the player.
pub fn encode<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Result<Vec<u8>, TooLarge> {
    let mut bytes = vec![VERSION];
    for frame in frames {
        frame.encode(&mut bytes)?;
    }
    Ok(bytes)
}

/// The frames [`encode`] was given.
pub fn decode(mut bytes: Bytes) -> Result<Vec<Frame>, Malformed> {
    if bytes.first() != Some(&VERSION) {
        return Err(Malformed);
    }
    let mut rest = bytes.split_off(1);
    let mut frames = Vec::new();
    while !rest.is_empty() {
        frames.push(Frame::decode(&mut rest)?);
    }
    Ok(frames)
}
