//! Sessions and recordings at the command line, the program itself: listed, watched, played, exported, verified and ended
//! by who may do so in the browser.

use std::process::Stdio;
use std::time::Duration;

use http::header;
use protocol::audit::{AuditFilter, EventName};
use protocol::ids::SessionId;
use protocol::people::Role;
use protocol::sessions::SessionState;
use protocol::terminal::EndReason;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::native::Port;
use super::tunnel::{Tunnel, in_vain, postern, words};

/// Longer than anything the program waits for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Exit code, standard output and standard error.
async fn run(postern: &mut Command) -> (Option<i32>, String, String) {
    let output = timeout(PATIENCE, postern.output())
        .await
        .expect("it ends")
        .unwrap();

    (output.status.code(), words(&output.stdout), words(&output.stderr))
}

/// What it says where it goes well.
async fn said(postern: &mut Command) -> String {
    let (code, out, err) = run(postern).await;
    assert_eq!(code, Some(0), "{err}");

    out
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A session of the user's in the browser that has ended.
async fn worked(port: &Port, statement: &str) -> SessionId {
    let user = port.desk.house.sign_in(Role::User).await;
    let mut terminal = port.desk.launch(&user).await;
    let session = terminal.hello.session.clone();
    terminal.run(statement, "row").await;
    terminal.press("\\q\r").await;
    terminal.end().await.unwrap();
    port.desk
        .row(&session, |row| row.state == SessionState::Ended)
        .await;

    session
}

async fn events(port: &Port, name: EventName) -> Vec<String> {
    let filter = AuditFilter {
        event: name.as_str().to_owned(),
        ..AuditFilter::default()
    };
    let mut snapshot = port.desk.house.state.db.read().await.unwrap();
    let page = store::audit::list(&mut snapshot, &filter).await.unwrap();

    page.events
        .into_iter()
        .map(|event| event.person_email.unwrap_or_default())
        .collect()
}

/// A program whose lines are read as they come.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    out: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(program: &mut Command) -> Self {
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();

        Self {
            stdin: child.stdin.take(),
            child,
            out,
        }
    }

    /// Reads on to a line with this text.
    async fn see(&mut self, text: &str) -> String {
        let looking = async {
            while let Some(line) = self.out.next_line().await.unwrap() {
                if line.contains(text) {
                    return Some(line);
                }
            }
            None
        };

        match timeout(PATIENCE, looking).await.expect("in time") {
            Some(line) => line,
            None => panic!("{text:?} never came: {}", self.complaints().await),
        }
    }

    async fn press(&mut self, keys: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).await.unwrap();
        stdin.flush().await.unwrap();
    }

    async fn complaints(&mut self) -> String {
        use tokio::io::AsyncReadExt;

        let mut complaints = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut complaints).await.unwrap();

        complaints
    }

    /// Exit code, and what was complained about.
    async fn end(mut self) -> (Option<i32>, String) {
        let complaints = self.complaints().await;
        let status = timeout(PATIENCE, self.child.wait())
            .await
            .expect("it ends")
            .unwrap();

        (status.code(), complaints)
    }
}

/// On a terminal of 100 columns and 30 lines.
fn on_a_terminal(port: &Port, token: &str, arguments: &str) -> Command {
    let program = postern(port, token);
    let postern = program.as_std().get_program().to_str().unwrap().to_owned();
    let environment: Vec<_> = program
        .as_std()
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.unwrap_or_default().to_owned()))
        .collect();
    let mut shell = Command::new("script");
    shell
        .arg("-qec")
        .arg(format!(
            "stty cols 100 rows 30; {postern} {arguments}; echo code=$?"
        ))
        .arg("/dev/null")
        .env_clear()
        .envs(environment)
        .kill_on_drop(true);

    shell
}

