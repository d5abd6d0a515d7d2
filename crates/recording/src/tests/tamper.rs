//! Every changed byte and every removed piece shows, and where.

use bytes::Bytes;

use super::shelf::{SECOND, START, Shelf, frames, key, session, start, stored};
use crate::*;

const LAST_AT: i64 = START + 3 * SEGMENT_MICROS - SECOND;

fn recorded() -> (Vec<Stored>, Head) {
    let shelf = Shelf::default();
    let head = session(&shelf);
    (shelf.stored(), head)
}

/// A recording whose two segments are closed and open, cut off by a crash and given its footer.
fn crashed() -> Vec<Stored> {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    for minute in 0..2 {
        tape.marker(START + minute * SEGMENT_MICROS, "here").unwrap();
        tape.lane(0)
            .record_output(START + minute * SEGMENT_MICROS, Bytes::from_static(b"x"))
            .unwrap();
    }
    let mut found = shelf.stored();
    let footer = crash_footer(&recover(&found, &key()), &key()).unwrap();
    found.push(stored(footer.head.segment, &footer.bytes));
    found
}

fn judge(segments: &[Stored], anchor: Option<&Head>) -> Verdict {
    verify(segments, &key(), anchor).unwrap()
}

#[test]
fn an_untouched_recording_is_intact() {
    let (segments, head) = recorded();

    assert_eq!(head.segment, 2);
    assert_eq!(judge(&segments, None), Verdict::Intact { segments: 3 });
    assert_eq!(judge(&segments, Some(&head)), Verdict::Intact { segments: 3 });
}

#[test]
fn every_flipped_byte_is_located() {
    let (closed, _) = recorded();
    let crashed = crashed();
    assert!(
        Segment::open(crashed[1].bytes.clone(), &key())
            .unwrap()
            .index()
            .is_none()
    );

    for segments in [closed, crashed] {
        assert!(!matches!(judge(&segments, None), Verdict::Altered { .. }));
        for place in 0..segments.len() {
            for byte in 0..segments[place].bytes.len() {
                let mut changed = segments.clone();
                let mut bytes = changed[place].bytes.to_vec();
                bytes[byte] ^= 0x01;
                changed[place].bytes = Bytes::from(bytes);

                let verdict = verify(&changed, &key(), None);

                let segment = segments[place].segment;
                assert_eq!(
                    verdict,
                    Ok(Verdict::Altered { segment }),
                    "byte {byte} of segment {segment}"
                );
            }
        }
    }
}

#[test]
fn every_flipped_byte_of_a_running_recording_is_located() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    tape.lane(0)
        .record_output(START, Bytes::from_static(b"hello"))
        .unwrap();
    let open = shelf.stored().remove(0).bytes;

    for byte in 0..open.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = open.to_vec();
            changed[byte] ^= flip;

            assert_eq!(
                verify(&[stored(0, &changed)], &key(), None),
                Ok(Verdict::Altered { segment: 0 }),
                "{byte}"
            );
        }
    }
}

#[test]
fn a_removed_segment_shows() {
    let (segments, head) = recorded();
    let without = |place: usize| {
        let mut left = segments.clone();
        left.remove(place);
        left
    };

    assert_eq!(judge(&without(0), None), Verdict::Altered { segment: 0 });
    assert_eq!(judge(&without(1), None), Verdict::Altered { segment: 1 });
    assert!(matches!(judge(&without(2), None), Verdict::Incomplete { since } if since < LAST_AT));
    assert!(matches!(judge(&without(2), Some(&head)), Verdict::Incomplete { since } if since < LAST_AT));
}

#[test]
fn a_recording_made_again_with_the_key_does_not_match_the_anchor() {
    let (_, head) = recorded();
    let shelf = Shelf::default();
    start(&shelf, Switches::NONE).end(START, "quit").unwrap();

    assert_eq!(judge(&shelf.stored(), None), Verdict::Intact { segments: 1 });
    assert_eq!(
        judge(&shelf.stored(), Some(&head)),
        Verdict::Incomplete { since: START }
    );
    let same_number = Head { segment: 0, ..head };
    assert_eq!(
        judge(&shelf.stored(), Some(&same_number)),
        Verdict::Altered { segment: 0 }
    );
}

#[test]
fn segments_do_not_change_places() {
    let (mut segments, _) = recorded();
    let first = segments[0].bytes.clone();
    segments[0].bytes = segments[1].bytes.clone();
    segments[1].bytes = first;

    assert_eq!(judge(&segments, None), Verdict::Altered { segment: 0 });
}

