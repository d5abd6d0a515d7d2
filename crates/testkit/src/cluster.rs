//! A PostgreSQL server of one test: made, started, and gone when dropped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::certificates::Pair;
use crate::programs::{self, Account, Version, run};

/// How the server asks for passwords over TCP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Auth {
    #[default]
    Scram,
    Md5,
    /// `password`: in clear text.
    Cleartext,
    Trust,
}

/// A running server on a loopback port. Its superuser is `postgres`.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    port: u16,
    server: Child,
    log: Arc<Mutex<String>>,
}

/// Wishes for a cluster; see [`Cluster::builder`].
#[derive(Debug, Clone, Default)]
pub struct Builder {
    version: Version,
    auth: Auth,
    tls: Option<Pair>,
    client_authority: Option<String>,
    rules: Vec<String>,
    settings: Vec<(String, String)>,
}

/// The superuser of every cluster.
pub const SUPERUSER: &str = "postgres";
/// Its password.
pub const PASSWORD: &str = "postgres-in-a-test";

/// Longer than any start on a busy machine.
const START: Duration = Duration::from_secs(60);
const READY: &str = "database system is ready to accept connections";

impl Cluster {
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A server with SCRAM-SHA-256 and no TLS.
    pub fn start() -> anyhow::Result<Self> {
        Self::builder().start()
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL as the superuser through `psql` on the Unix socket; gives its unaligned output.
    pub fn sql(&self, sql: &str) -> anyhow::Result<String> {
        self.sql_in("postgres", sql)
    }

    /// The same in another database.
    pub fn sql_in(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let mut command = Command::new(programs::system_bin()?.join("psql"));
        command
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                SUPERUSER,
                "-d",
                database,
            ])
            .arg("-h")
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-c", sql])
            .env("PGSSLMODE", "disable");
        Ok(run(&mut command)?.trim_end().to_owned())
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops the server as a crash would: connections are cut without a word of shutdown.
    pub fn crash(&mut self) -> anyhow::Result<()> {
        self.signal("-QUIT")?;
        self.server.wait()?;
        Ok(())
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        run(Command::new("kill").arg(signal).arg(self.server.id().to_string()))?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if matches!(self.server.try_wait(), Ok(None)) && self.signal("-QUIT").is_err() {
            // The child is ours; without `kill` the postmaster alone dies and its children follow it.
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

impl Builder {
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Turns TLS on with this certificate.
    #[must_use]
    pub fn tls(mut self, pair: Pair) -> Self {
        self.tls = Some(pair);
        self
    }

    /// Accepts client certificates of this authority (PEM); a rule with `cert` asks for them.
    #[must_use]
    pub fn client_authority(mut self, certificate: &str) -> Self {
        self.client_authority = Some(certificate.to_owned());
        self
    }

    /// A line of `pg_hba.conf`, tried before the default ones.
    #[must_use]
    pub fn rule(mut self, line: &str) -> Self {
        self.rules.push(line.to_owned());
        self
    }

    /// A line of `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the cluster and waits until it takes connections.
    pub fn start(&self) -> anyhow::Result<Cluster> {
        let account = Account::for_servers()?;
        let bin = self.version.bin()?;
        let folder = tempfile::Builder::new().prefix("postern-pg-").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        account.own(folder.path())?;
        let data = self.init(account, &bin, folder.path())?;
        self.configure(account, &data, folder.path())?;

        // Another program may take the port between our look and the server's bind.
        let mut last = String::new();
        for _ in 0..3 {
            let port = free_port()?;
            match launch(account, &bin, &data, port)? {
                Ok((server, log)) => {
                    return Ok(Cluster {
                        folder,
                        port,
                        server,
                        log,
                    });
                }
                Err(log) => last = log,
            }
        }
        bail!("PostgreSQL did not start: {last}")
    }

    fn init(&self, account: Account, bin: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
        let data = folder.join("data");
        let password = folder.join("password");
        fs::write(&password, PASSWORD)?;
        account.own(&password)?;
        let hash = match self.auth {
            Auth::Md5 => "md5",
            Auth::Scram | Auth::Cleartext | Auth::Trust => "scram-sha-256",
        };
        run(account
            .command(bin.join("initdb"))
            .args([
                "--no-sync",
                "--no-instructions",
                "--encoding=UTF8",
                "--locale=C",
                "--username",
                SUPERUSER,
            ])
            .arg(format!("--auth-host={hash}"))
            .arg("--auth-local=trust")
            .arg(format!("--pwfile={}", password.display()))
            .arg("-D")
            .arg(&data))?;
        Ok(data)
    }

    fn configure(&self, account: Account, data: &Path, folder: &Path) -> anyhow::Result<()> {
        let mut settings = vec![
            ("listen_addresses".to_owned(), "127.0.0.1".to_owned()),
            ("unix_socket_directories".to_owned(), folder.display().to_string()),
            ("max_connections".to_owned(), "20".to_owned()),
            ("shared_buffers".to_owned(), "16MB".to_owned()),
        ];
        for name in ["fsync", "synchronous_commit", "full_page_writes", "autovacuum"] {
            settings.push((name.to_owned(), "off".to_owned()));
        }
        if self.auth == Auth::Md5 {
            settings.push(("password_encryption".to_owned(), "md5".to_owned()));
        }
        if let Some(pair) = &self.tls {
            for (name, text) in [("server.crt", &pair.certificate), ("server.key", &pair.key)] {
                private_file(account, &data.join(name), text)?;
            }
            settings.push(("ssl".to_owned(), "on".to_owned()));
        }
        if let Some(certificate) = &self.client_authority {
            private_file(account, &data.join("clients.crt"), certificate)?;
            settings.push(("ssl_ca_file".to_owned(), "clients.crt".to_owned()));
        }
        settings.extend(self.settings.iter().cloned());
        let lines: String = settings
            .iter()
            .map(|(name, value)| format!("{name} = '{value}'\n"))
            .collect();
        private_file(account, &data.join("postgresql.auto.conf"), &lines)?;

        let method = match self.auth {
            Auth::Scram => "scram-sha-256",
            Auth::Md5 => "md5",
            Auth::Cleartext => "password",
            Auth::Trust => "trust",
        };
        let mut rules = vec!["local all all trust".to_owned()];
        rules.extend(self.rules.iter().cloned());
        rules.push(format!("host all all 127.0.0.1/32 {method}"));
        private_file(account, &data.join("pg_hba.conf"), &(rules.join("\n") + "\n"))
    }
}

/// Starts the server and reads its log until it is ready; the inner error is the log of one that is not.
#[expect(clippy::type_complexity, reason = "read once, by the only caller")]
fn launch(
    account: Account,
    bin: &Path,
    data: &Path,
    port: u16,
) -> anyhow::Result<Result<(Child, Arc<Mutex<String>>), String>> {
    let mut server = account
        .command(bin.join("postgres"))
        .arg("-D")
        .arg(data)
        .args(["-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let stderr = server.stderr.take().context("stderr of the server")?;
    let log = Arc::new(Mutex::new(String::new()));
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn({
        let log = Arc::clone(&log);
        move || follow(stderr, &log, &ready)
    });
    // A server that gives up closes its log, and with it the channel.
    if is_ready.recv_timeout(START).is_err() {
        let _ = server.kill();
        let _ = server.wait();
        let log = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        return Ok(Err(log));
    }
    Ok(Ok((server, log)))
}

fn follow(stderr: ChildStderr, log: &Mutex<String>, ready: &mpsc::Sender<()>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let is_ready = line.contains(READY);
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(&line);
        log.push('\n');
        drop(log);
        if is_ready {
            // Nobody listens any more once the cluster has started.
            let _ = ready.send(());
        }
    }
}

fn private_file(account: Account, path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    account.own(path)
}

pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
