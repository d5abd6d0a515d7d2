//! Newcomers, those who follow, and those who fall behind.

use protocol::ids::{PersonId, SessionId, SignInId};
use protocol::people::{PersonState, Role};
use protocol::terminal::{ColorScheme, EndReason, Look};
use recording::{Header, Media, SessionKey, Switches};
use tokio::sync::mpsc;
use vault::people::Person;

use super::*;
use crate::viewer::Means;

struct Nowhere;

impl Media for Nowhere {
    fn append(&mut self, _: u32, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }

    fn replace(&mut self, _: u32, _: &[u8], _: &recording::Head) -> std::io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn note(&mut self, _running: &recording::Running) -> std::io::Result<bool> {
        Ok(true)
    }
}

/// A fanout of a session that is not recorded.
fn fanout() -> Fanout {
    let header = Header {
        session: SessionId::from_random([1; 16]).to_string(),
        record_title: String::new(),
        person: String::new(),
        account: String::new(),
        database: String::new(),
        server_version: String::new(),
        recorder_version: String::new(),
        cols: 20,
        rows: 4,
        switches: Switches::NONE,
    };
    let tape = Tape::start(Box::new(Nowhere), SessionKey::new([7; 32]), 0, header, 0).unwrap();

    Fanout::new(tape, 20, 4)
}

fn hello() -> WatchHello {
    WatchHello {
        session: SessionId::from_random([1; 16]),
        record_title: "books".to_owned(),
        person_email: "user@example.org".to_owned(),
        account: "reporting".to_owned(),
        reached: "direct".to_owned(),
        recordings: Vec::new(),
        started_at: Timestamp::from_micros(0),
        ends_at: None,
        now: Timestamp::from_micros(0),
        look: Look {
            color_scheme: ColorScheme::GrayBlack,
            font_size: 12,
            scrollback: 1000,
            can_copy: true,
            can_paste: true,
        },
        is_attached: true,
    }
}

/// The browser's ends of a watcher's socket, with a channel of `places` frames.
fn watch(fanout: &mut Fanout, places: usize) -> (mpsc::Sender<WatcherFrame>, mpsc::Receiver<WatchFrame>) {
    let (acks, from_browser) = mpsc::channel(places);
    let (to_browser, frames) = mpsc::channel(places);
    let person = Person {
        id: PersonId::from_random([5; 16]),
        handle: "auditor@example.org".parse().unwrap(),
        name: String::new(),
        role: Role::Auditor,
        state: PersonState::Active,
        created_at: at(0),
    };
    let watching = Watching {
        viewer: Viewer {
            person,
            by: Means::SignIn(SignInId::from_random([6; 16])),
        },
        ends: Ends {
            from_browser,
            to_browser,
        },
    };
    fanout.join(watching, hello());

    (acks, frames)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(0) + Duration::from_secs(seconds)
}

fn print(fanout: &mut Fanout, output: &str) {
    let output = Bytes::from(output.to_owned());
    let recorded = fanout.tape.lane(0).record_output(0, output).unwrap();

    fanout.publish(recorded.get(), at(0));
}

/// What a watcher's terminal shows after the frames that wait, and how many bytes it parsed.
fn shown(frames: &mut mpsc::Receiver<WatchFrame>) -> (String, u64) {
    let (mut screen, mut parsed) = (String::new(), 0);
    while let Ok(frame) = frames.try_recv() {
        match frame {
            WatchFrame::Snapshot { screen: bytes, .. } => {
                parsed += bytes.len() as u64;
                screen = String::from_utf8(bytes).unwrap();
            }
            WatchFrame::Output(bytes) => {
                parsed += bytes.len() as u64;
                screen.push_str(std::str::from_utf8(&bytes).unwrap());
            }
            WatchFrame::Hello(_)
            | WatchFrame::Resize { .. }
            | WatchFrame::StatementStart { .. }
            | WatchFrame::StatementEnd { .. }
            | WatchFrame::Attached(_)
            | WatchFrame::Ended(_)
            | WatchFrame::Dropped(_) => {}
        }
    }

    (screen, parsed)
}

#[test]
fn who_joins_sees_what_was_shown_and_then_what_comes_once() {
    let mut fanout = fanout();
    print(&mut fanout, "before\r\n");
    let (_acks, mut frames) = watch(&mut fanout, 64);

    print(&mut fanout, "after\r\n");

    let (screen, _) = shown(&mut frames);
    assert_eq!(screen.matches("before").count(), 1, "{screen:?}");
    assert!(screen.ends_with("after\r\n"), "{screen:?}");
    assert_eq!(screen.matches("after").count(), 1, "{screen:?}");
}

