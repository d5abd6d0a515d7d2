//! What nobody does on purpose, in real sessions on a real PostgreSQL: lines, rows, pastes, sizes and keys beyond
//! reason. The session lives, its memory is bounded, and Ctrl-C gives the prompt back.
//!
//! Each test has a process of its own, as nextest gives it: what it measures is the server and its one browser.

use std::fs::read_to_string;
use std::time::Duration;

use protocol::people::Role;
use protocol::terminal::ClientFrame;
use server::clock;

use super::desk::{Desk, Terminal};

const MIB: u64 = 1024 * 1024;

/// Bytes of one frame of keys.
const FRAME: usize = 60 * 1024;

/// In a build for tests, with others beside it; `make bench` holds the server to its 200 ms.
const SOON: Duration = Duration::from_secs(20);

/// How much this process has grown since it was looked at.
struct Growth(u64);

impl Growth {
    fn begin() -> Self {
        Self(pss())
    }

    #[track_caller]
    fn is_at_most(&self, bound: u64) {
        let grown = pss().saturating_sub(self.0);

        assert!(grown <= bound, "{} MiB more", grown / MIB);
    }
}

/// Proportional set size of this process.
fn pss() -> u64 {
    let rollup = read_to_string("/proc/self/smaps_rollup").unwrap();
    let line = rollup.lines().find(|line| line.starts_with("Pss:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();

    kib * 1024
}

/// The most memory this process has had.
fn peak() -> u64 {
    let status = read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();

    kib * 1024
}

impl Terminal {
    /// Presses Ctrl-C and waits for the prompt.
    async fn interrupt(&mut self) {
        self.shown.clear();
        let pressed = clock::instant();
        self.press("\x03").await;
        self.see("postgres=# ").await;

        let elapsed = clock::instant().duration_since(pressed);
        assert!(elapsed < SOON, "{elapsed:?}");
        // What was on its way, and the lines that waited behind it.
        assert!(
            self.shown.len() < 5 * MIB as usize,
            "{} bytes after Ctrl-C",
            self.shown.len()
        );
    }

    /// Works as it did before.
    async fn is_well(&mut self) {
        self.shown.clear();
        self.run("SELECT 'we' || 'll' AS word;", "well").await;
    }
}

#[tokio::test]
async fn a_line_of_100_mb_is_stopped_by_ctrl_c_however_it_is_printed() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    let growth = Growth::begin();

    // The blanks beside a heading, and the value itself.
    for (how, seen) in [("\\pset pager off", " ".repeat(1000)), ("\\a", "x".repeat(1000))] {
        terminal.run(how, "postgres=# ").await;
        terminal.shown.clear();
        terminal.press("select repeat('x', 100000000);\r").await;
        terminal.see(&seen).await;
        // The row as it comes, in a buffer that doubles, and as it goes to the disk.
        growth.is_at_most(450 * MIB);
        terminal.interrupt().await;
        // What was on its way, and the rows that a terminal holds.
        let n_shown = terminal.shown.len();
        assert!(n_shown < MIB as usize, "{n_shown} bytes after Ctrl-C");
        terminal.is_well().await;
    }
}

#[tokio::test]
async fn errors_notices_and_rows_of_copy_of_100_mb_take_no_multiple_of_it() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    // What the database logs is kept by this process, which is to be measured.
    terminal.run("SET log_min_messages TO 'panic';", "\r\nSET").await;
    let before = peak();
    let grown = || (peak() - before) / MIB;

    let error = "DO $$BEGIN EXECUTE 'selec' || repeat(' ', 100000000) || 'x'; END$$;";
    terminal.run(error, "LINE 1: selec").await;
    let notice = "DO $$BEGIN RAISE NOTICE '%', repeat(chr(1), 100000000); END$$;";
    terminal.run(notice, "\\x01…").await;
    // All but the start is dropped as it comes.
    assert!(grown() < 32, "{} MiB", grown());

    terminal.shown.clear();
    terminal
        .press("COPY (SELECT repeat(chr(1), 100000000)) TO STDOUT;\r")
        .await;
    terminal.see("\\x01\\x01").await;
    // The row as it comes, in a buffer that doubles.
    assert!(grown() < 450, "{} MiB", grown());
    terminal.interrupt().await;
    terminal.is_well().await;
}

