//! What who launches brings along: a credential of their own, the host of a connection template.

use futures_util::FutureExt;
use http::StatusCode;
use protocol::people::Role;
use tokio::net::TcpListener;

use super::desk::Desk;
use super::native::{Port, connect, told};
use super::tunnel::{Tunnel, in_vain, postern};

const OWN: &str = "&draft[allow_supply_user]=true";

/// A role of the database for a person of the desk, and the personal credential they keep for it.
async fn keep(desk: &Desk, role: Role, login: &str, password: &str) -> String {
    desk.cluster
        .sql(&format!("CREATE ROLE {login} LOGIN PASSWORD '{password}'"))
        .unwrap();
    let cookie = desk.house.sign_in(role).await;
    let form = format!("draft[title]=Mine&draft[login]={login}&draft[password]={password}");
    let answer = desk
        .house
        .call(desk.house.post("/api/create-personal", &form).by(&cookie))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let location = answer.header(http::header::LOCATION).unwrap();

    location.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_works_with_a_credential_of_their_own_that_nobody_else_sees() {
    let desk = Desk::open_under(OWN).await;
    let user = desk.house.sign_in(Role::User).await;
    let credential = keep(&desk, Role::User, "ada_own", "only-ada-knows").await;

    let offer = desk.offer(&user).await;
    let logins: Vec<(&str, bool)> = offer
        .choices
        .iter()
        .map(|choice| (choice.login.as_str(), choice.is_personal))
        .collect();
    assert_eq!(logins.last(), Some(&("ada_own", true)), "{logins:?}");
    assert_eq!(logins.len(), 2);

    let account = format!("&draft[account]={credential}");
    let mut terminal = desk.launch_with(&user, &account).await;
    assert_eq!(terminal.hello.account, "ada_own");
    terminal.press("SELECT current_user || ' works';\r").await;
    terminal.see("ada_own works").await;

    // For everybody else it does not exist, wherever they ask.
    for role in [Role::Administrator, Role::Auditor] {
        let other = desk.house.sign_in(role).await;
        for (path, form) in [
            ("/api/record", format!("id={credential}")),
            ("/api/record-history", format!("id={credential}")),
            ("/api/delete-record", format!("id={credential}")),
            ("/api/move-record", format!("id={credential}&folder=")),
            ("/api/reveal", format!("id={credential}&password=x")),
            (
                "/api/share-record",
                format!("id={credential}&draft[person]={credential}"),
            ),
            (
                "/api/save-user",
                format!("id={credential}&version=1&draft[title]=T&draft[login]=l"),
            ),
            ("/api/duplicate-record", format!("id={credential}")),
            ("/api/history", format!("id={credential}")),
        ] {
            let answer = desk.house.call(desk.house.post(path, &form).by(&other)).await;
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{path} as {role:?}: {}",
                answer.body
            );
        }
        let listed = desk
            .house
            .call(desk.house.post("/api/records", "").by(&other))
            .await;
        assert!(!listed.body.contains(&credential), "{}", listed.body);
    }
    let administrator = desk.house.sign_in(Role::Administrator).await;
    let trail = desk
        .house
        .call(desk.house.post("/api/audit", "").by(&administrator))
        .await;
    assert!(
        trail.body.contains(&credential) && !trail.body.contains("Mine"),
        "{}",
        trail.body
    );
    let theirs = desk.ask_to_launch(&administrator, &account).await;
    assert_eq!(theirs.status, StatusCode::CONFLICT, "{}", theirs.body);
    assert!(!theirs.body.contains("ada_own"));
    assert_eq!(desk.offer(&administrator).await.choices.len(), 1);
}

