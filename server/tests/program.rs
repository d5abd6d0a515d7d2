//! The programs themselves: `postern`, which is built with the server, and `posternd` where a server is to be killed.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::sessions::desk::until;

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

/// `posternd` at work; killed when dropped.
pub struct Posternd(Child);

impl Posternd {
    /// Serves the data of a folder on a port, at another address for people.
    pub async fn serve(folder: &Path, port: u16, public_url: &str) -> Self {
        let mut posternd = Command::new(env!("CARGO_BIN_EXE_posternd"));
        posternd
            .arg("serve")
            .env_clear()
            .env("POSTERN_DATA_FOLDER", folder)
            .env("POSTERN_HTTP_LISTEN", format!("127.0.0.1:{port}"))
            .env("POSTERN_HTTP_PUBLIC_URL", public_url)
            .env("POSTERN_METRICS_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = posternd.spawn().unwrap();
        until(async || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()).await;

        Self(child)
    }

    /// As `kill -9` does.
    pub async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }
}

/// A loopback port nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();

    listener.local_addr().unwrap().port()
}
