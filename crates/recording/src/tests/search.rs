//! What is looked for is found at the moment it came up.

use bytes::Bytes;

use super::shelf::{SECOND, START, header};
use crate::search::{Moment, Place, Search};
use crate::*;

fn find(needle: &str, bodies: Vec<Body>) -> Vec<(i64, Place, String)> {
    let mut search = Search::new(needle);
    let frames = bodies.into_iter().enumerate().map(|(second, body)| Frame {
        lane: 0,
        seq: second as u64,
        at: START + second as i64 * SECOND,
        body,
    });
    let moments: Vec<Moment> = frames.flat_map(|frame| search.push(&frame)).collect();
    moments
        .into_iter()
        .map(|moment| ((moment.at - START) / SECOND, moment.place, moment.text))
        .collect()
}

fn output(text: &str) -> Body {
    Body::Output(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn what_is_typed_letter_by_letter_is_found_when_it_is_complete() {
    let found = find(
        "Orders",
        vec![
            Body::Header(Box::new(header(Switches::ALL))),
            output("app=> \\d or"),
            output("der"),
            output("s\r\n"),
            Body::StatementStart(Statement::simple("SELECT *\nFROM ORDERS")),
            output("nothing\r\n"),
        ],
    );

    assert_eq!(
        found,
        [
            (3, Place::Screen, "app=> \\d orders".to_owned()),
            (4, Place::Statement, "SELECT * FROM ORDERS".to_owned()),
        ]
    );
}

#[test]
fn a_line_is_found_once_although_it_scrolls_away() {
    let rows = |from: u32| {
        (from..from + 30)
            .map(|n| format!("row {n}\r\n"))
            .collect::<String>()
    };

    let found = find(
        "row 25",
        vec![output(&rows(0)), output(&rows(100)), output(&rows(0))],
    );

    let moments: Vec<i64> = found.iter().map(|(second, ..)| *second).collect();
    assert_eq!(moments, [0, 2]);
}

#[test]
fn nothing_is_not_found() {
    assert_eq!(find("", vec![output("x")]), []);
}
