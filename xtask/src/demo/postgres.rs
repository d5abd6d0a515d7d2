//! The demo's PostgreSQL: loopback only, TLS with a CA of its own, SCRAM-SHA-256, the sample database.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use super::folder::{Folder, NAMES, write_private};
use super::process::Process;
use crate::say;
use crate::workspace::output;

/// Who may connect: everyone with a password, over TLS; to the warehouse only from the gateway's address, and its
/// superuser, who makes it.
const PG_HBA: &str = "\
hostssl warehouse all 127.0.0.2/32 scram-sha-256
hostssl warehouse postgres 127.0.0.1/32 scram-sha-256
hostssl warehouse all 127.0.0.1/32 reject
hostssl all all 127.0.0.1/32 scram-sha-256
";

/// What is in the warehouse, and who may look.
const WAREHOUSE: &str = "
CREATE TABLE shelves (shelf text PRIMARY KEY, product text NOT NULL, in_stock int NOT NULL);
INSERT INTO shelves SELECT format('%s-%s', chr(65 + n / 12), n % 12 + 1), format('article %s', 1000 + n), n * 37 % 400
FROM generate_series(0, 119) AS n;
GRANT SELECT ON shelves TO app_ro;
";

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
# Two hundred sessions are measured at once, and one that lost its browser stays a minute.
max_connections = 400
ssl = on
ssl_cert_file = '../server.crt'
ssl_key_file = '../server.key'
max_wal_size = '4GB'
# A power cut may cost the demo its sample; `make demo-clean` makes a new one.
synchronous_commit = off
log_timezone = 'UTC'
timezone = 'UTC'
";

pub(super) struct Postgres {
    process: Process,
    programs: PathBuf,
    home: PathBuf,
    port: u16,
    passwords: Vec<(&'static str, String)>,
}

impl Postgres {
    /// Starts the server; the first time it makes the cluster and its certificates.
    pub(super) fn start(folder: &Folder) -> Result<Self> {
        let programs = programs()?;
        let home = folder.path().join("postgres");
        let owner = Owner::find(&home)?;
        folder.once("cluster", || {
            say(&format!(
                "demo: making a PostgreSQL cluster in {}",
                home.display()
            ));
            make_cluster(&owner, &programs, &home, folder.password("postgres")?)
        })?;

        // Of this version of the demo, also where another one made the cluster.
        fs::write(home.join("data/pg_hba.conf"), PG_HBA)?;

        let port = folder.postgres_port()?;
        let (server, data, port_text) = (programs.join("postgres"), home.join("data"), port.to_string());
        let program = [
            server.as_ref(),
            "-D".as_ref(),
            data.as_ref(),
            "-p".as_ref(),
            port_text.as_ref(),
        ];
        let log = folder.path().join("postgres.log");
        let mut process = Process::start("PostgreSQL", owner.setpriv(), &program, &log, "INT")?;
        // It listens before it lets anybody in.
        process.wait_until(|| {
            let mut ready = Command::new(programs.join("pg_isready"));
            ready.args(["-q", "-h", "127.0.0.1", "-p", &port_text]);
            Ok(ready.status()?.success())
        })?;
        let passwords: Result<_> = NAMES
            .iter()
            .map(|name| Ok((*name, folder.password(name)?.to_owned())))
            .collect();
        Ok(Self {
            process,
            programs,
            home,
            port,
            passwords: passwords?,
        })
    }

    /// Makes the database `shop` from the files of `sample`, in the order of their names. What an interrupted
    /// run left is dropped first.
    pub(super) fn load(&self, sample: &Path, orders: u32) -> Result<()> {
        let roles = "DROP ROLE IF EXISTS app_ro, app_rw, postern_admin, writing, reading;";
        self.psql(
            "postgres",
            &format!("DROP DATABASE IF EXISTS shop;\n{roles}\nCREATE DATABASE shop;\n"),
        )?;

        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(sample).with_context(|| format!("cannot list {}", sample.display()))? {
            files.push(entry?.path());
        }
        files.sort();
        let mut script = format!("\\set orders {orders}\n");
        for (name, password) in &self.passwords {
            script.push_str(&format!("\\set {name}_password '{password}'\n"));
        }
        for file in files {
            script.push_str(&format!("\\i '{}'\n", file.display()));
        }
        self.psql("shop", &script)
    }

    /// Makes the database that only the gateway's address reaches, anew.
    pub(super) fn load_warehouse(&self) -> Result<()> {
        self.psql(
            "postgres",
            "DROP DATABASE IF EXISTS warehouse;\nCREATE DATABASE warehouse;\n",
        )?;
        self.psql(super::gateway::DATABASE, WAREHOUSE)
    }

    /// Where psql is.
    pub(super) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Runs a script that comes by standard input, where no other process can read its passwords.
    fn psql(&self, database: &str, script: &str) -> Result<()> {
        let superuser = self.passwords.iter().find(|(name, _)| *name == "postgres");
        let (_, password) = superuser.context("there is no password of postgres")?;
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-d",
            database,
        ]);
        psql.env("PGPORT", self.port.to_string())
            .env("PGPASSWORD", password);
        psql.env("PGOPTIONS", "-c client_min_messages=warning");
        psql.env("PGSSLMODE", "verify-full")
            .env("PGSSLROOTCERT", self.home.join("ca.crt"));
        let mut child = psql
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start psql")?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(script.as_bytes())?;
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("psql ended with {status}");
        }
        Ok(())
    }

    pub(super) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        self.process.exited()
    }

    pub(super) fn stop(&mut self) -> Result<()> {
        self.process.stop()
    }
}

