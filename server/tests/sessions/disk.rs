//! Sessions whose recordings go to a disk that is full, slow, or cannot be written to.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use protocol::people::Role;
use protocol::recordings::VerdictView;
use protocol::sessions::{SessionFilter, SessionState};
use protocol::terminal::EndReason;
use server::health;
use server::recordings::{Checked, check};
use store::sessions::Scope;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tower::ServiceExt;

use super::desk::{Desk, Terminal, until};
use crate::house::{Call, House};

/// A file system on a folder. Mounting takes root, as `make test` has it.
pub struct Disk {
    place: PathBuf,
    _image: Option<TempDir>,
}

impl Disk {
    /// In memory.
    pub fn mount(place: &Path, options: &str) -> Self {
        run("mount", &["-t", "tmpfs", "-o", options, "tmpfs"], place);

        Self {
            place: place.to_owned(),
            _image: None,
        }
    }

    /// Of a disk of its own, which may be made to fail or to wait while files on it are written. `None` on a machine
    /// without loop devices, as containers often are: what fails there cannot be made to.
    pub fn mount_image(place: &Path) -> Option<Self> {
        if !Path::new("/dev/loop-control").exists() {
            eprintln!("not tried: no loop devices here");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("disk");
        File::create(&image).unwrap().set_len(32 * 1024 * 1024).unwrap();
        run("mkfs.ext4", &["-q", "-F"], &image);
        run("mount", &["-o", "loop", image.to_str().unwrap()], place);

        Some(Self {
            place: place.to_owned(),
            _image: Some(folder),
        })
    }

    pub fn remount(&self, options: &str) {
        run("mount", &["-o", &format!("remount,{options}")], &self.place);
    }

    /// From here on every write waits until [`Self::thaw`].
    pub fn freeze(&self) {
        run("fsfreeze", &["--freeze"], &self.place);
    }

    pub fn thaw(&self) {
        run("fsfreeze", &["--unfreeze"], &self.place);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["--lazy"], &self.place);
    }
}

/// How many threads of this process wait for a disk.
fn n_waiting() -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let states = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("stat")));

    // A thread may have ended meanwhile.
    let is_waiting = |stat: &String| {
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.starts_with(" D"))
    };
    states.flatten().filter(is_waiting).count()
}

fn run(program: &str, arguments: &[&str], place: &Path) {
    let done = Command::new(program).args(arguments).arg(place).output().unwrap();

    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// How long a frozen disk is written to at the latest: shorter than tests wait, so that it is thawed in any case.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the person reads where nothing can be recorded.
const NOT_OPENED: &str =
    "Recording could not be started. The session was not opened because this resource requires recording.";

/// The session ends because it cannot be recorded any longer; what was recorded of it.
async fn ended_unrecorded(desk: &Desk, auditor: &str, terminal: &mut Terminal) -> String {
    let session = terminal.hello.session.clone();
    let ended = terminal.end().await.unwrap();
    assert_eq!(ended.reason, EndReason::RecordingFailed, "{}", ended.sentence);
    let row = desk.row(&session, |row| row.state == SessionState::Ended).await;
    assert_eq!(row.end_reason, Some(EndReason::RecordingFailed));
    let export = Call::get(&format!("/sessions/{session}/export?format=typescript")).by(auditor);

    String::from_utf8_lossy(&desk.house.fetch(export).await).into_owned()
}

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
    let recorded = ended_unrecorded(&desk, &auditor, &mut terminal).await;
    let last_row = terminal
        .text()
        .lines()
        .rev()
        .find_map(|line| line.split_once(" | xxx")?.0.trim().parse::<u32>().ok())
        .unwrap();
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

    let refused = desk.launch_in_vain(&user).await;
    assert_eq!(
        (refused.reason, &refused.sentence[..]),
        (EndReason::RecordingFailed, NOT_OPENED)
    );
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

    assert_eq!(
        (refused.reason, &refused.sentence[..]),
        (EndReason::RecordingFailed, NOT_OPENED)
    );
    let filter = SessionFilter::default();
    let page = {
        let mut snapshot = desk.house.state.db.read().await.unwrap();
        store::sessions::list(&mut snapshot, Scope::Everybody, &filter)
            .await
            .unwrap()
    };
    let told: Vec<_> = page
        .sessions
        .iter()
        .map(|session| (session.state, session.end_reason))
        .collect();
    assert_eq!(told, [(SessionState::Failed, Some(EndReason::RecordingFailed))]);
    disk.remount("rw");
    desk.launch(&user).await;
}

