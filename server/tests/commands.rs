//! The commands of `posternd`, run as a person at the server's shell runs them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

mod audit;
mod backup;

/// Exit code, what was printed, what was complained about.
fn posternd(folder: &Path, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_posternd"))
        .args(arguments)
        .env_clear()
        .env("POSTERN_DATA_FOLDER", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Dropped at the end of the statement: the password ends there.
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();

    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn create(folder: &Path, email: &str, password: &str) -> (i32, String, String) {
    posternd(
        folder,
        &["admin", "create", "--email", email, "--name", "Ada"],
        password,
    )
}
