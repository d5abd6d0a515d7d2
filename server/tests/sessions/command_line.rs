//! `postern connect`, the program itself: a terminal of the person's own, and scripts that end as psql's do.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use protocol::people::Role;
use protocol::sessions::{SessionKind, SessionState};
use protocol::terminal::EndReason;
use recording::Body;
use tempfile::TempDir;
use testkit::cluster::{PASSWORD, SUPERUSER};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::native::Port;
use super::tunnel::postern;

/// What the engine is held against psql by, too.
const CASES: &str = include_str!("../../../crates/terminal/tests/scripts/cases.txt");

/// Longer than anything the programs wait for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of them: a title, arguments one a line, then after `<<` standard input or a file.
struct Case {
    title: &'static str,
    arguments: Vec<&'static str>,
    input: &'static str,
    files: HashMap<&'static str, &'static str>,
}

#[derive(Debug, PartialEq, Eq)]
struct Ran {
    out: String,
    err: String,
    code: Option<i32>,
}

impl Case {
    fn parse(block: &'static str) -> Self {
        let (title, rest) = block.split_once('\n').unwrap();
        let mut texts = rest.strip_suffix('\n').unwrap_or(rest).split("<<");
        let arguments = texts.next().unwrap().lines().collect();
        let (mut input, mut files) = ("", HashMap::new());
        for text in texts {
            let (name, text) = text.split_once('\n').unwrap_or((text, ""));
            match name.trim() {
                "" => input = text,
                name => drop(files.insert(name, text)),
            }
        }

        Self {
            title,
            arguments,
            input,
            files,
        }
    }

    /// Runs a program with the arguments, in a folder with the files.
    async fn run(&self, program: &mut Command) -> Ran {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in &self.files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }

        run(program.args(&self.arguments), folder.path(), self.input).await
    }
}

/// Runs a program to its end.
async fn run(program: &mut Command, folder: &Path, input: &str) -> Ran {
    let mut child = program
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let typing = async move {
        // What is not read need not be there.
        let _written = stdin.write_all(input.as_bytes()).await;
    };
    let (output, ()) = timeout(PATIENCE, async { tokio::join!(child.wait_with_output(), typing) })
        .await
        .expect("it ends");

    Ran::of(output.unwrap())
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().escape_ascii().to_string())
        };

        Self {
            out: without_number(&text(output.stdout)),
            err: text(output.stderr),
            code: output.status.code(),
        }
    }
}

/// A process has another number each time.
fn without_number(text: &str) -> String {
    match text.split_once("with PID ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}with PID N{rest}")
        }
        None => text.to_owned(),
    }
}

/// psql on the database itself.
fn psql(port: &Port) -> Command {
    let mut psql = Command::new("psql");
    psql.args(["-X", "-h", "127.0.0.1", "-U", SUPERUSER, "-d", "postgres"])
        .args(["-p", &port.desk.cluster.port().to_string()])
        .env("PGPASSWORD", PASSWORD)
        .env("LC_ALL", "C.UTF-8");

    psql
}

fn connect(port: &Port, token: &str) -> Command {
    let mut connect = postern(port, token);
    connect.args(["connect", "Books"]);

    connect
}

fn is_psql_15() -> bool {
    let output = std::process::Command::new("psql")
        .arg("--version")
        .output()
        .unwrap();

    String::from_utf8_lossy(&output.stdout).contains(") 15.")
}

#[tokio::test]
async fn a_script_writes_and_ends_with_what_psql_does() {
    if !is_psql_15() {
        return;
    }
    let port = Port::open().await;
    let token = port.token(Role::User).await;

    let mut wrong = String::new();
    for case in CASES.split("== ").skip(1).map(Case::parse) {
        let expected = case.run(&mut psql(&port)).await;
        let ran = case.run(&mut connect(&port, &token)).await;
        if ran != expected {
            wrong.push_str(&format!(
                "== {}\n--- psql {:?}\n{}--- err\n{}--- postern {:?}\n{}--- err\n{}\n",
                case.title, expected.code, expected.out, expected.err, ran.code, ran.out, ran.err
            ));
        }
    }

    assert!(wrong.is_empty(), "{wrong}");
}

/// A script in a folder, in the name of the record's user.
async fn script(port: &Port, folder: &TempDir, arguments: &[&str], input: &str) -> Ran {
    let token = port.token(Role::User).await;

    run(connect(port, &token).args(arguments), folder.path(), input).await
}

