//! The demo: a throwaway PostgreSQL with a sample database, and Postern in front of it, until Ctrl-C.
//!
//! Everything it makes lies in `demo-data/` of the checkout. A second run finds it there.

mod browser;
mod folder;
mod gateway;
mod native;
mod postern;
mod postgres;
mod process;
mod records;
mod session;
mod sources;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::folder::Folder;
use self::gateway::Gateway;
use self::postern::{ADMINISTRATOR, Postern};
use self::postgres::Postgres;
use self::sources::Sources;
use crate::say;
use crate::site::{self, Effort};
use crate::workspace::{Workspace, run as run_command};

/// 400,000 orders have a million lines.
const ORDERS: u32 = 400_000;
/// The same tables in a second.
const FEW_ORDERS: u32 = 400;

/// The step that fills Postern.
const RECORDS: &str = "records";

/// The steps that leave recordings.
const SESSION: &str = "session";
const NATIVE: &str = "native";

/// When Postern is stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// By Ctrl-C only.
    Stopped,
    /// By Ctrl-C; after a change of a source file it is built and started again.
    Changed,
}

pub(crate) fn run(workspace: &Workspace, until: Until) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let folder = Folder::open(&workspace.root.join("demo-data"))?;
    let sample = workspace.root.join("demo/sample");

    let mut postgres = Postgres::start(&folder)?;
    folder.once("sample", || {
        say("demo: loading the sample database, a million rows");
        postgres.load(&sample, ORDERS)
    })?;
    folder.once("warehouse", || postgres.load_warehouse())?;
    if !folder.has_finished(RECORDS) {
        Postern::clear(&folder)?;
    }
    let mut postern = Postern::start(workspace, &folder)?;
    folder.once(RECORDS, || {
        say("demo: making people and records");
        records::make(&folder, postern.url())
    })?;
    let mut gateway = Gateway::start(workspace, &folder, postern.url())?;
    introduce(&folder, &postern)?;
    record_sessions(&folder, &postern, postgres.programs());
    let ended = runtime.block_on(attend(
        workspace,
        &folder,
        until,
        &mut postgres,
        &mut postern,
        &mut gateway,
    ));

    gateway.stop()?;
    postern.stop()?;
    postgres.stop()?;
    say("demo: stopped");
    ended
}

/// Lets Ben work for a while, so that there is something to play; meanwhile the demo is ready.
fn record_sessions(folder: &Folder, postern: &Postern, programs: &Path) {
    if folder.has_finished(SESSION) && folder.has_finished(NATIVE) {
        return;
    }
    let (path, url, port) = (
        folder.path().to_owned(),
        postern.url().to_owned(),
        postern.native_port(),
    );
    let programs = programs.to_owned();
    std::thread::spawn(move || {
        let recorded = Folder::open(&path).and_then(|folder| {
            folder.once(NATIVE, || native::record(&folder, &url, &programs, port))?;
            folder.once(SESSION, || session::record(&folder, &url))
        });
        match recorded {
            Ok(()) => say("demo: Ben has worked in the shop for half a minute; Sessions has the recordings"),
            Err(error) => say(&format!("demo: not every session was recorded: {error:#}")),
        }
    });
}

/// Says `ready` on standard output when the sample is there; what there is to know is in the folder's `demo.toml`.
pub(crate) fn run_postgres(workspace: &Workspace, folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let folder = Folder::open(folder)?;
    let mut postgres = Postgres::start(&folder)?;
    folder.once("sample", || {
        postgres.load(&workspace.root.join("demo/sample"), FEW_ORDERS)
    })?;
    writeln!(std::io::stdout(), "ready")?;

    runtime.block_on(async { Signals::listen()?.next().await })?;
    postgres.stop()
}

fn introduce(folder: &Folder, postern: &Postern) -> Result<()> {
    say(&format!("\n  Postern  {}\n", postern.url()));
    for (email, name) in [
        (ADMINISTRATOR, "administrator"),
        (records::USER, "user"),
        (records::AUDITOR, "auditor"),
    ] {
        say(&format!("  {name:<14}{email:<22}{}", folder.password(name)?));
    }
    say(TO_TRY);
    let (url, port) = (postern.url(), postern.native_port());
    say(&format!(
        "  4. As the user open Account and make an access token. With it for a password any PostgreSQL client connects:\n     \
         psql \"host=127.0.0.1 port={port} user=shop\". The auditor plays that too, a lane for each connection.\n  \
         5. As the user launch `warehouse`: its database lets in one address, where a gateway runs. The administrator sees it\n     \
         under Gateways, with a test of what it reaches.\n  \
         Without a browser: `target/debug/postern login --url {url}`, then `target/debug/postern connect shop`.\n"
    ));
    say("  Ctrl-C stops everything, `make demo-clean` removes it.\n");
    Ok(())
}

const TO_TRY: &str = "
  Five things to try, each person in a browser window of their own (a private one for the second):

  1. As the user open `shop` and press Launch. SELECT * FROM catalog.find_products('ridge'); then
     SELECT count(*) FROM sales.order_items; then SELECT pg_sleep(60); and Ctrl-C. You hold no password of it.
  2. As the auditor open Sessions and play what the user did, statement by statement. Two recordings are there
     half a minute after the first start: one of a terminal, one of two programs side by side.
  3. As the administrator open `shop`, Sharing, and remove the user's share while they work: their session ends.";

/// Returns on Ctrl-C, or with an error when one of the two ends by itself.
async fn attend(
    workspace: &Workspace,
    folder: &Folder,
    until: Until,
    postgres: &mut Postgres,
    postern: &mut Postern,
    gateway: &mut Gateway,
) -> Result<()> {
    let mut signals = Signals::listen()?;
    let mut look = tokio::time::interval(Duration::from_millis(500));
    let mut sources = Sources::of(workspace);
    loop {
        tokio::select! {
            ended = signals.next() => return ended,
            _ = look.tick() => {}
        }
        if let Some(status) = postgres.exited()? {
            bail!(
                "PostgreSQL ended with {status}: see {}/postgres.log",
                folder.path().display()
            );
        }
        if let Some(status) = postern.exited()? {
            bail!(
                "posternd ended with {status}: see {}/postern.log",
                folder.path().display()
            );
        }
        if let Some(status) = gateway.exited()? {
            bail!(
                "posternd gateway ended with {status}: see {}/gateway.log",
                folder.path().display()
            );
        }
        if until == Until::Changed && sources.have_changed() {
            renew(workspace, folder, postern)?;
        }
    }
}

/// Builds and starts Postern again; what does not build leaves the last good one running.
fn renew(workspace: &Workspace, folder: &Folder, postern: &mut Postern) -> Result<()> {
    if let Err(error) = build(workspace) {
        say(&format!("dev: {error:#}"));
        return Ok(());
    }
    postern.stop()?;
    *postern = Postern::start(workspace, folder)?;
    say(&format!("dev: {}", postern.url()));
    Ok(())
}

/// The same selection of packages as in the Makefile, so that cargo builds nothing twice.
fn build(workspace: &Workspace) -> Result<()> {
    run_command(
        workspace
            .cargo()
            .args(["build", "--package=xtask", "--package=server", "--bins"]),
    )?;
    site::build(workspace, Effort::Quick)
}

/// What ends the demo in good order: Ctrl-C, `kill`, a closed terminal.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Result<()> {
        tokio::select! {
            _ = self.interrupt.recv() => Ok(()),
            _ = self.terminate.recv() => Ok(()),
            _ = self.hangup.recv() => Ok(()),
        }
    }
}