#[test]
fn a_slow_watcher_is_left_out_and_painted_anew_once_it_has_caught_up() {
    let mut fanout = fanout();
    let (acks, mut frames) = watch(&mut fanout, 64);
    let (_, mut parsed) = shown(&mut frames);
    let line = format!("{}\r\n", "x".repeat(1000));
    for _ in 0..300 {
        print(&mut fanout, &line);
        parsed += shown(&mut frames).1;
    }
    assert!(parsed <= WATCH_WINDOW, "{parsed}");
    print(&mut fanout, "the last line");

    acks.try_send(WatcherFrame::Ack { parsed }).unwrap();
    print(&mut fanout, "!");

    let (screen, _) = shown(&mut frames);
    assert_eq!(screen.matches("the last line!").count(), 1, "{screen:?}");
}

#[test]
fn who_was_full_learns_the_size_and_whether_somebody_is_there_with_the_next_picture() {
    let mut fanout = fanout();
    let (acks, mut frames) = watch(&mut fanout, 3);
    print(&mut fanout, "x");
    fanout.resize(40, 10, at(0));
    fanout.attach(false, at(0));
    let (_, parsed) = shown(&mut frames);

    acks.try_send(WatcherFrame::Ack { parsed }).unwrap();
    print(&mut fanout, "y");

    assert_eq!(frames.try_recv(), Ok(WatchFrame::Attached(false)));
    let Ok(WatchFrame::Snapshot { cols, rows, screen }) = frames.try_recv() else {
        panic!("no picture");
    };
    assert_eq!((cols, rows), (40, 10));
    assert!(String::from_utf8(screen).unwrap().contains("xy"));
}

#[test]
fn who_acknowledges_without_reading_is_painted_once_it_reads() {
    let mut fanout = fanout();
    let (acks, mut frames) = watch(&mut fanout, 4);
    for _ in 0..4 {
        print(&mut fanout, "x");
    }
    acks.try_send(WatcherFrame::Ack { parsed: u64::MAX }).unwrap();
    print(&mut fanout, "y");
    assert!(!fanout.is_painting_due(at(1)), "no room for a picture");

    shown(&mut frames);

    assert!(fanout.is_painting_due(at(1)));
    fanout.catch_up(at(1));
    assert_eq!(shown(&mut frames).0.matches("xxxxy").count(), 1);
}

#[test]
fn whoever_catches_up_again_and_again_waits_between_two_pictures() {
    let mut fanout = fanout();
    let (acks, mut frames) = watch(&mut fanout, 4);
    let mut n_pictures = 0;
    for _ in 0..100 {
        for _ in 0..5 {
            print(&mut fanout, "x");
        }
        shown(&mut frames);
        acks.try_send(WatcherFrame::Ack { parsed: u64::MAX }).unwrap();
        print(&mut fanout, "y");
        while let Ok(frame) = frames.try_recv() {
            n_pictures += usize::from(matches!(frame, WatchFrame::Snapshot { .. }));
        }
    }
    assert_eq!(n_pictures, 1, "at one moment");

    fanout.check(at(1));

    assert!(matches!(frames.try_recv(), Ok(WatchFrame::Attached(true))));
    assert!(matches!(frames.try_recv(), Ok(WatchFrame::Snapshot { .. })));
}

#[test]
fn a_watcher_that_never_catches_up_is_dropped() {
    let mut fanout = fanout();
    let (_acks, mut frames) = watch(&mut fanout, 4);
    for _ in 0..4 {
        print(&mut fanout, "x");
    }

    fanout.check(at(29));
    assert!(fanout.is_watched());
    fanout.check(at(30));

    assert!(!fanout.is_watched());
    while frames.try_recv().is_ok() {}
    assert_eq!(frames.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
}

#[test]
fn only_so_many_watch_at_once() {
    let mut fanout = fanout();
    let all: Vec<_> = (0..MAX_WATCHERS).map(|_| watch(&mut fanout, 4)).collect();

    let (_acks, mut frames) = watch(&mut fanout, 4);

    assert_eq!(frames.try_recv(), Ok(WatchFrame::Dropped(TOO_MANY.to_owned())));
    assert_eq!(all.len(), MAX_WATCHERS);
}

#[tokio::test]
async fn everybody_hears_the_sessions_last_word() {
    let mut fanout = fanout();
    let (acks, mut frames) = watch(&mut fanout, 8);
    let ended = Ended {
        reason: EndReason::Goodbye,
        sentence: "Goodbye.".to_owned(),
    };
    // Heard by the one `select!` of the session.
    acks.send(WatcherFrame::Ack { parsed: 0 }).await.unwrap();
    fanout.listen().await;

    fanout.part(&ended);

    let mut last = None;
    while let Some(frame) = frames.recv().await {
        last = Some(frame);
    }
    assert_eq!(last, Some(WatchFrame::Ended(ended)));
}