#[tokio::test]
async fn the_files_of_copy_are_the_callers() {
    let port = Port::open().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    let rows: String = (0..50_000).map(|n| format!("{n},row {n}\n")).collect();
    std::fs::write(folder.path().join("in/rows.csv"), &rows).unwrap();

    let ran = script(
        &port,
        &folder,
        &["-v", "ON_ERROR_STOP=1"],
        "create temp table t (n int, t text);\n\
         \\copy t from in/rows.csv csv\n\
         \\copy (select * from t order by n) to 'out.csv' csv\n",
    )
    .await;

    assert_eq!(
        ran,
        Ran {
            out: "CREATE TABLE\nCOPY 50000\nCOPY 50000\n".to_owned(),
            err: String::new(),
            code: Some(0)
        }
    );
    let kept = std::fs::read_to_string(folder.path().join("out.csv")).unwrap();
    assert!(kept == rows, "{} bytes", kept.len());
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told() {
    let port = Port::open().await;
    let folder = tempfile::tempdir().unwrap();

    let ran = script(
        &port,
        &folder,
        &[],
        "create temp table t (n int);\n\\copy t from nosuch.csv\nselect count(*) from t;\n",
    )
    .await;

    assert_eq!(ran.code, Some(0));
    assert!(
        ran.err.contains("nosuch.csv: No such file or directory"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("     0\n"), "{}", ran.out);
}

#[tokio::test]
async fn rows_leave_and_arrive_only_where_the_record_lets_them() {
    let port = Port::open_under("&draft[can_export]=off&draft[can_import]=off").await;
    let folder = tempfile::tempdir().unwrap();

    let ran = script(
        &port,
        &folder,
        &[
            "-c",
            "copy (select 1) to stdout",
            "-c",
            "create temp table t (n int)",
            "-c",
            "copy t from stdin",
        ],
        "1\n",
    )
    .await;

    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.out, "CREATE TABLE\n");
    assert!(
        ran.err.contains("CSV export is disabled by your administrator."),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("CSV import is disabled by your administrator."),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_script_is_on_record_with_both_of_its_streams() {
    let port = Port::open().await;
    let folder = tempfile::tempdir().unwrap();

    let ran = script(
        &port,
        &folder,
        &["-A", "-t"],
        "select E'a\\x1bb';\nselect nope;\n\\warn careful\n",
    )
    .await;

    assert_eq!((ran.out.as_str(), ran.code), ("a\x1bb\n", Some(0)));
    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(
        (row.kind, row.end_reason, row.statements),
        (SessionKind::Terminal, Some(EndReason::Goodbye), 2)
    );
    let shown: Vec<u8> = port
        .frames(&row.id)
        .await
        .iter()
        .filter_map(|frame| match &frame.body {
            Body::Output(bytes) => Some(bytes.to_vec()),
            _ => None,
        })
        .flatten()
        .collect();
    let shown = String::from_utf8(shown).unwrap();
    let expected = "a\\x1Bb\r\nERROR:  column \"nope\" does not exist\r\nLINE 1: select nope;\r\n               ^\r\ncareful\r\n";
    assert!(shown.starts_with(expected), "{shown}");
}

#[tokio::test]
async fn what_cannot_be_connected_ends_with_2() {
    let port = Port::open().await;
    let folder = tempfile::tempdir().unwrap();
    let token = port.token(Role::User).await;

    let no_token = run(&mut connect(&port, "postern_nothing"), folder.path(), "").await;
    let no_record = run(
        postern(&port, &token).args(["connect", "Nosuch", "-c", "select 1"]),
        folder.path(),
        "",
    )
    .await;
    let no_database = run(
        connect(&port, &token).args(["-d", "nosuch", "-c", "select 1"]),
        folder.path(),
        "",
    )
    .await;

    assert_eq!(
        (no_token.code, no_record.code, no_database.code),
        (Some(2), Some(2), Some(2))
    );
    assert!(no_token.err.contains("access token"), "{}", no_token.err);
    assert!(
        no_record.err.contains("no record of this name"),
        "{}",
        no_record.err
    );
    assert!(no_database.err.contains("nosuch"), "{}", no_database.err);
}

#[tokio::test]
async fn another_database_is_named_by_its_flag() {
    let port = Port::open().await;
    let folder = tempfile::tempdir().unwrap();

    let ran = script(
        &port,
        &folder,
        &["-At", "-d", "template1", "-c", "select current_database()"],
        "",
    )
    .await;

    assert_eq!(
        (ran.out.as_str(), ran.code),
        ("template1\n", Some(0)),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let port = Port::open().await;
    let folder = tempfile::tempdir().unwrap();
    let (id, token) = port.token_until(Role::User, Duration::from_secs(3600)).await;
    let user = port.desk.house.sign_in(Role::User).await;
    let mut program = connect(&port, &token);
    program.args(["-c", "select pg_sleep(600)"]);

    let (ran, ()) = tokio::join!(run(&mut program, folder.path(), ""), async {
        port.only(|row| row.state == SessionState::Live && row.statements == 0)
            .await;
        let call = port
            .desk
            .house
            .post("/api/revoke-token", &format!("id={id}"))
            .by(&user);
        assert_eq!(port.desk.house.call(call).await.status, 200);
    });

    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("was revoked"), "{}", ran.err);
}

/// A program on a terminal of its own.
struct Person {
    child: Child,
    stdout: ChildStdout,
    seen: Vec<u8>,
}

impl Person {
    /// Runs a command of the shell on a terminal of 80 columns.
    fn sit_down(program: &mut Command) -> Self {
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();

        Self {
            child,
            stdout,
            seen: Vec::new(),
        }
    }

    async fn type_keys(&mut self, keys: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).await.unwrap();
        stdin.flush().await.unwrap();
    }

    /// Waits until something is shown; what was shown up to there.
    async fn see(&mut self, text: &str) -> String {
        let looking = async {
            loop {
                let seen = String::from_utf8_lossy(&self.seen).into_owned();
                if let Some(idx) = seen.find(text) {
                    self.seen = seen.as_bytes()[idx + text.len()..].to_vec();
                    return seen[..idx].to_owned();
                }
                let n_read = self.stdout.read_buf(&mut self.seen).await.unwrap();
                assert!(n_read > 0, "{text:?} was not shown: {seen}");
            }
        };

        timeout(PATIENCE, looking)
            .await
            .unwrap_or_else(|_| panic!("{text:?} was not shown in time"))
    }
}

#[tokio::test]
async fn a_person_works_in_a_terminal_of_their_own_and_gets_it_back() {
    let port = Port::open().await;
    let token = port.token(Role::User).await;
    let folder = tempfile::tempdir().unwrap();
    let editor = folder.path().join("editor");
    std::fs::write(
        &editor,
        "#!/bin/sh\nstty -a | grep -c -- ' icanon'\necho 'select 40 + 2 as edited;' > \"$1\"\n",
    )
    .unwrap();
    let program = postern(&port, &token);
    let postern = program.as_std().get_program().to_str().unwrap().to_owned();
    let environment: Vec<_> = program
        .as_std()
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.unwrap_or_default().to_owned()))
        .collect();
    drop(program);
    let mut shell = Command::new("script");
    shell
        .args(["-qec"])
        .arg(format!(
            "stty cols 80 rows 24; {postern} connect Books; echo code=$?; stty -a"
        ))
        .arg("/dev/null")
        .env_clear()
        .envs(environment)
        .env("PSQL_EDITOR", format!("sh {}", editor.display()))
        .current_dir(folder.path())
        .kill_on_drop(true);
    let mut person = Person::sit_down(&mut shell);

    person.see("postgres=# ").await;
    person.type_keys("select 6 * 7 as answer;\r").await;
    let table = person.see("(1 row)").await;
    assert!(table.contains(" answer "), "{table}");
    person.see("postgres=# ").await;
    // Ctrl-C is the statement's.
    person.type_keys("select pg_sleep(600);\r").await;
    person.see("pg_sleep(600);\r\n").await;
    person.type_keys("\x03").await;
    person.see("canceling statement due to user request").await;
    person.see("postgres=# ").await;
    person.type_keys("\\copy (select 1) to mine.csv\r").await;
    person.see("COPY 1").await;
    person.see("postgres=# ").await;
    person.type_keys("\\e\r").await;
    person.see("1\r\n").await;
    person.see(" edited ").await;
    person.see("postgres=# ").await;
    person.type_keys("\\q\r").await;

    person.see("code=0").await;
    let modes = person.see("\n-parenb").await + &person.see("iexten").await;
    assert!(!modes.contains("-icanon"), "{modes}");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("mine.csv")).unwrap(),
        "1\n"
    );
    let row = port.only(|row| row.state == SessionState::Ended).await;
    assert_eq!(
        (row.kind, row.end_reason),
        (SessionKind::Terminal, Some(EndReason::Goodbye))
    );
}
