//! The master key: one file outside the store, readable by the server alone.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use vault::envelope::MasterKey;
use zeroize::Zeroizing;

use crate::clock;

/// Reads the key, or makes one when there is none and the store is new.
pub fn load(file: &Path, is_new_store: bool) -> anyhow::Result<MasterKey> {
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

            MasterKey::from_text(text.trim()).map_err(|_| {
                anyhow::anyhow!(
                    "{}: this is no master key; put the right file back",
                    file.display()
                )
            })
        }
        Err(error) if error.kind() == ErrorKind::NotFound && is_new_store => create(file),
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "{}: the master key is missing, and the store was sealed with one; put the file back or name it in data.master_key_file",
            file.display()
        ),
        Err(error) => {
            Err(error).with_context(|| format!("{}: the master key cannot be read", file.display()))
        }
    }
}

fn create(file: &Path) -> anyhow::Result<MasterKey> {
    let key = MasterKey::from_random(clock::draw());
    let write = || -> std::io::Result<()> {
        let mut open = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)?;
        open.write_all(key.to_text().as_bytes())?;
        open.sync_all()?;
        File::open(folder_of(file))?.sync_all()?;

        Ok(())
    };
    write().with_context(|| format!("{}: the master key cannot be written", file.display()))?;

    Ok(key)
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

        assert_eq!(made.id(), read.id());
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
