//! Files to and from the database, the editor pane and other databases, over a socket.

use protocol::people::Role;
use protocol::sessions::SessionState;
use protocol::terminal::{ClientFrame, DOWNLOAD_WINDOW, FileEnd, ServerFrame, UPLOAD_WINDOW};

use super::desk::{Desk, Terminal, until};

const PIECE: usize = 60 * 1024;

/// Lines of a CSV of two columns.
fn rows(count: usize) -> String {
    (0..count).map(|n| format!("{n},word {n}\n")).collect()
}

fn wish_for(name: &str) -> ServerFrame {
    ServerFrame::Upload {
        name: Some(name.to_owned()),
    }
}

/// Sends a file as fast as it is taken, and no faster.
async fn send_file(terminal: &mut Terminal, text: &str) {
    let mut taken = 0;
    let mut sent = 0_u64;
    for piece in text.as_bytes().chunks(PIECE) {
        sent += piece.len() as u64;
        while sent - taken > UPLOAD_WINDOW {
            match terminal.next_wish().await {
                ServerFrame::UploadTaken { taken: more } => taken = more,
                other => panic!("no credit: {other:?}"),
            }
        }
        terminal
            .socket
            .send(&ClientFrame::UploadChunk(piece.to_vec()))
            .await;
    }
    terminal.socket.send(&ClientFrame::UploadEnd).await;
    loop {
        match terminal.next_wish().await {
            ServerFrame::UploadTaken { taken: more } => taken = more,
            ServerFrame::UploadOver => break,
            other => panic!("not over: {other:?}"),
        }
    }
    assert!(taken <= sent);
}

async fn launch(desk: &Desk) -> Terminal {
    let user = desk.house.sign_in(Role::User).await;
    let mut terminal = desk.launch(&user).await;
    terminal
        .run("CREATE TABLE kept (n int, word text);", "CREATE TABLE")
        .await;

    terminal
}

async fn count(terminal: &mut Terminal, expected: usize) {
    let statement = "SELECT 'rows: ' || count(*) FROM kept;";
    terminal.run(statement, &format!("rows: {expected}\r\n")).await;
}

#[tokio::test]
async fn a_file_is_taken_and_given_back_within_its_windows() {
    let desk = Desk::open().await;
    let mut terminal = launch(&desk).await;
    let text = rows(100_000);

    terminal.press("\\copy kept from 'in/words.csv' with csv\r").await;
    assert_eq!(terminal.next_wish().await, wish_for("words.csv"));
    send_file(&mut terminal, &text).await;
    terminal.see("COPY 100000").await;
    terminal.see("postgres=# ").await;

    terminal
        .press("\\copy (SELECT * FROM kept ORDER BY n) to 'back.csv' with csv\r")
        .await;
    let name = "back.csv".to_owned();
    assert_eq!(terminal.next_wish().await, ServerFrame::Download { name });
    let mut file = Vec::new();
    let window = usize::try_from(DOWNLOAD_WINDOW).unwrap();
    while file.len() < window {
        let ServerFrame::File(bytes) = terminal.next_wish().await else {
            panic!("no bytes");
        };
        file.extend(bytes);
    }
    assert_eq!(file.len(), window);
    // What comes next is what this gives room for.
    let taken = 1000;
    terminal.socket.send(&ClientFrame::FileTaken { taken }).await;
    let end = loop {
        match terminal.next_wish().await {
            ServerFrame::File(bytes) => {
                if file.len() == window {
                    assert_eq!(bytes.len(), 1000);
                }
                file.extend(bytes);
                let taken = file.len() as u64;
                terminal.socket.send(&ClientFrame::FileTaken { taken }).await;
            }
            ServerFrame::FileEnd(end) => break end,
            other => panic!("no bytes: {other:?}"),
        }
    };
    assert_eq!(end, FileEnd::Whole);
    assert_eq!(String::from_utf8(file).unwrap(), text);
    terminal.see("COPY 100000").await;
}

#[tokio::test]
async fn a_file_that_does_not_come_leaves_the_table_as_it_was() {
    let desk = Desk::open().await;
    let mut terminal = launch(&desk).await;
    let ask = "\\copy kept from 'words.csv' with csv\r";

    for stop in [
        ClientFrame::UploadCancel,
        ClientFrame::Input(vec![0x03]),
        // More than the window holds.
        ClientFrame::UploadChunk(rows(2000).into_bytes()),
    ] {
        terminal.press(ask).await;
        assert_eq!(terminal.next_wish().await, wish_for("words.csv"));
        let is_flood = matches!(stop, ClientFrame::UploadChunk(_));
        let chunk = ClientFrame::UploadChunk(rows(10).into_bytes());
        terminal.socket.send(&chunk).await;
        terminal.socket.send(&stop).await;
        if is_flood {
            terminal
                .socket
                .send(&ClientFrame::UploadChunk(b"x,y\n".to_vec()))
                .await;
            terminal.socket.send(&ClientFrame::UploadEnd).await;
        }
        while terminal.next_wish().await != ServerFrame::UploadOver {}
        terminal.see("ERROR:").await;
        terminal.see("postgres=# ").await;
        terminal.shown.clear();
    }
    count(&mut terminal, 0).await;
}

