//! What keys do, as the engine sees it.

use proptest::prelude::*;

use super::*;

struct Session {
    editor: Editor,
    shown: String,
}

impl Session {
    fn new(history: &[&str]) -> Self {
        let history = history.iter().map(|&entry| entry.to_owned()).collect();
        let mut shown = String::new();
        let mut editor = Editor::new(Size { cols: 40, rows: 10 }, history);
        editor.begin("app=> ".to_owned(), Purpose::Statements, &mut shown);
        shown.clear();
        Self { editor, shown }
    }

    fn keys(&mut self, keys: &str) -> Typed {
        let mut typed = Typed::Edited;
        for byte in keys.bytes() {
            typed = self.editor.push(byte, &mut self.shown);
        }
        if typed == Typed::Edited {
            self.editor.paint(&mut self.shown);
        }
        typed
    }
}

/// Types keys and Enter; the line that comes of it.
fn line(history: &[&str], keys: &str) -> String {
    let mut session = Session::new(history);
    match session.keys(&format!("{keys}\r")) {
        Typed::Line(line) => line,
        other @ (Typed::Edited | Typed::Interrupt | Typed::EndOfInput) => panic!("{other:?}"),
    }
}

#[test]
fn keys_edit_as_in_readline() {
    let cases = [
        ("select 1;", "select 1;"),
        ("b\x01a\x05c", "abc"),
        ("ac\x02b", "abc"),
        ("ab\x1b[D\x1b[D\x06x", "axb"),
        ("abc\x01\x04", "bc"),
        ("abc\x08\x7f", "a"),
        ("one two\x17x", "one x"),
        ("one two\x15x", "x"),
        ("one two\x01\x0bx\x19", "xone two"),
        ("one two\x1bb\x1bd!", "one !"),
        ("one two\x1b[1;5D\x1b[1;5Dx", "xone two"),
        ("ab\x14", "ba"),
        ("abc\x1b[H\x1b[3~\x1b[Fd", "bcd"),
        ("a\tb", "a\tb"),
        ("\x1b[200~select\n1;\x1b[201~", "select\n1;"),
    ];
    for (keys, text) in cases {
        assert_eq!(line(&[], keys), text, "{keys:?}");
    }
}

#[test]
fn up_and_down_walk_through_statements_whole() {
    let history = ["select\n  1;", "select 2;"];

    assert_eq!(line(&history, "\x1b[A"), "select 2;");
    assert_eq!(line(&history, "\x1b[A\x1b[A"), "select\n  1;");
    assert_eq!(line(&history, "\x1b[A\x1b[A\x1b[A"), "select\n  1;");
    assert_eq!(line(&history, "draft\x10\x10\x0e\x0e"), "draft");
}

#[test]
fn ctrl_r_finds_older_statements_and_keeps_what_is_accepted() {
    let history = ["select foo;", "select bar;", "select foo, bar;"];

    assert_eq!(line(&history, "\x12foo"), "select foo, bar;");
    assert_eq!(line(&history, "\x12foo\x12"), "select foo;");
    assert_eq!(line(&history, "\x12foo\x12\x12"), "select foo;");
    assert_eq!(line(&history, "\x12bar;\x12\x05x"), "select bar;x");
    assert_eq!(line(&history, "mine\x12foo\x07"), "mine");
    assert_eq!(line(&history, "\x12fop\x7fo\x12"), "select foo;");
}

#[test]
fn the_search_shows_what_it_looks_for() {
    let mut session = Session::new(&["select 1;"]);
    session.keys("\x12el");
    assert!(
        session
            .shown
            .ends_with("(reverse-i-search)`el': select 1;\r\x1b[25C"),
        "{:?}",
        session.shown
    );

    session.keys("x");
    assert!(
        session.shown.contains("failed reverse-i-search)`elx': select 1;"),
        "{:?}",
        session.shown
    );
}

#[test]
fn ctrl_d_ends_the_input_only_on_an_empty_line() {
    assert_eq!(Session::new(&[]).keys("\x04"), Typed::EndOfInput);
    assert_eq!(Session::new(&[]).keys("a\x04"), Typed::Edited);
}

#[test]
fn ctrl_c_gives_the_line_up() {
    let mut session = Session::new(&[]);
    session.keys("select");

    assert_eq!(session.keys("\x03"), Typed::Interrupt);
    assert_eq!(session.keys("\x04"), Typed::EndOfInput);
}

#[test]
fn ctrl_c_ends_a_paste_whose_end_got_lost() {
    let mut session = Session::new(&[]);

    assert_eq!(session.keys("\x1b[200~abc\x03"), Typed::Interrupt);
    assert_eq!(session.keys("x\r"), Typed::Line("x".to_owned()));
}

#[test]
fn ctrl_l_clears_the_screen_and_shows_the_line_again() {
    let mut session = Session::new(&[]);
    session.keys("select");
    session.shown.clear();
    session.keys("\x0c");

    assert_eq!(
        session.shown,
        "\x1b[H\x1b[2J\x1b[Japp=> select".replace("\x1b[J", "")
    );
}

#[test]
fn rows_of_a_copy_have_no_history() {
    let mut session = Session::new(&["select 1;"]);
    let mut out = String::new();
    session.editor.begin(">> ".to_owned(), Purpose::Rows, &mut out);

    assert_eq!(session.keys("\x1b[A\x121\r"), Typed::Line("1".to_owned()));
    assert!(session.shown.contains('\x07'));
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300), cols in 0_u16..30, rows in 0_u16..9) {
        let mut out = String::new();
        let mut editor = Editor::new(Size { cols, rows }, vec!["select 1;".to_owned(), "a\nb".to_owned()]);
        editor.begin("app=> ".to_owned(), Purpose::Statements, &mut out);
        for byte in bytes {
            editor.push(byte, &mut out);
            editor.paint(&mut out);
        }
        editor.resize(Size { cols: rows, rows: cols }, &mut out);
        editor.paint(&mut out);
    }

    #[test]
    fn any_keys_are_taken(keys in "(\x1b\\[[ABCDHF]|\x1b[bfd]|[\x01-\x1a]|[aé日 ]|\x1b\\[200~[a\n]*\x1b\\[201~){0,60}") {
        let mut session = Session::new(&["select 1;", "日本"]);
        for byte in keys.bytes() {
            session.editor.push(byte, &mut session.shown);
            session.editor.paint(&mut session.shown);
        }
    }
}
