//! A session's recording, asked for at the doors of the player while it is written and after.

use std::fs;

use bytes::Bytes;
use protocol::ids::SessionId;
use protocol::people::Role;
use protocol::recordings::{Contents, Part};
use protocol::sessions::SessionState;
use protocol::terminal::ClientFrame;
use protocol::terminal::watch::WatchFrame;
use recording::{Body, Frame};
use serde_json::{Value, json};

use server::clock;

use super::desk::{Desk, Terminal};
use crate::house::Call;

/// More than one block of a closed segment, less than a segment.
const SOME: &str = "SELECT repeat('x', 1000) FROM generate_series(1, 400);";

async fn quit(desk: &Desk, mut terminal: Terminal) {
    let session = terminal.hello.session.clone();
    terminal.press("\\q\r").await;
    terminal.end().await.unwrap();
    desk.row(&session, |row| row.state == SessionState::Ended).await;
}

async fn verify(desk: &Desk, cookie: &str, session: &str) -> Value {
    let call = desk
        .house
        .post("/api/verify-recording", &format!("session={session}"));
    let answer = desk.house.call(call.by(cookie)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);

    serde_json::from_str(&answer.body).unwrap()
}

/// Opens the recording; status and answer.
async fn look_at(desk: &Desk, cookie: &str, session: &str) -> String {
    let call = desk
        .house
        .post("/api/recording-view", &format!("session={session}"));

    desk.house.call(call.by(cookie)).await.told()
}

async fn contents(desk: &Desk, cookie: &str, session: &str) -> Contents {
    let call = Call::get(&format!("/sessions/{session}/contents")).by(cookie);

    postcard::from_bytes(&desk.house.fetch(call).await).unwrap()
}

async fn frames(desk: &Desk, cookie: &str, session: &str, what: &str) -> Vec<Frame> {
    let call = Call::get(&format!("/sessions/{session}/frames?{what}")).by(cookie);

    recording::player::decode(desk.house.fetch(call).await).unwrap()
}

/// Everything that is on record of a session, live or ended.
pub async fn all_frames(desk: &Desk, session: &SessionId) -> Vec<Frame> {
    let (auditor, session) = (desk.house.sign_in(Role::Auditor).await, session.to_string());
    look_at(desk, &auditor, &session).await;
    let mut all = Vec::new();
    for part in contents(desk, &auditor, &session).await.parts {
        let what = match part.is_whole_segment {
            true => format!("segment={}&whole=true", part.segment),
            false => format!("segment={}&first={n}&last={n}", part.segment, n = part.block),
        };
        all.extend(frames(desk, &auditor, &session, &what).await);
    }

    all
}

fn shown(frames: &[Frame]) -> Vec<u8> {
    let output = frames.iter().filter_map(|frame| match &frame.body {
        Body::Output(bytes) => Some(bytes.clone()),
        _ => None,
    });

    output.collect::<Vec<Bytes>>().concat()
}

#[tokio::test]
async fn a_segment_that_closes_while_somebody_looks_at_it_loses_no_frame() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let mut terminal = desk.launch(&user).await;
    terminal.run("\\pset pager off", "off").await;
    terminal.run(SOME, "(400 rows)").await;
    let session = terminal.hello.session.to_string();
    look_at(&desk, &auditor, &session).await;
    let open = contents(&desk, &auditor, &session).await;
    let [
        Part {
            is_whole_segment: true,
            n_frames,
            ..
        },
    ] = open.parts[..]
    else {
        panic!("one segment, and open: {open:?}");
    };
    let before = frames(&desk, &auditor, &session, "segment=0&whole=true").await;
    assert!(before.len() >= n_frames as usize);
    assert!(shown(&before).len() > 400_000);

    quit(&desk, terminal).await;

    let closed = contents(&desk, &auditor, &session).await;
    assert!(closed.parts.len() > 1, "{closed:?}");
    let after = frames(&desk, &auditor, &session, "segment=0&whole=true").await;
    assert_eq!(after[..before.len()], before);
    let last = closed.parts.len() - 1;
    let blocks = frames(
        &desk,
        &auditor,
        &session,
        &format!("segment=0&first=0&last={last}"),
    )
    .await;
    assert_eq!(blocks, after);
    assert_eq!(
        verify(&desk, &auditor, &session).await,
        json!({ "intact": { "segments": 1 } })
    );
}

