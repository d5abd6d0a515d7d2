//! A shelf that keeps segments in memory and can be told to fail; a header; frames for properties.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use proptest::prelude::*;

use crate::*;

/// 2026-01-01 00:00:00 UTC.
pub(super) const START: i64 = 1_767_225_600_000_000;
pub(super) const SECOND: i64 = 1_000_000;

#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<Mutex<Contents>>);

#[derive(Default)]
pub(super) struct Contents {
    pub(super) open: BTreeMap<u32, Vec<u8>>,
    pub(super) closed: BTreeMap<u32, Vec<u8>>,
    /// What the open segments were when they were replaced.
    pub(super) replaced: BTreeMap<u32, Vec<u8>>,
    pub(super) heads: Vec<Head>,
    pub(super) noted: Vec<Running>,
    pub(super) n_appends: usize,
    pub(super) n_syncs: usize,
    pub(super) no_room_for_notes: bool,
    pub(super) fail_append: bool,
    pub(super) fail_replace: bool,
}

impl Shelf {
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Contents) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    pub(super) fn stored(&self) -> Vec<Stored> {
        self.with(|contents| {
            let all = contents.closed.iter().chain(&contents.open);
            let mut stored: Vec<Stored> = all.map(|(n, bytes)| stored(*n, bytes)).collect();
            stored.sort_by_key(|stored| stored.segment);
            stored
        })
    }

    pub(super) fn frames(&self) -> Vec<Frame> {
        self.stored()
            .iter()
            .flat_map(|stored| frames(&stored.bytes))
            .collect()
    }
}

impl Media for Shelf {
    fn append(&mut self, segment: u32, bytes: &[u8]) -> io::Result<()> {
        self.with(|contents| {
            if contents.fail_append {
                return Err(io::Error::other("no space left"));
            }
            contents.n_appends += 1;
            contents.open.entry(segment).or_default().extend_from_slice(bytes);
            Ok(())
        })
    }

    fn replace(&mut self, segment: u32, closed: &[u8], head: &Head) -> io::Result<()> {
        self.with(|contents| {
            if contents.fail_replace {
                return Err(io::Error::other("no space left"));
            }
            let open = contents.open.remove(&segment).unwrap();
            assert!(contents.replaced.insert(segment, open).is_none());
            assert!(contents.closed.insert(segment, closed.to_vec()).is_none());
            contents.heads.push(*head);
            Ok(())
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.with(|contents| contents.n_syncs += 1);
        Ok(())
    }

    fn note(&mut self, running: &Running) -> io::Result<bool> {
        self.with(|contents| {
            if !contents.no_room_for_notes {
                contents.noted.push(*running);
            }
            Ok(!contents.no_room_for_notes)
        })
    }
}

pub(super) fn key() -> SessionKey {
    SessionKey::new([7; 32])
}

pub(super) fn header(switches: Switches) -> Header {
    Header {
        session: "se_01".to_owned(),
        record_title: "Orders".to_owned(),
        person: "ada@example.org".to_owned(),
        account: "reporting".to_owned(),
        database: "orders".to_owned(),
        server_version: "15.14".to_owned(),
        recorder_version: "0.1.0".to_owned(),
        cols: 80,
        rows: 24,
        switches,
    }
}

pub(super) fn start(shelf: &Shelf, switches: Switches) -> Tape {
    Tape::start(Box::new(shelf.clone()), key(), 0, header(switches), START).unwrap()
}

/// A short session over three segments, ended.
pub(super) fn session(shelf: &Shelf) -> Head {
    let tape = start(shelf, Switches::ALL);
    let lane = tape.lane(0);
    for minute in 0..3 {
        let at = START + minute * SEGMENT_MICROS;
        lane.input(at, Bytes::from_static(b"select 1;\r")).unwrap();
        let statement = lane.record_statement(at, Statement::simple("select 1;")).unwrap();
        let end = StatementEnd {
            statement: statement.seq(),
            tag: "SELECT 1".to_owned(),
            ..StatementEnd::default()
        };
        lane.statement_end(at + SECOND, end).unwrap();
        lane.record_output(
            at + SECOND,
            Bytes::from_static(b" ?column? \r\n----------\r\n        1\r\n"),
        )
        .unwrap();
    }
    tape.end(START + 3 * SEGMENT_MICROS - SECOND, "quit").unwrap()
}

pub(super) fn stored(segment: u32, bytes: &[u8]) -> Stored {
    Stored {
        segment,
        bytes: Bytes::copy_from_slice(bytes),
    }
}

/// What recovery finds in segments that each have a number of their own.
pub(super) fn recovered(found: &[Stored]) -> Recovery {
    let mut recovery = Recovery::default();
    for stored in found {
        recovery.push(stored, &key());
    }
    recovery
}

/// What can be said of segments in any order, each with a number of its own, where `anchor` was noted.
pub(super) fn verify(segments: &[Stored], anchor: Option<&Head>) -> Result<Verdict, Unsupported> {
    let known = Known {
        heads: anchor.copied().into_iter().collect(),
        ..Known::default()
    };
    let mut verifier = Verifier::new(key(), known);
    let mut segments = segments.to_vec();
    segments.sort_by_key(|stored| stored.segment);
    for stored in segments {
        verifier.push(stored)?;
    }
    Ok(verifier.finish())
}

/// The frames of a segment that must be readable to its end.
pub(super) fn frames(bytes: &Bytes) -> Vec<Frame> {
    let segment = Segment::open(bytes.clone(), &key()).unwrap();
    let mut frames = segment.frames();
    let read = frames.by_ref().map(Result::unwrap).collect();
    assert!(frames.is_at_end());
    read
}

pub(super) fn bodies(frames: &[Frame]) -> Vec<&'static str> {
    frames.iter().map(|frame| name(&frame.body)).collect()
}

pub(super) fn name(body: &Body) -> &'static str {
    match body {
        Body::Header(_) => "header",
        Body::Output(_) => "output",
        Body::Input(_) => "input",
        Body::Resize { .. } => "resize",
        Body::StatementStart(_) => "statement",
        Body::StatementEnd(_) => "statement end",
        Body::Transfer(_) => "transfer",
        Body::Marker(_) => "marker",
        Body::Gap(_) => "gap",
        Body::Keyframe(_) => "keyframe",
        Body::End { .. } => "end",
        Body::Connected(_) => "connected",
        Body::Disconnected { .. } => "disconnected",
        Body::Unknown { .. } => "unknown",
    }
}