#[tokio::test]
async fn people_list_their_own_sessions_and_who_reviews_everybodys() {
    let port = Port::open().await;
    let (user, auditor) = (
        port.command_line(Role::User).await,
        port.command_line(Role::Auditor).await,
    );
    let administrator = port.desk.house.sign_in(Role::Administrator).await;
    let session = worked(&port, "SELECT 1;").await;
    let foreign = port.desk.launch(&administrator).await.hello.session;
    let list = async |token: &str, arguments: &[&str]| {
        let answer = said(
            postern(&port, token)
                .args(["--json", "sessions", "list"])
                .args(arguments),
        )
        .await;
        let ids: Vec<String> = lines(&answer)
            .iter()
            .map(|line| line["id"].as_str().unwrap().to_owned())
            .collect();

        ids
    };
    let (session, foreign) = (session.to_string(), foreign.to_string());

    assert_eq!(list(&user, &[]).await, [session.as_str()]);
    assert_eq!(list(&auditor, &[]).await, [foreign.as_str(), session.as_str()]);
    assert_eq!(list(&auditor, &["--live"]).await, [foreign.as_str()]);
    assert_eq!(list(&auditor, &["--person", "user@"]).await, [session.as_str()]);
    assert_eq!(list(&auditor, &["--limit", "1"]).await, [foreign.as_str()]);
    assert!(list(&auditor, &["--record", "Papers"]).await.is_empty());
    assert!(list(&auditor, &["--kind", "tunnel"]).await.is_empty());
    let table = said(postern(&port, &user).args(["sessions", "list"])).await;
    assert!(table.starts_with("SESSION "), "{table}");
    assert!(
        table.contains(&session) && table.contains("user@example.org  Books   postgres  terminal"),
        "{table}"
    );
    assert!(table.ends_with("ended by its person"), "{table}");
    let wrong = in_vain(postern(&port, &auditor).args(["sessions", "list", "--from", "soon"])).await;
    assert_eq!(wrong.0, Some(2), "{}", wrong.1);
    assert!(wrong.1.contains("2026"), "{}", wrong.1);
}

#[tokio::test]
async fn a_token_for_database_clients_sees_nothing() {
    let port = Port::open().await;
    let session = worked(&port, "SELECT 1;").await.to_string();
    let token = port.token(Role::Administrator).await;

    for arguments in [
        vec!["sessions", "list"],
        vec!["sessions", "watch", &session],
        vec!["sessions", "play", &session],
        vec!["sessions", "terminate", &session, "--reason", "x"],
        vec!["recordings", "export", &session, "--format", "text"],
        vec!["recordings", "verify", "--all"],
    ] {
        let (code, told) = in_vain(postern(&port, &token).args(&arguments)).await;

        assert_eq!(code, Some(4), "{arguments:?}: {told}");
        assert!(
            told.contains("This access token only connects to databases."),
            "{told}"
        );
    }
    assert!(events(&port, EventName::SessionRecordingPlayed).await.is_empty());
}

#[tokio::test]
async fn who_may_review_ends_a_session_and_says_why() {
    let port = Port::open().await;
    let user = port.desk.house.sign_in(Role::User).await;
    let mut terminal = port.desk.launch(&user).await;
    let session = terminal.hello.session.to_string();
    let terminate = async |role: Role, arguments: &[&str]| {
        let token = port.command_line(role).await;

        in_vain(
            postern(&port, &token)
                .args(["sessions", "terminate", &session])
                .args(arguments),
        )
        .await
    };

    let own = terminate(Role::User, &["--reason", "Enough."]).await;
    let unsaid = terminate(Role::Auditor, &[]).await;
    let empty = terminate(Role::Auditor, &["--reason", " "]).await;
    let done = terminate(Role::Auditor, &["--reason", "This locks the shop."]).await;
    let again = terminate(Role::Auditor, &["--reason", "Once more."]).await;

    assert_eq!(own.0, Some(4), "{}", own.1);
    assert_eq!(unsaid.0, Some(2), "{}", unsaid.1);
    assert_eq!(empty.0, Some(2), "{}", empty.1);
    assert!(empty.1.contains("Enter a reason"), "{}", empty.1);
    assert_eq!(done.0, Some(0), "{}", done.1);
    assert_eq!(again, (Some(4), "postern: This session is not live.".to_owned()));
    let ended = terminal.end().await.unwrap();
    assert_eq!(ended.reason, EndReason::Terminated);
    assert_eq!(
        ended.sentence,
        "Terminated by auditor@example.org: This locks the shop."
    );
    assert_eq!(
        events(&port, EventName::ConnectionTerminated).await,
        ["auditor@example.org"]
    );
}