#[tokio::test]
async fn a_disk_that_turns_read_only_under_a_session_ends_it_and_shows_nothing_more() {
    let desk = Desk::open().await;
    let (user, auditor) = (
        desk.house.sign_in(Role::User).await,
        desk.house.sign_in(Role::Auditor).await,
    );
    let Some(disk) = Disk::mount_image(&desk.house.state.config.data.recordings()) else {
        return;
    };
    let mut terminal = desk.launch(&user).await;
    terminal.run("SELECT 'on ' || 'record';", "on record").await;

    // As the kernel does it to a disk that failed, whoever writes.
    disk.remount("abort");
    terminal.press("SELECT 'off ' || 'record';\r").await;
    let recorded = ended_unrecorded(&desk, &auditor, &mut terminal).await;
    assert!(recorded.contains("on record"));
    assert!(recorded.contains(&terminal.text()), "{:?}", terminal.text());
    assert_eq!(desk.launch_in_vain(&user).await.sentence, NOT_OPENED);
}

#[tokio::test]
async fn on_a_slow_disk_nothing_is_shown_before_it_is_recorded() {
    // The server has threads of its own: who looks at the terminal does not wait for its disk.
    let server = Runtime::new().unwrap();
    let desk = server.spawn(Desk::open()).await.unwrap();
    let user = desk.house.sign_in(Role::User).await;
    let Some(disk) = Disk::mount_image(&desk.house.state.config.data.recordings()) else {
        return;
    };
    let mut terminal = desk.launch(&user).await;
    terminal.settle().await;
    let before = terminal.text();

    disk.freeze();
    terminal.press("SELECT 'slow' || 'ly';\r").await;
    let waits = timeout(PATIENCE, until(async || (n_waiting() > 0).then_some(()))).await;
    terminal.settle().await;
    let meanwhile = terminal.text();
    disk.thaw();

    assert!(waits.is_ok(), "nothing was written");
    assert_eq!(meanwhile, before);
    terminal.see("slowly").await;
    drop(terminal);
    server.shutdown_background();
}

#[tokio::test]
async fn doors_answer_while_more_sessions_than_the_server_has_threads_wait_for_their_disk() {
    const THREADS: usize = 2;
    let server = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .unwrap();
    let desk = server.spawn(Desk::open()).await.unwrap();
    let user = desk.house.sign_in(Role::User).await;
    let Some(disk) = Disk::mount_image(&desk.house.state.config.data.recordings()) else {
        return;
    };
    let mut terminals = Vec::new();
    for _ in 0..=THREADS {
        terminals.push(desk.launch(&user).await);
    }

    disk.freeze();
    for terminal in &mut terminals {
        terminal.press("SELECT 'slow' || 'ly';\r").await;
    }
    let wait = timeout(PATIENCE, until(async || (n_waiting() > THREADS).then_some(()))).await;
    let answers = timeout(PATIENCE, async {
        [desk.ask("/healthz").await, desk.ask("/sign-in").await]
    })
    .await;
    disk.thaw();

    assert!(wait.is_ok(), "{} wait", n_waiting());
    assert_eq!(answers.unwrap(), ["HTTP/1.1 200 OK"; 2]);
    for terminal in &mut terminals {
        terminal.see("slowly").await;
    }
    drop(terminals);
    server.shutdown_background();
}

#[tokio::test]
async fn a_server_whose_disk_stands_still_says_that_it_is_not_ready() {
    let house = House::open().await;
    let recordings = house.state.config.data.recordings();
    fs::create_dir(&recordings).unwrap();
    let Some(disk) = Disk::mount_image(&recordings) else {
        return;
    };
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let router = health::router(house.state.clone(), metrics);
    let is_ready = async || {
        let asked = Request::get("/readyz").body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(asked).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();

        body != "the recordings folder cannot be written\n"
    };

    assert!(is_ready().await);
    disk.freeze();
    let frozen = timeout(PATIENCE, async { [is_ready().await, is_ready().await] }).await;
    let n_waiting = n_waiting();
    disk.thaw();

    assert_eq!(frozen, Ok([false, false]));
    assert_eq!(n_waiting, 1);
    assert!(is_ready().await);
}
