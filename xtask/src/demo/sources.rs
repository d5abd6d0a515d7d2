//! When a source file was last changed, for `make dev`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::workspace::Workspace;

/// What the running server is made of.
const FOLDERS: &[&str] = &["app", "crates", "public", "server", "style"];

pub(super) struct Sources {
    folders: Vec<PathBuf>,
    newest: SystemTime,
}

impl Sources {
    pub(super) fn of(workspace: &Workspace) -> Self {
        let folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| workspace.root.join(folder)).collect();
        let newest = newest(&folders);
        Self { folders, newest }
    }

    /// Whether a file is newer than any was at the last call.
    pub(super) fn have_changed(&mut self) -> bool {
        let newest = newest(&self.folders);
        let changed = newest > self.newest;
        self.newest = newest;
        changed
    }
}

fn newest(folders: &[PathBuf]) -> SystemTime {
    folders
        .iter()
        .map(|folder| newest_below(folder))
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A folder or file that has just gone counts as old; its folder counts as changed.
fn newest_below(path: &Path) -> SystemTime {
    let own = fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let Ok(entries) = fs::read_dir(path) else {
        return own;
    };
    let below = entries.flatten().map(|entry| newest_below(&entry.path())).max();
    below.map_or(own, |below| below.max(own))
}
