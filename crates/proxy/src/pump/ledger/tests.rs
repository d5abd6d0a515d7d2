//! Entries and answers without a server.

use pg_proto::Malformed;
use pg_proto::backend::{Field, Fields, TransactionStatus, tag};
use pg_proto::read_only::Verdict;
use recording::Direction;

use super::*;
use crate::pump::known::Words;

const IDLE: TransactionStatus = TransactionStatus::Idle;

/// A ledger in which statements are known by the numbers of their frames.
fn ledger() -> Ledger {
    Ledger::new(true)
}

fn running(frame: u64) -> Running {
    Running::new(frame, 0, Words::default())
}

fn send(ledger: &mut Ledger, expected: impl IntoIterator<Item = Expected>) {
    for expected in expected {
        ledger.send(expected, 0);
    }
}

fn sync() -> Expected {
    Expected::Sync { perhaps: false }
}

fn bind() -> Expected {
    Expected::Bind {
        name: Box::default(),
        portal: None,
        recorded: None,
    }
}

fn parse(ledger: &Ledger, name: &str, sql: &str) -> Expected {
    let room = ledger.room(0).unwrap();
    let words = Words::of(sql.as_bytes());
    let prepared = Prepared::new(
        sql.into(),
        Box::default(),
        words,
        Verdict::Permitted,
        ledger.next_number(),
        room,
    );
    Expected::Parse {
        name: name.as_bytes().into(),
        prepared: Some(Arc::new(prepared)),
        recorded: None,
    }
}

fn error(message: &str) -> Fields {
    Fields::default()
        .with(Field::Code, "XX000")
        .with(Field::Message, message)
}

/// Frame and tag or error of what ended since.
fn ends(ledger: &mut Ledger) -> String {
    let mut ends = Vec::new();
    let all = ledger.finish(|finished| {
        let end = finished.end;
        ends.push(format!("{} {}", end.statement, end.error.unwrap_or(end.tag)));
        Ok::<(), ()>(())
    });
    all.unwrap();
    ends.join(", ")
}

fn text(look: Look<Prepared>) -> String {
    match look {
        Look::Known(prepared) => prepared.text.to_string(),
        Look::Unknown => "unknown".to_owned(),
        Look::Undecided => "undecided".to_owned(),
    }
}

#[test]
fn answers_are_paired_in_order() {
    let mut ledger = ledger();
    send(
        &mut ledger,
        [
            bind(),
            Expected::Execute(running(1)),
            Expected::Execute(running(2)),
            sync(),
            Expected::Query(running(3)),
        ],
    );

    ledger.acknowledge(tag::BIND_COMPLETE, 0).unwrap();
    ledger.row(5).unwrap();
    ledger.complete(tag::COMMAND_COMPLETE, b"SELECT 1", 0).unwrap();
    ledger.complete(tag::COMMAND_COMPLETE, b"INSERT 0 7", 0).unwrap();
    ledger.ready(IDLE, 0).unwrap();
    ledger.complete(tag::COMMAND_COMPLETE, b"BEGIN", 0).unwrap();
    assert!(ledger.is_running());
    ledger.ready(IDLE, 0).unwrap();

    assert_eq!(ends(&mut ledger), "1 SELECT 1, 2 INSERT 0 7, 3 BEGIN");
    assert!(!ledger.is_running());
}

#[test]
fn an_answer_to_nothing_is_no_answer() {
    let unexpected = |tag| Err(Malformed::Tag(tag));
    let mut ledger = ledger();

    assert_eq!(ledger.row(1), unexpected(tag::DATA_ROW));
    assert_eq!(ledger.ready(IDLE, 0), unexpected(tag::READY_FOR_QUERY));
    send(&mut ledger, [bind(), sync()]);
    assert_eq!(
        ledger.acknowledge(tag::PARSE_COMPLETE, 0),
        unexpected(tag::PARSE_COMPLETE)
    );
    assert_eq!(ledger.ready(IDLE, 0), unexpected(tag::READY_FOR_QUERY));
}

