//! The keys of recordings, and the master key that wraps them.

use std::fs;
use std::process::Command;

use super::made::Made;
use crate::house::House;

/// Whether it succeeded, and what it complained about.
fn rotate(house: &House) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_posternd"))
        .args(["master-key", "rotate"])
        .env_clear()
        .env("POSTERN_DATA_FOLDER", &house.state.config.data.folder)
        .output()
        .unwrap();

    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn a_key_that_cannot_be_read_leaves_the_master_key_in_its_place() {
    let house = House::open().await;
    let (readable, unreadable) = (Made::begin(&house).await, Made::begin(&house).await);
    unreadable
        .meddle(
            &house,
            "UPDATE sessions SET recording_key = 'nothing' WHERE id = $1",
        )
        .await;
    let file = house.state.config.data.master_key_file();
    let before = (
        fs::read_to_string(&file).unwrap(),
        readable.row(&house).await.recording_key,
    );

    let (is_done, complaint) = rotate(&house);

    assert!(!is_done);
    assert!(
        complaint.contains(&format!("the recording of session {}", unreadable.id)),
        "{complaint}"
    );
    let after = (
        fs::read_to_string(&file).unwrap(),
        readable.row(&house).await.recording_key,
    );
    assert!(after == before, "the key file and the other key are as they were");
    unreadable
        .meddle(&house, "DELETE FROM sessions WHERE id = $1")
        .await;
    let (is_done, complaint) = rotate(&house);
    assert!(is_done, "{complaint}");
}
