//! Segments, indexes, blocks and frames of a recording. Where bytes are sealed, the input is what was
//! sealed: a key that leaked, or a later version, must not crash a reader either.

use bytes::Bytes;
use recording::{
    Contents, Cursor, Export, Format, Frame, Keys, Segment, SessionKey, Stored, contents, player, recover,
    search::Search, transcript, verify,
};

pub fn run(data: &[u8]) {
    let key = SessionKey::new([7; 32]);
    let bytes = Bytes::copy_from_slice(data);
    let stored = [Stored {
        segment: 0,
        bytes: bytes.clone(),
    }];
    let _ = verify(&stored, &key, None);
    let _ = recover(&stored, &key);
    if let Ok(segment) = Segment::open(bytes.clone(), &key) {
        let _ = contents::open_section(&segment);
        let _ = segment.frames().count();
    }
    let _ = player::decode(bytes.clone());
    if let Ok(contents) = Contents::decode(data) {
        let span = contents.span().unwrap_or_default();
        let mut cursor = Cursor::new(contents, 1 << 20);
        cursor.seek(span.0);
        let _ = cursor.need();
        cursor.play(span.0, span.1);
        let _ = cursor.need();
        let _ = cursor.show();
    }
    let mut frames = Vec::new();
    if let Ok((unpacked, _)) = contents::unpack(bytes.clone()) {
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
    let mut search = Search::new("a");
    for frame in frames {
        let _ = search.push(frame);
    }
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
