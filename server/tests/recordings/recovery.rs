//! What a server finds of its recordings when it starts after it was killed.

use std::fs::{self, OpenOptions};

use protocol::recordings::{Fault, VerdictView};
use protocol::sessions::SessionState;
use protocol::terminal::EndReason;
use server::jobs;

use super::made::{Made, altered, problems, verdict};
use crate::house::House;

async fn assert_ended(house: &House, made: &Made) {
    let view = made.row(house).await.view;

    assert_eq!(
        (view.state, view.end_reason),
        (SessionState::Ended, Some(EndReason::Crash))
    );
}

fn cut(house: &House, made: &Made, file: &str, len: u64) {
    let file = OpenOptions::new()
        .write(true)
        .open(made.folder(house).join(file))
        .unwrap();
    file.set_len(len).unwrap();
}

fn len(house: &House, made: &Made, file: &str) -> u64 {
    fs::metadata(made.folder(house).join(file)).unwrap().len()
}

#[tokio::test]
async fn a_recording_that_was_cut_off_gets_its_footer_which_the_store_remembers() {
    let house = House::open().await;
    let mut made = Made::begin(&house).await;
    made.show("one");
    made.wait_for_a_close(&house).await;
    made.show("two");

    jobs::recover(&house.state).await.unwrap();

    assert_ended(&house, &made).await;
    assert_eq!(
        made.files(&house),
        ["00000000.closed", "00000001.open", "00000002.closed"]
    );
    assert!(matches!(
        verdict(&house, &made).await,
        VerdictView::Incomplete { .. }
    ));
    fs::remove_file(made.folder(&house).join("00000002.closed")).unwrap();
    assert_eq!(verdict(&house, &made).await, altered(2, Fault::Missing));
}

#[tokio::test]
async fn what_was_noted_before_a_kill_is_missed_and_nothing_is_written_behind_it() {
    let house = House::open().await;
    let mut made = Made::begin(&house).await;
    made.show("before");
    made.wait_a_minute(&house).await;
    let noted = len(&house, &made, "00000000.open");
    made.show("after");

    // What came after the note may be gone: the disk had not got it.
    cut(&house, &made, "00000000.open", noted);
    assert_eq!(verdict(&house, &made).await, VerdictView::Running);
    cut(&house, &made, "00000000.open", noted - 1);
    jobs::recover(&house.state).await.unwrap();

    assert_ended(&house, &made).await;
    assert_eq!(made.files(&house), ["00000000.open"]);
    assert_eq!(verdict(&house, &made).await, altered(0, Fault::Short));
    let problem = "altered: the end of segment 0 is missing".to_owned();
    assert_eq!(problems(&house).await, [(Some(made.id.clone()), problem)]);
}

#[tokio::test]
async fn a_folder_or_a_closed_segment_that_vanished_before_the_start_is_in_the_audit_log() {
    let house = House::open().await;
    let gone = Made::begin(&house).await;
    fs::remove_dir_all(gone.folder(&house)).unwrap();
    let mut short = Made::begin(&house).await;
    short.show("one");
    short.wait_for_a_close(&house).await;
    short.show("two");
    short.wait_for_a_close(&house).await;
    fs::remove_file(short.folder(&house).join("00000001.closed")).unwrap();

    jobs::recover(&house.state).await.unwrap();

    for made in [&gone, &short] {
        assert_ended(&house, made).await;
    }
    assert_eq!(verdict(&house, &gone).await, altered(0, Fault::Missing));
    assert_eq!(verdict(&house, &short).await, altered(1, Fault::Missing));
    assert_eq!(short.files(&house), ["00000000.closed"]);
    let mut told = problems(&house).await;
    told.sort();
    let mut expected = [
        (Some(gone.id.clone()), "altered: segment 0 is missing".to_owned()),
        (Some(short.id.clone()), "altered: segment 1 is missing".to_owned()),
    ];
    expected.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_end_the_store_had_not_heard_of_is_remembered_by_the_recovery() {
    let house = House::open().await;
    let mut made = Made::begin(&house).await;
    made.show("one");
    made.wait_for_a_close(&house).await;
    made.show("two");
    made.stop();

    jobs::recover(&house.state).await.unwrap();

    assert_eq!(made.files(&house), ["00000000.closed", "00000001.closed"]);
    assert_eq!(verdict(&house, &made).await, VerdictView::Intact { segments: 2 });
    made.meddle(&house, "UPDATE sessions SET chain_head = NULL WHERE id = $1")
        .await;
    fs::remove_file(made.folder(&house).join("00000001.closed")).unwrap();
    assert_eq!(verdict(&house, &made).await, altered(1, Fault::Missing));
    assert!(problems(&house).await.is_empty());
}

#[tokio::test]
async fn a_close_cut_short_anywhere_leaves_the_recording_as_it_was() {
    // Between which two steps of a close the server was killed, by what it left.
    for left in ["part", "both"] {
        let house = House::open().await;
        let mut made = Made::begin(&house).await;
        made.show("one");
        let open = fs::read(made.folder(&house).join("00000000.open")).unwrap();
        match left {
            "part" => fs::write(made.folder(&house).join("00000000.part"), b"\x89PSTN").unwrap(),
            _ => {
                made.wait_for_a_close(&house).await;
                fs::write(made.folder(&house).join("00000000.open"), open).unwrap();
            }
        }

        jobs::recover(&house.state).await.unwrap();

        assert_eq!(made.files(&house).len(), 2, "{left}: {:?}", made.files(&house));
        assert!(
            matches!(verdict(&house, &made).await, VerdictView::Incomplete { .. }),
            "{left}"
        );
        assert!(problems(&house).await.is_empty(), "{left}");
    }
}

#[tokio::test]
async fn what_is_no_file_of_ours_does_not_keep_a_session_from_its_end() {
    let house = House::open().await;
    let mut made = Made::begin(&house).await;
    made.show("one");
    fs::create_dir(made.folder(&house).join("00000007.part")).unwrap();
    let unreadable = Made::begin(&house).await;
    let file = unreadable.folder(&house).join("00000000.open");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();

    jobs::recover(&house.state).await.unwrap();

    assert_ended(&house, &made).await;
    assert_ended(&house, &unreadable).await;
    assert_eq!(
        made.files(&house),
        ["00000000.open", "00000001.closed", "00000007.part"]
    );
    assert!(matches!(
        verdict(&house, &made).await,
        VerdictView::Incomplete { .. }
    ));
    let problem = "not recovered: its files cannot be read; the server's log says why".to_owned();
    assert_eq!(problems(&house).await, [(Some(unreadable.id.clone()), problem)]);
}

#[tokio::test]
async fn what_was_noted_and_then_changed_is_an_alteration_to_a_recovery_too() {
    let house = House::open().await;
    let mut made = Made::begin(&house).await;
    made.show("one");
    made.wait_a_minute(&house).await;
    made.meddle(&house, "UPDATE sessions SET chain_running = '0' WHERE id = $1")
        .await;

    jobs::recover(&house.state).await.unwrap();

    assert_ended(&house, &made).await;
    assert_eq!(made.files(&house), ["00000000.open"]);
    let problem = "altered: what was noted of it while it was recorded".to_owned();
    assert_eq!(problems(&house).await, [(Some(made.id.clone()), problem)]);
}
