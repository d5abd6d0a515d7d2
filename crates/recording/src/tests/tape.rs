//! What the tape accepts is stored before it is given back; what it cannot store it refuses.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::Bytes;
use expect_test::{Expect, expect};

use super::shelf::{SECOND, START, Shelf, bodies, frames, header, key, session, start};
use crate::tape::{FLOOD_BYTES, FLOOD_MICROS, SEGMENT_BYTES};
use crate::*;

fn everything(tape: &Tape) {
    tape.lane(1).connected(START, Connection::default()).unwrap();
    tape.lane(1).disconnected(START, "terminated").unwrap();
    let lane = tape.lane(0);
    lane.record_output(START, Bytes::from_static(b"out")).unwrap();
    lane.input(START, Bytes::from_static(b"in")).unwrap();
    lane.resize(START, 100, 30).unwrap();
    let statement = lane
        .record_statement(START, Statement::simple("select 1"))
        .unwrap()
        .seq();
    lane.statement_end(
        START,
        StatementEnd {
            statement,
            ..StatementEnd::default()
        },
    )
    .unwrap();
    let outcome = TransferOutcome::Refused;
    lane.transfer(
        START,
        Transfer {
            statement,
            direction: Direction::ToDatabase,
            outcome,
        },
    )
    .unwrap();
    tape.marker(START, "here").unwrap();
    tape.gap(
        START,
        Gap {
            since: START,
            reason: "spool".to_owned(),
        },
    )
    .unwrap();
    tape.end(START, "quit").unwrap();
}

fn check(switches: Switches, expected: Expect) {
    let shelf = Shelf::default();

    everything(&start(&shelf, switches));

    let frames = shelf.frames();
    expected.assert_eq(&bodies(&frames).join(", "));
    assert!(frames.iter().enumerate().all(|(n, frame)| frame.seq == n as u64));
}

#[test]
fn the_switches_decide_what_is_stored() {
    let off = Switches::NONE;
    check(off, expect!["header, marker, gap, end"]);
    check(
        Switches {
            graphical: true,
            ..off
        },
        expect![
            "header, connected, disconnected, output, resize, keyframe, statement, statement end, transfer, marker, gap, end"
        ],
    );
    check(
        Switches { text: true, ..off },
        expect![
            "header, connected, disconnected, output, statement, statement end, transfer, marker, gap, end"
        ],
    );
    check(
        Switches {
            key_events: true,
            ..off
        },
        expect![
            "header, connected, disconnected, input, statement, statement end, transfer, marker, gap, end"
        ],
    );
    check(
        Switches::ALL,
        expect![
            "header, connected, disconnected, output, input, resize, keyframe, statement, statement end, transfer, marker, gap, end"
        ],
    );
}

#[test]
fn what_is_not_kept_may_be_shown_all_the_same() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::NONE);

    let output = tape
        .lane(0)
        .record_output(START, Bytes::from_static(b"out"))
        .unwrap();

    assert_eq!(output.get(), "out");
    assert_eq!(output.into_inner(), "out");
    assert_eq!(shelf.with(|contents| contents.n_appends), 1);
}

#[test]
fn a_record_call_is_one_append() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    assert_eq!(shelf.with(|contents| contents.n_appends), 1);

    tape.lane(0)
        .record_output(START, Bytes::from(vec![b'x'; 8 * 32 * 1024]))
        .unwrap();

    assert_eq!(shelf.with(|contents| contents.n_appends), 2);
    let frames = shelf.frames();
    assert_eq!(
        bodies(&frames).iter().filter(|body| **body == "output").count(),
        8
    );
    assert_eq!(bodies(&frames).last(), Some(&"keyframe"));
}

#[test]
fn a_failed_append_gives_nothing_and_stops_the_tape() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let lane = tape.lane(0);
    shelf.with(|contents| contents.fail_append = true);

    let output = lane.record_output(START, Bytes::from_static(b"lost"));
    shelf.with(|contents| contents.fail_append = false);

    assert!(matches!(output, Err(TapeError::Media(_))));
    assert!(matches!(
        lane.record_statement(START, Statement::simple("")),
        Err(TapeError::Poisoned)
    ));
    assert!(matches!(
        lane.input(START, Bytes::new()),
        Err(TapeError::Poisoned)
    ));
    assert!(matches!(tape.marker(START, ""), Err(TapeError::Poisoned)));
    assert!(matches!(tape.sync(), Err(TapeError::Poisoned)));
    assert!(matches!(tape.handle_time(START), Err(TapeError::Poisoned)));
    assert!(matches!(tape.end(START, ""), Err(TapeError::Poisoned)));
    assert_eq!(bodies(&shelf.frames()), ["header"]);
}

