//! Read-only mode, alike on every way to a database: terminal, command line, listener, tunnel, gateway.

use std::process::Stdio;

use protocol::people::Role;
use protocol::sessions::SessionState;
use protocol::terminal::EndReason;
use recording::Body;
use testkit::{Cluster, Version};
use tokio::process::Command;
use tokio_postgres::Client;

use super::desk::{Desk, until};
use super::native::{Port, connect, told};
use super::tunnel::{Tunnel, postern};
use crate::clients::place::Place;
use crate::clients::tools::{self, java, python};
use crate::gateways::instance::{Behind, Wishes};

const READ_ONLY: &str = "&draft[read_only]=true";

const BLOCKED: &str = "Query blocked: read-only mode is enabled. Only SELECT, SHOW, DESCRIBE, EXPLAIN and similar \
                       read-only statements are permitted.";

fn with_table(cluster: &Cluster) {
    cluster
        .sql(
            "CREATE TABLE ledger (n int PRIMARY KEY, entry text);
             INSERT INTO ledger VALUES (1, 'kept')",
        )
        .expect("creates");
}

fn is_untouched(cluster: &Cluster) -> bool {
    let left = cluster.sql("SELECT string_agg(entry, ',') FROM ledger");

    left.is_ok_and(|left| left == "kept")
}

/// What every client of such a record finds.
async fn only_reads(client: &Client) {
    let blocked = format!("ERROR 25006: {BLOCKED}");
    let count = async || -> i64 {
        let row = client
            .query_one("SELECT count(*) FROM ledger WHERE n = $1", &[&1])
            .await
            .unwrap();
        row.get(0)
    };

    assert_eq!(count().await, 1);
    for sql in [
        "INSERT INTO ledger VALUES (2, 'new')",
        "/**/DELETE FROM ledger",
        "SELECT 1; TRUNCATE ledger",
        "SET default_transaction_read_only = off",
        "BEGIN READ WRITE",
    ] {
        assert_eq!(
            told(&client.batch_execute(sql).await.unwrap_err()),
            blocked,
            "{sql}"
        );
    }
    let error = client.prepare("UPDATE ledger SET entry = $1").await.unwrap_err();
    assert_eq!(told(&error), blocked);

    client.batch_execute("BEGIN").await.unwrap();
    assert_eq!(
        told(&client.batch_execute("DELETE FROM ledger").await.unwrap_err()),
        blocked
    );
    let error = client.batch_execute("SELECT 1").await.unwrap_err();
    assert!(told(&error).starts_with("ERROR 25P02"), "{}", told(&error));
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(count().await, 1);
}

#[tokio::test]
async fn native_clients_only_read_whichever_way_they_come() {
    let port = Port::open_under(READ_ONLY).await;
    with_table(&port.desk.cluster);
    port.desk
        .cluster
        .sql("CREATE ROLE own LOGIN PASSWORD 'of my own'; GRANT ALL ON ledger TO own")
        .unwrap();
    let token = port.token(Role::User).await;

    let mut asking = port.client("Books", &token);
    asking.options("-c default_transaction_read_only=off");
    only_reads(&connect(&asking).await.expect("let in")).await;

    let tunnel = Tunnel::open(&port, &[]).await;
    only_reads(&tunnel.connect().await).await;
    tunnel.close().await;

    port.desk.set_tunnel("&draft[tunneling]=inherit").await;
    let tunnel = Tunnel::open(&port, &[]).await;
    let mut own = tunnel.client();
    own.user("own").password("of my own");
    only_reads(&connect(&own).await.expect("let in")).await;
    tunnel.close().await;
    port.desk
        .set_tunnel("&draft[tunneling]=inherit&draft[inject_credentials]=true")
        .await;

    let Port { desk, port } = port;
    let target = desk.cluster.port();
    let behind = Behind::furnish(desk, target, Wishes::default()).await;
    let _instance = behind.enroll().await;
    let port = Port {
        desk: behind.desk,
        port,
    };
    let token = port.token(Role::User).await;
    only_reads(&connect(&port.client("Books", &token)).await.expect("let in")).await;

    assert!(is_untouched(&port.desk.cluster));
    for row in port.sessions().await {
        let frames = port.frames(&row.id).await;
        let blocked = frames.iter().filter(|frame| match &frame.body {
            Body::StatementEnd(end) => end.error.as_deref() == Some(BLOCKED),
            _ => false,
        });
        assert_eq!(blocked.count(), 7, "{:?}", row.kind);
    }
}

