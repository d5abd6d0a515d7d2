//! Every changed byte and every removed piece shows, and where.

use bytes::Bytes;

use super::shelf::{SECOND, START, Shelf, frames, key, recovered, session, start, stored, verify};
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
    let footer = crash_footer(&recovered(&found), &key()).unwrap();
    found.push(stored(footer.head.segment, &footer.bytes));
    found
}

fn judge(segments: &[Stored], anchor: Option<&Head>) -> Verdict {
    verify(segments, anchor).unwrap()
}

fn judge_knowing(segments: &[Stored], known: &Known) -> Verdict {
    let mut verifier = Verifier::new(key(), known.clone());
    for stored in segments {
        verifier.push(stored.clone()).unwrap();
    }
    verifier.finish()
}

fn changed(segment: u32) -> Verdict {
    let fault = Fault::Changed;
    Verdict::Altered { segment, fault }
}

fn missing(segment: u32) -> Verdict {
    let fault = Fault::Missing;
    Verdict::Altered { segment, fault }
}

fn short(segment: u32) -> Verdict {
    let fault = Fault::Short;
    Verdict::Altered { segment, fault }
}

#[test]
fn an_untouched_recording_is_intact() {
    let (segments, head) = recorded();

    assert_eq!(head.segment, 2);
    assert_eq!(judge(&segments, None), Verdict::Intact { segments: 3 });
    assert_eq!(judge(&segments, Some(&head)), Verdict::Intact { segments: 3 });
}

#[test]
fn every_flipped_bit_is_located() {
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
                for bit in 0..8 {
                    let mut flipped = segments.clone();
                    let mut bytes = flipped[place].bytes.to_vec();
                    bytes[byte] ^= 1 << bit;
                    flipped[place].bytes = Bytes::from(bytes);

                    let verdict = judge(&flipped, None);

                    let segment = segments[place].segment;
                    assert_eq!(
                        verdict,
                        changed(segment),
                        "bit {bit} of byte {byte} of segment {segment}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_a_running_recording_is_located() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    tape.lane(0)
        .record_output(START, Bytes::from_static(b"hello"))
        .unwrap();
    let open = shelf.stored().remove(0).bytes;

    for byte in 0..open.len() {
        for bit in 0..8 {
            let mut flipped = open.to_vec();
            flipped[byte] ^= 1 << bit;

            assert_eq!(
                judge(&[stored(0, &flipped)], None),
                changed(0),
                "bit {bit} of byte {byte}"
            );
        }
    }
}

#[test]
fn a_segment_that_claims_a_later_version_than_was_written_is_located() {
    let (closed, _) = recorded();
    let known = Known {
        version: Some(VERSION),
        ..Known::default()
    };

    for segments in [closed, crashed()] {
        for place in 0..segments.len() {
            let mut claimed = segments.clone();
            claimed[place].bytes = later(&segments[place].bytes);
            // What is wrong behind it does not hide it either.
            claimed.truncate(place + 2);

            let number = segments[place].segment;
            assert_eq!(judge_knowing(&claimed, &known), changed(number));
        }
    }
}

#[test]
fn a_recording_of_a_later_version_is_believed_where_that_was_noted() {
    let (mut segments, _) = recorded();
    segments[1].bytes = later(&segments[1].bytes);
    let known = Known {
        version: Some(VERSION + 1),
        ..Known::default()
    };
    let mut verifier = Verifier::new(key(), known);

    verifier.push(segments[0].clone()).unwrap();
    let unsupported = verifier.push(segments[1].clone());

    let version = VERSION + 1;
    assert_eq!(unsupported, Err(Unsupported { segment: 1, version }));
}

/// The same bytes with the next version in their header.
fn later(bytes: &[u8]) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[8] = VERSION + 1;
    bytes[9] = !bytes[8];
    bytes.into()
}

#[test]
fn a_removed_segment_shows() {
    let (segments, head) = recorded();
    let without = |place: usize| {
        let mut left = segments.clone();
        left.remove(place);
        left
    };

    assert_eq!(judge(&without(0), None), missing(0));
    assert_eq!(judge(&without(1), None), missing(1));
    assert!(matches!(judge(&without(2), None), Verdict::Incomplete { since } if since < LAST_AT));
    assert_eq!(judge(&without(2), Some(&head)), missing(2));
}

#[test]
fn a_recording_that_was_begun_has_a_first_segment() {
    let (_, head) = recorded();
    let known = |head: Option<Head>| Known {
        was_begun: true,
        heads: head.into_iter().collect(),
        ..Known::default()
    };

    assert_eq!(judge_knowing(&[], &known(None)), missing(0));
    assert_eq!(judge_knowing(&[], &known(Some(head))), missing(0));
    assert_eq!(
        judge_knowing(&[], &Known::default()),
        Verdict::Incomplete { since: 0 }
    );
    // Its first write was cut short.
    assert_eq!(
        judge_knowing(&[stored(0, b"\x89P")], &known(None)),
        Verdict::Incomplete { since: 0 }
    );
}

/// Cuts the recording after each number of its bytes, over all segments.
fn cut_everywhere(segments: &[Stored], mut judged: impl FnMut(&[Stored], u32, usize)) {
    for place in 0..segments.len() {
        let last = &segments[place];
        for len in 0..last.bytes.len() {
            let mut cut = segments[..place].to_vec();
            if len > 0 {
                cut.push(stored(last.segment, &last.bytes[..len]));
            }
            judged(&cut, last.segment, len);
        }
    }
}

#[test]
fn a_tail_removed_at_any_length_is_located() {
    let (ended, head) = recorded();
    let crashed = crashed();
    let crashed_head = recovered(&crashed).head.unwrap();

    for (segments, head) in [(ended, head), (crashed, crashed_head)] {
        let known = Known {
            was_begun: true,
            heads: [head].into(),
            ..Known::default()
        };
        assert!(!matches!(
            judge_knowing(&segments, &known),
            Verdict::Altered { .. }
        ));
        cut_everywhere(&segments, |cut, place, len| {
            let verdict = judge_knowing(cut, &known);

            let Verdict::Altered { segment, .. } = verdict else {
                panic!("segment {place} cut at {len}: {verdict:?}");
            };
            // An open segment whose rest has gone is as it was, up to there: the one after it is missed.
            let after = u32::from(len > 0);
            assert!(
                (place..=place + after).contains(&segment),
                "{place} {len}: {verdict:?}"
            );
        });
    }
}

#[test]
fn the_tail_of_a_running_recording_is_missed_down_to_its_last_note() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let at = START + NOTE_MICROS;
    tape.lane(0)
        .record_output(at, Bytes::from_static(b"before"))
        .unwrap();
    tape.handle_time(at).unwrap();
    let noted_len = shelf.stored()[0].bytes.len();
    tape.lane(0)
        .record_output(at, Bytes::from_static(b"after"))
        .unwrap();
    let known = Known {
        was_begun: true,
        running: Some(shelf.with(|contents| contents.noted[0])),
        ..Known::default()
    };
    let mut whole = shelf.stored();

    assert_eq!(judge_knowing(&whole, &known), Verdict::Incomplete { since: at });
    cut_everywhere(&whole, |cut, _, len| {
        let expected = match len {
            0 => missing(0),
            len if len < noted_len => short(0),
            _ => Verdict::Incomplete { since: at },
        };

        assert_eq!(judge_knowing(cut, &known), expected, "cut at {len}");
    });

    // What recovery puts behind a cut does not cover it.
    let cut = whole[0].bytes.slice(..noted_len - 1);
    whole[0].bytes = cut;
    let footer = crash_footer(&recovered(&whole), &key()).unwrap();
    whole.push(stored(footer.head.segment, &footer.bytes));
    let known = Known {
        heads: [footer.head].into(),
        ..known
    };
    assert_eq!(judge_knowing(&whole, &known), short(0));
}

