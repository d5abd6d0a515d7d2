//! What a browser that is behind is spared, and that its screen comes out right.

use std::fmt::Write;

use avt::Terminal;

use super::*;
use crate::clock;

const ROWS: u16 = 4;
const SCROLLBACK: u32 = 20;

fn outlet() -> Outlet {
    Outlet::new(ROWS, SCROLLBACK)
}

fn lines(range: std::ops::Range<u32>) -> Bytes {
    let mut text = String::new();
    for n in range {
        write!(text, "line {n}\r\n").unwrap();
    }

    text.into()
}

fn take_all(outlet: &mut Outlet) -> String {
    let mut taken = Vec::new();
    while let Some(bytes) = outlet.poll(clock::instant()) {
        taken.extend_from_slice(&bytes);
    }

    String::from_utf8(taken).unwrap()
}

/// A browser that parses nothing until it is told.
fn fill(outlet: &mut Outlet) {
    outlet.push(Bytes::from(vec![b'x'; OUTPUT_WINDOW as usize]));
    take_all(outlet);
}

/// What a terminal holds in the end: its last lines.
fn kept(shown: &str) -> Vec<&str> {
    let all: Vec<&str> = shown.split("\r\n").collect();

    all[all.len() - (usize::from(ROWS) + SCROLLBACK as usize)..].to_vec()
}

/// Everything a terminal of `cols` columns holds in the end.
fn held(cols: u16, shown: &str) -> Vec<String> {
    let mut terminal =
        Terminal::with_scrollback(cols.into(), ROWS.into(), Some(SCROLLBACK as usize)).unwrap();
    terminal.feed(shown);

    terminal.screen().all_lines().map(|line| line.text()).collect()
}

#[test]
fn output_stops_at_the_window_and_goes_on_with_an_acknowledgement() {
    let mut outlet = outlet();
    fill(&mut outlet);
    outlet.push(Bytes::from_static(b"next"));

    assert_eq!(take_all(&mut outlet), "");
    outlet.acknowledge(1);
    assert_eq!(take_all(&mut outlet), "next");
}

#[test]
fn a_browser_cannot_claim_what_it_was_not_sent() {
    let mut outlet = outlet();
    outlet.push(Bytes::from_static(b"0123456789"));
    take_all(&mut outlet);

    outlet.acknowledge(u64::MAX);
    outlet.acknowledge(3);

    assert_eq!(outlet.owed(), 0);
    assert_eq!(outlet.parsed, 10);
}

#[test]
fn a_flood_ends_as_if_every_line_had_been_sent() {
    let mut outlet = outlet();
    let mut whole = String::new();
    let mut shown = String::new();
    for n in 0..200_u32 {
        // Cut anywhere, as the engine's chunks are.
        let text = String::from_utf8(lines(n * 500..(n + 1) * 500).to_vec()).unwrap();
        whole.push_str(&text);
        let (head, tail) = text.split_at(1234);
        outlet.push(Bytes::from(head.to_owned()));
        shown.push_str(&take_all(&mut outlet));
        outlet.push(Bytes::from(tail.to_owned()));
        shown.push_str(&take_all(&mut outlet));
        if n % 120 == 119 {
            outlet.acknowledge(u64::MAX);
        }
    }
    whole.push_str("=> ");
    outlet.push(Bytes::from_static(b"=> "));
    outlet.acknowledge(u64::MAX);

    outlet.settle();
    shown.push_str(&take_all(&mut outlet));

    assert!(
        shown.len() < whole.len() * 2 / 3,
        "{} of {}",
        shown.len(),
        whole.len()
    );
    assert_eq!(kept(&shown), kept(&whole));
}

#[test]
fn a_look_at_a_flood_waits_its_time_and_for_the_browser() {
    let mut outlet = outlet();
    fill(&mut outlet);
    outlet.push(lines(0..100));
    outlet.push(lines(100..200));
    assert!(outlet.is_flooded());
    let now = clock::instant();
    assert_eq!(outlet.poll(now), None, "the browser is busy");

    outlet.acknowledge(u64::MAX);
    assert_eq!(outlet.poll(now), Some(lines(196..200)));
    outlet.acknowledge(u64::MAX);
    assert_eq!(outlet.poll(now), None, "not so soon");
    assert_eq!(outlet.poll(now + LOOK), Some(lines(196..200)));
}