/// The folder of the server's programs: 15 if it is there, or the newest.
fn programs() -> Result<PathBuf> {
    let mut versions: Vec<u32> = Vec::new();
    for entry in
        fs::read_dir("/usr/lib/postgresql").context("PostgreSQL is missing: run support/install.sh")?
    {
        let path = entry?.path();
        if path.join("bin/initdb").exists() {
            versions.extend(
                path.file_name()
                    .and_then(|name| name.to_str())
                    .and_then(|name| name.parse::<u32>().ok()),
            );
        }
    }
    let version = if versions.contains(&15) {
        Some(15)
    } else {
        versions.into_iter().max()
    };
    let version = version.context("PostgreSQL's server is missing: run support/install.sh")?;
    Ok(PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")))
}

fn make_cluster(owner: &Owner, programs: &Path, home: &Path, password: &str) -> Result<()> {
    // Of a run that was interrupted here.
    if home.exists() {
        fs::remove_dir_all(home)?;
    }
    owner.make_home(home)?;
    let data = home.join("data");
    let password_file = home.join("password");
    write_private(&password_file, password)?;
    owner.give(&password_file)?;

    let mut initdb = owner.command(&programs.join("initdb"));
    initdb.arg("-D").arg(&data).args([
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--auth=scram-sha-256",
    ]);
    output(initdb.arg(format!("--pwfile={}", password_file.display())))?;
    fs::remove_file(&password_file)?;
    make_certificates(owner, home)?;

    let configuration = data.join("postgresql.conf");
    let defaults = fs::read_to_string(&configuration)?;
    fs::write(&configuration, defaults + SETTINGS)?;
    Ok(())
}

/// A CA, and a certificate of it for the names the demo's records use.
fn make_certificates(owner: &Owner, home: &Path) -> Result<()> {
    let key = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "3650",
    ];
    let file = |name: &str| home.join(name).into_os_string();

    let mut authority = owner.command(Path::new("openssl"));
    authority
        .args([
            "req",
            "-x509",
            "-subj",
            "/CN=Postern demo CA",
            "-addext",
            "keyUsage=critical,keyCertSign",
        ])
        .args(key);
    output(
        authority
            .arg("-keyout")
            .arg(file("ca.key"))
            .arg("-out")
            .arg(file("ca.crt")),
    )?;

    let mut server = owner.command(Path::new("openssl"));
    server.args([
        "req",
        "-x509",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ]);
    server
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(key);
    server
        .arg("-CA")
        .arg(file("ca.crt"))
        .arg("-CAkey")
        .arg(file("ca.key"));
    output(
        server
            .arg("-keyout")
            .arg(file("server.key"))
            .arg("-out")
            .arg(file("server.crt")),
    )?;
    Ok(())
}

/// Whose files and processes they are. PostgreSQL refuses to run as root; then they are the user's that
/// Debian's package makes.
enum Owner {
    Myself,
    /// Of the user `postgres`, with what `setpriv` needs in front of each program.
    Postgres(Vec<&'static str>),
}

const AS_POSTGRES: [&str; 3] = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
/// Lets it pass through folders like `/root`, where a checkout of root's may lie.
const PASS_THROUGH: [&str; 2] = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];

impl Owner {
    fn find(home: &Path) -> Result<Self> {
        if output(Command::new("id").arg("-u"))?.trim() != "0" {
            return Ok(Self::Myself);
        }
        let parent = home.parent().context("the demo's folder has a parent")?;
        let reaches = Command::new("setpriv")
            .args(AS_POSTGRES)
            .args(["test", "-x"])
            .arg(parent)
            .status()?
            .success();
        let mut options = AS_POSTGRES.to_vec();
        if !reaches {
            options.extend(PASS_THROUGH);
        }
        Ok(Self::Postgres(options))
    }

    /// The start of a `setpriv` command that becomes the owner.
    fn setpriv(&self) -> Command {
        let mut setpriv = Command::new("setpriv");
        match self {
            Self::Myself => {}
            Self::Postgres(options) => {
                setpriv.args(options);
            }
        }
        setpriv
    }

    /// The start of a command that runs `program` as the owner.
    fn command(&self, program: &Path) -> Command {
        let mut command = self.setpriv();
        command.arg("--").arg(program);
        command
    }

    /// A folder nobody else enters. The database's CA certificate in it is read by root and by its owner.
    fn make_home(&self, home: &Path) -> Result<()> {
        let mut install = Command::new("install");
        install.args(["-d", "-m", "0700"]);
        if let Self::Postgres(_) = self {
            install.args(["-o", "postgres", "-g", "postgres"]);
        }
        output(install.arg(home))?;
        Ok(())
    }

    fn give(&self, file: &Path) -> Result<()> {
        match self {
            Self::Myself => {}
            Self::Postgres(_) => {
                output(Command::new("chown").arg("postgres:postgres").arg(file))?;
            }
        }
        Ok(())
    }
}
