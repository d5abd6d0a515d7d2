//! Segments, indexes, blocks and frames of a recording. Where bytes are sealed, the input is what was
//! sealed: a key that leaked, or a later version, must not crash a reader either.

use bytes::Bytes;
use recording::{
    Export, Format, Frame, Keys, Known, Recovery, Segment, SessionKey, Stored, Verifier, footer, listing,
    player, transcript,
};

pub fn run(data: &[u8]) {
    let key = SessionKey::new([7; 32]);
    let bytes = Bytes::copy_from_slice(data);
    let stored = Stored {
        segment: 0,
        bytes: bytes.clone(),
    };
    Recovery::default().push(&stored, &key);
    let mut verifier = Verifier::new(key.clone(), Known::default());
    let _ = verifier.push(stored);
    let _ = verifier.finish();
    if let Ok(segment) = Segment::open(bytes.clone(), &key) {
        let _ = segment.frames().count();
    }
    let _ = player::decode(bytes.clone());
    let mut frames = Vec::new();
    // The first byte is none of the block's.
    if let Ok(unpacked) = footer::unpack(bytes.slice(bytes.len().min(1)..)) {
        frames = unpacked;
    }
    let mut rest = bytes;
    while let Ok(frame) = Frame::decode(&mut rest) {
        frames.push(frame);
    }
    look_at(&frames);
}

fn look_at(frames: &[Frame]) {
    let _ = transcript(frames);
    let _ = listing(frames);
    for format in [
        Format::CastV2,
        Format::CastV3,
        Format::Typescript,
        Format::Timing,
        Format::JsonLines,
    ] {
        let mut export = Export::new(format, Keys::Kept);
        for frame in frames {
            let _ = export.push(frame);
        }
        let _ = export.finish();
    }
}