#[test]
fn a_failed_close_stops_the_tape_and_leaves_the_open_segment() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    shelf.with(|contents| contents.fail_replace = true);

    let closing = tape.handle_time(START + SEGMENT_MICROS);

    assert!(matches!(closing, Err(TapeError::Media(_))));
    assert!(matches!(tape.marker(START, ""), Err(TapeError::Poisoned)));
    assert_eq!(bodies(&shelf.frames()), ["header"]);
}

#[test]
fn a_tape_that_cannot_write_its_header_does_not_start() {
    let shelf = Shelf::default();
    shelf.with(|contents| contents.fail_append = true);

    let tape = Tape::start(Box::new(shelf), key(), 0, header(Switches::NONE), START);

    assert!(matches!(tape, Err(TapeError::Media(_))));
}

#[test]
fn a_statement_too_large_to_record_is_refused_and_the_tape_goes_on() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let lane = tape.lane(0);

    let refused = lane.record_statement(START, Statement::simple("x".repeat(MAX_BODY + 1)));

    assert!(matches!(refused, Err(TapeError::TooLarge(_))));
    lane.record_statement(START, Statement::simple("select 1"))
        .unwrap();
    assert_eq!(bodies(&shelf.frames()), ["header", "statement"]);
}

#[test]
fn an_ended_tape_takes_nothing() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let head = tape.end(START, "quit").unwrap();

    assert!(matches!(tape.marker(START, ""), Err(TapeError::Ended)));
    assert!(matches!(tape.end(START, ""), Err(TapeError::Ended)));
    assert_eq!(tape.head(), Some(head));
}

#[test]
fn segments_close_by_age() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);

    tape.handle_time(START + SEGMENT_MICROS - 1).unwrap();
    assert_eq!(tape.head(), None);
    tape.handle_time(START + SEGMENT_MICROS).unwrap();

    let head = tape.head().unwrap();
    assert_eq!(shelf.with(|contents| contents.heads.clone()), [head]);
    tape.handle_time(START + 5 * SEGMENT_MICROS).unwrap();
    assert_eq!(tape.head(), Some(head));
}

#[test]
fn segments_close_by_size_and_start_with_the_screen() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let line = Bytes::from("a line of text\r\n".repeat(2048));

    for n in 0..80 {
        tape.lane(0)
            .record_output(START + n * FLOOD_MICROS / 20, line.clone())
            .unwrap();
    }
    tape.end(START + 4 * FLOOD_MICROS, "quit").unwrap();

    let stored = shelf.stored();
    assert_eq!(stored.len(), 3);
    assert_eq!(bodies(&frames(&stored[1].bytes))[..2], ["keyframe", "output"]);
    let open = shelf.with(|contents| contents.replaced[&0].len());
    assert!((SEGMENT_BYTES..SEGMENT_BYTES + 2 * line.len()).contains(&open));
}

#[test]
fn in_a_flood_segments_are_larger_and_close_within_a_second() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let line = Bytes::from("a line of text\r\n".repeat(2048));

    for _ in 0..200 {
        tape.lane(0).record_output(START, line.clone()).unwrap();
    }

    let open = shelf.with(|contents| contents.replaced[&0].len());
    assert!((FLOOD_BYTES..FLOOD_BYTES + 2 * line.len()).contains(&open));
    assert_eq!(tape.head().map(|head| head.segment), Some(0));
    tape.handle_time(START + FLOOD_MICROS).unwrap();
    assert_eq!(tape.head().map(|head| head.segment), Some(1));
}

#[test]
fn a_closed_segment_has_the_frames_of_the_open_one() {
    let shelf = Shelf::default();
    session(&shelf);

    shelf.with(|contents| {
        for (number, open) in &contents.replaced {
            let closed = Bytes::from(contents.closed[number].clone());
            assert_eq!(frames(&Bytes::from(open.clone())), frames(&closed));
        }
    });
}

#[test]
fn blocks_are_read_by_themselves() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    for second in 0..50 {
        let output = Bytes::from(format!("{second:04}\r\n").repeat(1500));
        tape.lane(0)
            .record_output(START + second * SECOND, output)
            .unwrap();
        tape.lane(0)
            .record_statement(START + second * SECOND, Statement::simple("select 1"))
            .unwrap();
    }
    tape.end(START + 50 * SECOND, "quit").unwrap();
    let segment = Segment::open(shelf.stored().remove(0).bytes, &key()).unwrap();
    let index = segment.index().unwrap();

    assert!(index.blocks.len() > 4);
    assert!(index.ends);
    assert_eq!(index.statements.len(), 50);
    let all: Vec<Frame> = (0..index.blocks.len())
        .flat_map(|block| segment.block(block).unwrap())
        .collect();
    assert_eq!(all, frames(&shelf.stored()[0].bytes));
    assert!(segment.block(index.blocks.len()).is_err());

    let keyframe = *index.keyframes.last().unwrap();
    let block = segment.block(keyframe.block as usize).unwrap();
    assert!(
        block
            .iter()
            .any(|frame| frame.seq == keyframe.seq && matches!(frame.body, Body::Keyframe(_)))
    );
}

