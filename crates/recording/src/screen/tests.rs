//! Keyframes and snapshots against a terminal that was fed everything.

use proptest::prelude::*;

use super::*;

fn screen(cols: u16, rows: u16) -> Screen {
    Screen::new(cols, rows).unwrap()
}

fn terminal(cols: u16, rows: u16, output: &str) -> Terminal {
    let mut terminal = Terminal::new(cols.into(), rows.into()).unwrap();
    terminal.feed(output);
    terminal
}

#[test]
fn a_keyframe_is_due_by_the_bytes_a_seek_would_print() {
    let mut screen = screen(80, 24);
    screen.print(&vec![b'x'; KEYFRAME_BYTES - 1]);
    assert!(!screen.is_due());

    screen.print(b"x");
    assert!(screen.is_due());

    screen.keyframe();
    assert!(!screen.is_due());
}

#[test]
fn pending_output_is_bounded() {
    let mut screen = screen(80, 24);

    for _ in 0..100 {
        screen.print(&[b'x'; 10_000]);
    }

    assert!(screen.pending.len() < KEYFRAME_BYTES);
    screen.print(&vec![b'x'; 4 * KEYFRAME_BYTES]);
    assert!(screen.pending.capacity() <= KEYFRAME_BYTES);
}

#[test]
fn a_keyframe_within_a_character_goes_on_after_it() {
    let (head, tail) = "ż".as_bytes().split_at(1);
    let mut screen = screen(10, 2);

    screen.print(head);
    let mut shown = screen.keyframe().screen;
    shown.extend_from_slice(tail);

    let replayed = terminal(10, 2, &String::from_utf8(shown).unwrap());
    assert_eq!(replayed.screen().text(), ["ż", ""]);
}

#[test]
fn an_absurd_size_is_cut() {
    let mut screen = screen(u16::MAX, u16::MAX);
    screen.resize(u16::MAX, u16::MAX);

    let keyframe = screen.keyframe();

    assert_eq!((keyframe.cols, keyframe.rows), (1000, 400));
    assert!(Screen::new(0, 24).is_none());
}

#[test]
fn lines_outside_of_margins_are_kept() {
    let output = format!("top\r\n\x1b[2;4r\x1b[4;1H{}", "line\r\n".repeat(50));
    let mut screen = screen(10, 6);
    screen.print(output.as_bytes());
    screen.keyframe();
    screen.print("more\r\n".repeat(50).as_bytes());

    let keyframe = screen.keyframe();

    let whole = terminal(10, 6, &(output + &"more\r\n".repeat(50)));
    assert_eq!(String::from_utf8(keyframe.screen).unwrap(), whole.dump());
}

/// Lines as psql prints them: plain, long, empty, coloured, with tabs and wide characters.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-z |]{0,30}",
        1 => Just("\tżółw 漢字\t".to_owned()),
        1 => Just("\x1b[1;31mERROR\x1b[0m: x\x1b[K".to_owned()),
        1 => Just("\x1b[2Jcleared \x1b[3;3H".to_owned()),
    ]
}

/// Rows of a terminal with its history. A blank without a background shows nothing of its pen.
fn all_rows(terminal: &Terminal) -> Vec<Vec<(char, Option<avt::Pen>)>> {
    let visible = |cell: &avt::Cell| {
        let pen = *cell.pen();
        let shows = cell.char() != ' '
            || pen.background().is_some()
            || pen.is_inverse()
            || pen.is_underline()
            || pen.is_strikethrough();
        (cell.char(), shows.then_some(pen))
    };
    let lines = terminal.primary_screen().all_lines();
    lines
        .map(|line| {
            line.cells()
                .iter()
                .filter(|cell| cell.width() > 0)
                .map(visible)
                .collect()
        })
        .collect()
}

fn with_history(cols: u16, rows: u16, output: &str) -> Terminal {
    let mut terminal = Terminal::with_scrollback(cols.into(), rows.into(), Some(HISTORY_LINES)).unwrap();
    terminal.feed(output);
    terminal
}

#[test]
fn who_joins_gets_the_last_thousand_lines() {
    let output: String = (0..5_000).map(|n| format!("line {n} of many\r\n")).collect();
    let mut screen = screen(40, 10);
    for piece in output.as_bytes().chunks(1_000) {
        screen.print(piece);
    }

    let snapshot = screen.snapshot(HISTORY_LINES);

    let joined = with_history(40, 10, &String::from_utf8(snapshot.bytes).unwrap());
    assert_eq!(all_rows(&joined), all_rows(&with_history(40, 10, &output)));
    let few = screen.snapshot(3);
    let joined = with_history(40, 10, &String::from_utf8(few.bytes).unwrap());
    assert_eq!(all_rows(&joined).len(), 13);
}

#[test]
fn a_cleared_history_is_not_shown_to_who_joins() {
    let output = format!("{}\x1b[3J\x1b[H\x1b[2Jorders=> ", "secret\r\n".repeat(100));
    let mut screen = screen(40, 10);
    screen.print(output.as_bytes());

    let snapshot = screen.snapshot(HISTORY_LINES);

    let shown = String::from_utf8(snapshot.bytes).unwrap();
    assert!(
        shown.matches("secret").count() <= 9,
        "what was on the screen when it was cleared"
    );
}

#[test]
fn a_line_without_end_holds_bounded_memory() {
    let mut screen = screen(80, 24);

    for _ in 0..400 {
        screen.print(&[b'x'; 10_000]);
    }

    assert!(screen.snapshot(HISTORY_LINES).bytes.len() < 300 * 1024);
}

proptest! {
    #[test]
    fn a_keyframe_shows_what_the_whole_output_shows(
        lines in prop::collection::vec(line(), 0..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let output = lines.join("\r\n");
        let mut screen = screen(12, 4);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(output.len() + 1)).collect();
        cuts.sort_unstable();
        let mut done = 0;
        for cut in cuts {
            screen.print(&output.as_bytes()[done..cut]);
            screen.keyframe();
            done = cut;
        }
        screen.print(&output.as_bytes()[done..]);

        let keyframe = screen.keyframe();

        prop_assert_eq!(String::from_utf8(keyframe.screen).unwrap(), terminal(12, 4, &output).dump());
    }

    #[test]
    fn who_joins_sees_what_everybody_sees(
        lines in prop::collection::vec(line(), 0..60),
        bulk in 0usize..60,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let bulk: String = (0..bulk).map(|n| format!("{n} | bulk\r\n")).collect();
        let output = format!("{}\r\n{bulk}{}", lines.join("\r\n"), lines.concat());
        let mut screen = screen(12, 4);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(output.len() + 1)).collect();
        cuts.sort_unstable();
        let mut done = 0;
        for cut in cuts {
            screen.print(&output.as_bytes()[done..cut]);
            screen.snapshot(HISTORY_LINES);
            done = cut;
        }
        screen.print(&output.as_bytes()[done..]);

        let snapshot = screen.snapshot(HISTORY_LINES);

        let joined = with_history(12, 4, &String::from_utf8(snapshot.bytes).unwrap());
        let all = with_history(12, 4, &output);
        prop_assert_eq!(joined.cursor(), all.cursor());
        prop_assert_eq!(all_rows(&joined), all_rows(&all));
    }
}