#[test]
fn a_record_moved_within_an_open_segment_shows() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let at = |shelf: &Shelf| shelf.with(|contents| contents.open[&0].len());
    let header = at(&shelf);
    tape.marker(START, "one").unwrap();
    let one = at(&shelf);
    tape.marker(START, "two").unwrap();
    let bytes = shelf.stored().remove(0).bytes;

    let swapped = [&bytes[..header], &bytes[one..], &bytes[header..one]].concat();
    let dropped = [&bytes[..header], &bytes[one..]].concat();

    assert_eq!(
        judge(&[stored(0, &swapped)], None),
        Verdict::Altered { segment: 0 }
    );
    assert_eq!(
        judge(&[stored(0, &dropped)], None),
        Verdict::Altered { segment: 0 }
    );
}

#[test]
fn an_open_segment_cut_anywhere_gives_the_frames_before_the_cut() {
    let shelf = Shelf::default();
    session(&shelf);
    let open = shelf.with(|contents| contents.replaced[&1].clone());
    let whole = frames(&Bytes::from(open.clone()));

    let mut n_frames = 0;
    for len in 0..open.len() {
        let cut = Bytes::copy_from_slice(&open[..len]);
        let Ok(segment) = Segment::open(cut.clone(), &key()) else {
            assert_eq!(Segment::open(cut, &key()).err(), Some(ReadError::Empty));
            assert!(len < 68);
            continue;
        };
        let mut frames = segment.frames();
        let read: Vec<Frame> = frames.by_ref().map(Result::unwrap).collect();

        assert_eq!(read, whole[..read.len()]);
        assert!(read.len() >= n_frames);
        let grew = read.len() > n_frames;
        n_frames = read.len();
        let tail = if grew || len == 68 {
            Tail::Whole
        } else {
            Tail::Torn
        };
        assert_eq!(frames.tail(), Some(tail), "cut at {len}");
    }
    assert_eq!(n_frames + 1, whole.len());
}

#[test]
fn zeros_where_a_write_was_cut_are_a_torn_tail() {
    let shelf = Shelf::default();
    let _tape = start(&shelf, Switches::ALL);
    let mut bytes = shelf.stored().remove(0).bytes.to_vec();
    bytes.extend_from_slice(&[0; 100]);

    assert_eq!(
        judge(&[stored(0, &bytes)], None),
        Verdict::Incomplete { since: START }
    );
}

#[test]
fn a_closed_segment_cut_anywhere_is_altered() {
    let (segments, _) = recorded();
    let last = segments.last().unwrap();

    for len in 68..last.bytes.len() {
        let cut = last.bytes.slice(..len);

        assert_eq!(
            Segment::open(cut, &key()).err(),
            Some(ReadError::Altered),
            "cut at {len}"
        );
    }
}

#[test]
fn a_recording_is_verified_one_segment_at_a_time() {
    let (segments, head) = recorded();
    let mut verifier = Verifier::new(key());
    for stored in segments.clone() {
        verifier.push(stored).unwrap();
    }
    assert_eq!(verifier.finish(Some(&head)), Verdict::Intact { segments: 3 });

    let mut verifier = Verifier::new(key());
    for mut stored in segments {
        if stored.segment == 1 {
            let mut bytes = stored.bytes.to_vec();
            bytes[100] ^= 1;
            stored.bytes = Bytes::from(bytes);
        }
        verifier.push(stored).unwrap();
    }
    assert_eq!(verifier.finish(Some(&head)), Verdict::Altered { segment: 1 });
}

#[test]
fn the_end_of_an_open_segment_is_missed_when_the_audit_log_knows_it() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let lane = tape.lane(0);
    lane.record_output(START, Bytes::from_static(b"one")).unwrap();
    let short = shelf.stored();
    lane.record_output(START, Bytes::from_static(b"two")).unwrap();
    let running = tape.running().unwrap();
    let judge = |found: &[Stored], running: Running| {
        let mut verifier = Verifier::new(key()).expect_running(running);
        for stored in found {
            verifier.push(stored.clone()).unwrap();
        }
        verifier.finish(None)
    };

    assert_eq!(running.n_frames, 3);
    assert_eq!(
        judge(&shelf.stored(), running),
        Verdict::Incomplete { since: START }
    );
    let other = Running {
        hash: [0; 32],
        ..running
    };
    assert_eq!(judge(&shelf.stored(), other), Verdict::Altered { segment: 0 });

    let mut ended = short;
    let footer = crash_footer(&recover(&ended, &key()), &key()).unwrap();
    ended.push(stored(footer.head.segment, &footer.bytes));
    assert_eq!(judge(&ended, running), Verdict::Incomplete { since: START });
    tape.end(START, "goodbye").unwrap();
    assert_eq!(judge(&shelf.stored(), running), Verdict::Intact { segments: 1 });
}