#[tokio::test]
async fn of_a_storm_of_sizes_the_recording_has_ten_a_second_and_the_last_one() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let mut terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();
    let mut watching = desk.watch(&auditor, &session).await.unwrap();

    let began = clock::instant();
    for n in 0..1000 {
        let resize = ClientFrame::Resize {
            cols: 80 + n % 7,
            rows: 24,
        };
        terminal.socket.send(&resize).await;
    }
    let last = ClientFrame::Resize { cols: 100, rows: 30 };
    terminal.socket.send(&last).await;
    loop {
        match watching.receive().await.expect("the last size") {
            WatchFrame::Resize { cols: 100, rows: 30 } => break,
            WatchFrame::Snapshot {
                cols: 100, rows: 30, ..
            } => break,
            _ => {}
        }
    }
    let elapsed = clock::instant().duration_since(began);
    quit(&desk, terminal).await;

    let session = session.to_string();
    look_at(&desk, &auditor, &session).await;
    let frames = frames(&desk, &auditor, &session, "segment=0&whole=true").await;
    let sizes: Vec<(u16, u16)> = frames
        .iter()
        .filter_map(|frame| match frame.body {
            Body::Resize { cols, rows } => Some((cols, rows)),
            _ => None,
        })
        .collect();
    assert!(
        sizes.len() as u128 <= elapsed.as_millis() / 100 + 1,
        "{} in {elapsed:?}",
        sizes.len()
    );
    assert_eq!(sizes.last(), Some(&(100, 30)));
}

#[tokio::test]
async fn what_is_gone_of_an_ended_session_is_missed_named_and_in_the_audit_log() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let mut terminal = desk.launch(&user).await;
    let session = terminal.hello.session.to_string();
    terminal.run("\\pset pager off", "off").await;
    let folder = desk.house.state.config.data.recordings().join(&session);
    // A fast terminal fills a larger segment than a slow one.
    while !folder.join("00000002.open").exists() {
        terminal.run(SOME, "(400 rows)").await;
    }
    quit(&desk, terminal).await;
    look_at(&desk, &auditor, &session).await;
    let n_segments = fs::read_dir(&folder).unwrap().count();
    assert_eq!(n_segments, 3);
    let altered = |segment: u32, fault: &str| json!({ "altered": { "segment": segment, "fault": fault } });
    let missing = |segment: u32| format!("Segment {segment} of this recording is missing.");
    let problems = async || {
        let call = Call::get("/audit/export?format=jsonl").by(&auditor);
        let log = desk.house.call(call).await.body;

        log.matches("\"problem\":\"altered").count()
    };

    let last = folder.join("00000002.closed");
    let bytes = fs::read(&last).unwrap();
    fs::write(&last, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(verify(&desk, &auditor, &session).await, altered(2, "changed"));
    fs::remove_file(&last).unwrap();
    assert_eq!(verify(&desk, &auditor, &session).await, altered(2, "missing"));
    assert_eq!(
        contents(&desk, &auditor, &session).await.missing,
        [(2, missing(2))]
    );
    fs::write(&last, &bytes).unwrap();
    fs::remove_file(folder.join("00000001.closed")).unwrap();
    assert_eq!(verify(&desk, &auditor, &session).await, altered(1, "missing"));
    assert_eq!(
        contents(&desk, &auditor, &session).await.missing,
        [(1, missing(1))]
    );
    let export = Call::get(&format!("/sessions/{session}/export?format=text")).by(&auditor);
    let export = desk.house.call(export).await.body;
    assert!(export.contains(&missing(1)), "{export}");
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(verify(&desk, &auditor, &session).await, altered(0, "missing"));
    let gone = contents(&desk, &auditor, &session).await;
    let all = "Segments 0 to 2 of this recording are missing.".to_owned();
    assert_eq!((gone.parts.len(), gone.missing), (0, vec![(0, all)]));

    assert_eq!(problems().await, 4);
}

#[tokio::test]
async fn who_has_lost_the_record_has_lost_the_recordings_of_their_sessions_on_it() {
    let desk = Desk::open_under("&draft[replay_own_sessions]=on").await;
    let (user, administrator) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Administrator).await,
    );
    let terminal = desk.launch(&user).await;
    let session = terminal.hello.session.to_string();
    quit(&desk, terminal).await;
    let may_replay = async || {
        let call = desk.house.post("/api/list-sessions", "").by(&user);
        let list: Value = serde_json::from_str(&desk.house.call(call).await.body).unwrap();

        list["sessions"][0]["may_replay"].as_bool().unwrap()
    };
    assert_eq!(look_at(&desk, &user, &session).await, "200");
    assert_eq!(contents(&desk, &user, &session).await.parts.len(), 1);
    assert!(may_replay().await);

    let person = desk.house.person(Role::User).await.id;
    let form = format!("id={}&person={person}", desk.record);
    let call = desk.house.post("/api/unshare-record", &form).by(&administrator);
    assert_eq!(desk.house.call(call).await.status, 200);

    let refused = "403 PAM_POLICY_DENIED: The record of this session is not shared with you any more. Ask an \
                   administrator to share it again.";
    assert_eq!(look_at(&desk, &user, &session).await, refused);
    for door in ["contents", "frames?segment=0", "chapters?from=0"] {
        let call = Call::get(&format!("/sessions/{session}/{door}")).by(&user);
        assert_eq!(desk.house.call(call).await.told(), refused, "{door}");
    }
    assert!(!may_replay().await);
}
