//! The demo's Postern: configuration, the first administrator, the server.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use super::folder::{Folder, write_private};
use super::process::{Process, free_port};
use crate::workspace::Workspace;

pub(super) const ADMINISTRATOR: &str = "ada@postern.example";

/// Where people look for it; the next free port when it is taken.
const PORT: u16 = 7480;
const METRICS_PORT: u16 = 7490;
const NATIVE_PORT: u16 = 7432;

/// The step that adds the administrator.
const FIRST_PERSON: &str = "administrator";

pub(super) struct Postern {
    process: Process,
    url: String,
    native_port: u16,
}

impl Postern {
    /// Removes what a run left that was interrupted before it had made all records.
    pub(super) fn clear(folder: &Folder) -> Result<()> {
        folder.forget(FIRST_PERSON)?;
        let data = data(folder);
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("cannot remove {}", data.display()))?;
        }
        Ok(())
    }

    /// Starts the server that `cargo build` made, the first time with an administrator.
    pub(super) fn start(workspace: &Workspace, folder: &Folder) -> Result<Self> {
        let program = workspace.target.join("debug/posternd");
        let port = free_port(PORT)?;
        let url = format!("http://localhost:{port}");
        let native_port = free_port(NATIVE_PORT)?;
        let configuration = write_configuration(folder, port, &url, native_port)?;
        folder.once(FIRST_PERSON, || {
            add_administrator(&program, &configuration, folder.password("administrator")?)
        })?;

        let program = [program.as_ref(), "--config".as_ref(), configuration.as_ref()];
        let log = folder.path().join("postern.log");
        let mut process = Process::start("posternd", Command::new("setpriv"), &program, &log, "TERM")?;
        process.wait_for_port(port)?;
        Ok(Self {
            process,
            url,
            native_port,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Where native clients connect.
    pub(super) fn native_port(&self) -> u16 {
        self.native_port
    }

    pub(super) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.process.exited()
    }

    pub(super) fn stop(&mut self) -> Result<()> {
        self.process.stop()
    }
}

fn data(folder: &Folder) -> PathBuf {
    folder.path().join("postern")
}

fn write_configuration(folder: &Folder, port: u16, url: &str, native_port: u16) -> Result<PathBuf> {
    let path = folder.path().join("postern.toml");
    let data = toml::Value::from(data(folder).display().to_string());
    let metrics = free_port(METRICS_PORT)?;
    let text = format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"{url}\"\n\n\
         [metrics]\nlisten = \"127.0.0.1:{metrics}\"\n\n\
         [data]\nfolder = {data}\n\n\
         [listener]\nlisten = \"127.0.0.1:{native_port}\"\n\n\
         [log]\nformat = \"text\"\n"
    );
    write_private(&path, &text)?;
    Ok(path)
}

fn add_administrator(program: &Path, configuration: &Path, password: &str) -> Result<()> {
    let mut command = Command::new(program);
    command.arg("--config").arg(configuration).args([
        "admin",
        "create",
        "--email",
        ADMINISTRATOR,
        "--name",
        "Ada Albrecht",
    ]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot start posternd")?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(password.as_bytes())?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("posternd admin create ended with {status}");
    }
    Ok(())
}