#[test]
fn the_footer_of_a_copy_does_not_stand_for_the_segment_whose_number_it_has() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    tape.handle_time(START + SEGMENT_MICROS).unwrap();
    let copied = shelf.stored();
    // Recovered where the copy was brought back, while the session went on.
    let footer = crash_footer(&recovered(&copied), &key()).unwrap();
    tape.lane(0)
        .record_output(START + SEGMENT_MICROS, Bytes::from_static(b"later"))
        .unwrap();
    tape.handle_time(START + SEGMENT_MICROS + NOTE_MICROS).unwrap();
    let known = Known {
        running: Some(shelf.with(|contents| contents.noted[0])),
        heads: shelf.with(|contents| contents.heads.iter().copied().collect()),
        ..Known::default()
    };
    assert_eq!(footer.head.segment, 1);

    let exchanged = [copied, vec![stored(1, &footer.bytes)]].concat();

    assert_eq!(judge_knowing(&exchanged, &known), short(1));
}

#[test]
fn every_head_that_was_noted_has_to_be_there() {
    let (segments, last) = recorded();
    let of_first = Segment::open(segments[0].bytes.clone(), &key())
        .unwrap()
        .frames()
        .head();
    let noted = |heads: &[Head]| Known {
        heads: heads.iter().copied().collect(),
        ..Known::default()
    };
    let other = Head {
        hash: [0; 32],
        ..of_first
    };

    assert_eq!(
        judge_knowing(&segments, &noted(&[of_first, last])),
        Verdict::Intact { segments: 3 }
    );
    assert_eq!(
        judge_knowing(&segments, &noted(&[of_first, other, last])),
        changed(0)
    );
    // The row was brought back to an older head, the audit log was not.
    assert_eq!(
        judge_knowing(&segments[..1], &noted(&[of_first, last])),
        missing(1)
    );
}

