//! `postern login`, `whoami` and `logout`: the program itself, at a server on a loopback port.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use protocol::people::Role;
use serde_json::Value;
use server::clock;
use store::access_tokens::{self, Standing};
use store::tokens::TokenHash;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::house::{House, PASSWORD, Served};
use crate::program;

/// Longer than anything the program waits for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A house on a port, and a home where nobody is signed in.
struct Place {
    house: House,
    home: TempDir,
    _serving: JoinSet<()>,
}

/// A login that shows its code.
struct Login {
    child: Child,
    stdout: BufReader<ChildStdout>,
    shown: Value,
}

impl Place {
    async fn open() -> Self {
        let Served { house, serving, .. } = House::serve(|_| ()).await;

        Self {
            house,
            home: tempfile::tempdir().unwrap(),
            _serving: serving,
        }
    }

    fn url(&self) -> &str {
        &self.house.state.config.http.public_url
    }

    fn file(&self) -> PathBuf {
        self.home.path().join(".config/postern/credentials.json")
    }

    /// The program, in this home, without a word about the server.
    fn postern(&self, arguments: &[&str]) -> Command {
        let mut postern = program::postern();
        postern
            .args(arguments)
            .env("HOME", self.home.path())
            .env("USER", "ada");

        postern
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        ended(&mut self.postern(arguments)).await
    }

    /// Begins to sign in, up to where the code is shown.
    async fn login(&self) -> Login {
        let mut child = self
            .postern(&["--json", "login", "--url", self.url()])
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let shown = line(&mut stdout).await;

        Login { child, stdout, shown }
    }

    async fn decide(&self, login: &Login, role: Role, function: &str, form: &str) {
        let code = login.shown["user_code"].as_str().unwrap();
        let cookie = self.house.sign_in(role).await;
        let form = form.replace("CODE", code).replace(' ', "+");
        let answer = self
            .house
            .call(self.house.post(function, &form).by(&cookie))
            .await;

        assert_eq!(answer.status, 200, "{}", answer.told());
    }

    async fn approve(&self, login: &Login, role: Role) {
        let form = format!("draft[code]=CODE&draft[password]={PASSWORD}");

        self.decide(login, role, "/api/approve-login", &form).await;
    }

    /// Signs somebody in; the last line of the answer.
    async fn signed_in(&self, role: Role) -> Value {
        let mut login = self.login().await;
        self.approve(&login, role).await;
        let told = line(&mut login.stdout).await;
        let status = timeout(PATIENCE, login.child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{told}");

        told
    }

    /// The token in the file.
    fn token(&self) -> String {
        let kept: Value = serde_json::from_slice(&fs::read(self.file()).unwrap()).unwrap();

        kept["token"].as_str().unwrap().to_owned()
    }

    async fn standing(&self, token: &str) -> Standing {
        let mut snapshot = self.house.state.db.read().await.unwrap();
        let found = access_tokens::find(&mut snapshot, &TokenHash::of(token))
            .await
            .unwrap();

        found.unwrap().0.standing(clock::now())
    }
}

async fn line(stdout: &mut BufReader<ChildStdout>) -> Value {
    let mut text = String::new();
    timeout(PATIENCE, stdout.read_line(&mut text))
        .await
        .expect("in time")
        .unwrap();

    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text:?}"))
}

