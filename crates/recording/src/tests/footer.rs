//! Blocks read one by one, as a server does that answers a player, are the whole segment.

use std::ops::Range;

use bytes::Bytes;

use super::shelf::{SECOND, START, Shelf, bodies, frames, key, recovered, start};
use crate::footer::{Footer, SEGMENT_HEAD, SEGMENT_TAIL};
use crate::*;

fn range<'a>(bytes: &'a Bytes, place: &Range<u64>) -> &'a [u8] {
    &bytes[place.start as usize..place.end as usize]
}

fn footer(bytes: &Bytes) -> Option<Footer> {
    let tail: &[u8; SEGMENT_TAIL] = bytes.last_chunk().unwrap();
    let head = &bytes[..SEGMENT_HEAD];
    let place = Footer::place(head, tail, bytes.len() as u64, &key()).unwrap()?;

    Some(Footer::read(head, &place, range(bytes, &place), &key()).unwrap())
}

#[test]
fn the_blocks_of_a_closed_segment_are_its_frames() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    for second in 0..30 {
        let rows: String = (0..400)
            .map(|row| format!("{:>8} | {}\r\n", second * 7919 + row, row * 31))
            .collect();
        tape.lane(0)
            .record_output(START + second * SECOND, Bytes::from(rows))
            .unwrap();
    }
    tape.end(START + 30 * SECOND, "quit").unwrap();
    let bytes = shelf.stored().remove(0).bytes;

    let footer = footer(&bytes).unwrap();
    let n_blocks = footer.index().blocks.len() as u32;
    let mut read = Vec::new();
    for block in 0..n_blocks {
        let place = footer.block_place(block).unwrap();
        read.extend(footer.frames(block, range(&bytes, &place)).unwrap());
    }

    assert!(n_blocks > 2);
    assert_eq!(footer.block_place(n_blocks), None);
    assert_eq!(read, frames(&bytes));
}

#[test]
fn the_footer_of_a_crash_is_read_like_any_closed_segment() {
    let shelf = Shelf::default();
    start(&shelf, Switches::ALL);
    let crash = crash_footer(&recovered(&shelf.stored()), &key()).unwrap();
    let bytes = Bytes::from(crash.bytes);

    let footer = footer(&bytes).unwrap();
    let place = footer.block_place(0).unwrap();

    let read = footer.frames(0, range(&bytes, &place)).unwrap();
    assert_eq!(read, frames(&bytes));
    assert_eq!(bodies(&read), ["end"]);
}

#[test]
fn an_open_segment_has_no_footer() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    tape.marker(START, "here").unwrap();

    assert!(footer(&shelf.stored().remove(0).bytes).is_none());
}
