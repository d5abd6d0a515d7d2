//! Exports as other programs read them.

use std::io::Write;
use std::process::{Command, Stdio};

use bytes::Bytes;
use serde_json::Value;

use super::shelf::{SECOND, START, any_frame, header};
use crate::*;

fn frame(seconds: i64, body: Body) -> Frame {
    Frame {
        lane: 0,
        seq: 0,
        at: START + seconds * SECOND,
        body,
    }
}

fn output(seconds: i64, bytes: &'static [u8]) -> Frame {
    frame(seconds, Body::Output(Bytes::from_static(bytes)))
}

/// A character cut in two, a resize, a marker, a gap, keys, and another lane's output.
fn session() -> Vec<Frame> {
    vec![
        frame(0, Body::Header(Box::new(header(Switches::ALL)))),
        output(1, b"orders=> \xc5"),
        frame(1, Body::Input(Bytes::from_static(b"x"))),
        output(2, b"\xbc\r\n"),
        frame(3, Body::Resize { cols: 100, rows: 30 }),
        frame(4, Body::Marker("the\x1b[31m auditor joined".to_owned())),
        Frame {
            lane: 1,
            ..output(4, b"not the terminal")
        },
        frame(
            5,
            Body::Gap(Gap {
                since: START,
                reason: "disk full".to_owned(),
            }),
        ),
        output(6, b"bye\xff\r\n"),
        frame(
            7,
            Body::End {
                reason: "goodbye".to_owned(),
            },
        ),
    ]
}

fn export(format: Format, keys: Keys, frames: &[Frame]) -> Vec<u8> {
    let mut export = Export::new(format, keys);
    let mut bytes: Vec<u8> = frames.iter().flat_map(|frame| export.push(frame)).collect();
    bytes.extend(export.finish());
    bytes
}

fn text(format: Format, keys: Keys) -> String {
    String::from_utf8(export(format, keys, &session())).unwrap()
}

