//! `demo-data/`: what the demo remembers between two runs.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml::Table;

use super::process::free_port;

/// Whoever has a password in the demo: three people, then the roles of the database.
pub(super) const NAMES: &[&str] = &[
    "administrator",
    "user",
    "auditor",
    "app_ro",
    "app_rw",
    "postern_admin",
    "postgres",
];

/// The folder, with its passwords and the port its PostgreSQL keeps: the records in the vault name it.
pub(super) struct Folder {
    path: PathBuf,
    facts: Table,
}

impl Folder {
    /// Opens the folder, or makes it with passwords of its own.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = path.join("demo.toml");
        if !file.exists() {
            fs::create_dir_all(path.join("done"))
                .with_context(|| format!("cannot make {}", path.display()))?;
            // The database's user passes through to its own folder and reads nothing else.
            fs::set_permissions(path, Permissions::from_mode(0o711))?;
            write_private(&file, &new_facts()?.to_string())?;
        }
        let facts = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;

        Ok(Self {
            path: path.to_owned(),
            facts: toml::from_str(&facts)?,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn password(&self, name: &str) -> Result<&str> {
        let passwords = self
            .facts
            .get("passwords")
            .and_then(|passwords| passwords.get(name));
        passwords
            .and_then(|password| password.as_str())
            .with_context(|| format!("demo.toml has no password of {name}"))
    }

    pub(super) fn postgres_port(&self) -> Result<u16> {
        let port = self.facts.get("postgres_port").and_then(toml::Value::as_integer);
        Ok(u16::try_from(port.context("demo.toml has no postgres_port")?)?)
    }

    /// Does `step` unless an earlier run has finished it.
    pub(super) fn once(&self, name: &str, step: impl FnOnce() -> Result<()>) -> Result<()> {
        if !self.has_finished(name) {
            step()?;
            File::create(self.mark(name))?;
        }
        Ok(())
    }

    pub(super) fn has_finished(&self, name: &str) -> bool {
        self.mark(name).exists()
    }

    /// Lets a step be done once more.
    pub(super) fn forget(&self, name: &str) -> Result<()> {
        if self.has_finished(name) {
            fs::remove_file(self.mark(name))?;
        }
        Ok(())
    }

    fn mark(&self, name: &str) -> PathBuf {
        self.path.join("done").join(name)
    }
}

fn new_facts() -> Result<Table> {
    let mut passwords = Table::new();
    for name in NAMES {
        passwords.insert((*name).to_owned(), new_password()?.into());
    }
    let mut facts = Table::new();
    facts.insert("postgres_port".to_owned(), i64::from(free_port(54320)?).into());
    facts.insert("passwords".to_owned(), passwords.into());
    Ok(facts)
}

/// 100 bits, in letters and digits nobody confuses.
fn new_password() -> Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0; 20];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let letter = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(random.iter().filter_map(letter).collect())
}

/// Writes a file that only its owner reads, from its first byte on.
pub(super) fn write_private(path: &Path, text: &str) -> Result<()> {
    let open = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    let mut file = open.with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_kept_and_readable_by_their_owner_only() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("demo-data");

        let first = Folder::open(&path).unwrap();
        let second = Folder::open(&path).unwrap();

        assert_eq!(
            first.password("app_ro").unwrap(),
            second.password("app_ro").unwrap()
        );
        assert_ne!(
            first.password("app_ro").unwrap(),
            first.password("app_rw").unwrap()
        );
        let mode = fs::metadata(path.join("demo.toml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_finished_step_is_not_repeated() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(&parent.path().join("demo-data")).unwrap();

        folder.once("load", || anyhow::bail!("half way")).unwrap_err();
        folder.once("load", || Ok(())).unwrap();
        folder.once("load", || anyhow::bail!("again")).unwrap();

        assert!(folder.has_finished("load"));
        folder.forget("load").unwrap();
        assert!(!folder.has_finished("load"));
    }
}
