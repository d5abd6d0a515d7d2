//! A player fetches the blocks it needs and shows what replaying everything shows.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;

use super::shelf::{SECOND, START, Shelf, key, start};
use crate::contents::{SEGMENT_HEAD, SEGMENT_TAIL, open_section, pack_open};
use crate::*;

/// The segments of a recording as a server with range reads has them.
struct Server(BTreeMap<u32, Bytes>);

impl Server {
    fn new(shelf: &Shelf) -> Self {
        let stored = shelf.stored().into_iter();
        Self(stored.map(|stored| (stored.segment, stored.bytes)).collect())
    }

    fn footer(bytes: &Bytes) -> Option<Footer> {
        let range = |range: &Range<u64>| &bytes[range.start as usize..range.end as usize];
        let tail: &[u8; SEGMENT_TAIL] = bytes.last_chunk().unwrap();
        let head = &bytes[..SEGMENT_HEAD];
        let place = Footer::place(head, tail, bytes.len() as u64, &key()).unwrap()?;
        Some(Footer::read(head, &place, range(&place), &key()).unwrap())
    }

    fn contents(&self) -> Contents {
        let sections = self.0.values().map(|bytes| match Self::footer(bytes) {
            Some(footer) => footer.section(),
            None => open_section(&Segment::open(bytes.clone(), &key()).unwrap()),
        });
        let contents = Contents::new(sections);
        Contents::decode(&contents.encode()).unwrap()
    }

    fn fetch(&self, id: BlockId) -> Bytes {
        let bytes = &self.0[&id.segment];
        let block = match Self::footer(bytes) {
            Some(footer) => {
                let place = footer.block_place(id.block).unwrap();
                let sealed = &bytes[place.start as usize..place.end as usize];
                footer.unseal(id.block, sealed).unwrap()
            }
            None => pack_open(&Segment::open(bytes.clone(), &key()).unwrap(), id.block).unwrap(),
        };
        Bytes::from(block)
    }

    /// Fetches what a cursor needs; how many blocks that were.
    fn serve(&self, cursor: &mut Cursor) -> usize {
        let mut n_blocks = 0;
        while let Some(id) = cursor.need() {
            cursor.give(id, self.fetch(id)).unwrap();
            n_blocks += 1;
        }
        n_blocks
    }
}

/// Two and a half minutes of output that pours, with statements, an error and a pause; the last
/// segment is open.
fn recorded() -> (Server, Vec<Frame>) {
    let shelf = Shelf::default();
    let tape = start(&shelf, Switches::ALL);
    let lane = tape.lane(0);
    for second in 0..150 {
        let at = START + second * SECOND + if second > 100 { 20 * SECOND } else { 0 };
        let statement = lane
            .record_statement(at, Statement::simple("select 1;"))
            .unwrap()
            .seq();
        for part in 0..4 {
            let row = |n: i64| format!("{:>8} | żółw {}\r\n", second * 7919 + n, n * 31);
            let rows: String = (0..400).map(|n| row(part * 400 + n)).collect();
            lane.record_output(at + part * 1000, Bytes::from(rows)).unwrap();
        }
        let end = StatementEnd {
            statement,
            sqlstate: (second == 60).then(|| "42601".to_owned()),
            ..StatementEnd::default()
        };
        lane.statement_end(at + 5000, end).unwrap();
    }
    (Server::new(&shelf), shelf.frames())
}

fn play<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> String {
    let mut terminal = avt::Terminal::new(80, 24).unwrap();
    let mut pending = Vec::new();
    for frame in frames {
        if let Body::Keyframe(keyframe) = &frame.body {
            pending.extend_from_slice(&keyframe.screen);
        }
        if let Body::Output(bytes) = &frame.body {
            pending.extend_from_slice(bytes);
        }
        terminal.feed(text::take_text(&mut pending));
    }
    terminal.dump()
}

