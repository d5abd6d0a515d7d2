//! Connections begin and end on lanes.

use super::shelf::{START, Shelf, start};
use crate::*;

#[test]
fn a_lane_is_the_next_connections_once_one_has_ended() {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let lane = tape.lane(1);
    let of = |application_name: &str| Connection {
        database: "orders".to_owned(),
        application_name: application_name.to_owned(),
        remote_address: "192.0.2.7".to_owned(),
        backend_pid: Some(4711),
        tls: true,
        settings: Vec::new(),
    };

    for name in ["psql", "pgAdmin 4"] {
        lane.connected(START, of(name)).unwrap();
        lane.disconnected(START, "The client said goodbye.").unwrap();
    }
    tape.end(START, "ended").unwrap();

    let frames = shelf.frames();
    let closed = Body::Disconnected {
        reason: "The client said goodbye.".to_owned(),
    };
    let expected = [
        (1, Body::Connected(of("psql"))),
        (1, closed.clone()),
        (1, Body::Connected(of("pgAdmin 4"))),
        (1, closed),
    ];
    let read: Vec<(u8, Body)> = frames[1..5]
        .iter()
        .map(|frame| (frame.lane, frame.body.clone()))
        .collect();
    assert_eq!(read, expected);
}