#[tokio::test]
async fn a_personal_credential_is_linked_to_nothing() {
    let desk = Desk::open().await;
    let credential = keep(&desk, Role::Administrator, "ada_own", "x").await;
    let ada = desk.house.sign_in(Role::Administrator).await;
    let settings = desk.answer("/api/settings", &format!("id={}", desk.record)).await;
    assert!(!settings.contains(&credential), "{settings}");
    let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
    let version = settings.pointer("/settings/version").unwrap();

    let form = format!(
        "id={}&version={version}&draft[connections]=on&draft[launch_credential]={credential}",
        desk.record
    );
    let answer = desk
        .house
        .call(desk.house.post("/api/save-connection", &form).by(&ada))
        .await;

    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    let shared = format!("id={credential}&draft[person]={credential}&draft[launch]=true");
    let answer = desk
        .house
        .call(desk.house.post("/api/share-record", &shared).by(&ada))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
}

#[tokio::test]
async fn without_the_switch_and_after_it_is_turned_off_nobody_works_with_their_own() {
    let desk = Desk::open_under(OWN).await;
    let user = desk.house.sign_in(Role::User).await;
    let credential = keep(&desk, Role::User, "ada_own", "x").await;
    let account = format!("&draft[account]={credential}");
    let mut terminal = desk.launch_with(&user, &account).await;

    // The record says nothing of it any more.
    let settings = desk.answer("/api/settings", &format!("id={}", desk.record)).await;
    let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
    let text = |path: &str| settings.pointer(path).unwrap().to_string().replace('"', "");
    let form = format!(
        "id={}&version={}&draft[connections]=on&draft[launch_credential]={}",
        desk.record,
        text("/settings/version"),
        text("/settings/connection/launch_credential"),
    );
    desk.answer("/api/save-connection", &form).await;

    let ended = terminal.end().await.expect("a last word");
    assert!(
        ended
            .sentence
            .contains("No account of this record is open to you"),
        "{ended:?}"
    );
    let answer = desk.ask_to_launch(&user, &account).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
}

#[tokio::test]
async fn a_native_client_names_a_credential_of_its_persons_own() {
    let port = Port::open_under(OWN).await;
    keep(&port.desk, Role::User, "ada_own", "x").await;
    let token = port.token(Role::User).await;

    let client = connect(&port.client("Books/ada_own", &token)).await.unwrap();
    let row = client.query_one("SELECT current_user::text", &[]).await.unwrap();

    assert_eq!(row.get::<_, String>(0), "ada_own");
    let others = port.token(Role::Administrator).await;
    let error = connect(&port.client("Books/ada_own", &others)).await.unwrap_err();
    assert!(
        told(&error).contains("no account of that name"),
        "{}",
        told(&error)
    );
}

