//! After a crash nothing is lost, nothing is written twice, and the end says so.

use bytes::Bytes;

use super::shelf::{START, Shelf, bodies, frames, key, recovered, start, stored, verify};
use crate::*;

/// Two segments, the second open.
fn cut_off() -> Shelf {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    tape.lane(0)
        .record_output(START, Bytes::from_static(b"one"))
        .unwrap();
    tape.lane(0)
        .record_output(START + SEGMENT_MICROS, Bytes::from_static(b"two"))
        .unwrap();
    shelf
}

#[test]
fn a_crash_gets_a_footer_of_its_own() {
    let mut found = cut_off().stored();

    let recovery = recovered(&found);
    let footer = crash_footer(&recovery, &key()).unwrap();

    assert_eq!(recovery.last_at, Some(START + SEGMENT_MICROS));
    assert_eq!(recovery.next_segment, 2);
    assert!(!recovery.was_ended);
    assert_eq!(footer.head.segment, 2);
    found.push(stored(2, &footer.bytes));
    let last = frames(&found[2].bytes).pop().unwrap();
    assert_eq!(
        last.body,
        Body::End {
            reason: CRASH.to_owned()
        }
    );
    assert_eq!(Some(last.seq), recovery.last_seq.map(|seq| seq + 1));
    let since = START + SEGMENT_MICROS;
    assert_eq!(
        verify(&found, Some(&footer.head)),
        Ok(Verdict::Incomplete { since })
    );
}

#[test]
fn recovery_repeated_makes_the_same_bytes() {
    let found = cut_off().stored();

    let first = crash_footer(&recovered(&found), &key()).unwrap();
    let again = crash_footer(&recovered(&found), &key()).unwrap();

    assert_eq!(first.bytes, again.bytes);
}

#[test]
fn footers_of_copies_that_were_found_otherwise_are_sealed_under_other_keys() {
    let found = cut_off().stored();
    let mut shorter = found.clone();
    let torn = found[1].bytes.len() - 1;
    shorter[1].bytes.truncate(torn);

    let one = crash_footer(&recovered(&found), &key()).unwrap();
    let other = crash_footer(&recovered(&shorter), &key()).unwrap();

    // Under one key and nonce the blocks, which begin alike, would be sealed alike.
    let block = 68 + 16;
    assert_eq!(one.head.segment, other.head.segment);
    assert_ne!(one.bytes[block..block + 4], other.bytes[block..block + 4]);
    let closed = Segment::open(one.bytes.clone().into(), &key()).unwrap();
    let block = &closed.index().unwrap().blocks[0];
    assert_eq!((block.first_at, block.n_frames), (START + SEGMENT_MICROS, 1));
}

/// What version 2 left of a session that was cut off, its footer included.
fn second_version() -> Vec<Stored> {
    let files = include_str!("version_2.txt").split("\n\n").zip(0..);

    files
        .map(|(hex, segment)| {
            let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
            stored(segment, &bytes)
        })
        .collect()
}

#[test]
fn what_the_second_version_recorded_and_recovered_is_still_read() {
    let found = second_version();

    let since = START + SEGMENT_MICROS;
    assert_eq!(verify(&found, None), Ok(Verdict::Incomplete { since }));
    let read: Vec<Frame> = found.iter().flat_map(|stored| frames(&stored.bytes)).collect();
    assert_eq!(bodies(&read), ["header", "output", "keyframe", "output", "end"]);
    assert!(recovered(&found).was_ended);
}

#[test]
fn a_recovered_recording_needs_no_second_footer() {
    let mut found = cut_off().stored();
    let footer = crash_footer(&recovered(&found), &key()).unwrap();
    found.push(stored(footer.head.segment, &footer.bytes));

    let recovery = recovered(&found);

    assert!(recovery.was_ended);
    assert_eq!(recovery.next_segment, 3);
    assert!(crash_footer(&recovery, &key()).is_none());
}

#[test]
fn a_torn_record_is_left_and_its_number_used_by_none() {
    let mut found = cut_off().stored();
    let torn = found[1].bytes.len() - 1;
    found[1].bytes.truncate(torn);

    let recovery = recovered(&found);
    let footer = crash_footer(&recovery, &key()).unwrap();
    found.push(stored(footer.head.segment, &footer.bytes));

    let seqs: Vec<u64> = found
        .iter()
        .flat_map(|stored| read(&stored.bytes))
        .map(|frame| frame.seq)
        .collect();
    assert_eq!(seqs, (0..seqs.len() as u64).collect::<Vec<_>>());
    assert!(matches!(verify(&found, None), Ok(Verdict::Incomplete { .. })));
}

#[test]
fn a_segment_cut_after_its_recovery_shows() {
    let mut found = cut_off().stored();
    let footer = crash_footer(&recovered(&found), &key()).unwrap();
    found.push(stored(footer.head.segment, &footer.bytes));

    let cut = found[1].bytes.len() - 1;
    found[1].bytes.truncate(cut);

    let short = Verdict::Altered {
        segment: 1,
        fault: Fault::Short,
    };
    assert_eq!(verify(&found, None), Ok(short));
}

#[test]
fn the_number_of_a_segment_without_a_header_is_not_used_again() {
    let mut found = cut_off().stored();
    found.push(stored(2, b"\x89PST"));

    let recovery = recovered(&found);
    let footer = crash_footer(&recovery, &key()).unwrap();
    found.push(stored(footer.head.segment, &footer.bytes));

    assert_eq!(footer.head.segment, 3);
    assert!(matches!(verify(&found, None), Ok(Verdict::Incomplete { .. })));
}

#[test]
fn an_end_that_was_recorded_is_an_end_even_if_its_segment_was_not_closed() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::NONE);
    shelf.with(|contents| contents.fail_replace = true);
    assert!(matches!(tape.end(START, "quit"), Err(TapeError::Media(_))));

    let found = shelf.stored();

    assert!(recovered(&found).was_ended);
    assert_eq!(bodies(&shelf.frames()), ["header", "end"]);
    assert_eq!(verify(&found, None), Ok(Verdict::Intact { segments: 1 }));
}

#[test]
fn nothing_found_is_a_recording_without_frames() {
    let recovery = recovered(&[]);

    assert_eq!((recovery.last_seq, recovery.next_segment), (None, 0));
    assert_eq!(verify(&[], None), Ok(Verdict::Incomplete { since: 0 }));
}

fn read(bytes: &Bytes) -> Vec<Frame> {
    Segment::open(bytes.clone(), &key())
        .unwrap()
        .frames()
        .map(Result::unwrap)
        .collect()
}