#[test]
fn seeking_by_keyframe_shows_what_playing_from_the_start_shows() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    for second in 0..130 {
        let output = format!(
            "\x1b[3{}mline {second}\x1b[0m\r\n{}żółw ",
            second % 8,
            "filler\r\n".repeat(1000)
        )
        .into_bytes();
        let (head, tail) = output.split_at(output.len() - 5);
        tape.lane(0)
            .record_output(START + second * SECOND, Bytes::copy_from_slice(head))
            .unwrap();
        tape.lane(0)
            .record_output(START + second * SECOND, Bytes::copy_from_slice(tail))
            .unwrap();
    }
    tape.end(START + 130 * SECOND, "quit").unwrap();
    let frames = shelf.frames();

    let mut played = avt::Terminal::new(80, 24).unwrap();
    let mut bytes = Vec::new();
    let mut n_keyframes = 0;
    for frame in &frames {
        if let Body::Output(output) = &frame.body {
            bytes.extend_from_slice(output);
            played.feed(take_text(&mut bytes));
        }
        if let Body::Keyframe(keyframe) = &frame.body {
            n_keyframes += 1;
            let mut expected = played.dump().into_bytes();
            expected.extend_from_slice(&bytes);
            assert_eq!(keyframe.screen, expected);
        }
    }
    assert!(n_keyframes >= 12);
}

#[test]
fn no_nonce_is_used_twice() {
    let shelf = Shelf::default();
    session(&shelf);

    let mut open = BTreeSet::new();
    let mut closed = BTreeSet::new();
    shelf.with(|contents| {
        for (number, bytes) in &contents.replaced {
            // A record is unsealed by its own number alone, so reading it tells the nonce.
            for (counter, _) in frames(&Bytes::from(bytes.clone())).iter().enumerate() {
                assert!(open.insert((*number, counter)));
            }
        }
        for (number, bytes) in &contents.closed {
            let segment = Segment::open(Bytes::from(bytes.clone()), &key()).unwrap();
            for block in 0..segment.index().unwrap().blocks.len() {
                segment.block(block).unwrap();
                assert!(closed.insert((*number, block)));
            }
        }
    });
    assert_eq!(
        open.iter()
            .map(|(number, _)| number)
            .collect::<BTreeSet<_>>()
            .len(),
        3
    );
}

#[test]
fn a_sealer_never_gives_a_nonce_again() {
    use crate::key::Sealer;
    let sealed = |sealer: &mut Sealer| {
        let mut zeros = [0; 64];
        sealer.seal(b"", &mut zeros).unwrap();
        zeros
    };
    let mut streams = BTreeSet::new();

    // Zeros sealed are the key stream itself: equal ones would be one nonce used twice.
    for segment in 0..4 {
        for cipher in [key().open_cipher(), key().closed_cipher()] {
            let mut sealer = Sealer::new(cipher, segment);
            for _ in 0..50 {
                assert!(streams.insert(sealed(&mut sealer)));
            }
            let mut last = [0; 64];
            sealer.seal_last(b"", &mut last).unwrap();
            assert!(streams.insert(last));
        }
    }
}

#[test]
fn time_never_runs_backwards() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);

    tape.marker(START + SECOND, "later").unwrap();
    tape.marker(START, "earlier").unwrap();

    let times: Vec<i64> = shelf.frames().iter().map(|frame| frame.at).collect();
    assert_eq!(times, [START, START + SECOND, START + SECOND]);
}

#[test]
fn lanes_share_one_sequence_and_only_the_terminal_is_on_the_screen() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);

    tape.lane(0)
        .record_output(START, Bytes::from_static(b"shown"))
        .unwrap();
    tape.lane(1)
        .record_output(START, Bytes::from_static(b"not shown"))
        .unwrap();
    tape.lane(0).resize(START, 20, 4).unwrap();

    let frames = shelf.frames();
    assert_eq!(
        frames.iter().map(|frame| frame.lane).collect::<Vec<_>>(),
        [0, 0, 1, 0, 0]
    );
    let Some(Body::Keyframe(keyframe)) = frames.last().map(|frame| &frame.body) else {
        panic!("a resize is followed by a keyframe");
    };
    assert_eq!((keyframe.cols, keyframe.rows), (20, 4));
    let mut terminal = avt::Terminal::new(20, 4).unwrap();
    terminal.feed(String::from_utf8(keyframe.screen.clone()).unwrap());
    assert_eq!(terminal.screen().text()[0], "shown");
}

