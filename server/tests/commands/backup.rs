//! `posternd backup` and `posternd restore`. Playing a restored recording is the browser tests' part.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{create, posternd};

/// A folder with an administrator in its store, and beside it a whole backup of it and a copy of the key.
fn backed_up() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (code, _, complaint) = create(&data, "ada@example.org", "a lighthouse keeps no secrets");
    assert_eq!(code, 0, "{complaint}");
    let (backup, key) = (
        word(&place.path().join("backup")),
        word(&place.path().join("key")),
    );
    let (code, _, complaint) = posternd(&data, &["backup", &backup, "--master-key", &key], "");
    assert_eq!(code, 0, "{complaint}");

    place
}

fn restore(place: &Path) -> (i32, String) {
    let (backup, key) = (word(&place.join("backup")), word(&place.join("key")));
    let empty = place.join("empty");
    let (code, _, complaint) = posternd(&empty, &["restore", &backup, "--master-key", &key], "");

    (code, complaint)
}

fn word(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn rewrite(file: &Path, change: impl Fn(String) -> String) {
    let text = fs::read_to_string(file).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text);
    fs::write(file, changed).unwrap();
}

#[test]
fn what_was_backed_up_is_restored() {
    let place = backed_up();

    let (code, complaint) = restore(place.path());

    assert_eq!(code, 0, "{complaint}");
    let (code, printed, _) = posternd(&place.path().join("empty"), &["audit", "verify"], "");
    assert_eq!(code, 0, "{printed}");
}

#[test]
fn a_backup_of_another_server_is_not_made_by_changing_its_name() {
    let place = backed_up();
    rewrite(&place.path().join("backup/node.id"), |id| {
        id.replace(|_: char| true, "a")
    });

    let (code, complaint) = restore(place.path());

    assert_eq!(code, 1);
    assert!(complaint.contains("node.id: altered since"), "{complaint}");
}

#[test]
fn a_backup_that_was_altered_is_not_restored_though_its_sums_are_right() {
    let place = backed_up();
    let backup = place.path().join("backup");
    let store = backup.join("store.jsonl");
    rewrite(&store, |text| text.replace("ada@example.org", "eve@example.org"));

    let (code, complaint) = restore(place.path());

    assert_eq!(code, 1);
    assert!(complaint.contains("store.jsonl: altered since"), "{complaint}");

    let sum = hex::encode(Sha256::digest(fs::read(&store).unwrap()));
    rewrite(&backup.join("backup.json"), |text| {
        let mut whole: Value = serde_json::from_str(&text).unwrap();
        whole["store_sha256"] = Value::from(sum.clone());

        whole.to_string()
    });

    let (code, complaint) = restore(place.path());

    assert_eq!(code, 1);
    assert!(complaint.contains("backup.json: altered since"), "{complaint}");
    assert!(
        !place.path().join("empty/master.key").exists(),
        "the key was put into its place"
    );
}