#[test]
fn who_types_into_a_flood_sees_its_end_at_once() {
    let mut outlet = outlet();
    fill(&mut outlet);
    for start in (0..200).step_by(20) {
        outlet.push(lines(start..start + 20));
    }
    let typed = Bytes::from_static(b"select");
    outlet.push(typed.clone());
    let now = clock::instant();

    outlet.urge();

    assert_eq!(outlet.poll(now), Some(typed));
    assert_eq!(outlet.poll(now), None, "once");
}

#[test]
fn what_is_typed_before_a_flood_overtakes_the_browser_is_not_dropped() {
    let mut outlet = outlet();
    fill(&mut outlet);
    outlet.push(lines(0..10));
    outlet.push(Bytes::from_static(b"typed"));

    outlet.urge();
    outlet.push(lines(10..500));
    outlet.acknowledge(u64::MAX);

    assert!(take_all(&mut outlet).contains("typed"));
}

#[test]
fn what_moves_the_cursor_is_never_dropped_nor_what_comes_before_it() {
    let mut outlet = outlet();
    fill(&mut outlet);
    let mut expected = Vec::new();
    for piece in [
        lines(0..20),
        Bytes::from_static(b"\x1b[A\x1b[J"),
        lines(20..500),
        lines(500..900),
    ] {
        expected.extend_from_slice(&piece);
        outlet.push(piece);
    }
    outlet.acknowledge(u64::MAX);

    assert_eq!(take_all(&mut outlet).into_bytes(), expected);
}

#[test]
fn what_waits_is_bounded() {
    let mut outlet = Outlet::new(24, 100_000);
    let piece = Bytes::from(vec![b'x'; 32 * 1024]);
    fill(&mut outlet);
    while outlet.has_room(piece.len()) {
        outlet.push(piece.clone());
    }
    assert!(outlet.n_bytes <= MAX_LINES);

    outlet.push(Bytes::from_static(b"\x1b[A"));

    assert!(!outlet.has_room(0));
}

#[test]
fn control_characters_of_either_kind_are_not_plain() {
    for (bytes, expected) in [
        ("a | b\r\n\tżółw 漢字\r\n", true),
        ("\x1b[A", false),
        ("\x08", false),
        ("\u{9b}2J", false),
        ("\x7f", false),
    ] {
        assert_eq!(is_plain(bytes.as_bytes()), expected, "{bytes:?}");
    }
}

#[test]
fn an_interrupted_line_without_an_end_ends_as_if_all_of_it_had_been_sent() {
    let letters: String = ('!'..='~').cycle().take(20_000).collect();
    for (cols, before) in [(80, ""), (7, "x\r\n12"), (1, "é"), (200, "\x1b[1")] {
        for len in [100, 999, 5000] {
            let mut outlet = outlet();
            outlet.push(Bytes::from(before.to_owned()));
            let mut shown = take_all(&mut outlet);
            let pieces = letters.as_bytes().chunks(len);
            pieces.for_each(|piece| outlet.push(Bytes::copy_from_slice(piece)));

            outlet.shorten(cols);
            outlet.push(Bytes::from_static(b"^C\r\n=> "));
            let n_bytes: usize = outlet.queue.iter().map(|piece| piece.bytes.len()).sum();
            assert_eq!(outlet.n_bytes, n_bytes);
            shown.push_str(&take_all(&mut outlet));

            let whole = format!("{before}{letters}^C\r\n=> ");
            assert_eq!(
                held(cols, &shown),
                held(cols, &whole),
                "{cols} columns, {len} bytes"
            );
            let n_kept = usize::from(cols) * (usize::from(ROWS) + SCROLLBACK as usize + 2);
            assert!(shown.len() < n_kept + len + 50, "{} bytes", shown.len());
        }
    }
}

#[test]
fn of_an_interrupted_line_only_what_takes_one_column_is_dropped() {
    for other in ["\t", "é", "日", "\x1b[1m"] {
        let mut outlet = outlet();
        let piece = format!("{}{other}", "x".repeat(1000));
        for _ in 0..20 {
            outlet.push(Bytes::from(piece.clone()));
        }

        outlet.shorten(1);

        assert_eq!(take_all(&mut outlet), piece.repeat(20));
    }
}
