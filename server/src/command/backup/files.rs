//! Files of a backup: made for their owner alone, never over what is there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, ensure};
use protocol::ids::SessionId;

/// How often a folder is copied anew because a segment was closed meanwhile.
const ATTEMPTS: u32 = 20;

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) recordings: u64,
    pub(super) bytes: u64,
}

/// Makes the folder, or takes it when it is empty.
pub(super) fn make_empty(folder: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{}: the folder cannot be made", folder.display()))?;
    ensure!(
        is_empty(folder)?,
        "{}: the folder is not empty; name a new one",
        folder.display()
    );

    Ok(())
}

pub(super) fn is_empty(folder: &Path) -> anyhow::Result<bool> {
    let mut entries =
        fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;

    Ok(entries.next().is_none())
}

pub(super) fn create(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{}: cannot be written", path.display()))
}

pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<u64> {
    let bytes = try_copy(from, to)
        .with_context(|| format!("{}: cannot be copied to {}", from.display(), to.display()))?;

    Ok(bytes)
}

/// Writes a file where something may be in the place.
pub(super) fn put(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    create(path)?.write_all(bytes)?;

    Ok(())
}

/// The same with a file's copy.
pub(super) fn replace(from: &Path, to: &Path) -> anyhow::Result<u64> {
    if to.exists() {
        fs::remove_file(to)?;
    }

    copy(from, to)
}

fn try_copy(from: &Path, to: &Path) -> io::Result<u64> {
    let mut source = File::open(from)?;
    let mut copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    let bytes = io::copy(&mut source, &mut copy)?;
    copy.sync_all()?;

    Ok(bytes)
}

/// Copies the recordings of these sessions; what the server writes meanwhile may be in it or not.
pub(super) fn copy_recordings(from: &Path, to: &Path, sessions: &[SessionId]) -> anyhow::Result<Copied> {
    make_empty(to)?;
    let mut copied = Copied::default();
    for session in sessions {
        let source = from.join(session.as_str());
        if source.exists() {
            copied.bytes += copy_settled(&source, &to.join(session.as_str()))?;
            copied.recordings += 1;
        }
    }

    Ok(copied)
}

/// Copies every recording of a backup.
pub(super) fn copy_folders(from: &Path, to: &Path) -> anyhow::Result<Copied> {
    let mut copied = Copied::default();
    for entry in fs::read_dir(from).with_context(|| format!("{}: cannot be read", from.display()))? {
        let source = entry?.path();
        let name = source.file_name().unwrap_or_default();
        copied.bytes += copy_settled(&source, &to.join(name))?;
        copied.recordings += 1;
    }

    Ok(copied)
}

/// Copies one recording's folder. A segment that was closed meanwhile is a file that is gone: then it is begun anew.
fn copy_settled(from: &Path, to: &Path) -> anyhow::Result<u64> {
    for _ in 0..ATTEMPTS {
        match copy_folder(from, to) {
            Ok(bytes) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_dir_all(to)?,
            Err(error) => {
                return Err(error).with_context(|| format!("{}: cannot be copied", from.display()));
            }
        }
    }
    anyhow::bail!(
        "{}: the recording changes faster than it is copied",
        from.display()
    )
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<u64> {
    DirBuilder::new().mode(0o700).create(to)?;
    let mut bytes = 0;
    for entry in fs::read_dir(from)? {
        let source = entry?.path();
        // Left by a close that is under way or was cut short; the open segment beside it says the same.
        if source.extension().is_some_and(|kind| kind == "part") {
            continue;
        }
        bytes += try_copy(&source, &to.join(source.file_name().unwrap_or_default()))?;
    }
    File::open(to)?.sync_all()?;

    Ok(bytes)
}