fn until(frames: &[Frame], at: i64) -> impl Iterator<Item = &Frame> {
    let shown = |frame: &&Frame| !matches!(frame.body, Body::Keyframe(_));
    frames
        .iter()
        .filter(shown)
        .take_while(move |frame| frame.at <= at)
}

#[test]
fn seeking_fetches_little_and_shows_what_replaying_shows() {
    let (server, frames) = recorded();
    let mut cursor = Cursor::new(server.contents(), 4 << 20);
    assert!(cursor.contents().sections.len() > 2);

    for second in [0, 1, 37, 59, 60, 61, 100, 110, 149, 169] {
        let at = START + second * SECOND + 2500;
        cursor.seek(at);
        let n_blocks = server.serve(&mut cursor);

        assert!(n_blocks <= 4, "{n_blocks}");
        let Some(Show::Scene(scene)) = cursor.show() else {
            panic!("everything was given");
        };
        let n_bytes: usize = scene.iter().map(|frame| frame.body.len()).sum();
        assert!(n_bytes < 2 * KEYFRAME_BYTES + 32 * 1024, "{n_bytes}");
        assert_eq!(play(scene), play(until(&frames, at)), "second {second}");
    }
}

#[test]
fn a_stretch_goes_on_from_where_the_screen_is() {
    let (server, frames) = recorded();
    let mut cursor = Cursor::new(server.contents(), 4 << 20);
    let (after, until) = (START + 30 * SECOND, START + 31 * SECOND + 1000);

    cursor.play(after, until);
    server.serve(&mut cursor);

    let Some(Show::Stretch(stretch)) = cursor.show() else {
        panic!("a stretch");
    };
    let expected: Vec<&Frame> = frames
        .iter()
        .filter(|frame| frame.at > after && frame.at <= until && !matches!(frame.body, Body::Keyframe(_)))
        .collect();
    assert_eq!(stretch, expected);
    cursor.play(START, START + 100 * SECOND);
    assert!(cursor.needs().count() <= 4, "a long stretch is its last scene");
}

#[test]
fn memory_stays_within_its_bound() {
    let (server, _) = recorded();
    let limit = 1 << 20;
    let mut cursor = Cursor::new(server.contents(), limit);

    for second in 0..170 {
        cursor.seek(START + second * SECOND);
        server.serve(&mut cursor);
        assert!(cursor.show().is_some());
        assert!(cursor.n_bytes() <= limit, "{}", cursor.n_bytes());
    }
}

#[test]
fn a_timeline_knows_statements_errors_and_pauses() {
    let (server, _) = recorded();
    let contents = server.contents();

    assert_eq!(contents.statements().count(), 150);
    let marks: Vec<Mark> = contents.marks().collect();
    let errors: Vec<&Mark> = marks.iter().filter(|mark| mark.kind == MarkKind::Error).collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].position.at, START + 60 * SECOND + 5000);
    let idle = |mark: &&Mark| matches!(mark.kind, MarkKind::Idle(_));
    let idle: Vec<&Mark> = marks.iter().filter(idle).collect();
    assert_eq!(idle.len(), 1);
    assert_eq!(idle[0].position.at, START + 121 * SECOND);
    assert!(!contents.ends());

    let mut cursor = Cursor::new(contents, 4 << 20);
    let pause = START + 100 * SECOND + 5000;
    cursor.seek(pause);
    server.serve(&mut cursor);
    assert_eq!(cursor.next_after(pause), Some(START + 121 * SECOND));
    assert!(cursor.ahead(pause, 3).is_some());
}

#[test]
fn nothing_is_shown_before_it_was_given() {
    let (server, _) = recorded();
    let mut cursor = Cursor::new(server.contents(), 4 << 20);
    assert_eq!(cursor.need(), None);
    assert_eq!(cursor.show(), None);

    cursor.seek(START + 90 * SECOND);
    assert_eq!(cursor.show(), None);
    let id = cursor.need().unwrap();
    assert!(cursor.give(id, Bytes::from_static(b"\x07")).is_err());
    assert_eq!(cursor.need(), Some(id));
}
