//! A pgbouncer before a cluster, as Debian ships it, in session mode.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::cluster::{Cluster, PASSWORD, SUPERUSER, free_port};
use crate::programs::Account;

/// Longer than any start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A running pgbouncer on a loopback port: SCRAM to its clients and to the cluster, whose superuser it lets in.
#[derive(Debug)]
pub struct Pgbouncer {
    _folder: TempDir,
    port: u16,
    program: Child,
}

impl Pgbouncer {
    /// Before this cluster, with further lines of `pgbouncer.ini`.
    pub fn before(cluster: &Cluster, settings: &str) -> anyhow::Result<Self> {
        Self::start(cluster, "*", settings)
    }

    /// The same for one database alone.
    pub fn before_one_database(cluster: &Cluster, database: &str) -> anyhow::Result<Self> {
        Self::start(cluster, database, "")
    }

    fn start(cluster: &Cluster, databases: &str, settings: &str) -> anyhow::Result<Self> {
        let account = Account::for_servers()?;
        let folder = tempfile::Builder::new().prefix("postern-pgbouncer-").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        account.own(folder.path())?;
        let port = free_port()?;
        let users = folder.path().join("users.txt");
        fs::write(&users, format!("\"{SUPERUSER}\" \"{PASSWORD}\"\n"))?;
        let configuration = folder.path().join("pgbouncer.ini");
        fs::write(
            &configuration,
            format!(
                "[databases]\n{databases} = host=127.0.0.1 port={}\n\
                 [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = scram-sha-256\nauth_file = {}\npool_mode = session\n{settings}\n",
                cluster.port(),
                users.display(),
            ),
        )?;
        let mut program = account
            .command("pgbouncer")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("pgbouncer is missing: run `make install-test`")?;

        let stderr = program.stderr.take().context("stderr of pgbouncer")?;
        let (says, said) = mpsc::channel();
        // Read to its end, or it would wait for a reader.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = says.send(line);
            }
        });
        let mut log = String::new();
        while let Ok(line) = said.recv_timeout(START) {
            if line.contains("process up") {
                return Ok(Self {
                    _folder: folder,
                    port,
                    program,
                });
            }
            log.push_str(&line);
            log.push('\n');
        }
        let _ = program.kill();
        let _ = program.wait();
        bail!("pgbouncer did not start: {log}")
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