#[tokio::test]
async fn a_terminal_says_that_it_only_reads() {
    let desk = Desk::open_under(READ_ONLY).await;
    with_table(&desk.cluster);
    let user = desk.house.sign_in(Role::User).await;

    let mut terminal = desk.launch_to(&user, "postgres [RO]=# ").await;
    assert!(
        terminal
            .text()
            .contains("Read-only mode: statements that write are blocked.")
    );
    assert_eq!(terminal.hello.reached, "direct · TLS disable · read-only");

    terminal.press("DELETE FROM ledger;\r").await;
    terminal
        .see(&format!(
            "ERROR:  {}",
            "Query blocked: read-only mode is enabled. Only"
        ))
        .await;
    terminal.press("BEGIN;\rINSERT INTO ledger VALUES (2);\r").await;
    terminal.see("postgres [RO]=!# ").await;
    terminal.press("ROLLBACK;\r\\d ledger\r").await;
    terminal.see("ledger_pkey").await;
    terminal.press("\\c template1\r").await;
    terminal.see("template1 [RO]=# ").await;
    terminal.press("CREATE TABLE u ();\r\\q\r").await;
    terminal.end().await.expect("a farewell");

    assert!(
        terminal.text().matches("Query blocked").count() == 3,
        "{}",
        terminal.text()
    );
    assert!(is_untouched(&desk.cluster));
}

#[tokio::test]
async fn a_terminal_whose_mode_is_turned_off_is_told_why_it_ends() {
    let desk = Desk::open_under(READ_ONLY).await;
    with_table(&desk.cluster);
    desk.cluster
        .sql(
            "CREATE FUNCTION off() RETURNS text LANGUAGE sql AS
                 $$ SELECT set_config('default_transaction_read_only', 'off', false) $$;
             CREATE FUNCTION w() RETURNS void LANGUAGE sql AS 'DELETE FROM ledger'",
        )
        .unwrap();
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch_to(&user, "postgres [RO]=# ").await;

    terminal.press("SELECT off();\rSELECT w();\r").await;
    let ended = terminal.end().await.expect("a farewell");

    assert_eq!(
        ended.sentence,
        "The session was ended: read-only mode is enabled, and default_transaction_read_only was turned off."
    );
    assert!(is_untouched(&desk.cluster));
}

#[tokio::test]
async fn turning_it_on_ends_what_may_write() {
    let port = Port::open().await;
    with_table(&port.desk.cluster);
    let token = port.token(Role::User).await;
    let client = connect(&port.client("Books", &token)).await.expect("let in");
    client
        .batch_execute("UPDATE ledger SET entry = 'kept'")
        .await
        .unwrap();
    let user = port.desk.house.sign_in(Role::User).await;
    let mut terminal = port.desk.launch(&user).await;

    port.desk.set_connection(READ_ONLY).await;

    let ended = terminal.end().await.expect("a farewell");
    assert_eq!(ended.reason, EndReason::PolicyChanged);
    assert!(
        ended
            .sentence
            .starts_with("The settings of this record were changed."),
        "{}",
        ended.sentence
    );
    until(async || client.is_closed().then_some(())).await;
    let rows = until(async || {
        let rows = port.sessions().await;
        rows.iter()
            .all(|row| row.state == SessionState::Ended)
            .then_some(rows)
    })
    .await;
    assert!(
        rows.iter()
            .all(|row| row.end_reason == Some(EndReason::PolicyChanged))
    );
    only_reads(&connect(&port.client("Books", &token)).await.expect("let in")).await;
    assert!(is_untouched(&port.desk.cluster));
}