async fn ended(postern: &mut Command) -> Output {
    timeout(PATIENCE, postern.output())
        .await
        .expect("it ends")
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_person_signs_in_is_known_and_signs_out() {
    let place = Place::open().await;

    let told = place.signed_in(Role::User).await;
    let token = place.token();
    let whoami = place.run(&["--json", "whoami"]).await;
    let known: Value = serde_json::from_slice(&whoami.stdout).unwrap();
    let out = place.run(&["logout"]).await;
    let again = place.run(&["whoami"]).await;

    assert_eq!(told["email"], "user@example.org");
    assert_eq!(told["url"], place.url());
    assert!(!told.to_string().contains(&token));
    assert_eq!(
        (&known["email"], &known["scope"]),
        (&"user@example.org".into(), &"command_line".into())
    );
    assert_eq!(
        (out.status.code(), text(&out.stdout)),
        (
            Some(0),
            format!("Signed out at {}; the token is revoked.", place.url())
        )
    );
    assert_eq!(place.standing(&token).await, Standing::Revoked);
    assert!(!place.file().exists());
    assert_eq!(again.status.code(), Some(3));
    assert!(text(&again.stderr).starts_with("postern: You are not signed in: run postern login"));
}

#[tokio::test]
async fn what_is_kept_is_its_persons_alone_and_is_for_one_server() {
    let place = Place::open().await;
    place.signed_in(Role::Auditor).await;
    let file = place.file();
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));

    let elsewhere = [
        place
            .run(&["whoami", "--url", "https://postern.example.org"])
            .await,
        place
            .run(&["logout", "--url", "https://postern.example.org"])
            .await,
    ];
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let open = place.run(&["whoami"]).await;

    for refused in elsewhere {
        assert_eq!(refused.status.code(), Some(3));
        assert_eq!(
            text(&refused.stderr),
            format!(
                "postern: You are signed in at {}, and not at https://postern.example.org: run postern login --url \
                 https://postern.example.org.",
                place.url()
            )
        );
    }
    assert_eq!(open.status.code(), Some(3));
    assert!(
        text(&open.stderr).contains("others may read it"),
        "{}",
        text(&open.stderr)
    );
}

#[tokio::test]
async fn signing_in_again_revokes_the_token_that_was_here_before() {
    let place = Place::open().await;
    place.signed_in(Role::User).await;
    let first = place.token();

    place.signed_in(Role::User).await;
    let second = place.token();

    assert_eq!(place.standing(&first).await, Standing::Revoked);
    assert_eq!(place.standing(&second).await, Standing::Good);
}

#[tokio::test]
async fn a_login_that_is_denied_keeps_nothing_and_says_so() {
    let place = Place::open().await;

    let login = place.login().await;
    place
        .decide(&login, Role::User, "/api/deny-login", "code=CODE")
        .await;
    let output = timeout(PATIENCE, login.child.wait_with_output())
        .await
        .expect("it ends")
        .unwrap();

    assert_eq!(output.status.code(), Some(4));
    let complaint: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(complaint["error"], "denied");
    assert!(!place.file().exists());
}

#[tokio::test]
async fn a_token_that_cannot_be_kept_is_revoked() {
    let place = Place::open().await;
    let login = place.login().await;
    // A file where the folder should be.
    fs::write(place.home.path().join(".config"), "").unwrap();

    place.approve(&login, Role::User).await;
    let output = timeout(PATIENCE, login.child.wait_with_output())
        .await
        .expect("it ends")
        .unwrap();

    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let person = place.house.person(Role::User).await.id;
    let mut snapshot = place.house.state.db.read().await.unwrap();
    assert_eq!(access_tokens::list(&mut snapshot, &person).await.unwrap(), []);
}

#[tokio::test]
async fn people_are_told_where_to_go_and_the_environment_wins() {
    let place = Place::open().await;
    let nowhere = place.run(&["login"]).await;
    let mut login = place.postern(&["login", "--url", place.url()]).spawn().unwrap();
    let mut stdout = BufReader::new(login.stdout.take().unwrap());
    let mut first = String::new();
    timeout(PATIENCE, stdout.read_line(&mut first))
        .await
        .unwrap()
        .unwrap();
    login.kill().await.unwrap();
    place.signed_in(Role::User).await;
    let stranger = ended(place.postern(&["whoami"]).env("POSTERN_TOKEN", "ptn_stranger")).await;

    assert_eq!(nowhere.status.code(), Some(2));
    let page = format!("Open {}/device?code=", place.url());
    assert!(first.starts_with(&page), "{first}");
    assert_eq!(stranger.status.code(), Some(3));
    assert!(text(&stranger.stderr).contains("A valid access token is needed"));
}