#[test]
fn after_an_error_the_batch_is_skipped_and_the_next_is_not() {
    let mut ledger = ledger();
    send(
        &mut ledger,
        [
            Expected::Execute(running(1)),
            bind(),
            Expected::Execute(running(2)),
            sync(),
            Expected::Execute(running(3)),
            sync(),
        ],
    );

    ledger.fail(&error("no"), 0);
    ledger.ready(IDLE, 0).unwrap();
    ledger.complete(tag::COMMAND_COMPLETE, b"BEGIN", 0).unwrap();
    ledger.ready(IDLE, 0).unwrap();

    assert_eq!(ends(&mut ledger), format!("1 no, 2 {NOT_RUN}, 3 BEGIN"));
}

#[test]
fn what_is_sent_after_an_error_is_skipped_too() {
    let mut ledger = ledger();
    send(&mut ledger, [Expected::Execute(running(1))]);
    ledger.fail(&error("no"), 0);

    send(
        &mut ledger,
        [
            bind(),
            Expected::Execute(running(2)),
            Expected::Query(running(3)),
            sync(),
            Expected::Query(running(4)),
        ],
    );

    ledger.ready(IDLE, 0).unwrap();
    ledger.complete(tag::COMMAND_COMPLETE, b"BEGIN", 0).unwrap();
    assert_eq!(
        ends(&mut ledger),
        format!("1 no, 2 {NOT_RUN}, 3 {NOT_RUN}, 4 BEGIN")
    );
}

#[test]
fn a_commit_that_fails_is_an_end_of_the_last_statement() {
    let mut ledger = ledger();
    send(&mut ledger, [Expected::Execute(running(1)), sync()]);

    ledger.complete(tag::COMMAND_COMPLETE, b"INSERT 0 1", 0).unwrap();
    ledger.fail(&error("deferred"), 0);
    ledger.ready(IDLE, 0).unwrap();

    assert_eq!(ends(&mut ledger), "1 INSERT 0 1, 1 deferred");
}

#[test]
fn a_sync_sent_ahead_of_copy_data_is_swallowed() {
    let mut ledger = ledger();
    send(&mut ledger, [Expected::Execute(running(1)), sync()]);
    assert_eq!(ledger.data(1, false, 0), CopyFate::Undecided);

    ledger
        .copy_starts(tag::COPY_IN_RESPONSE, Direction::ToDatabase, 0)
        .unwrap();
    assert_eq!(ledger.data(1, false, 0), CopyFate::Forward);
    assert_eq!(ledger.data(0, true, 0), CopyFate::Forward);
    send(&mut ledger, [sync()]);
    ledger.complete(tag::COMMAND_COMPLETE, b"COPY 1", 0).unwrap();
    ledger.ready(IDLE, 0).unwrap();

    assert!(!ledger.is_running());
    assert_eq!(ledger.ready(IDLE, 0), Err(Malformed::Tag(tag::READY_FOR_QUERY)));
}

#[test]
fn a_copy_that_fails_leaves_open_which_syncs_are_answered() {
    for (n_syncs, n_answered) in [(1, 0), (1, 1), (3, 0), (3, 2), (3, 3)] {
        let mut ledger = ledger();
        send(&mut ledger, [Expected::Execute(running(1))]);
        for _ in 0..n_syncs {
            send(&mut ledger, [sync()]);
        }
        ledger
            .copy_starts(tag::COPY_IN_RESPONSE, Direction::ToDatabase, 0)
            .unwrap();
        assert_eq!(ledger.turn(), Turn::Feeding);
        ledger.data(0, true, 0);
        assert_eq!(ledger.turn(), Turn::Awaited);

        ledger.fail(&error("bad row"), 0);
        assert_eq!(ledger.turn(), Turn::Awaited);
        assert!(ledger.take_doubt());
        let mut n_shown = 0;
        // Ours is answered as well.
        for _ in 0..=n_answered {
            assert_eq!(ledger.turn() == Turn::Awaited, n_shown == 0);
            n_shown += u32::from(ledger.ready(IDLE, 0).unwrap() == Fate::Pass);
        }
        assert_eq!(n_shown, n_answered);
        assert_eq!(ledger.acknowledge(tag::CLOSE_COMPLETE, 0), Ok(Fate::Drop));
        let turn = if n_answered == 0 {
            Turn::Skipped
        } else {
            Turn::Next
        };
        assert_eq!(ledger.turn(), turn);
        assert_eq!(ledger.ready(IDLE, 0), Ok(Fate::Drop));
        ledger.skipped_to_sync();

        assert!(!ledger.is_running());
        send(&mut ledger, [sync(), Expected::Query(running(2))]);
        assert_eq!(ledger.ready(IDLE, 0), Ok(Fate::Pass));
        ledger.complete(tag::COMMAND_COMPLETE, b"BEGIN", 0).unwrap();
        ledger.ready(IDLE, 0).unwrap();
        assert_eq!(ends(&mut ledger), "1 bad row, 2 BEGIN");
    }
}

