//! Sessions whose recordings go to a disk that is full or cannot be written to.

use std::path::{Path, PathBuf};
use std::process::Command;

use protocol::people::Role;
use protocol::recordings::VerdictView;
use protocol::sessions::SessionState;
use protocol::terminal::EndReason;
use server::recordings::{Checked, check};

use super::desk::Desk;
use crate::house::Call;

/// A file system in memory on a folder. Mounting takes root, as `make test` has it.
pub struct Disk(PathBuf);

impl Disk {
    pub fn mount(place: &Path, options: &str) -> Self {
        run("mount", &["-t", "tmpfs", "-o", options, "tmpfs"], place);

        Self(place.to_owned())
    }

    pub fn remount(&self, options: &str) {
        run("mount", &["-o", &format!("remount,{options}")], &self.0);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["--lazy"], &self.0);
    }
}

fn run(program: &str, arguments: &[&str], place: &Path) {
    let done = Command::new(program).args(arguments).arg(place).output().unwrap();

    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// What the person reads where nothing can be recorded.
const NOT_OPENED: &str =
    "Recording could not be started. The session was not opened because this resource requires recording.";

#[tokio::test]
async fn a_full_disk_ends_the_session_and_nothing_was_shown_that_is_not_recorded() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let disk = Disk::mount(&desk.house.state.config.data.recordings(), "size=512k");
    let mut terminal = desk.launch(&user).await;
    let session = terminal.hello.session.clone();
    terminal.run("\\pset pager off", "off").await;

    terminal
        .press("SELECT n, repeat('x', 500) FROM generate_series(1, 3000) n;\r")
        .await;
    let ended = terminal.end().await.unwrap();

    assert_eq!(ended.reason, EndReason::RecordingFailed, "{}", ended.sentence);
    let row = desk.row(&session, |row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::RecordingFailed));
    let export = Call::get(&format!("/sessions/{session}/export?format=typescript")).by(&auditor);
    let recorded = desk.house.fetch(export).await;
    let last_row = terminal
        .text()
        .lines()
        .rev()
        .find_map(|line| line.split_once(" | xxx")?.0.trim().parse::<u32>().ok())
        .unwrap();
    let recorded = String::from_utf8_lossy(&recorded);
    assert!(
        recorded.contains(&format!("{last_row} | xxx")),
        "row {last_row} was shown"
    );
    let found = {
        let mut snapshot = desk.house.state.db.read().await.unwrap();
        store::sessions::lookup(&mut snapshot, &session)
            .await
            .unwrap()
            .unwrap()
    };
    let verdict = check(&desk.house.state, &found).await.unwrap();
    assert!(
        matches!(verdict, Checked::Found(VerdictView::Incomplete { .. })),
        "{verdict:?}"
    );

    assert_eq!(desk.launch_in_vain(&user).await.sentence, NOT_OPENED);
    disk.remount("size=4m");
    desk.launch(&user).await;
}

#[tokio::test]
async fn on_a_disk_that_is_read_only_no_session_opens() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let disk = Disk::mount(&desk.house.state.config.data.recordings(), "size=4m");
    disk.remount("ro");

    let refused = desk.launch_in_vain(&user).await;

    assert_eq!(refused.sentence, NOT_OPENED);
    disk.remount("rw");
    desk.launch(&user).await;
}
