//! What nobody does on purpose: lines, tables, pastes and sizes beyond reason. Nothing panics, nothing grows without
//! bound, and Ctrl-C is answered.

use super::*;

const MIB: usize = 1024 * 1024;

impl Session {
    /// Presses Ctrl-C, and takes what is printed until there is no more: at most `most` bytes.
    fn interrupt(&mut self, most: usize) {
        self.seen.clear();
        self.keys("\x03");
        assert!(self.seen.len() < most, "{} bytes after Ctrl-C", self.seen.len());
        assert!(self.seen.contains("^C"), "{}", self.seen.len());
    }

    /// Takes `n` chunks.
    fn take(&mut self, n: usize) {
        for _ in 0..n {
            match self.engine.poll_action() {
                Some(action) => self.see(action),
                None => return,
            }
        }
    }
}

#[test]
fn a_line_of_100_mib_is_printed_in_pieces_and_stopped_by_ctrl_c() {
    let value = vec![b'x'; 100 * MIB];
    for how in ["\\pset format unaligned\r", "\\x on\r", ""] {
        let mut session = Session::new();
        session.keys(how).keys("select 1;\r");
        session.engine.handle_message(columns(), session.now);
        let wide = Message::DataRow(DataRow::new([Some(value.as_slice())]));
        session.engine.handle_message(wide, session.now);
        session.engine.handle_message(tagged("SELECT 1"), session.now);

        session.take(40);

        assert!(session.seen.len() > 30 * output::CHUNK, "{how}");
        session.interrupt(2 * output::CHUNK);
        session.ready(TransactionStatus::Idle).keys("x");
        assert!(session.seen.ends_with("app=> x"), "{how}");
    }
}

#[test]
fn a_long_line_is_stopped_by_ctrl_c_when_its_statement_is_done_already() {
    let value = vec![b'x'; 10 * MIB];
    // In the heading, in the value, and in the line below it.
    for (how, n_chunks) in [
        ("", 40),
        ("", 700),
        ("\\pset border 2\r", 1620),
        ("\\a\r", 40),
        ("\\pset format csv\r", 40),
        ("\\x on\r", 340),
    ] {
        let mut session = Session::new();
        session.keys(how).keys("select 1;\r");
        session.engine.handle_message(columns(), session.now);
        let wide = Message::DataRow(DataRow::new([Some(value.as_slice())]));
        session.engine.handle_message(wide, session.now);
        session.engine.handle_message(tagged("SELECT 1"), session.now);
        session.take(n_chunks);
        if session.engine.wants_message() {
            session
                .engine
                .handle_message(Message::ReadyForQuery(TransactionStatus::Idle), session.now);
        }
        session.take(20);

        session.interrupt(4 * output::CHUNK);

        session.ready(TransactionStatus::Idle).keys("x");
        assert!(session.seen.ends_with("app=> x"), "{how} {n_chunks}");
    }
}

#[test]
fn ten_thousand_columns_are_a_table_like_any_other() {
    let names: Vec<Column> = (0..10_000).map(|n| column(&format!("c{n}"), 23)).collect();
    for how in ["", "\\pset format wrapped\r", "\\x auto\r", "\\pset format csv\r"] {
        let mut session = Session::new();
        session.keys(how).keys("select;\r");
        session.seen.clear();
        session.hear(Message::RowDescription(names.clone()));
        for _ in 0..10 {
            session.hear(Message::DataRow(DataRow::new(
                names.iter().map(|_| Some(b"1".as_slice())),
            )));
        }

        session.done("SELECT 10");

        assert!(session.seen.contains("c9999"), "{how}");
        assert!(session.seen.ends_with("app=> "), "{how}");
    }
}

#[test]
fn a_paste_of_50_mib_is_cut_and_the_line_goes_on() {
    let mut session = Session::new();
    let frame = "select 1; ".repeat(6_400);
    session.keys("\x1b[200~");
    for _ in 0..50 * MIB / frame.len() {
        session.keys(&frame);
    }
    session.keys("\x1b[201~");

    assert!(session.seen.len() < MIB, "{}", session.seen.len());
    session.keys("x").interrupt(MIB);
    assert!(session.seen.ends_with("app=> "), "{:?}", session.seen);
}

#[test]
fn fifty_mib_typed_at_once_are_a_line_of_256_kib_and_a_bell() {
    let mut session = Session::new();
    let frame = "x".repeat(64 * 1024);
    for _ in 0..800 {
        session.engine.handle_input(frame.as_bytes(), session.now);
        assert!(session.engine.output.pending() < 2 * MIB);
    }
    session.poll().interrupt(MIB);
    assert!(session.seen.ends_with("app=> "));
}

#[test]
fn a_storm_of_sizes_paints_the_last_one() {
    let mut session = Session::new();
    session.keys(&"select ".repeat(20_000));

    for n in 0..100_000_u32 {
        let side = u16::try_from(n % 999 + 1).unwrap();
        session.engine.handle_resize(Size {
            cols: side,
            rows: 1000 - side,
        });
        assert!(session.engine.output.pending() < MIB, "after {n}");
    }
    session.engine.handle_resize(Size { cols: 40, rows: 3 });
    session.seen.clear();
    session.poll();

    assert_eq!(session.engine.late_size, None);
    session.interrupt(MIB);
    assert!(session.seen.ends_with("app=> "));
}

#[test]
fn bytes_that_are_no_text_are_shown_as_what_they_are_wherever_they_come() {
    let broken = b"a\xff\x1b]0;x\x07\xc2\x9b\xe2\x80\xae\xf0\x9f".as_slice();
    let text = || Text::new(broken);
    let mut session = Session::new();
    session.keys("listen x;\r");
    session.seen.clear();
    session
        .hear(Message::RowDescription(vec![Column {
            name: text(),
            ..column("n", 25)
        }]))
        .hear(Message::DataRow(DataRow::new([Some(broken)])))
        .hear(Message::CommandComplete { tag: text() })
        .hear(Message::NotificationResponse {
            process_id: 1,
            channel: text(),
            payload: text(),
        })
        .hear(Message::ParameterStatus {
            name: text(),
            value: text(),
        })
        .hear(Message::CopyOutResponse(copy(0)))
        .hear(Message::CopyData(Bytes::from_static(broken)))
        .ready(TransactionStatus::Idle);

    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(!session.seen.chars().any(control), "{:?}", session.seen);
    assert!(!session.seen.contains('\u{202e}'));
    assert!(session.seen.contains("\\xFF"), "{:?}", session.seen);
}
