//! `posternd audit verify` and `posternd admin create`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use expect_test::{Expect, expect};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::{create, posternd};

fn check_verify(folder: &Path, code: i32, expected: Expect) {
    let (exit, printed, complaint) = posternd(folder, &["audit", "verify"], "");

    assert_eq!(exit, code, "{complaint}");
    let head = printed.split_whitespace().find(|word| word.len() == 64);
    expected.assert_eq(&printed.replace(head.unwrap_or("no head"), "HEAD"));
}

async fn change(folder: &Path, statements: &[&str]) {
    let file = SqliteConnectOptions::new().filename(folder.join("postern.db"));
    let mut connection = file.connect().await.unwrap();
    for statement in statements {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_log_that_was_tampered_with_fails_and_the_event_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for email in ["ada@example.org", "grace@example.org"] {
        let (code, printed, complaint) = create(folder.path(), email, "a lighthouse keeps no secrets\n");
        assert_eq!((code, complaint.as_str()), (0, ""), "{printed}");
        assert_eq!(printed, format!("{email} can sign in as administrator.\n"));
    }
    check_verify(folder.path(), 0, expect![["intact: 2 events, head HEAD\n"]]);

    change(
        folder.path(),
        &[
            "DROP TRIGGER audit_events_no_update",
            "UPDATE audit_events SET person_email = 'nobody@example.org' WHERE seq = 1",
        ],
    )
    .await;

    check_verify(
        folder.path(),
        1,
        expect![["broken at event 1: The event was altered after it was written.\n"]],
    );
}

#[tokio::test]
async fn a_log_that_was_cut_short_fails() {
    let folder = tempfile::tempdir().unwrap();
    for email in ["ada@example.org", "grace@example.org"] {
        create(folder.path(), email, "a lighthouse keeps no secrets");
    }

    change(
        folder.path(),
        &[
            "DROP TRIGGER audit_events_no_delete",
            "DELETE FROM audit_events WHERE seq = 2",
        ],
    )
    .await;

    check_verify(
        folder.path(),
        1,
        expect![[r#"
        broken at event 2: The log's end is not where its head says: events were removed or added at the end.
    "#]],
    );
}

#[test]
fn a_password_that_is_no_good_makes_no_administrator() {
    let folder = tempfile::tempdir().unwrap();

    let (code, printed, complaint) = create(folder.path(), "ada@example.org", "short");

    assert_eq!((code, printed.as_str()), (1, ""));
    expect![[r#"
        posternd: A password has at least 12 characters. A sentence is a good one.
    "#]]
    .assert_eq(&complaint);
}

#[test]
fn a_store_that_cannot_be_opened_is_not_called_intact() {
    let folder = tempfile::tempdir().unwrap();

    let (code, printed, complaint) = posternd(&folder.path().join("nowhere"), &["audit", "verify"], "");

    assert_eq!((code, printed.as_str()), (1, ""));
    assert!(complaint.contains("the store cannot be opened"), "{complaint}");
}

#[test]
fn what_a_command_makes_is_readable_by_its_owner_alone() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("data");
    let (code, _, complaint) = create(&folder, "ada@example.org", "a lighthouse keeps no secrets\n");
    assert_eq!(code, 0, "{complaint}");

    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{mode:o} {:?}", entry.path());
        found.push(entry.file_name().into_string().unwrap());
    }
    // SQLite's own beside its file: it removes them where nobody reads any more at that moment.
    found.retain(|name| !name.starts_with("postern.db-"));
    found.sort();

    assert_eq!(found, ["master.key", "node.id", "postern.db", "recordings"]);
}