#[test]
fn sync_reaches_the_media() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::NONE);

    tape.sync().unwrap();

    assert_eq!(shelf.with(|contents| contents.n_syncs), 1);
}

#[test]
fn how_far_a_segment_is_is_noted_every_minute_after_it_is_durable_and_only_when_it_went_on() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let tick = |seconds: i64| tape.handle_time(START + seconds * SECOND).unwrap();
    let noted = || {
        shelf.with(|contents| {
            contents
                .noted
                .iter()
                .map(|running| running.n_frames)
                .collect::<Vec<_>>()
        })
    };

    tick(59);
    assert!(noted().is_empty());
    tick(60);
    tick(61);
    tick(120);
    assert_eq!(noted(), [1]);
    assert_eq!(shelf.with(|contents| contents.n_syncs), 1);
    tape.lane(0)
        .record_output(START + 121 * SECOND, Bytes::from_static(b"more"))
        .unwrap();
    tick(180);
    assert_eq!(noted(), [1, 2]);
    // The clock was set back.
    tape.marker(START, "later, it says earlier").unwrap();
    tick(-3600);
    tick(-3540);
    assert_eq!(noted(), [1, 2, 3]);
}

#[test]
fn a_note_for_which_there_was_no_room_is_offered_again_at_the_next_tick() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let tick = |seconds: i64| tape.handle_time(START + seconds * SECOND).unwrap();
    let n_noted = || shelf.with(|contents| contents.noted.len());

    shelf.with(|contents| contents.no_room_for_notes = true);
    tick(60);
    tick(61);
    assert_eq!(n_noted(), 0);
    shelf.with(|contents| contents.no_room_for_notes = false);
    tick(62);
    assert_eq!(n_noted(), 1);
    // The next minute begins with what was taken.
    tape.marker(START + 63 * SECOND, "more").unwrap();
    tick(121);
    assert_eq!(n_noted(), 1);
    tick(122);
    assert_eq!(n_noted(), 2);
}

/// A disk that takes what it is given only when it is told to.
struct Slow {
    shelf: Shelf,
    asked: Sender<()>,
    may_go_on: Receiver<()>,
}

/// Calls that were run aside.
static N_ASIDE: AtomicUsize = AtomicUsize::new(0);

impl Media for Slow {
    fn aside(&self) -> Aside {
        |act| {
            N_ASIDE.fetch_add(1, Ordering::Relaxed);
            act();
        }
    }

    fn append(&mut self, segment: u32, bytes: &[u8]) -> io::Result<()> {
        self.asked.send(()).map_err(io::Error::other)?;
        self.may_go_on.recv().map_err(io::Error::other)?;
        self.shelf.append(segment, bytes)
    }

    fn replace(&mut self, segment: u32, closed: &[u8], head: &Head) -> io::Result<()> {
        self.shelf.replace(segment, closed, head)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.shelf.sync()
    }

    fn note(&mut self, running: &Running) -> io::Result<bool> {
        self.shelf.note(running)
    }
}

#[test]
fn on_a_slow_disk_nothing_may_be_shown_before_it_is_written_and_other_tapes_go_on() {
    let shelf = Shelf::default();
    let (asked, is_asked) = channel();
    let (go_on, may_go_on) = channel();
    let slow = Slow {
        shelf: shelf.clone(),
        asked,
        may_go_on,
    };
    go_on.send(()).unwrap();
    let tape = Tape::start(Box::new(slow), key(), 0, header(Switches::ALL), START).unwrap();
    is_asked.recv().unwrap();
    let other_shelf = Shelf::default();
    let other = start(&other_shelf, Switches::ALL);

    let (shown, is_shown) = channel();
    let joined = tape.clone();
    let recording = std::thread::spawn(move || {
        let recorded = tape.lane(0).record_output(START, Bytes::from_static(b"slow"));
        shown.send(recorded.unwrap().into_inner()).unwrap();
    });
    is_asked.recv().unwrap();
    other
        .lane(0)
        .record_output(START, Bytes::from_static(b"quick"))
        .unwrap();

    assert_eq!(N_ASIDE.load(Ordering::Relaxed), 0);
    let joining = std::thread::spawn(move || joined.snapshot(0));
    while N_ASIDE.load(Ordering::Relaxed) == 0 {
        std::thread::yield_now();
    }

    assert_eq!(bodies(&other_shelf.frames()), ["header", "output"]);
    assert_eq!(bodies(&shelf.frames()), ["header"]);
    assert!(is_shown.try_recv().is_err());
    go_on.send(()).unwrap();
    assert_eq!(is_shown.recv().unwrap(), Bytes::from_static(b"slow"));
    assert_eq!(bodies(&shelf.frames()), ["header", "output"]);
    recording.join().unwrap();
    assert!(joining.join().unwrap().is_some());
}