#[test]
fn answers_that_come_before_they_are_asked_about_count_too() {
    for n_before in [1, 2] {
        let mut ledger = ledger();
        send(&mut ledger, [Expected::Execute(running(1)), sync(), sync()]);
        ledger
            .copy_starts(tag::COPY_IN_RESPONSE, Direction::ToDatabase, 0)
            .unwrap();

        ledger.fail(&error("no"), 0);
        for _ in 0..n_before {
            assert_eq!(ledger.ready(IDLE, 0), Ok(Fate::Pass));
        }

        // The second may have been swallowed or may be on its way; the server does not skip.
        assert_eq!(ledger.take_doubt(), n_before == 1);
        assert_eq!(ledger.turn(), Turn::Next);
        if n_before == 1 {
            assert_eq!(ledger.ready(IDLE, 0), Ok(Fate::Drop));
            assert_eq!(ledger.ready(IDLE, 0), Ok(Fate::Pass));
            assert_eq!(ledger.acknowledge(tag::CLOSE_COMPLETE, 0), Ok(Fate::Drop));
            assert_eq!(ledger.ready(IDLE, 0), Ok(Fate::Drop));
        }
        assert!(!ledger.is_running());
        assert_eq!(ledger.turn(), Turn::Next);
    }
}

#[test]
fn only_syncs_may_be_behind_a_copy_that_takes_in_data() {
    let mut ledger = ledger();
    send(&mut ledger, [Expected::Execute(running(1)), sync()]);
    assert!(!ledger.is_followed());
    ledger.bind_begins();
    assert!(ledger.is_followed());
    send(&mut ledger, [bind()]);
    assert!(ledger.is_followed());
}

#[test]
fn a_refused_import_gives_every_sync_one_answer() {
    for n_answered in [0, 1] {
        let mut ledger = ledger();
        send(&mut ledger, [Expected::Execute(running(1)), sync()]);
        ledger
            .refuse(tag::COPY_IN_RESPONSE, Direction::ToDatabase, "42501", "no", 0)
            .unwrap();
        assert_eq!(ledger.data(1, false, 0), CopyFate::Drop);
        assert!(ledger.take_fail_copy());
        assert_eq!(ledger.resync(), 1);

        assert_eq!(ledger.fail(&error("COPY from stdin failed"), 0), Fate::Drop);
        let mut fates = Vec::new();
        for _ in 0..n_answered {
            fates.push(ledger.ready(IDLE, 0).unwrap());
        }
        fates.push(ledger.ready(IDLE, 0).unwrap());
        assert_eq!(ledger.acknowledge(tag::CLOSE_COMPLETE, 0), Ok(Fate::Drop));
        fates.push(ledger.ready(IDLE, 0).unwrap());

        assert_eq!(fates.iter().filter(|fate| **fate == Fate::Pass).count(), 1);
        assert!(!ledger.is_running());
        assert_eq!(ends(&mut ledger), "1 no");
    }
}

#[test]
fn a_statement_that_failed_to_be_prepared_leaves_its_name_alone() {
    let mut ledger = ledger();
    let first = parse(&ledger, "s", "one");
    send(&mut ledger, [first, sync()]);
    ledger.acknowledge(tag::PARSE_COMPLETE, 0).unwrap();
    ledger.ready(IDLE, 0).unwrap();

    let (second, unnamed) = (parse(&ledger, "s", "two"), parse(&ledger, "", "three"));
    send(&mut ledger, [second, unnamed, sync()]);
    assert_eq!(text(ledger.look_prepared(b"s")), "undecided");
    ledger.fail(&error("exists"), 0);
    ledger.ready(IDLE, 0).unwrap();

    assert_eq!(text(ledger.look_prepared(b"s")), "one");
    assert_eq!(text(ledger.look_prepared(b"")), "unknown");
}

