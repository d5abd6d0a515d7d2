//! What is encoded is decoded; what is not ours is refused without a panic or a large allocation.

use bytes::Bytes;
use proptest::prelude::*;

use super::shelf::{START, any_bytes, any_frame, header, key, stored, verify};
use crate::segment::closed::ClosedWriter;
use crate::segment::open::OpenWriter;
use crate::*;

/// The same frames as the bytes of an open and of a closed segment.
fn segments(frames: &[Frame]) -> (Bytes, Bytes) {
    let mut open = Vec::new();
    let mut writer = OpenWriter::start(&key(), 3, [1; 16], [2; 32], &mut open);
    let mut closed = ClosedWriter::start(&key(), 3, [1; 16], [2; 32]);
    for frame in frames {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes).unwrap();
        writer
            .push(|out| out.extend_from_slice(&bytes), &mut open)
            .unwrap();
        let packed = frame.body.pack().unwrap();
        closed
            .push(frame.lane, frame.seq, frame.at, &frame.body, &packed)
            .unwrap();
    }
    (Bytes::from(open), Bytes::from(closed.finish().unwrap().bytes))
}

#[test]
fn the_bytes_of_a_frame_stay_what_they_are() {
    let frame = Frame {
        lane: 1,
        seq: 300,
        at: START,
        body: Body::Output(Bytes::from_static(b"hi")),
    };
    let mut bytes = Vec::new();

    frame.encode(&mut bytes).unwrap();

    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    expect_test::expect!["0201ac02808082e288d2a306026869"].assert_eq(&hex);
}

#[test]
fn a_kind_of_a_later_version_is_skipped() {
    let later = Frame {
        lane: 0,
        seq: 1,
        at: 2,
        body: Body::Unknown {
            kind: 200,
            body: Bytes::from_static(b"?"),
        },
    };
    let known = Frame {
        lane: 0,
        seq: 2,
        at: 2,
        body: Body::Marker("here".to_owned()),
    };
    let mut bytes = Vec::new();
    later.encode(&mut bytes).unwrap();
    known.encode(&mut bytes).unwrap();
    let mut bytes = Bytes::from(bytes);

    assert_eq!(Frame::decode(&mut bytes), Ok(later));
    assert_eq!(Frame::decode(&mut bytes), Ok(known));
}

#[test]
fn a_field_that_a_later_version_appended_is_left_out() {
    let mut end = postcard::to_allocvec("quit").unwrap();
    end.extend_from_slice(b"more");
    let mut bytes = Vec::new();
    let body = Body::Unknown {
        kind: 11,
        body: Bytes::from(end),
    };
    Frame {
        lane: 0,
        seq: 1,
        at: 2,
        body,
    }
    .encode(&mut bytes)
    .unwrap();

    let frame = Frame::decode(&mut Bytes::from(bytes)).unwrap();

    assert_eq!(
        frame.body,
        Body::End {
            reason: "quit".to_owned()
        }
    );
}

#[test]
fn a_body_beyond_the_bound_is_refused() {
    let body = Body::StatementStart(Statement::simple("x".repeat(MAX_BODY)));
    let frame = Frame {
        lane: 0,
        seq: 0,
        at: 0,
        body,
    };

    assert!(matches!(frame.encode(&mut Vec::new()), Err(TooLarge(n)) if n > MAX_BODY));
}

#[test]
fn a_later_version_of_the_format_is_named() {
    let (open, _) = segments(&[]);
    let mut later = open.to_vec();
    later[8] = VERSION + 1;
    later[9] = !later[8];

    let opened = Segment::open(Bytes::from(later.clone()), &key());
    let verdict = verify(&[stored(0, &later)], None);

    assert_eq!(opened.err(), Some(ReadError::Newer(VERSION + 1)));
    assert_eq!(
        verdict,
        Err(Unsupported {
            segment: 0,
            version: VERSION + 1
        })
    );
}

#[test]
fn another_key_reads_nothing() {
    let frame = Frame {
        lane: 0,
        seq: 0,
        at: 0,
        body: Body::Header(Box::new(header(Switches::ALL))),
    };
    let (open, closed) = segments(&[frame]);
    let other = SessionKey::new([8; 32]);

    let open = Segment::open(open, &other).unwrap();

    assert_eq!(open.frames().collect::<Vec<_>>(), [Err(ReadError::Altered)]);
    assert_eq!(Segment::open(closed, &other).err(), Some(ReadError::Altered));
}

#[test]
fn a_key_does_not_show_itself() {
    assert_eq!(format!("{:?}", key()), "SessionKey(..)");
}