#[tokio::test]
async fn a_live_session_is_watched_as_in_the_browser() {
    let port = Port::open().await;
    let user = port.desk.house.sign_in(Role::User).await;
    let mut terminal = port.desk.launch(&user).await;
    let session = terminal.hello.session.to_string();
    let (own, auditor) = (
        port.command_line(Role::User).await,
        port.command_line(Role::Auditor).await,
    );

    let denied = in_vain(postern(&port, &own).args(["sessions", "watch", &session])).await;
    let mut for_programs =
        Running::start(postern(&port, &auditor).args(["--json", "sessions", "watch", &session]));
    for_programs.see("\"snapshot\"").await;
    let mut on_screen = Running::start(&mut on_a_terminal(
        &port,
        &auditor,
        &format!("sessions watch {session}"),
    ));
    on_screen.see("postgres=# ").await;
    terminal.run("SELECT 'se' || 'en' AS word;", "(1 row)").await;
    on_screen.see("seen").await;
    // Nothing that is typed goes there.
    on_screen.press("\\! exit\r q").await;
    on_screen.see("code=0").await;
    terminal.press("\\q\r").await;
    terminal.end().await.unwrap();

    assert_eq!(denied.0, Some(4), "{}", denied.1);
    let statement: Value = serde_json::from_str(&for_programs.see("\"statement\"").await).unwrap();
    assert_eq!(statement["sql"], "SELECT 'se' || 'en' AS word;");
    for_programs.see("\"ended\"").await;
    assert_eq!(for_programs.end().await.0, Some(0));
    assert_eq!(
        events(&port, EventName::SessionWatched).await,
        ["auditor@example.org", "auditor@example.org"]
    );
    let over = in_vain(postern(&port, &auditor).args(["sessions", "watch", &session])).await;
    assert_eq!(over.0, Some(4), "{}", over.1);
}

#[tokio::test]
async fn who_watches_by_a_token_that_is_revoked_sees_no_more() {
    let port = Port::open().await;
    let user = port.desk.house.sign_in(Role::User).await;
    let terminal = port.desk.launch(&user).await;
    let session = terminal.hello.session.to_string();
    let token = port.command_line(Role::Auditor).await;
    let mut watching = Running::start(postern(&port, &token).args(["--json", "sessions", "watch", &session]));
    watching.see("\"snapshot\"").await;

    let logout = port.desk.house.post("/cli/logout", "");
    let logout = logout.with(header::AUTHORIZATION, &format!("Bearer {token}"));
    assert_eq!(port.desk.house.call(logout).await.status, 200);

    let (code, told) = watching.end().await;
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("The access token has expired or was revoked."),
        "{told}"
    );
    port.desk
        .row(&terminal.hello.session, |row| row.state == SessionState::Live)
        .await;
}

#[tokio::test]
async fn a_recording_is_played_in_ones_own_terminal() {
    let port = Port::open().await;
    let evil = "SELECT 'pl' || 'ayed' AS word, E'\\x1b]0;owned\\x07' AS title;";
    let session = worked(&port, evil).await.to_string();
    let (user, auditor) = (
        port.command_line(Role::User).await,
        port.command_line(Role::Auditor).await,
    );

    let own = in_vain(postern(&port, &user).args(["sessions", "play", &session])).await;
    let piped = said(postern(&port, &auditor).args(["sessions", "play", &session])).await;
    let frames = said(postern(&port, &auditor).args(["--json", "sessions", "play", &session])).await;
    let arguments = format!("sessions play {session} --speed 2 --idle-limit 0.1");
    let mut on_screen = Running::start(&mut on_a_terminal(&port, &auditor, &arguments));
    on_screen.see("played").await;
    on_screen.see("code=0").await;
    let mut left = Running::start(&mut on_a_terminal(
        &port,
        &auditor,
        &format!("sessions play {session} --speed 0.01"),
    ));
    left.see("q leaves").await;
    left.press("q").await;
    left.see("code=0").await;

    assert_eq!(own.0, Some(4), "{}", own.1);
    assert!(
        piped.contains("played") && !piped.contains("\u{1b}]0;"),
        "{piped:?}"
    );
    let kinds: Vec<Value> = lines(&frames)
        .into_iter()
        .map(|line| line["kind"].clone())
        .collect();
    assert_eq!(
        (&kinds[0], kinds.last().unwrap()),
        (&"header".into(), &"end".into())
    );
    assert_eq!(events(&port, EventName::SessionRecordingPlayed).await.len(), 4);
}

#[tokio::test]
async fn people_play_their_own_sessions_where_the_record_lets_them() {
    let port = Port::open_under("&draft[replay_own_sessions]=on").await;
    let session = worked(&port, "SELECT 'pl' || 'ayed' AS word;").await.to_string();
    let user = port.command_line(Role::User).await;

    let played = run(postern(&port, &user).args(["sessions", "play", &session])).await;
    let export =
        in_vain(postern(&port, &user).args(["recordings", "export", &session, "--format", "text"])).await;
    let verify = in_vain(postern(&port, &user).args(["recordings", "verify", &session])).await;

    assert_eq!(played.0, Some(0), "{}", played.2);
    assert!(played.1.contains("played"), "{}", played.1);
    assert_eq!(
        (export.0, verify.0),
        (Some(4), Some(4)),
        "{} {}",
        export.1,
        verify.1
    );
}

