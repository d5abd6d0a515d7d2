//! Which server this is. Its id is kept in the data folder, where its recordings are: after a crash it recovers its
//! own sessions and leaves those of other servers on the same store alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use protocol::ids::NodeId;

use crate::clock;

/// Longer than an id, so that a file which is none shows.
const LONGEST: u64 = 64;

/// The id of the data folder's server; made by the first that asks.
pub fn id(folder: &Path) -> anyhow::Result<NodeId> {
    let (mut file, path) = open(folder)?;
    // Two that start on a new folder, such as a server and a command, agree on one id.
    file.lock()
        .with_context(|| format!("{}: the file cannot be locked", path.display()))?;
    read_or_make(&mut file).with_context(|| {
        format!(
            "{}: this is no server's id; put the right file back, or remove it if no session was cut off",
            path.display()
        )
    })
}

fn read_or_make(file: &mut File) -> anyhow::Result<NodeId> {
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    if text.is_empty() {
        let id = NodeId::from_random(clock::draw());
        file.write_all(id.as_str().as_bytes())?;
        file.sync_all()?;

        return Ok(id);
    }

    Ok(text.trim_end().parse()?)
}

fn open(folder: &Path) -> anyhow::Result<(File, PathBuf)> {
    let path = folder.join("node.id");
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{}: the file cannot be opened", path.display()))?;

    Ok((file, path))
}

/// Takes the data folder for who is about to recover or replace what is in it. It is given up when the file is dropped,
/// also by `kill -9`. `remedy` says what to do where a server has taken it.
///
/// # Errors
/// A server runs on it.
pub fn hold(folder: &Path, remedy: &str) -> anyhow::Result<File> {
    let path = folder.join("serving.lock");
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{}: the file cannot be opened", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "{}: a server runs on this data folder; {remedy}",
            folder.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{}: the file cannot be locked", path.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_id_and_another_has_another() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());

        let made = id(one.path()).unwrap();

        assert_eq!(id(one.path()).unwrap(), made);
        assert_ne!(id(other.path()).unwrap(), made);
    }

    #[test]
    fn a_file_that_holds_no_id_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("node.id"), "a note").unwrap();

        let error = id(folder.path()).unwrap_err();

        assert!(error.to_string().contains("no server's id"), "{error}");
        assert_eq!(
            std::fs::read_to_string(folder.path().join("node.id")).unwrap(),
            "a note"
        );
    }

    #[test]
    fn a_folder_is_held_by_one_server_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let held = hold(folder.path(), "stop it").unwrap();

        let error = hold(folder.path(), "stop it").unwrap_err();
        drop(held);

        assert!(
            error
                .to_string()
                .contains("a server runs on this data folder; stop it"),
            "{error}"
        );
        hold(folder.path(), "stop it").unwrap();
    }
}