#[tokio::test]
async fn a_row_as_wide_as_postgresql_allows_is_a_line_of_more_than_10_000_columns() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let columns: Vec<String> = (1..=1600).map(|n| format!("c{n} int4 DEFAULT {n}")).collect();
    let table = format!("CREATE TABLE wide ({})", columns.join(", "));
    desk.cluster.sql(&table).unwrap();
    desk.cluster
        .sql("INSERT INTO wide (c1) SELECT n FROM generate_series(1, 50) n")
        .unwrap();
    let mut terminal = desk.launch(&user).await;
    let growth = Growth::begin();

    for how in [
        "\\pset border 2",
        "\\pset format wrapped",
        "\\pset format csv",
        "\\pset format aligned \\\\ \\x",
    ] {
        terminal.run(how, "postgres=# ").await;
        terminal.run("TABLE wide;", "1600").await;
        growth.is_at_most(96 * MIB);
    }
    terminal.run("\\x", "off").await;
    terminal.shown.clear();
    terminal.run("TABLE wide;", "(50 rows)").await;

    let text = terminal.text();
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest > 10_000, "{widest} columns");
    assert_eq!(
        text.lines()
            .filter(|line| line.contains("|  1599 |  1600 |"))
            .count(),
        50
    );
    terminal.interrupt().await;
    terminal.is_well().await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_shown_as_what_they_are() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    desk.cluster
        .sql("CREATE DATABASE bytes ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        .unwrap();
    let broken = "E'a\\xff\\x1b]0;x\\x07\\xc2\\x9b\\xe2\\x80\\xae\\xf0\\x9fz'";
    desk.cluster
        .sql_in(
            "bytes",
            &format!("CREATE TABLE broken AS SELECT {broken}::text AS value"),
        )
        .unwrap();
    let mut terminal = desk.launch(&user).await;
    terminal.press("\\c bytes\r").await;
    terminal.see("bytes=# ").await;
    terminal.press("SET client_encoding TO 'SQL_ASCII';\r").await;
    terminal.see("SET\r\nbytes=# ").await;
    terminal.shown.clear();

    for statement in [
        "TABLE broken;",
        "COPY broken TO STDOUT;",
        "DO $$BEGIN RAISE NOTICE '%', (SELECT value FROM broken); END$$;",
        "DO $$BEGIN RAISE EXCEPTION '%', (SELECT value FROM broken); END$$;",
        "SELECT value::int FROM broken;",
    ] {
        terminal.press(&format!("{statement}\r")).await;
        terminal.see("a\\xFF\\x1B]0;x\\x07").await;
        terminal.see("bytes=# ").await;
        let shown = terminal.text();
        assert!(!shown.contains("\x1b]0"), "{shown:?}");
        assert!(
            !shown.contains(['\u{7}', '\u{9b}', '\u{202e}', '\u{fffd}']),
            "{shown:?}"
        );
        terminal.shown.clear();
    }
}

#[tokio::test]
async fn a_paste_of_50_mb_is_cut_and_dropped_with_ctrl_c() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    let growth = Growth::begin();
    let piece = "select 1; ".repeat(FRAME / 10);

    terminal.press("\x1b[200~").await;
    for _ in 0..50 * MIB as usize / piece.len() {
        terminal.press(&piece).await;
    }
    terminal.press("\x1b[201~").await;
    growth.is_at_most(64 * MIB);

    terminal.interrupt().await;
    growth.is_at_most(64 * MIB);
    terminal.is_well().await;
}

#[tokio::test]
async fn a_storm_of_sizes_leaves_the_last_one_also_while_rows_are_printed() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    let growth = Growth::begin();
    let mut seed = 7;

    for statement in [
        "select a line that is being typed ",
        "\x03COPY (SELECT generate_series(1, 1000000000)) TO STDOUT;\r",
    ] {
        terminal.press(statement).await;
        for _ in 0..1000 {
            let (cols, rows) = (random(&mut seed) % 1000 + 1, random(&mut seed) % 1000 + 1);
            let resize = ClientFrame::Resize {
                cols: cols.try_into().unwrap(),
                rows: rows.try_into().unwrap(),
            };
            terminal.socket.send(&resize).await;
        }
        terminal
            .socket
            .send(&ClientFrame::Resize { cols: 80, rows: 24 })
            .await;
        growth.is_at_most(128 * MIB);
    }

    terminal.interrupt().await;
    growth.is_at_most(128 * MIB);
    terminal.is_well().await;
}

#[tokio::test]
async fn random_keys_break_nothing() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    let growth = Growth::begin();
    let mut seed = 20_261_122;

    for round in 0..200 {
        // No Ctrl-D, no backslash and no `i`: nothing that leaves, as `quit` and `exit` do, or goes elsewhere.
        let keys: Vec<u8> = std::iter::repeat_with(|| random(&mut seed))
            .map(|n| match n % 8 {
                0 => b"\r\x1b[;'\"$( -"[(n / 8 % 10) as usize],
                1 => (n / 8 % 32) as u8,
                2 => (n / 8) as u8,
                _ => (n / 8 % 95) as u8 + 32,
            })
            .filter(|key| !b"\x04\\iI".contains(key))
            .take(1000)
            .collect();
        terminal.socket.send(&ClientFrame::Input(keys)).await;
        if round % 20 == 19 {
            terminal.interrupt().await;
        }
        growth.is_at_most(64 * MIB);
    }

    terminal.interrupt().await;
    terminal.is_well().await;
}

/// The next number of a sequence that is the same in every run (xorshift).
fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;

    *seed >> 16
}
