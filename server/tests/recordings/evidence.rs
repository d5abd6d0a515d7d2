//! Recordings that somebody changed who can write to their files, to the store, or to both.

use std::fs;

use protocol::recordings::Fault;
use recording::VERSION;
use server::jobs;

use super::made::{Made, altered, problems, verdict};
use crate::house::House;

/// Has a segment claim to be of a later version of the format.
fn claim_a_later_version(house: &House, made: &Made, file: &str) {
    let file = made.folder(house).join(file);
    let mut bytes = fs::read(&file).unwrap();
    bytes[8] = VERSION + 1;
    bytes[9] = !bytes[8];
    fs::write(&file, bytes).unwrap();
}

#[tokio::test]
async fn a_segment_that_claims_to_be_of_a_later_version_is_altered() {
    let house = House::open().await;
    for (number, file) in [(0, "00000000.closed"), (1, "00000001.closed")] {
        let made = Made::ended(&house).await;
        claim_a_later_version(&house, &made, file);

        assert_eq!(verdict(&house, &made).await, altered(number, Fault::Changed));
    }
    let mut running = Made::begin(&house).await;
    running.show("evidence");
    claim_a_later_version(&house, &running, "00000000.open");
    assert_eq!(verdict(&house, &running).await, altered(0, Fault::Changed));

    jobs::recover(&house.state).await.unwrap();

    let problem = "altered in segment 0".to_owned();
    assert_eq!(problems(&house).await, [(Some(running.id.clone()), problem)]);
}

#[tokio::test]
async fn a_row_brought_back_to_an_older_head_does_not_hide_what_was_removed() {
    let house = House::open().await;
    let made = Made::ended(&house).await;
    fs::remove_file(made.folder(&house).join("00000001.closed")).unwrap();

    made.meddle(
        &house,
        "UPDATE sessions SET chain_head = NULL, chain_running = NULL WHERE id = $1",
    )
    .await;

    assert_eq!(verdict(&house, &made).await, altered(1, Fault::Missing));
}

#[tokio::test]
async fn a_row_that_says_nothing_was_recorded_does_not_hide_what_was_removed() {
    let house = House::open().await;
    let made = Made::begin(&house).await;
    fs::remove_dir_all(made.folder(&house)).unwrap();

    made.meddle(
        &house,
        "UPDATE sessions SET state = 'failed', ended_at = 1, graphical = FALSE WHERE id = $1",
    )
    .await;

    assert_eq!(verdict(&house, &made).await, altered(0, Fault::Missing));
}

#[tokio::test]
async fn a_row_that_says_another_head_than_the_audit_log_is_an_alteration() {
    let house = House::open().await;
    let made = Made::ended(&house).await;

    made.meddle(
        &house,
        "UPDATE sessions SET chain_head = '0:' || substr(chain_head, 3) WHERE id = $1",
    )
    .await;

    assert_eq!(verdict(&house, &made).await, altered(0, Fault::Changed));
}

#[tokio::test]
async fn a_note_that_is_none_is_an_alteration() {
    let house = House::open().await;
    for statement in [
        "UPDATE sessions SET chain_head = '7:zz' WHERE id = $1",
        "UPDATE sessions SET chain_running = 'nothing' WHERE id = $1",
    ] {
        let made = Made::ended(&house).await;

        made.meddle(&house, statement).await;

        assert_eq!(
            verdict(&house, &made).await,
            altered(1, Fault::Note),
            "{statement}"
        );
    }
}

#[tokio::test]
async fn a_row_that_names_another_server_does_not_hide_a_removed_recording() {
    let house = House::open().await;
    let made = Made::ended(&house).await;
    fs::remove_dir_all(made.folder(&house)).unwrap();

    made.meddle(&house, "UPDATE sessions SET node = id WHERE id = $1")
        .await;

    assert_eq!(verdict(&house, &made).await, altered(0, Fault::Missing));
}

#[tokio::test]
async fn a_row_that_names_another_server_than_the_audit_log_is_an_alteration() {
    for statement in [
        "UPDATE sessions SET node = id WHERE id = $1",
        "UPDATE sessions SET node = '' WHERE id = $1",
    ] {
        let house = House::open().await;
        let mut made = Made::begin(&house).await;
        made.show("evidence");

        made.meddle(&house, statement).await;

        assert_eq!(
            verdict(&house, &made).await,
            altered(0, Fault::Note),
            "{statement}"
        );
    }
}
