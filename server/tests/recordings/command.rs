//! `posternd recordings verify`, run as a person at the server's shell runs it.

use std::fs;
use std::process::Command;

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
        .map(|line| line.split_once("  ").unwrap().1.to_owned());

    (output.status.code().unwrap(), lines.collect())
}

async fn ended(house: &House) -> Made {
    let mut made = Made::begin(house).await;
    made.show("evidence");
    made.wait_for_a_close(house).await;
    made.show("more of it");
    made.end(house).await;

    made
}

#[tokio::test]
async fn every_recording_is_judged_and_the_worst_decides() {
    let house = House::open().await;
    let intact = ended(&house).await;
    let gone = ended(&house).await;
    let unreadable = ended(&house).await;
    let short = ended(&house).await;
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
