//! Programs the demo starts: ended with the demo, however it ends.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Between two looks at something that is about to happen.
const LOOK: Duration = Duration::from_millis(50);
/// Looks until patience ends: 30 s.
const MAX_LOOKS: u32 = 600;

/// A program that runs beside the demo.
pub(super) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
    stop_with: &'static str,
}

impl Process {
    /// Starts `program` by `setpriv`, a command that may hold options already, with its output in `log`.
    ///
    /// `stop_with` is the signal that ends it in good order; it gets the same one should the demo die without
    /// a word. Ctrl-C reaches the demo alone, which then stops what it started one after the other.
    pub(super) fn start(
        name: &'static str,
        mut setpriv: Command,
        program: &[&OsStr],
        log: &Path,
        stop_with: &'static str,
    ) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        setpriv.arg("--pdeathsig").arg(stop_with).arg("--").args(program);
        setpriv
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0);
        let child = setpriv.spawn().with_context(|| format!("cannot start {name}"))?;

        Ok(Self {
            name,
            child,
            log: log.to_owned(),
            stop_with,
        })
    }

    /// Returns when something accepts connections on `port`.
    pub(super) fn wait_for_port(&mut self, port: u16) -> Result<()> {
        self.wait_until(|| Ok(TcpStream::connect(loopback(port)).is_ok()))
    }

    /// Returns when `is_ready` says so.
    pub(super) fn wait_until(&mut self, is_ready: impl Fn() -> Result<bool>) -> Result<()> {
        for _ in 0..MAX_LOOKS {
            if let Some(status) = self.exited()? {
                bail!("{} ended with {status}:\n{}", self.name, self.last_words());
            }
            if is_ready()? {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        bail!("{} does not answer:\n{}", self.name, self.last_words())
    }

    pub(super) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to end and waits until it has.
    pub(super) fn stop(&mut self) -> Result<()> {
        if self.exited()?.is_some() {
            return Ok(());
        }
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-s", self.stop_with, &pid]).status()?;
        for _ in 0..MAX_LOOKS {
            if self.exited()?.is_some() {
                return Ok(());
            }
            thread::sleep(LOOK);
        }
        bail!("{} (process {pid}) does not stop", self.name)
    }

    fn last_words(&self) -> String {
        let mut text = String::new();
        // A log that cannot be read says as little as an empty one.
        let _ = File::open(&self.log).and_then(|mut file| file.read_to_string(&mut text));
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(8)..)
            .unwrap_or_default()
            .join("\n")
    }
}

/// The first free port from `first` on.
pub(super) fn free_port(first: u16) -> Result<u16> {
    let free = (first..first.saturating_add(100)).find(|port| TcpListener::bind(loopback(*port)).is_ok());
    free.with_context(|| format!("no free port from {first} on"))
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
