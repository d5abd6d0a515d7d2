//! What a log makes of frames.

use recording::{Direction, Statement};

use super::*;

fn frame(seq: u64, lane: u8, body: Body) -> Frame {
    Frame {
        lane,
        seq,
        at: 0,
        body,
    }
}

fn connected(name: &str) -> Body {
    Body::Connected(recording::Connection {
        application_name: name.to_owned(),
        ..recording::Connection::default()
    })
}

fn disconnected() -> Body {
    Body::Disconnected {
        reason: "The client said goodbye.".to_owned(),
    }
}

fn run(sql: &str) -> Body {
    Body::StatementStart(Statement::simple(sql))
}

fn end(statement: u64, sqlstate: Option<&str>) -> Body {
    Body::StatementEnd(StatementEnd {
        statement,
        duration: 5,
        sqlstate: sqlstate.map(str::to_owned),
        ..StatementEnd::default()
    })
}

fn log(frames: impl IntoIterator<Item = (Micros, Frame)>) -> Log {
    let mut log = Log::default();
    for (at, frame) in frames {
        log.add(&frame, 0, at);
    }

    log
}

#[test]
fn a_lane_is_the_connections_that_is_open_on_it() {
    let log = log([
        (10, frame(1, 1, connected("psql"))),
        (20, frame(2, 1, run("select 1"))),
        (30, frame(3, 1, disconnected())),
        (40, frame(4, 1, connected("DBeaver"))),
        (50, frame(5, 1, run("select 2"))),
    ]);

    let of = |seq| log.connection(log.find(seq).unwrap()).unwrap().name();
    assert_eq!([of(2), of(3), of(5)], ["1 · psql", "1 · psql", "1 · DBeaver"]);
    assert_eq!(log.connections[0].until, Some(30));
    assert_eq!(log.still_open(), log.connections[1..]);
}

#[test]
fn pipelined_statements_get_their_own_ends() {
    let log = log([
        (0, frame(1, 1, run("insert"))),
        (1, frame(2, 1, run("select"))),
        (2, frame(3, 1, end(1, None))),
        (3, frame(4, 1, end(2, Some("42P01")))),
        (3, frame(5, 1, end(2, None))),
    ]);

    assert_eq!(log.find(1).unwrap().look(), Look::Fine);
    assert_eq!(log.find(2).unwrap().look(), Look::Failed);
    assert_eq!(log.find(2).unwrap().run().unwrap().results.len(), 2);
    assert_eq!(log.find(1).unwrap().until(), 5);
}

#[test]
fn a_copy_is_told_from_what_moves_nothing() {
    let moved = |outcome| {
        Body::Transfer(Transfer {
            statement: 1,
            direction: Direction::FromDatabase,
            outcome,
        })
    };
    for (outcome, look) in [
        (TransferOutcome::Finished { rows: 1, bytes: 2 }, Look::Moved),
        (TransferOutcome::Refused, Look::Failed),
    ] {
        let log = log([
            (0, frame(1, 1, run("copy t to stdout"))),
            (1, frame(2, 1, moved(outcome))),
        ]);

        assert_eq!(log.find(1).unwrap().look(), look);
    }
}

#[test]
fn the_next_stretch_knows_what_was_open() {
    let before = log([
        (0, frame(1, 1, connected("psql"))),
        (1, frame(2, 2, connected("pgbench"))),
        (2, frame(3, 1, disconnected())),
    ]);
    let mut next = Log::after(before.still_open());

    next.add(&frame(4, 2, run("select 1")), 1, 9);

    let entry = next.find(4).unwrap();
    assert_eq!(next.connection(entry).unwrap().name(), "2 · pgbench");
    assert!(entry.has("select"));
    assert!(!entry.has("insert"));
}

#[test]
fn results_beyond_what_is_listed_are_counted() {
    let mut log = log([(0, frame(1, 1, run("many")))]);
    for seq in 0..150 {
        log.add(&frame(seq + 2, 1, end(1, None)), 0, 1);
    }

    let run = log.find(1).unwrap().run().unwrap();
    assert_eq!((run.results.len(), run.n_results), (MAX_RESULTS, 150));
}
