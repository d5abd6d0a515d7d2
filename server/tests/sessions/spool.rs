//! Results larger than memory: exact as far as their rows may be kept, in a file nobody else can find or read.

use std::fs::{File, read_dir, read_link};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use protocol::people::Role;
use server::clock;
use testkit::cluster::{PASSWORD, SUPERUSER};

use super::desk::{Desk, Terminal, until};
use super::disk::Disk;
use crate::house::Call;

const MIB: usize = 1024 * 1024;

/// So many rows, of which the widest value of the second column comes last, behind a value of two lines.
fn wide(n_rows: u32) -> String {
    format!(
        "SELECT n, CASE n WHEN {n_rows} THEN repeat('widest ', 30) WHEN {n_rows} - 1 THEN E'two\\nlines' \
         ELSE repeat('x', 40 + n % 60) END AS value FROM generate_series(1, {n_rows}) n;"
    )
}

/// 1 KiB a row, without an end anybody would wait for.
const ENDLESS: &str = "SELECT repeat('canary ', 146), generate_series(1, 1000000000);";

/// A desk that holds 1 MiB of a result, and keeps what a test says of it.
async fn desk(spool_mib: u32, total_mib: u32) -> Desk {
    Desk::open_with(|config| {
        config.sessions.result_memory_mib = 1;
        config.sessions.result_spool_mib = spool_mib;
        config.sessions.result_spool_total_mib = total_mib;
    })
    .await
}

fn psql(port: u16, look: &[&str], statement: &str) -> String {
    let output = Command::new("psql")
        .args(look)
        .args(["-X", "-h", "127.0.0.1", "-U", SUPERUSER, "-d", "postgres"])
        .args(["-p", &port.to_string(), "-c", statement])
        .env("PGPASSWORD", PASSWORD)
        .env("PGSSLMODE", "disable")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();

    String::from_utf8(output.stdout).unwrap()
}

/// Everything that was printed, as the recording has it.
async fn recorded(desk: &Desk, terminal: &Terminal) -> String {
    let auditor = desk.house.sign_in(Role::Auditor).await;
    let session = &terminal.hello.session;
    let export = Call::get(&format!("/sessions/{session}/export?format=typescript")).by(&auditor);

    String::from_utf8_lossy(&desk.house.fetch(export).await).into_owned()
}

/// Files of results this process has open, below a folder.
fn spools(folder: &Path) -> Vec<PathBuf> {
    let descriptors = read_dir("/proc/self/fd").unwrap();

    descriptors
        .filter_map(|entry| {
            let descriptor = entry.unwrap().path();
            let target = read_link(&descriptor).ok()?;

            (target.starts_with(folder) && is_spool(&target)).then_some(descriptor)
        })
        .collect()
}

fn is_spool(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with(".result-"))
}

#[tokio::test]
async fn a_result_larger_than_memory_is_what_psql_prints_to_the_byte() {
    let desk = desk(2048, 8192).await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;

    let long = wide(200_000);
    terminal.run(&long, "widest ").await;
    terminal.run("\\x on", "postgres=# ").await;
    let expanded = wide(30_000);
    terminal.run(&expanded, "widest ").await;
    terminal.press("\\q\r").await;
    terminal.end().await.unwrap();

    let recorded = recorded(&desk, &terminal).await;
    for (look, statement) in [(&[][..], &long), (&["-x"], &expanded)] {
        let expected = psql(desk.cluster.port(), look, statement).replace('\n', "\r\n");
        assert!(expected.len() > 4 * MIB, "{} bytes", expected.len());
        assert!(recorded.contains(&expected), "{look:?}: not psql's bytes");
    }
    assert_eq!(desk.house.state.spools.used(), 0);
}

#[tokio::test]
async fn rows_on_disk_have_no_name_say_nothing_and_are_gone_with_ctrl_c() {
    let desk = desk(2048, 8192).await;
    let user = desk.house.sign_in(Role::User).await;
    let folder = desk.house.state.config.data.folder.clone();
    let spools = || spools(&folder);
    let mut terminal = desk.launch(&user).await;

    // While it is read.
    terminal.press(&format!("{ENDLESS}\r")).await;
    let file = until(async || {
        spools()
            .pop()
            .filter(|_| desk.house.state.spools.used() > 8 * MIB as u64)
    })
    .await;
    let file = File::open(file).unwrap();
    assert_eq!(file.metadata().unwrap().nlink(), 0);
    let mut content = vec![0; 4 * MIB];
    file.read_exact_at(&mut content, 0).unwrap();
    drop(file);
    assert!(!content.windows(6).any(|window| window == b"canary"));
    assert!(
        read_dir(&folder)
            .unwrap()
            .all(|entry| !is_spool(&entry.unwrap().path()))
    );
    let pressed = clock::instant();
    terminal.press("\x03").await;
    terminal.see("canceling statement due to user request").await;
    terminal.see("postgres=# ").await;
    // In a build for tests, with others beside it; `make bench` holds the server to its 200 ms.
    let elapsed = clock::instant().duration_since(pressed);
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
    until(async || spools().is_empty().then_some(())).await;
    assert_eq!(desk.house.state.spools.used(), 0);

    // While it is printed.
    terminal.shown.clear();
    terminal
        .press(&format!("{}\r", ENDLESS.replace("1000000000", "20000")))
        .await;
    terminal.see("-+-").await;
    terminal.see(" canary").await;
    assert!(!spools().is_empty());
    terminal.shown.clear();
    terminal.press("\x03").await;
    terminal.see("^CCancel request sent\r\n").await;
    terminal.see("postgres=# ").await;
    assert!(!terminal.text().contains("rows)"));
    until(async || spools().is_empty().then_some(())).await;
    assert_eq!(desk.house.state.spools.used(), 0);
}

#[tokio::test]
async fn what_may_not_be_kept_is_printed_as_it_comes_and_a_line_says_why() {
    let disk = tempfile::tempdir().unwrap();
    // What is left to recordings, and 2 MiB.
    let _full = Disk::mount(disk.path(), "size=258m");
    let cases = [
        ((1, 8192), "(larger than 1 MiB: "),
        ((0, 8192), "(larger than 1 MiB: "),
        (
            (2048, 1),
            "(this server keeps no more of large results at the moment: ",
        ),
        ((2048, 8192), "(the server's disk keeps no more of this result: "),
    ];
    for ((spool_mib, total_mib), reason) in cases {
        let desk = Desk::open_with(|config| {
            config.sessions.result_memory_mib = 1;
            config.sessions.result_spool_mib = spool_mib;
            config.sessions.result_spool_total_mib = total_mib;
            config.sessions.result_spool_folder = Some(disk.path().to_owned());
        })
        .await;
        let user = desk.house.sign_in(Role::User).await;
        let mut terminal = desk.launch(&user).await;

        terminal.run(&wide(40_000), "(40000 rows)").await;
        terminal.press("\\q\r").await;
        terminal.end().await.unwrap();

        let recorded = recorded(&desk, &terminal).await;
        let (_, from_note) = recorded.split_once(reason).expect(reason);
        assert!(
            from_note.starts_with("columns are as wide as their first "),
            "{reason}"
        );
        let number = |line: &str| line.split_once(" | ")?.0.trim().parse::<u32>().ok();
        assert!(from_note.lines().filter_map(number).eq(1..=40_000), "{reason}");
    }
}
