//! How instances end, and what is told of it.

use protocol::audit::EventName;
use protocol::people::Role;
use rustix::process::Signal;

use super::instance::Behind;
use crate::floor::device::logged;
use crate::sessions::desk::until;

#[tokio::test]
async fn an_instance_that_is_removed_is_gone_at_once_and_for_good() {
    let behind = Behind::open().await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let instance = behind.enroll().await;
    let id = instance.id().await;
    let mut terminal = behind.desk.launch(&user).await;

    let form = format!("gateway={}&id={id}", behind.gateway);
    behind.desk.answer("/api/remove-instance", &form).await;
    let ended = terminal.end().await.unwrap();
    let kept = instance.kept.file();
    let text = std::fs::read(&kept).unwrap();
    let output = instance.end().await;

    assert!(ended.sentence.contains("was lost"), "{}", ended.sentence);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("This instance was removed from its gateway"),
        "{told}"
    );

    // Its key opens nothing any more.
    let again = super::instance::Kept::new();
    std::fs::write(again.file(), text).unwrap();
    make_private(&again.file());
    let output = behind.run(again, &[]).end().await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("This is no instance of a gateway"), "{told}");
}

#[tokio::test]
async fn of_two_programs_with_one_key_the_first_goes() {
    let behind = Behind::open().await;
    let first = behind.enroll().await;
    first.id().await;
    let copy = super::instance::Kept::new();
    std::fs::copy(first.kept.file(), copy.file()).unwrap();

    let second = behind.run(copy, &[]);
    let output = first.end().await;

    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("Another program has connected with this instance's key."),
        "{told}"
    );
    let user = behind.desk.house.sign_in(Role::User).await;
    behind.desk.launch(&user).await;
    drop(second);
    until(async || {
        let log = logged(&behind.desk.house, EventName::GatewayInstanceOffline).await;

        (log.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_instance_that_is_told_to_stop_lets_its_sessions_end_and_takes_no_new_ones() {
    let behind = Behind::open().await;
    let user = behind.desk.house.sign_in(Role::User).await;
    let instance = behind.enroll().await;
    let id = instance.id().await;
    let mut terminal = behind.desk.launch(&user).await;

    instance.signal(Signal::TERM);
    until(async || {
        let live = behind.desk.house.state.gateways.view(&id)?;

        live.is_leaving.then_some(())
    })
    .await;
    let offline = behind.launched_in_vain(&user).await;
    terminal.run("SELECT 'still ' || 'here';", "still here").await;
    terminal.press("\\q\r").await;
    terminal.end().await;
    let output = instance.end().await;

    assert!(offline.contains("is offline"), "{offline}");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn make_private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}