#[test]
fn the_unnamed_portal_outlives_a_query_and_a_bind_that_fails() {
    let mut ledger = ledger();
    let portal = Portal {
        statement: None,
        values: pg_proto::frontend::Values::default(),
        is_doubtful: false,
        number: 1,
        is_told: false.into(),
        _room: ledger.room(0).unwrap(),
    };
    let bound = Expected::Bind {
        name: Box::default(),
        portal: Some(Arc::new(portal)),
        recorded: None,
    };
    let is_known = |ledger: &Ledger| matches!(ledger.look_portal(b""), Look::Known(_));

    send(&mut ledger, [bound, sync(), Expected::Query(running(1))]);
    ledger.acknowledge(tag::BIND_COMPLETE, 0).unwrap();
    ledger.ready(TransactionStatus::InTransaction, 0).unwrap();
    ledger.complete(tag::EMPTY_QUERY_RESPONSE, b"", 0).unwrap();
    ledger.ready(TransactionStatus::InTransaction, 0).unwrap();
    assert!(is_known(&ledger));

    send(&mut ledger, [bind(), sync()]);
    ledger.fail(&error("no such statement"), 0);
    ledger.ready(TransactionStatus::InTransaction, 0).unwrap();
    assert!(is_known(&ledger));

    // It does not outlive its transaction.
    send(&mut ledger, [sync()]);
    ledger.ready(IDLE, 0).unwrap();
    assert!(!is_known(&ledger));
}

#[test]
fn a_name_that_sql_may_have_given_to_another_is_doubtful() {
    let doubtful = |ledger: &Ledger| match ledger.look_prepared(b"s") {
        Look::Known(prepared) => ledger.is_doubtful(b"s", &prepared),
        Look::Unknown | Look::Undecided => panic!("known"),
    };
    let query = |frame| Expected::Query(Running::new(frame, 0, Words::of(b"prepare x as select 1")));
    let mut ledger = ledger();
    let first = parse(&ledger, "s", "one");
    send(&mut ledger, [first, sync()]);
    ledger.acknowledge(tag::PARSE_COMPLETE, 0).unwrap();
    ledger.ready(IDLE, 0).unwrap();
    assert!(!doubtful(&ledger));

    // It only looked like one.
    send(&mut ledger, [query(1)]);
    assert!(doubtful(&ledger));
    ledger.complete(tag::COMMAND_COMPLETE, b"SELECT 1", 0).unwrap();
    ledger.ready(IDLE, 0).unwrap();
    assert!(!doubtful(&ledger));

    send(&mut ledger, [query(2)]);
    ledger.complete(tag::COMMAND_COMPLETE, b"PREPARE", 0).unwrap();
    ledger.ready(IDLE, 0).unwrap();
    assert!(doubtful(&ledger));

    // Prepared again it is known again.
    let again = parse(&ledger, "s", "two");
    send(&mut ledger, [Expected::CloseStatement(b"s"[..].into()), again]);
    assert!(!doubtful(&ledger));
}

#[test]
fn a_program_may_have_given_any_name_to_another() {
    for command in [&b"DO"[..], b"CALL"] {
        let mut ledger = ledger();
        let first = parse(&ledger, "s", "one");
        send(&mut ledger, [first, sync(), Expected::Query(running(1))]);
        ledger.acknowledge(tag::PARSE_COMPLETE, 0).unwrap();
        ledger.ready(IDLE, 0).unwrap();
        ledger.complete(tag::COMMAND_COMPLETE, command, 0).unwrap();
        ledger.ready(IDLE, 0).unwrap();

        let Look::Known(prepared) = ledger.look_prepared(b"s") else {
            panic!("known");
        };
        assert!(ledger.is_doubtful(b"s", &prepared));
    }
}

#[test]
fn so_many_answers_may_be_outstanding() {
    let mut ledger = ledger();
    while ledger.may_send() {
        send(&mut ledger, [sync()]);
    }

    assert_eq!(ledger.n_sent(), 1024);
    ledger.ready(IDLE, 0).unwrap();
    assert!(ledger.may_send());
}