#[tokio::test]
async fn a_command_line_only_reads() {
    let port = Port::open_under(READ_ONLY).await;
    with_table(&port.desk.cluster);
    let token = port.command_line(Role::User).await;
    let run = async |arguments: &[&str]| {
        let output = postern(&port, &token)
            .args(["connect", "Books"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };

    let (code, out, _) = run(&["-Atc", "TABLE ledger"]).await;
    assert_eq!((code, out.as_str()), (Some(0), "1|kept\n"));
    let (code, out, err) = run(&["-Atc", "DELETE FROM ledger"]).await;
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains(&format!("ERROR:  {BLOCKED}")), "{err}");
    assert!(is_untouched(&port.desk.cluster));
}

#[tokio::test]
async fn a_dump_is_made_and_psql_describes() {
    for version in [Version::System, Version::V18] {
        let cluster = Cluster::builder().version(version).start().unwrap();
        with_table(&cluster);
        cluster
            .sql(
                "CREATE VIEW entries AS SELECT entry FROM ledger;
                 CREATE SEQUENCE numbers;
                 SELECT lo_from_bytea(0, 'large')",
            )
            .unwrap();
        let target = cluster.port();
        let port = Port::before(cluster, target).await;
        port.desk.set_connection(READ_ONLY).await;
        let token = port.token(Role::User).await;
        let run = async |program: &str, arguments: &[&str]| {
            let output = Command::new("env")
                .arg(program)
                .args(arguments)
                .env("PATH", tools::path(version))
                .env("PGHOST", "127.0.0.1")
                .env("PGPORT", port.port.to_string())
                .env("PGUSER", "Books")
                .env("PGPASSWORD", &token)
                .env("PGDATABASE", "postgres")
                .output()
                .await
                .unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            (String::from_utf8_lossy(&output.stdout).into_owned(), told)
        };

        // Large objects are read by the fast-path call, which says nothing of what it does.
        let (_, told) = run("pg_dump", &[]).await;
        assert!(
            told.contains("could not open large object") && told.contains(BLOCKED),
            "{told}"
        );
        let (dump, told) = run("pg_dump", &["-B"]).await;
        assert_eq!(told, "", "{version:?}");
        for part in [
            "CREATE TABLE public.ledger",
            "1\tkept",
            "CREATE VIEW public.entries",
            "PostgreSQL database dump complete",
        ] {
            assert!(dump.contains(part), "{part}: {dump}");
        }
        let (dump, told) = run(
            "pg_dump",
            &["--serializable-deferrable", "--inserts", "--schema-only"],
        )
        .await;
        assert!(
            told.is_empty() && dump.contains("CREATE SEQUENCE public.numbers"),
            "{told}"
        );

        let commands = [
            "\\l",
            "\\d",
            "\\d+ ledger",
            "\\d+ entries",
            "\\dt+",
            "\\di+",
            "\\dv",
            "\\ds",
            "\\df",
            "\\du",
            "\\dp",
            "\\dn+",
            "\\dx",
            "\\dT",
            "\\db",
            "\\dc",
            "\\dC",
            "\\dd",
            "\\dD",
            "\\ddp",
            "\\des",
            "\\dg",
            "\\dL",
            "\\dO",
            "\\do",
            "\\dP",
            "\\drds",
            "\\dRp",
            "\\dRs",
            "\\dX",
            "\\dy",
            "\\sv entries",
        ];
        let mut arguments = vec!["-X", "-v", "ON_ERROR_STOP=1"];
        for command in commands {
            arguments.extend(["-c", command]);
        }
        let (out, told) = run("psql", &arguments).await;
        assert!(!told.contains("ERROR"), "{version:?}: {told}");
        assert!(out.contains("ledger_pkey"));
        let (_, told) = run("psql", &["-Xc", "DELETE FROM ledger"]).await;
        assert_eq!(told, format!("ERROR:  {BLOCKED}\n"));
        assert!(is_untouched(&port.desk.cluster));
    }
}

#[tokio::test]
async fn drivers_do_everything_but_write() {
    for version in [Version::System, Version::V18] {
        let cluster = Cluster::builder().version(version).start().unwrap();
        with_table(&cluster);
        let target = cluster.port();
        let port = Port::before(cluster, target).await;
        port.desk.set_connection(READ_ONLY).await;
        let place = Place {
            version,
            port: port.port,
            user: "Books".to_owned(),
            password: port.token(Role::User).await,
            database: "postgres".to_owned(),
        };

        let program = python("only_reads.py", &["psycopg", "asyncpg"]);
        place.see(program, &["psycopg", "asyncpg"]).await;
        place.see(java("OnlyReads.java"), &["extended", "simple"]).await;
        assert!(is_untouched(&port.desk.cluster));
    }
}
