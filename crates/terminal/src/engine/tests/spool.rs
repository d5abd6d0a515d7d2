//! Results larger than what is held: exact while the driver keeps their rows, and told when it does not.

use super::*;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A session that holds 64 KiB of a result and has `spool` bytes kept.
fn frugal(spool: usize) -> Session {
    Session::with(Settings {
        result_memory: 64 * KIB,
        result_spool: spool,
        ..Settings::default()
    })
}

/// Two columns; the widest value of each comes last, or in the line before.
fn rows(n: usize) -> Vec<DataRow> {
    let value = |idx: usize| match idx {
        idx if idx + 1 == n => "the widest of them all, which is not seen before the end".to_owned(),
        idx if idx + 2 == n => "two\nlines".to_owned(),
        idx => format!("{}\t{idx}", "x".repeat(idx % 30)),
    };
    let cells = |idx: usize| {
        let number = if idx + 1 == n { 9_999_999_999 } else { idx };
        [Some(number.to_string()), (idx % 5 != 2).then(|| value(idx))]
    };

    (0..n)
        .map(|idx| {
            let cells = cells(idx);
            DataRow::new(cells.iter().map(|cell| cell.as_ref().map(String::as_bytes)))
        })
        .collect()
}

fn headings() -> Message {
    Message::RowDescription(vec![column("n", 23), column("text", 25)])
}

/// Feeds rows as a driver does: no more than are wanted.
fn feed(session: &mut Session, rows: &[DataRow]) {
    for row in rows {
        if !session.engine.wants_message() {
            session.poll();
        }
        assert!(session.engine.wants_message(), "everything was taken");
        session
            .engine
            .handle_message(Message::DataRow(row.clone()), session.now);
        if session.engine.has_spool {
            assert!(
                session
                    .engine
                    .result
                    .as_ref()
                    .is_none_or(|table| table.held() < MIB)
            );
        }
    }
}

fn printed(mut session: Session, how: &str, rows: &[DataRow]) -> String {
    session.keys(how).keys("x;\r").hear(headings());
    session.seen.clear();
    feed(&mut session, rows);
    session.done(&format!("SELECT {}", rows.len()));
    assert!(
        session.kept.is_empty(),
        "nothing is kept for longer than it is needed"
    );
    assert!(session.seen.ends_with("\napp=> "), "{how}");

    session.seen
}

#[test]
fn a_result_larger_than_the_memory_for_it_is_as_exact_as_a_small_one() {
    let rows = rows(60_000);
    for how in [
        "",
        "\\pset border 2\r\\pset linestyle unicode\r",
        "\\pset format wrapped\r\\pset columns 40\r",
        "\\x on\r",
        "\\x auto\r\\pset columns 70\r",
        "\\t on\r",
    ] {
        let spooled = printed(frugal(64 * MIB), how, &rows);
        let held = printed(
            Session::with(Settings {
                result_memory: 64 * MIB,
                ..Settings::default()
            }),
            how,
            &rows,
        );

        assert!(spooled == held, "{how}");
    }
}

#[test]
fn beyond_the_spool_widths_are_those_of_the_rows_seen_and_no_row_is_missing() {
    let rows = rows(60_000);

    let seen = printed(frugal(MIB), "", &rows);

    let (note, table) = seen.split_once('\n').unwrap();
    assert!(
        note.starts_with("(larger than 1 MiB: columns are as wide as their first "),
        "{note}"
    );
    assert!(
        table.contains("\n 9999999999 | the widest"),
        "wider than its column"
    );
    assert!(table.ends_with("(60000 rows)\n\napp=> "));
    assert_eq!(table.lines().count(), rows.len() + 5 + 1);
}

#[test]
fn a_driver_that_keeps_no_more_is_told_of_and_no_row_is_missing() {
    let rows = rows(60_000);
    for room in [0, 1, 3] {
        let mut session = frugal(64 * MIB);
        session.room = room;

        let seen = printed(session, "", &rows);

        let (note, table) = seen.split_once('\n').unwrap();
        assert!(
            note.starts_with("(the server's disk keeps no more of this result: columns are as wide as"),
            "{note}"
        );
        assert_eq!(table.lines().count(), rows.len() + 5 + 1);
        let numbers = table
            .lines()
            .filter_map(|line| line.split('|').next()?.trim().parse::<usize>().ok());
        assert!(
            numbers.take(rows.len() - 1).eq(0..rows.len() - 1),
            "in their order"
        );
    }
}

#[test]
fn a_driver_that_refuses_the_last_rows_of_a_result_gives_them_back() {
    let rows = rows(15_000);
    let mut session = frugal(64 * MIB);
    session.keys("x;\r").hear(headings());
    session.seen.clear();
    for row in &rows {
        session
            .engine
            .handle_message(Message::DataRow(row.clone()), session.now);
    }
    let Some(Action::Spool(chunk)) = session.engine.poll_action() else {
        panic!("rows to keep");
    };
    session.engine.handle_message(tagged("SELECT 15000"), session.now);
    session.poll();
    assert_eq!(
        session.seen.lines().count(),
        2,
        "the first rows are not there yet"
    );

    session.engine.handle_spool_refused(chunk, Shortage::Server);
    session.ready(TransactionStatus::Idle);

    assert!(
        session.seen.starts_with("     n      |"),
        "{}",
        &session.seen[..80]
    );
    assert_eq!(session.seen.lines().count(), rows.len() + 5 + 1);
}