pub(super) fn any_bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..200).prop_map(Bytes::from)
}

pub(super) fn any_frame() -> impl Strategy<Value = Frame> {
    (any::<u8>(), any::<u64>(), any::<i64>(), any_body()).prop_map(|(lane, seq, at, body)| Frame {
        lane,
        seq,
        at,
        body,
    })
}

pub(super) fn any_body() -> impl Strategy<Value = Body> {
    let switches =
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(graphical, text, key_events)| Switches {
            graphical,
            text,
            key_events,
        });
    let value = prop_oneof![
        Just(ParameterValue::Null),
        ".{0,20}".prop_map(ParameterValue::Text),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(ParameterValue::Binary),
        (prop::collection::vec(any::<u8>(), 0..20), any::<u64>())
            .prop_map(|(start, len)| ParameterValue::Cut { start, len }),
    ];
    let parameter = (any::<u32>(), value).prop_map(|(type_oid, value)| Parameter { type_oid, value });
    let statement = (
        ".{0,80}",
        prop::collection::vec(parameter, 0..4),
        any::<Option<i32>>(),
    )
        .prop_map(|(sql, parameters, backend_pid)| Statement {
            kind: StatementKind::Extended,
            parameters,
            backend_pid,
            ..Statement::simple(sql)
        });
    let end = (
        any::<u64>(),
        any::<u32>(),
        "[A-Z ]{0,12}",
        any::<[u64; 3]>(),
        prop::option::of("[0-9A-Z]{5}"),
    )
        .prop_map(
            |(statement, result, tag, [rows, bytes, duration], sqlstate)| StatementEnd {
                statement,
                result,
                tag,
                rows,
                bytes,
                duration,
                error: sqlstate.clone(),
                sqlstate,
            },
        );
    let outcome = prop_oneof![
        any::<(u64, u64)>().prop_map(|(rows, bytes)| TransferOutcome::Finished { rows, bytes }),
        any::<u64>().prop_map(|bytes| TransferOutcome::Failed { bytes }),
        Just(TransferOutcome::Refused),
    ];
    let direction = prop_oneof![
        Just(Direction::ToDatabase),
        Just(Direction::FromDatabase),
        Just(Direction::Both)
    ];
    let settings = prop::collection::vec(any::<(String, String)>(), 0..3);
    let connection = (
        any::<[String; 3]>(),
        any::<Option<i32>>(),
        any::<bool>(),
        settings,
    )
        .prop_map(
            |([database, application_name, remote_address], backend_pid, tls, settings)| Connection {
                database,
                application_name,
                remote_address,
                backend_pid,
                tls,
                settings,
            },
        );
    prop_oneof![
        ((".{0,20}"), any::<(u16, u16)>(), switches).prop_map(|(session, (cols, rows), switches)| {
            Body::Header(Box::new(Header {
                session,
                cols,
                rows,
                ..header(switches)
            }))
        }),
        any_bytes().prop_map(Body::Output),
        any_bytes().prop_map(Body::Input),
        any::<(u16, u16)>().prop_map(|(cols, rows)| Body::Resize { cols, rows }),
        statement.prop_map(Body::StatementStart),
        end.prop_map(Body::StatementEnd),
        (any::<u64>(), direction, outcome).prop_map(|(statement, direction, outcome)| Body::Transfer(
            Transfer {
                statement,
                direction,
                outcome
            }
        )),
        ".{0,40}".prop_map(Body::Marker),
        (any::<i64>(), ".{0,40}").prop_map(|(since, reason)| Body::Gap(Gap { since, reason })),
        (any::<(u16, u16)>(), any_bytes()).prop_map(|((cols, rows), screen)| Body::Keyframe(Keyframe {
            cols,
            rows,
            screen: screen.to_vec()
        })),
        ".{0,40}".prop_map(|reason| Body::End { reason }),
        connection.prop_map(Body::Connected),
        ".{0,40}".prop_map(|reason| Body::Disconnected { reason }),
        (14u8.., any_bytes()).prop_map(|(kind, body)| Body::Unknown { kind, body }),
    ]
}