#[test]
fn asciicast_2_counts_from_the_start() {
    let cast = text(Format::CastV2, Keys::Kept);
    let (first, events) = cast.split_once('\n').unwrap();
    let first: Value = serde_json::from_str(first).unwrap();

    assert_eq!(first["version"], 2);
    assert_eq!((&first["width"], &first["height"]), (&80.into(), &24.into()));
    assert_eq!(first["timestamp"], START / SECOND);
    expect_test::expect![[r#"
        [1.000000, "o", "orders=> "]
        [1.000000, "i", "x"]
        [2.000000, "o", "ż\r\n"]
        [3.000000, "r", "100x30"]
        [4.000000, "m", "the [31m auditor joined"]
        [5.000000, "m", "Nothing recorded: disk full"]
        [6.000000, "o", "bye�\r\n"]
        [7.000000, "m", "End: goodbye"]
    "#]]
    .assert_eq(events);
}

#[test]
fn asciicast_3_counts_from_the_event_before() {
    let cast = text(Format::CastV3, Keys::LeftOut);
    let (first, events) = cast.split_once('\n').unwrap();
    let first: Value = serde_json::from_str(first).unwrap();

    assert_eq!(first["version"], 3);
    assert_eq!(first["term"]["cols"], 80);
    expect_test::expect![[r#"
        [1.000000, "o", "orders=> "]
        [1.000000, "o", "ż\r\n"]
        [1.000000, "r", "100x30"]
        [1.000000, "m", "the [31m auditor joined"]
        [1.000000, "m", "Nothing recorded: disk full"]
        [1.000000, "o", "bye�\r\n"]
        [1.000000, "m", "End: goodbye"]
    "#]]
    .assert_eq(events);
}

#[test]
fn plain_text_is_what_a_person_reads() {
    expect_test::expect![[r#"
        orders=> ż

        [the [31m auditor joined]

        [Nothing recorded: disk full]
        bye�
    "#]]
    .assert_eq(&text(Format::Text, Keys::Kept));
}

#[test]
fn json_lines_have_every_frame_and_keys_only_when_asked_for() {
    for (keys, n_lines) in [(Keys::Kept, 10), (Keys::LeftOut, 9)] {
        let lines = text(Format::JsonLines, keys);
        let objects: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();

        assert_eq!(objects.len(), n_lines);
        assert_eq!(objects[0]["kind"], "header");
        assert_eq!(objects[1]["hex"], "6f72646572733d3e20c5");
        assert!(
            objects
                .iter()
                .all(|object| object["at"].is_i64() && object["lane"].is_u64())
        );
    }
}

#[test]
fn scriptreplay_plays_the_typescript() {
    if Command::new("scriptreplay").arg("--version").output().is_err() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("postern-typescript-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, format) in [("typescript", Format::Typescript), ("timing", Format::Timing)] {
        let mut file = std::fs::File::create(folder.join(name)).unwrap();
        file.write_all(&export(format, Keys::Kept, &session())).unwrap();
    }

    let played = Command::new("scriptreplay")
        .args(["--divisor", "1000000", "timing", "typescript"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();

    let shown = String::from_utf8_lossy(&played.stdout);
    assert!(
        played.status.success(),
        "{}",
        String::from_utf8_lossy(&played.stderr)
    );
    assert!(
        shown.contains("\x1b[8;24;80torders=> ż\r\n\x1b[8;30;100t"),
        "{shown:?}"
    );
    assert!(
        shown.contains("[Nothing recorded: disk full]\r\nbye"),
        "{shown:?}"
    );
}

#[test]
fn a_line_without_end_is_not_kept_in_memory() {
    let mut export = Export::new(Format::Text, Keys::Kept);
    let piece = Bytes::from(vec![b'x'; 32 * 1024]);
    let mut written = 0;

    for _ in 0..40 {
        written += export.push(&frame(0, Body::Output(piece.clone()))).len();
    }

    assert!(written > 1_000_000, "{written}");
}

#[test]
fn connections_are_said_in_text_and_in_json_lines() {
    let on_lane_1 = |seconds, body| Frame {
        lane: 1,
        ..frame(seconds, body)
    };
    let frames = [
        frame(0, Body::Header(Box::new(header(Switches::ALL)))),
        on_lane_1(
            1,
            Body::Connected(Connection {
                database: "orders".to_owned(),
                application_name: "psql\x1b[31m".to_owned(),
                remote_address: "192.0.2.7".to_owned(),
                backend_pid: Some(4711),
                tls: true,
                settings: vec![("search_path".to_owned(), "shop".to_owned())],
            }),
        ),
        on_lane_1(
            2,
            Body::Disconnected {
                reason: "terminated".to_owned(),
            },
        ),
    ];

    let text = String::from_utf8(export(Format::Text, Keys::Kept, &frames)).unwrap();
    let json = String::from_utf8(export(Format::JsonLines, Keys::Kept, &frames)).unwrap();

    expect_test::expect![[r#"

        [Connection opened by psql [31m from 192.0.2.7 through TLS to database orders, backend 4711, search_path = shop]

        [Connection closed: terminated]
    "#]]
    .assert_eq(&text);
    let objects: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects[1]["kind"], "connected");
    assert_eq!(objects[1]["lane"], 1);
    assert_eq!(objects[1]["application_name"], "psql\u{1b}[31m");
    assert_eq!(objects[1]["backend_pid"], 4711);
    assert_eq!(objects[1]["tls"], true);
    assert_eq!(objects[2]["kind"], "disconnected");
    assert_eq!(objects[2]["reason"], "terminated");
}

#[test]
fn statements_as_text_name_what_an_end_is_the_end_of() {
    let on = |lane, seq, seconds, body| Frame {
        lane,
        seq,
        ..frame(seconds, body)
    };
    let bound = Statement {
        kind: StatementKind::Extended,
        parameters: vec![
            Parameter {
                type_oid: 23,
                value: ParameterValue::Text("42".to_owned()),
            },
            Parameter {
                type_oid: 99_999,
                value: ParameterValue::Null,
            },
        ],
        ..Statement::simple("select\n  $1, $2 -- \u{202e}")
    };
    let end = |statement, tag: &str, sqlstate: Option<&str>| {
        Body::StatementEnd(StatementEnd {
            statement,
            tag: tag.to_owned(),
            rows: 1,
            bytes: 4,
            duration: 1_234,
            sqlstate: sqlstate.map(str::to_owned),
            error: sqlstate.map(|_| "no such table".to_owned()),
            ..StatementEnd::default()
        })
    };
    let moved = Transfer {
        statement: 2,
        direction: Direction::ToDatabase,
        outcome: TransferOutcome::Refused,
    };
    let frames = [
        frame(0, Body::Header(Box::new(header(Switches::ALL)))),
        on(1, 1, 1, Body::StatementStart(bound)),
        on(
            2,
            2,
            1,
            Body::StatementStart(Statement::simple("copy t from stdin")),
        ),
        on(2, 3, 2, Body::Transfer(moved)),
        on(2, 4, 2, end(2, "", Some("42P01"))),
        on(1, 5, 3, end(1, "SELECT 1", None)),
        frame(4, Body::Output(Bytes::from_static(b"nothing"))),
    ];

    let text = String::from_utf8(export(Format::Statements, Keys::LeftOut, &frames)).unwrap();

    assert_eq!(text, listing(&frames));
    expect_test::expect![[r#"
        2026-01-01 00:00:00.000000     Orders as reporting on orders (15.14), by ada@example.org
        2026-01-01 00:00:01.000000   1 #1 select
                                          $1, $2 -- ⟨U+202E⟩
                                        $1 int4 = 42
                                        $2 type 99999 = NULL
        2026-01-01 00:00:01.000000   2 #2 copy t from stdin
        2026-01-01 00:00:02.000000   2 #2 -> refused, nothing moved to the database
        2026-01-01 00:00:02.000000   2 #2 -> ERROR 42P01: no such table, 1.234 ms
        2026-01-01 00:00:03.000000   1 #1 -> SELECT 1, 1 row, 4 bytes, 1.234 ms
    "#]]
    .assert_eq(&text);
}

proptest::proptest! {
    #[test]
    fn any_frames_are_exported(frames in proptest::collection::vec(any_frame(), 0..12)) {
        for format in [Format::CastV2, Format::CastV3, Format::JsonLines] {
            let bytes = export(format, Keys::Kept, &frames);
            for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                proptest::prop_assert!(serde_json::from_slice::<Value>(line).is_ok());
            }
        }
        let typescript = export(Format::Typescript, Keys::Kept, &frames);
        let timing = String::from_utf8(export(Format::Timing, Keys::Kept, &frames)).unwrap();
        let counted: usize = timing.lines().map(|line| line.split(' ').next_back().unwrap().parse::<usize>().unwrap()).sum();
        let framing = if frames.is_empty() { 13 } else { 13 + 37 };
        proptest::prop_assert_eq!(counted + framing, typescript.len());
    }
}