#[tokio::test]
async fn a_session_without_a_screen_is_told_statement_by_statement() {
    let port = Port::open().await;
    let tunnel = Tunnel::open(&port, &[]).await;
    let client = tunnel.connect().await;
    client.query_one("SELECT $1::int4 + 1", &[&41]).await.unwrap();
    let session = tunnel.fact("session").to_owned();
    let auditor = port.command_line(Role::Auditor).await;

    let watched = in_vain(postern(&port, &auditor).args(["sessions", "watch", &session])).await;
    drop(client);
    tunnel.close().await;
    let told = said(postern(&port, &auditor).args(["sessions", "play", &session])).await;
    let refused = in_vain(postern(&port, &auditor).args([
        "recordings",
        "export",
        &session,
        "--format",
        "asciicast-v3",
    ]))
    .await;
    let exported =
        said(postern(&port, &auditor).args(["recordings", "export", &session, "--format", "text"])).await;

    assert_eq!(watched.0, Some(4));
    assert!(
        watched.1.contains("This session has no terminal"),
        "{}",
        watched.1
    );
    assert!(
        told.contains("   1 #") && told.contains("SELECT $1::int4 + 1"),
        "{told}"
    );
    assert!(told.contains("$1 int4 = 41"), "{told}");
    assert_eq!(refused.0, Some(4));
    assert!(refused.1.contains("Choose text or jsonl."), "{}", refused.1);
    assert_eq!(exported, told);
}

#[tokio::test]
async fn recordings_are_exported_to_files_and_verified() {
    let port = Port::open().await;
    let (first, second) = (worked(&port, "SELECT 1;").await, worked(&port, "SELECT 2;").await);
    let auditor = port.command_line(Role::Auditor).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.cast");
    let verify = async |arguments: &[&str]| {
        run(postern(&port, &auditor)
            .args(["recordings", "verify"])
            .args(arguments))
        .await
    };

    let wrong =
        in_vain(postern(&port, &auditor).args(["recordings", "export", first.as_str(), "--format", "avi"]))
            .await;
    let exported = said(
        postern(&port, &auditor)
            .args([
                "--json",
                "recordings",
                "export",
                first.as_str(),
                "--format",
                "asciicast-v3",
                "-o",
            ])
            .arg(&file),
    )
    .await;
    let intact = verify(&["--all"]).await;
    let recordings = port.desk.house.state.config.data.recordings();
    let segment = recordings.join(second.as_str()).join("00000000.closed");
    let mut bytes = std::fs::read(&segment).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let altered = verify(&["--all"]).await;
    let one = verify(&[&first.as_str()[..12]]).await;
    let none = verify(&["aaaaaaaa"]).await;

    assert_eq!(wrong.0, Some(2), "{}", wrong.1);
    let unsaid = in_vain(postern(&port, &auditor).args(["--json", "recordings", "verify"])).await;
    assert_eq!(unsaid.0, Some(2));
    let unsaid: Value = serde_json::from_str(&unsaid.1).unwrap();
    assert_eq!(unsaid["error"], "usage");
    let exported: Value = serde_json::from_str(&exported).unwrap();
    let cast = std::fs::read_to_string(&file).unwrap();
    assert_eq!(exported["bytes"], cast.len());
    assert!(cast.starts_with("{") && cast.contains("SELECT 1;"), "{cast}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(
        events(&port, EventName::SessionRecordingDownloaded).await.len(),
        1
    );
    assert_eq!(intact.0, Some(0), "{}", intact.2);
    assert_eq!(
        intact.1,
        format!("{second}  intact, 1 segment\n{first}  intact, 1 segment")
    );
    assert_eq!(altered.0, Some(1));
    assert!(
        altered.1.contains(&format!("{second}  altered in segment 0")),
        "{}",
        altered.1
    );
    assert_eq!(altered.2, "postern: Of 2 recordings 1 altered.");
    assert_eq!(one.0, Some(0), "{}", one.2);
    assert_eq!(one.1, format!("{first}  intact, 1 segment"));
    assert_eq!(none.0, Some(2));
    assert_eq!(none.2, "postern: There is no session that begins with aaaaaaaa.");
    assert_eq!(
        events(&port, EventName::SessionRecordingIntegrityFailed).await,
        ["auditor@example.org"]
    );
}