#[tokio::test]
async fn a_template_leads_to_the_host_that_was_given_and_to_no_other() {
    let desk = Desk::open().await;
    desk.make_template("127.0.0.1", "").await;
    let user = desk.house.sign_in(Role::User).await;
    assert!(desk.offer(&user).await.hosts.is_some());

    let mut terminal = desk.launch_with(&user, "&draft[host]=127.0.0.1").await;
    terminal.run("SELECT 40 + 2;", "42").await;
    // What is cancelled is found again by the address it has.
    terminal.press("SELECT pg_sleep(600);\r").await;
    terminal.settle().await;
    terminal.press("\x03").await;
    terminal.see("canceling statement due to user request").await;
    let by_name = format!("&draft[host]=localhost:{}", desk.cluster.port());
    let named = desk.launch_with(&user, &by_name).await;
    assert_eq!(named.hello.reached, "localhost, direct · TLS disable");

    let refused = [
        "",
        "&draft[host]=127.0.0.2",
        "&draft[host]=169.254.169.254",
        "&draft[host]=127.0.0.1&draft[host_record]=aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "&draft[host_record]=aaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
    let mut told = Vec::new();
    for more in refused {
        told.push(desk.ask_to_launch(&user, more).await.told());
    }
    expect_test::expect![[r#"
        422 VALIDATION: Host is required for this template.
        403 PAM_TARGET_DENIED: Host 127.0.0.2 is not allowed by connection template "Books".
        403 PAM_TARGET_DENIED: Host 169.254.169.254 is not allowed by connection template "Books".
        422 VALIDATION: Enter a host or choose a record, not both.
        404 PAM_NOT_FOUND: The record whose host was chosen is not there, or has none. Choose another one."#]]
    .assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_the_template_does_not_allow() {
    let desk = Desk::open().await;
    // The name leads to 127.0.0.1, where somebody waits for a password.
    desk.make_template("10.0.0.0/8", "").await;
    let impostor = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = impostor.local_addr().unwrap().port();
    let user = desk.house.sign_in(Role::User).await;

    let ended = desk
        .launch_in_vain_with(&user, &format!("&draft[host]=localhost:{port}"))
        .await;

    assert!(
        ended.sentence.contains(&format!(
            "The connection template does not allow host localhost port {port}."
        )),
        "{}",
        ended.sentence
    );
    assert!(impostor.accept().now_or_never().is_none(), "it was connected to");
}

#[tokio::test]
async fn an_ordinary_record_takes_no_host() {
    let desk = Desk::open().await;
    let user = desk.house.sign_in(Role::User).await;

    let told = desk.ask_to_launch(&user, "&draft[host]=127.0.0.1").await.told();

    assert_eq!(
        told,
        "403 PAM_POLICY_DENIED: This record does not allow supplying a host."
    );
    assert_eq!(desk.offer(&user).await.hosts, None);
}

#[tokio::test]
async fn a_session_ends_when_its_host_is_allowed_no_longer() {
    let desk = Desk::open().await;
    desk.make_template("127.0.0.1", "").await;
    let user = desk.house.sign_in(Role::User).await;
    let by_name = format!("&draft[host]=localhost:{}", desk.cluster.port());
    let mut typed = desk.launch_with(&user, "&draft[host]=127.0.0.1").await;
    let mut named = desk.launch_with(&user, &by_name).await;

    desk.make_template("10.0.0.0/8", "").await;

    let ended = typed.end().await.expect("a last word");
    assert!(
        ended.sentence.contains("Host 127.0.0.1 is not allowed"),
        "{ended:?}"
    );
    // What the name led to is held against the new rules by a new session.
    let ended = named.end().await.expect("a last word");
    assert!(
        ended
            .sentence
            .contains("The settings of this record were changed"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn the_command_line_says_where_a_template_leads() {
    let port = Port::open().await;
    port.desk.make_template("127.0.0.1", "").await;
    let token = port.token(Role::User).await;
    let target = format!("127.0.0.1:{}", port.desk.cluster.port());

    let tunnel = Tunnel::open(&port, &["--to", &target]).await;
    let client = tunnel.connect().await;
    assert_eq!(
        client.query_one("SELECT 42", &[]).await.unwrap().get::<_, i32>(0),
        42
    );
    drop(client);
    tunnel.close().await;

    let output = postern(&port, &token)
        .args(["connect", "Books", "--to", &target, "-A", "-t", "-c", "SELECT 43"])
        .output()
        .await
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "43\n", "{output:?}");

    for (arguments, sentence) in [
        (
            &["connect", "Books", "-c", "SELECT 1"][..],
            "Host is required for this template.",
        ),
        (&["tunnel", "Books"], "Host is required for this template."),
        (
            &["tunnel", "Books", "--to", "192.0.2.1"],
            "Host 192.0.2.1 is not allowed",
        ),
        (
            &["tunnel", "Books", "--to-record", "Nothing"],
            "no record of this name that you may see has a host",
        ),
    ] {
        let (code, told) = in_vain(postern(&port, &token).args(arguments)).await;
        assert_ne!(code, Some(0));
        assert!(told.contains(sentence), "{arguments:?}: {told}");
    }
    // A user name has no place for a host.
    let error = connect(&port.client("Books", &token)).await.unwrap_err();
    assert!(
        told(&error).contains("Host is required for this template."),
        "{}",
        told(&error)
    );
}
