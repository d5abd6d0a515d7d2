//! `posternd recordings verify`, run as a person at the server's shell runs it.

use std::fs;
use std::process::Command;

use protocol::ids::{NodeId, SessionId};
use recording::Head;
use server::{clock, recordings};
use store::audit;

use super::made::{Made, problems};
use crate::house::House;

/// Exit code, and what was printed with the sessions' ids left out.
fn verify(house: &House, arguments: &[&str]) -> (i32, Vec<String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_posternd"))
        .args(["recordings", "verify"])
        .args(arguments)
        .env_clear()
        .env("POSTERN_DATA_FOLDER", &house.state.config.data.folder)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines = printed
        .lines()
        .map(|line| line.split_once("  ").map_or(line, |(_, told)| told).to_owned());

    (output.status.code().unwrap(), lines.collect())
}

#[tokio::test]
async fn every_recording_is_judged_and_the_worst_decides() {
    let house = House::open().await;
    let intact = Made::ended(&house).await;
    let gone = Made::ended(&house).await;
    let unreadable = Made::ended(&house).await;
    let short = Made::ended(&house).await;
    assert_eq!(
        verify(&house, &["--all"]),
        (0, vec!["intact, 2 segments".to_owned(); 4])
    );

    // A folder in the place of a file cannot be read by anybody.
    let file = unreadable.folder(&house).join("00000000.closed");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let (code, lines) = verify(&house, &["--all"]);
    assert_eq!(code, 3);
    let sentence = "The files of this recording cannot be read. Tell an administrator.";
    assert_eq!(lines[2], sentence);
    assert_eq!(lines[3], "intact, 2 segments");

    fs::remove_dir_all(gone.folder(&house)).unwrap();
    fs::remove_file(short.folder(&house).join("00000001.closed")).unwrap();
    let (code, lines) = verify(&house, &["--all"]);
    assert_eq!(code, 1);
    assert_eq!(
        lines,
        [
            "intact, 2 segments",
            "altered: segment 0 is missing",
            sentence,
            "altered: segment 1 is missing",
        ]
    );
    let told: Vec<String> = problems(&house)
        .await
        .into_iter()
        .map(|(_, problem)| problem)
        .collect();
    assert_eq!(
        told,
        ["altered: segment 0 is missing", "altered: segment 1 is missing"]
    );
    assert_eq!(
        verify(&house, &[intact.id.as_str()]),
        (0, vec!["intact, 2 segments".to_owned()])
    );
}

#[tokio::test]
async fn what_another_server_keeps_is_counted_apart_and_a_fault_unless_it_was_asked_for() {
    let house = House::open().await;
    Made::ended(&house).await;
    let elsewhere = Made::begin_on(&house, &NodeId::from_random(clock::draw())).await;
    fs::remove_dir_all(elsewhere.folder(&house)).unwrap();
    let intact = "intact, 2 segments".to_owned();
    let counted = "1 recording is on another server and was not verified.".to_owned();
    let there = "This session was recorded by another server of this house, and its recording is there.";

    assert_eq!(
        verify(&house, &["--all"]),
        (4, vec![intact.clone(), there.to_owned(), counted.clone()])
    );
    assert_eq!(verify(&house, &["--all", "--here"]), (0, vec![intact, counted]));
}

#[tokio::test]
async fn a_folder_of_a_session_that_is_not_in_the_store_is_told_and_in_the_audit_log() {
    let house = House::open().await;
    let unknown = SessionId::from_random(clock::draw());
    let recordings = house.state.config.data.recordings();
    fs::create_dir_all(recordings.join(unknown.as_str())).unwrap();
    // What a file system keeps for itself is no recording.
    fs::create_dir(recordings.join("lost+found")).unwrap();
    let problem = "a recording of a session that is not in the store".to_owned();

    assert_eq!(verify(&house, &["--all"]), (1, vec![problem.clone()]));

    assert_eq!(problems(&house).await, [(Some(unknown), problem)]);
}

#[tokio::test]
async fn a_session_that_was_removed_with_its_recording_is_missed_by_the_audit_log() {
    let house = House::open().await;
    let made = Made::ended(&house).await;
    fs::remove_dir_all(made.folder(&house)).unwrap();
    made.meddle(&house, "DELETE FROM sessions WHERE id = $1").await;
    let problem = "recorded by what the audit log says, and neither the store has its session nor this server its recording";

    assert_eq!(verify(&house, &["--all"]), (1, vec![problem.to_owned()]));

    let told = (Some(made.id.clone()), problem.to_owned());
    assert_eq!(problems(&house).await, [told]);
}

#[tokio::test]
async fn a_segment_that_only_the_audit_log_knows_is_missed() {
    let house = House::open().await;
    let (gone, hash) = (SessionId::from_random(clock::draw()), [7; 32]);
    let mut tx = house.state.db.write().await.unwrap();
    let closed = recordings::segment_closed(&gone, &Head { segment: 0, hash }, clock::now());
    audit::append(&mut tx, closed).await.unwrap();
    tx.commit().await.unwrap();

    let (code, _) = verify(&house, &["--all"]);

    assert_eq!(code, 1);
    assert_eq!(problems(&house).await[0].0, Some(gone));
}

#[tokio::test]
async fn a_recording_runs_while_its_server_has_it_whatever_its_row_says() {
    let house = House::open().await;
    let mut made = Made::begin(&house).await;
    made.show("evidence");
    let so_far = "being recorded, as it was recorded so far".to_owned();
    assert_eq!(verify(&house, &["--all"]), (0, vec![so_far]));

    // Killed, and its row left as if it ran.
    let id = made.id.clone();
    drop(made);

    let (code, lines) = verify(&house, &[id.as_str()]);
    assert_eq!(code, 2);
    assert!(lines[0].starts_with("incomplete since "), "{lines:?}");
}

#[tokio::test]
async fn an_audit_log_that_is_broken_vouches_for_no_recording() {
    let house = House::open().await;
    let made = Made::ended(&house).await;
    made.meddle_with_log(&house).await;

    let (code, lines) = verify(&house, &["--all"]);

    assert_eq!(code, 1);
    assert!(
        lines[0].starts_with("The audit log, which recordings are held against, is broken at event"),
        "{lines:?}"
    );
}