#[test]
fn formats_without_widths_stream_and_say_nothing() {
    let rows = rows(60_000);

    let mut session = frugal(64 * MIB);
    session.room = 0;
    let seen = printed(session, "\\a\r\\t on\r", &rows);

    assert!(seen.starts_with("0|\t0\n"), "{:?}", &seen[..20]);
}

#[test]
fn ctrl_c_frees_what_is_kept_while_a_result_is_read_and_while_it_is_printed() {
    let rows = rows(60_000);
    let mut session = frugal(64 * MIB);
    session.keys("x;\r").hear(headings());
    feed(&mut session, &rows);
    session.poll();
    assert!(!session.kept.is_empty());
    session.keys("\x03");
    assert!(session.kept.is_empty());
    session.ready(TransactionStatus::Idle);
    assert!(
        session.seen.ends_with("^CCancel request sent\napp=> "),
        "{}",
        session.seen
    );

    session.keys("x;\r").hear(headings());
    feed(&mut session, &rows);
    session.engine.handle_message(tagged("SELECT"), session.now);
    session
        .engine
        .handle_message(Message::ReadyForQuery(TransactionStatus::Idle), session.now);
    for _ in 0..20 {
        let action = session.engine.poll_action().unwrap();
        session.see(action);
    }
    assert!(!session.kept.is_empty());
    session.seen.clear();
    session.keys("\x03");
    assert!(session.kept.is_empty());
    assert!(session.seen.ends_with("^C\napp=> "), "{}", session.seen);
    assert!(session.seen.len() < 64 * KIB);
}

#[test]
fn an_answer_that_comes_too_late_is_nobodys() {
    let rows = rows(30_000);
    let mut session = frugal(64 * MIB);
    session.keys("x;\r").hear(headings());
    for row in &rows[..9_000] {
        session
            .engine
            .handle_message(Message::DataRow(row.clone()), session.now);
    }
    let Some(Action::Spool(chunk)) = session.engine.poll_urgent() else {
        panic!("rows to keep");
    };
    session
        .keys("\x03")
        .ready(TransactionStatus::Idle)
        .keys("x;\r")
        .hear(headings());
    session.engine.handle_spool_refused(chunk.clone(), Shortage::Disk);
    session.engine.handle_spooled();
    session.engine.handle_unspooled(Some(chunk));
    session.engine.handle_unspooled(None);
    session.seen.clear();

    feed(&mut session, &rows);
    session.done("SELECT 30000");

    assert_eq!(session.seen.lines().count(), rows.len() + 5 + 1);
    assert!(session.seen.starts_with("     n      |"));
}

#[test]
fn rows_that_are_lost_end_their_table_with_a_line() {
    let mut session = frugal(64 * MIB);
    session.keys("x;\r").hear(headings());
    feed(&mut session, &rows(60_000));
    session.poll();
    let last = session.kept.back_mut().unwrap();
    *last = last.slice(..last.len() - 1);
    session.seen.clear();

    session.done("SELECT 60000");

    assert!(
        session.seen.ends_with(
            "\nThe rest of the result was lost: it could not be read back from the server's disk.\napp=> "
        ),
        "{}",
        &session.seen[session.seen.len() - 200..]
    );
    assert!(!session.seen.contains("rows)"));
}

#[test]
fn a_connection_that_is_lost_while_a_result_is_printed_leaves_it_whole() {
    let rows = rows(60_000);
    let mut session = frugal(64 * MIB);
    session.keys("x;\r").hear(headings());
    feed(&mut session, &rows);
    session.engine.handle_message(tagged("SELECT"), session.now);
    session
        .engine
        .handle_message(Message::ReadyForQuery(TransactionStatus::Idle), session.now);
    session.engine.handle_closed();
    session.poll();

    assert!(
        session
            .seen
            .contains("(60000 rows)\n\nserver closed the connection")
    );
    assert!(session.seen.ends_with("{Lost}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn wherever_rows_are_kept_the_same_is_printed(
        lens in proptest::collection::vec(0_usize..60_000, 0..60),
        spool in proptest::sample::select(vec![0, 100 * KIB, 600 * KIB, 64 * MIB]),
        room in 0_usize..5,
    ) {
        let rows: Vec<DataRow> = lens
            .iter()
            .map(|len| DataRow::new([Some(len.to_string().as_bytes()), Some("y".repeat(*len).as_bytes())]))
            .collect();
        let mut session = frugal(spool);
        session.room = room;

        let seen = printed(session, "\\t on\r", &rows);

        let shown = seen.lines().filter(|line| line.contains('|')).map(str::trim);
        let expected: Vec<String> = lens.iter().map(|len| format!("{len} | {}", "y".repeat(*len))).collect();
        prop_assert!(shown.eq(expected.iter().map(|line| line.trim())));
    }
}
