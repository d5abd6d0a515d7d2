//! After a crash nothing is lost, nothing is written twice, and the end says so.

use bytes::Bytes;

use super::shelf::{START, Shelf, bodies, frames, key, recovered, session, start, stored};
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
        verify(&found, &key(), Some(&footer.head)),
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
    assert!(matches!(
        verify(&found, &key(), None),
        Ok(Verdict::Incomplete { .. })
    ));
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
    assert_eq!(verify(&found, &key(), None), Ok(short));
}

#[test]
fn the_number_of_a_segment_without_a_header_is_not_used_again() {
    let mut found = cut_off().stored();
    found.push(stored(2, b"\x89PST"));

    let recovery = recovered(&found);
    let footer = crash_footer(&recovery, &key()).unwrap();
    found.push(stored(footer.head.segment, &footer.bytes));

    assert_eq!(footer.head.segment, 3);
    assert!(matches!(
        verify(&found, &key(), None),
        Ok(Verdict::Incomplete { .. })
    ));
}

#[test]
fn a_crash_between_rename_and_removal_leaves_both_and_the_closed_one_counts() {
    let shelf = Shelf::default();
    let head = session(&shelf);
    let mut found = shelf.stored();
    let open = shelf.with(|contents| contents.replaced[&2].clone());

    found.push(stored(2, &open));
    assert_eq!(
        verify(&found, &key(), Some(&head)),
        Ok(Verdict::Intact { segments: 3 })
    );
    found.swap(2, 3);
    assert_eq!(
        verify(&found, &key(), Some(&head)),
        Ok(Verdict::Intact { segments: 3 })
    );
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
    assert_eq!(verify(&found, &key(), None), Ok(Verdict::Intact { segments: 1 }));
}

#[test]
fn nothing_found_is_a_recording_without_frames() {
    let recovery = recovered(&[]);

    assert_eq!((recovery.last_seq, recovery.next_segment), (None, 0));
    assert_eq!(verify(&[], &key(), None), Ok(Verdict::Incomplete { since: 0 }));
}

fn read(bytes: &Bytes) -> Vec<Frame> {
    Segment::open(bytes.clone(), &key())
        .unwrap()
        .frames()
        .map(Result::unwrap)
        .collect()
}