#[test]
fn a_recording_made_again_with_the_key_does_not_match_the_anchor() {
    let (_, head) = recorded();
    let shelf = Shelf::default();
    start(&shelf, Switches::NONE).end(START, "quit").unwrap();

    assert_eq!(judge(&shelf.stored(), None), Verdict::Intact { segments: 1 });
    assert_eq!(judge(&shelf.stored(), Some(&head)), missing(1));
    let same_number = Head { segment: 0, ..head };
    assert_eq!(judge(&shelf.stored(), Some(&same_number)), changed(0));
}

#[test]
fn segments_do_not_change_places() {
    let (mut segments, _) = recorded();
    let first = segments[0].bytes.clone();
    segments[0].bytes = segments[1].bytes.clone();
    segments[1].bytes = first;

    assert_eq!(judge(&segments, None), changed(0));
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

    assert_eq!(judge(&[stored(0, &swapped)], None), changed(0));
    assert_eq!(judge(&[stored(0, &dropped)], None), changed(0));
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
        assert_eq!(frames.is_at_end(), grew || len == 68, "cut at {len}");
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
fn zeros_from_within_the_last_record_on_are_a_torn_tail_unless_more_was_noted() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let at = START + NOTE_MICROS;
    tape.handle_time(at).unwrap();
    let whole = shelf.stored()[0].bytes.len();
    tape.lane(0)
        .record_output(at, Bytes::from_static(b"the last record"))
        .unwrap();
    let bytes = shelf.stored().remove(0).bytes;
    let noted = Known {
        running: Some(shelf.with(|contents| contents.noted[0])),
        ..Known::default()
    };
    let zeroed = |from: usize, until: usize| {
        let mut zeroed = bytes[..from].to_vec();
        zeroed.resize(until, 0);
        [stored(0, &zeroed)]
    };

    for from in whole..bytes.len() {
        for until in [bytes.len() + 16, bytes.len() + 4096] {
            let found = zeroed(from, until);

            assert_eq!(
                judge_knowing(&found, &noted),
                Verdict::Incomplete { since: START }
            );
            assert_eq!(recovered(&found).last_at, Some(START), "zeros from {from}");
        }
    }
    assert_eq!(
        judge(&zeroed(bytes.len() - 16, bytes.len()), None),
        Verdict::Incomplete { since: START }
    );
    for from in 68..whole {
        assert_eq!(
            judge_knowing(&zeroed(from, bytes.len()), &noted),
            short(0),
            "zeros from {from}"
        );
    }
    // The header's write was cut short.
    for from in 0..68 {
        let found = zeroed(from, bytes.len());

        assert_eq!(judge(&found, None), Verdict::Incomplete { since: 0 });
        assert_eq!(judge_knowing(&found, &noted), short(0), "zeros from {from}");
    }
}

#[test]
fn zeros_within_a_record_that_others_follow_are_an_alteration() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let first = shelf.stored()[0].bytes.len();
    tape.marker(START, "behind it").unwrap();
    let mut bytes = shelf.stored().remove(0).bytes.to_vec();

    bytes[first - 32..first].fill(0);

    assert_eq!(judge(&[stored(0, &bytes)], None), changed(0));
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
    let known = Known {
        heads: [head].into(),
        ..Known::default()
    };
    assert_eq!(judge_knowing(&segments, &known), Verdict::Intact { segments: 3 });

    let mut verifier = Verifier::new(key(), known);
    for mut stored in segments {
        if stored.segment == 1 {
            let mut bytes = stored.bytes.to_vec();
            bytes[100] ^= 1;
            stored.bytes = Bytes::from(bytes);
        }
        verifier.push(stored).unwrap();
    }
    assert_eq!(verifier.finish(), changed(1));
}

#[test]
fn a_segment_written_again_with_the_key_is_not_what_was_noted() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    tape.lane(0)
        .record_output(START, Bytes::from_static(b"one"))
        .unwrap();
    tape.handle_time(START + NOTE_MICROS).unwrap();
    let running = shelf.with(|contents| contents.noted[0]);
    let known = Known {
        running: Some(running),
        ..Known::default()
    };
    let other = Known {
        running: Some(Running {
            hash: [0; 32],
            ..running
        }),
        ..Known::default()
    };

    assert_eq!(judge_knowing(&shelf.stored(), &other), changed(0));
    tape.end(START + NOTE_MICROS, "goodbye").unwrap();
    assert_eq!(
        judge_knowing(&shelf.stored(), &known),
        Verdict::Intact { segments: 1 }
    );
}
