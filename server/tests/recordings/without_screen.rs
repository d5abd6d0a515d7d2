//! Recordings of sessions through the listener: what was run, and no screen.

use std::process::Command;

use http::StatusCode;
use protocol::people::Role;

use super::made::Made;
use crate::house::{Call, House};

async fn ended(house: &House) -> Made {
    let mut made = Made::begin_through_listener(house).await;
    made.connect_and_run("select 'évidence'");
    made.end(house).await;

    made
}

#[tokio::test]
async fn what_was_run_is_exported_as_text_and_what_shows_a_screen_is_refused() {
    let house = House::open().await;
    let made = ended(&house).await;
    let auditor = house.sign_in(Role::Auditor).await;
    let export = async |format: &str| {
        let path = format!("/sessions/{}/export?format={format}", made.id);

        house.call(Call::get(&path).by(&auditor)).await
    };

    for format in ["asciicast-v2", "asciicast-v3", "typescript", "timing"] {
        let refused = export(format).await;

        assert_eq!(refused.status, StatusCode::CONFLICT, "{format}");
        assert!(
            refused.body.contains(&format!(
                "This session had no screen, which {format} shows. Choose text or jsonl."
            )),
            "{}",
            refused.body
        );
    }
    let text = export("text").await;
    assert_eq!(text.status, StatusCode::OK);
    assert!(
        text.body.contains("  1 [Connection opened by psql"),
        "{}",
        text.body
    );
    assert!(text.body.contains("  1 #2 select 'évidence'\n"), "{}", text.body);
    assert!(text.body.contains("  1 #2 -> SELECT 1, 1 row,"), "{}", text.body);
    assert!(export("jsonl").await.body.contains("\"kind\":\"connected\""));
}

#[tokio::test]
async fn the_transcript_lists_what_was_run() {
    let house = House::open().await;
    let made = ended(&house).await;
    let auditor = house.sign_in(Role::Auditor).await;

    let page = house
        .call(Call::get(&format!("/sessions/{}/transcript", made.id)).by(&auditor))
        .await;

    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("#2 select &#x27;évidence&#x27;") || page.body.contains("#2 select 'évidence'")
    );
}

#[tokio::test]
async fn the_command_refuses_what_shows_a_screen() {
    let house = House::open().await;
    let made = ended(&house).await;
    let export = |format: &str| {
        Command::new(env!("CARGO_BIN_EXE_posternd"))
            .args(["recordings", "export", "--format", format, made.id.as_str()])
            .env_clear()
            .env("POSTERN_DATA_FOLDER", &house.state.config.data.folder)
            .output()
            .unwrap()
    };

    let refused = export("asciicast-v2");
    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("This session had no screen"), "{told}");
    let text = String::from_utf8(export("text").stdout).unwrap();
    assert!(text.contains("#2 select 'évidence'\n"), "{text}");
}
