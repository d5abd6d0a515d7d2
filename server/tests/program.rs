//! `postern`, the program itself, which is built with the server.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

/// To be run with an empty environment, and ended with the test.
pub fn postern() -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_posternd")).with_file_name("postern");
    assert!(
        program.exists(),
        "{} is not built: cargo build --package cli",
        program.display()
    );
    let mut postern = Command::new(program);
    postern
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);

    postern
}