#[test]
fn a_transcript_joins_what_the_screen_wrapped() {
    let wide = Header {
        cols: 10,
        rows: 2,
        ..header(Switches::ALL)
    };
    let output = [
        "\x1b[1mpostgres=#\x1b[0m select 'long",
        " żół",
        "w';\r\n done\r\n",
    ];
    let mut frames = vec![Frame {
        lane: 0,
        seq: 0,
        at: 0,
        body: Body::Header(Box::new(wide)),
    }];
    for text in output {
        frames.push(Frame {
            lane: 0,
            seq: 0,
            at: 0,
            body: Body::Output(Bytes::from(text)),
        });
        frames.push(Frame {
            lane: 1,
            seq: 0,
            at: 0,
            body: Body::Output(Bytes::from("another lane")),
        });
    }

    let text = transcript(&frames);

    expect_test::expect![[r"
        postgres=# select 'long żółw';
         done
    "]]
    .assert_eq(&text);
}

/// A closed segment as version 1 wrote it.
fn first_version(frames: &[Frame]) -> Bytes {
    use crate::key::{LAST, Sealer};
    use crate::segment::{SegmentHeader, State, associated, check, sha256};

    let header = SegmentHeader {
        version: 1,
        state: State::Closed,
        segment: 3,
        session: [1; 16],
        previous: [2; 32],
    };
    let mut bytes = header.encode();
    let digest = sha256(&[&bytes]);
    let mut sealer = Sealer::new(key().closed_cipher(), 3);
    let mut block = vec![0];
    for frame in frames {
        frame.encode(&mut block).unwrap();
    }
    let tag = sealer.seal(&associated(&digest, 0), &mut block).unwrap();
    block.extend_from_slice(&tag);
    let place = (
        68u32,
        block.len() as u32,
        frames[0].seq,
        frames[0].at,
        frames[0].at,
        frames.len() as u32,
    );
    let nothing: Vec<u8> = Vec::new();
    let mut index = postcard::to_allocvec(&(vec![place], &nothing, &nothing, false)).unwrap();
    let tag = sealer.seal_last(&associated(&digest, LAST), &mut index).unwrap();
    index.extend_from_slice(&tag);
    bytes.extend_from_slice(&block);
    bytes.extend_from_slice(&index);
    bytes.extend_from_slice(&(index.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&(index.len() as u32 ^ check(&digest)).to_be_bytes());
    bytes.extend_from_slice(b"PSTN-END");
    Bytes::from(bytes)
}

#[test]
fn the_first_version_is_still_read() {
    let frame = |seq, text: &'static str| Frame {
        lane: 0,
        seq,
        at: START,
        body: Body::Output(Bytes::from_static(text.as_bytes())),
    };
    let frames = [frame(5, "one"), frame(6, "two")];

    let bytes = first_version(&frames);

    let segment = Segment::open(bytes, &key()).unwrap();
    assert_eq!(segment.index().unwrap().blocks.len(), 1);
    assert_eq!(segment.block(0).unwrap(), frames);
}

proptest! {
    #[test]
    fn frames_decode_to_what_was_encoded(frames in prop::collection::vec(any_frame(), 0..20)) {
        let mut bytes = Vec::new();
        for frame in &frames {
            frame.encode(&mut bytes).unwrap();
        }
        let mut bytes = Bytes::from(bytes);

        for frame in &frames {
            prop_assert_eq!(&Frame::decode(&mut bytes).unwrap(), frame);
        }
        prop_assert!(bytes.is_empty());
    }

    #[test]
    fn open_and_closed_segments_keep_the_frames(frames in prop::collection::vec(any_frame(), 0..40)) {
        let (open, closed) = segments(&frames);

        prop_assert_eq!(&super::shelf::frames(&open), &frames);
        prop_assert_eq!(&super::shelf::frames(&closed), &frames);
    }

    #[test]
    fn a_player_gets_the_frames(frames in prop::collection::vec(any_frame(), 0..20)) {
        let bytes = player::encode(&frames).unwrap();

        prop_assert_eq!(player::decode(Bytes::from(bytes)).unwrap(), frames);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in any_bytes(), state in prop::bool::ANY) {
        let _ = Frame::decode(&mut bytes.clone());
        let _ = player::decode(bytes.clone());
        let _ = player::decode([&[1], bytes.as_ref()].concat().into());
        let _ = Segment::open(bytes.clone(), &key());
        let (open, closed) = segments(&[]);
        let start = if state { open } else { closed };
        let damaged = [&start[..68], bytes.as_ref()].concat();
        let _ = verify(&[stored(3, &damaged)], None);
        Recovery::default().push(&stored(3, &damaged), &key());
        if let Ok(segment) = Segment::open(Bytes::from(damaged), &key()) {
            prop_assert_eq!(segment.frames().filter(Result::is_ok).count(), 0);
        }
    }

    #[test]
    fn a_claimed_length_allocates_nothing(len in any::<u32>(), kind in any::<u8>(), count in any::<u32>()) {
        let head = postcard::to_allocvec(&(kind, 0u8, 0u64, 0i64, len)).unwrap();
        let claimed = postcard::to_allocvec(&("", 1u8, 0u8, count)).unwrap();
        let bytes = [head, claimed].concat();

        let frame = Frame::decode(&mut Bytes::from(bytes.clone()));

        prop_assert!(frame.is_err() || usize::try_from(len).unwrap() <= bytes.len());
    }

    #[test]
    fn transcripts_of_any_frames_end(frames in prop::collection::vec(any_frame(), 0..8)) {
        let _ = transcript(&frames);
    }
}
