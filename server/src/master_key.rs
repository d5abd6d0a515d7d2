//! The master key: one file outside the store, readable by the server alone.
//!
//! The file holds one line, the key in base64. While the key is replaced it holds two, the new one first: whoever
//! opens the store next rewraps what is left and removes the old one.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use vault::envelope::MasterKey;
use zeroize::Zeroizing;

use crate::clock;

/// What the file holds.
#[derive(Debug)]
pub struct Keys {
    pub current: MasterKey,
    /// The one before, of a replacement that was cut short.
    pub previous: Option<MasterKey>,
}

/// Reads the key, or makes one when there is none and the store is new.
pub fn load(file: &Path, is_new_store: bool) -> anyhow::Result<Keys> {
    match fs::metadata(file) {
        Ok(metadata) => {
            let mode = metadata.permissions().mode();
            if mode & 0o077 != 0 {
                bail!(
                    "{}: others may read the master key (mode {:o}); run chmod 600 on it",
                    file.display(),
                    mode & 0o777
                );
            }
            let text = Zeroizing::new(
                fs::read_to_string(file)
                    .with_context(|| format!("{}: the master key cannot be read", file.display()))?,
            );

            parse(&text).with_context(|| {
                format!(
                    "{}: this is no master key; put the right file back",
                    file.display()
                )
            })
        }
        Err(error) if error.kind() == ErrorKind::NotFound && is_new_store => {
            let current = MasterKey::from_random(clock::draw());
            write_new(file, &current)?;

            Ok(Keys {
                current,
                previous: None,
            })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{}: the master key is missing, and the store was sealed with one; put the file back or name it in data.master_key_file",
            file.display()
        ),
        Err(error) => {
            Err(error).with_context(|| format!("{}: the master key cannot be read", file.display()))
        }
    }
}

fn parse(text: &str) -> anyhow::Result<Keys> {
    let mut lines = text.lines().map(MasterKey::from_text);
    let current = lines.next().context("the file is empty")??;
    let previous = lines.next().transpose()?;
    if lines.next().is_some() {
        bail!("it has more than two lines");
    }

    Ok(Keys { current, previous })
}

/// Writes a key to a file that is not there yet.
pub fn write_new(file: &Path, key: &MasterKey) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let mut open = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)?;
        open.write_all(key.to_text().as_bytes())?;
        open.sync_all()?;

        File::open(folder_of(file))?.sync_all()
    };

    write().with_context(|| format!("{}: the master key cannot be written", file.display()))
}

/// Puts these keys in the place of what the file holds: all of it or, after a crash, nothing.
pub fn replace(file: &Path, keys: &Keys) -> anyhow::Result<()> {
    let next = file.with_extension("next");
    let write = || -> std::io::Result<()> {
        let mut open = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        for key in [Some(&keys.current), keys.previous.as_ref()]
            .into_iter()
            .flatten()
        {
            open.write_all(key.to_text().as_bytes())?;
            open.write_all(b"\n")?;
        }
        open.sync_all()?;
        fs::rename(&next, file)?;

        File::open(folder_of(file))?.sync_all()
    };

    write().with_context(|| format!("{}: the master key cannot be replaced", file.display()))
}

/// The folder a file is in; of a bare name, the one the server was started in.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");

        let made = load(&file, true).unwrap();
        let read = load(&file, false).unwrap();

        assert_eq!(made.current.id(), read.current.id());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_replacement_that_was_cut_short_leaves_both_keys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let before = load(&file, true).unwrap().current;
        let after = MasterKey::from_random([7; 32]);
        let (old, new) = (before.id().to_owned(), after.id().to_owned());

        let keys = Keys {
            current: after,
            previous: Some(before),
        };
        replace(&file, &keys).unwrap();

        let found = load(&file, false).unwrap();
        assert_eq!(found.current.id(), new);
        assert_eq!(found.previous.unwrap().id(), old);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_bare_name_lies_in_the_present_folder() {
        assert_eq!(folder_of(Path::new("master.key")), Path::new("."));
        assert_eq!(folder_of(Path::new("keys/master.key")), Path::new("keys"));
    }

    #[test]
    fn a_key_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        load(&file, true).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();

        assert!(load(&file, false).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_missing_key_is_not_made_anew_for_a_store_that_needs_it() {
        let folder = tempfile::tempdir().unwrap();

        let error = load(&folder.path().join("master.key"), false).unwrap_err();

        assert!(error.to_string().contains("put the file back"), "{error}");
    }
}
