//! The demo's gateway: a database that lets in one loopback address alone, and the instance that connects from there.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::browser::Browser;
use super::folder::Folder;
use super::postern::ADMINISTRATOR;
use super::process::Process;
use super::records;
use crate::workspace::Workspace;

/// The address of the warehouse's network, as far as one machine has networks.
pub(super) const ADDRESS: &str = "127.0.0.2";

/// The database that lets in nobody else.
pub(super) const DATABASE: &str = "warehouse";

/// The step that makes the gateway and its records.
const STEP: &str = "gateway";

/// Between two looks whether it is there, and how many.
const LOOK: Duration = Duration::from_millis(100);
const MAX_LOOKS: u32 = 300;

pub(super) struct Gateway {
    process: Process,
}

impl Gateway {
    /// Starts the instance; the first time it makes the gateway, and the records behind it.
    pub(super) fn start(workspace: &Workspace, folder: &Folder, url: &str) -> Result<Self> {
        let key = folder.path().join("gateway.json");
        let mut ada = Browser::open(url);
        ada.sign_in(ADMINISTRATOR, folder.password("administrator")?)?;
        if folder.has_finished(STEP) {
            let process = run(workspace, folder, url, &key, None)?;
            wait(&mut ada)?;

            return Ok(Self { process });
        }

        let (gateway, token) = make(&mut ada)?;
        let process = run(workspace, folder, url, &key, Some(&token))?;
        wait(&mut ada)?;
        folder.once(STEP, || records::make_behind(&mut ada, folder, &gateway))?;

        Ok(Self { process })
    }

    pub(super) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.process.exited()
    }

    pub(super) fn stop(&mut self) -> Result<()> {
        self.process.stop()
    }
}

/// The gateway, in place of one that an interrupted run left; with the token of its first instance.
fn make(ada: &mut Browser) -> Result<(String, String)> {
    let left = ada.send("gateways", &[])?;
    for gateway in left.value.as_array().into_iter().flatten() {
        if let Some(id) = gateway.get("id").and_then(Value::as_str) {
            ada.send("delete-gateway", &[("id", id)])?;
        }
    }
    let shelf = records::shelf(ada, "Warehouse")?;
    let made = ada.send(
        "create-gateway",
        &[
            ("draft[name]", "Warehouse network"),
            ("draft[folders][]", &shelf),
            ("draft[targets]", "127.0.0.1"),
            ("draft[max_instances]", "1"),
            ("draft[address_lock]", "true"),
        ],
    )?;
    let (_, token) = made
        .text("/command")?
        .rsplit_once(' ')
        .context("a command ends with its token")?;

    Ok((made.text("/gateway")?.to_owned(), token.to_owned()))
}

fn run(
    workspace: &Workspace,
    folder: &Folder,
    url: &str,
    key: &Path,
    token: Option<&str>,
) -> Result<Process> {
    let program = workspace.target.join("debug/posternd");
    let program = [
        program.as_ref(),
        "gateway".as_ref(),
        "--server".as_ref(),
        url.as_ref(),
        "--file".as_ref(),
        key.as_ref(),
        "--from".as_ref(),
        ADDRESS.as_ref(),
        "--drain".as_ref(),
        "0".as_ref(),
    ];
    let log = folder.path().join("gateway.log");
    let mut command = Command::new("setpriv");
    if let Some(token) = token {
        // Where no other process can read it.
        command.env("POSTERN_GATEWAY_TOKEN", token);
    }

    Process::start("posternd gateway", command, &program, &log, "TERM")
}

/// Until an instance is connected.
fn wait(ada: &mut Browser) -> Result<()> {
    for _ in 0..MAX_LOOKS {
        let gateways = ada.send("gateways", &[])?;
        let is_live = |gateway: &Value| gateway.pointer("/instances/0/live").is_some_and(Value::is_object);
        if gateways.value.as_array().into_iter().flatten().any(is_live) {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    bail!("the gateway does not come online: see gateway.log")
}