#[tokio::test]
async fn what_comes_of_a_file_that_failed_is_no_part_of_the_next_one() {
    let desk = Desk::open().await;
    let mut terminal = launch(&desk).await;

    terminal
        .press("\\copy kept from 'a.csv' with csv\r\\copy kept from 'b.csv' with csv\r")
        .await;
    assert_eq!(terminal.next_wish().await, wish_for("a.csv"));
    terminal
        .socket
        .send(&ClientFrame::UploadChunk(b"no number,x\n".repeat(5000)))
        .await;
    while terminal.next_wish().await != ServerFrame::UploadOver {}
    // Sent before the end was known.
    terminal
        .socket
        .send(&ClientFrame::UploadChunk(b"7,of the first\n".to_vec()))
        .await;
    assert_eq!(terminal.next_wish().await, wish_for("b.csv"));
    send_file(&mut terminal, &rows(3)).await;
    terminal.see("COPY 3").await;

    count(&mut terminal, 3).await;
}

#[tokio::test]
async fn a_browser_that_is_lost_ends_what_was_on_its_way() {
    let desk = Desk::open().await;
    let mut terminal = launch(&desk).await;
    let user = desk.house.sign_in(Role::User).await;
    let session = terminal.hello.session.clone();
    let download = "\\copy (SELECT repeat('x', 1000) FROM generate_series(1, 100000000)) to 'x.txt'\r";

    for wish in ["\\copy kept from 'words.csv' with csv\r", download, "\\e\r"] {
        terminal.press(wish).await;
        let asked = terminal.next_wish().await;
        if let ServerFrame::Upload { .. } = asked {
            let chunk = ClientFrame::UploadChunk(rows(10).into_bytes());
            terminal.socket.send(&chunk).await;
        }
        drop(terminal);
        terminal = desk.resume(&user, &session).await;
        terminal.see("postgres=# ").await;
        count(&mut terminal, 0).await;
    }
}

#[tokio::test]
async fn a_download_is_stopped_from_the_keyboard_and_from_the_page() {
    let desk = Desk::open().await;
    let mut terminal = launch(&desk).await;

    for stop in [ClientFrame::Input(vec![0x03]), ClientFrame::DownloadCancel] {
        terminal.shown.clear();
        terminal
            .press("\\copy (SELECT repeat('x', 1000) FROM generate_series(1, 100000000)) to 'x.txt'\r")
            .await;
        let name = "x.txt".to_owned();
        assert_eq!(terminal.next_wish().await, ServerFrame::Download { name });
        let ServerFrame::File(_) = terminal.next_wish().await else {
            panic!("no bytes");
        };
        terminal.socket.send(&stop).await;
        let end = loop {
            match terminal.next_wish().await {
                ServerFrame::File(_) => {}
                frame => break frame,
            }
        };
        assert_eq!(end, ServerFrame::FileEnd(FileEnd::Broken));
        terminal.see("canceling statement due to user request").await;
        terminal.see("postgres=# ").await;
    }
}

#[tokio::test]
async fn where_files_may_not_move_nobody_is_asked_for_one() {
    let desk = Desk::open_under("&draft[can_export]=off&draft[can_import]=off").await;
    let mut terminal = launch(&desk).await;

    terminal
        .run(
            "\\copy kept to 'x.csv' with csv",
            "CSV export is disabled by your administrator.",
        )
        .await;
    terminal
        .run(
            "\\copy kept from 'x.csv' with csv",
            "CSV import is disabled by your administrator.",
        )
        .await;
    // The first wish of all.
    terminal.press("\\e\r").await;
    let ServerFrame::Edit { .. } = terminal.next_wish().await else {
        panic!("a file was asked for");
    };
}

#[tokio::test]
async fn a_statement_is_edited_in_a_pane_and_run_unless_it_is_left() {
    let desk = Desk::open().await;
    let mut terminal = launch(&desk).await;
    terminal.run("SELECT 'first' AS word;", "(1 row)").await;

    terminal.press("\\e\r").await;
    let ServerFrame::Edit { text } = terminal.next_wish().await else {
        panic!("no pane");
    };
    assert!(text.contains("SELECT 'first' AS word;"), "{text}");
    terminal.shown.clear();
    let edited = "SELECT 'edi' ||\n 'ted';".to_owned();
    terminal.socket.send(&ClientFrame::Edited(Some(edited))).await;
    terminal.see(" edited\r\n").await;
    terminal.see("postgres=# ").await;

    terminal.press("\\e\r").await;
    while !matches!(terminal.next_wish().await, ServerFrame::Edit { .. }) {}
    terminal.press("\x03").await;
    assert_eq!(terminal.next_wish().await, ServerFrame::EditOver);
    // Too late to be heard.
    let late = Some("SELECT 'never';".to_owned());
    terminal.socket.send(&ClientFrame::Edited(late)).await;
    count(&mut terminal, 0).await;
    assert!(!terminal.text().contains("never"));
}

#[tokio::test]
async fn another_database_takes_the_place_of_the_first_and_one_that_is_not_there_does_not() {
    let desk = Desk::open().await;
    let mut terminal = launch(&desk).await;
    let session = terminal.hello.session.clone();
    terminal.run("CREATE DATABASE other;", "CREATE DATABASE").await;

    terminal.press("\\c nowhere\r").await;
    terminal.see("database \"nowhere\" does not exist").await;
    terminal.see("Previous connection kept").await;
    count(&mut terminal, 0).await;
    terminal.press("\\c other\r").await;
    terminal
        .see("You are now connected to database \"other\" as user")
        .await;
    terminal.see("other=# ").await;
    terminal.press("SELECT 'now in ' || current_database();\r").await;
    terminal.see("now in other").await;
    let connections =
        "SELECT string_agg(datname, ',') FROM pg_stat_activity WHERE application_name = 'postern'";
    until(async || (desk.cluster.sql(connections).unwrap().trim() == "other").then_some(())).await;
    terminal.press("\\q\r").await;
    terminal.end().await.unwrap();

    let row = desk.row(&session, |row| row.state == SessionState::Ended).await;
    assert_eq!(row.statements, 4);
}
