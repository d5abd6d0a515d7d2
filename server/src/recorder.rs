//! Recordings on disk: a folder a session, an append-only file for the open segment, whole files for closed ones.
//!
//! What was appended has gone through `write(2)`, so that it survives `kill -9`; `sync` follows within a second.
//! A closed segment takes the open one's place by temporary file, fsync, rename, fsync of the folder, removal.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use protocol::ids::SessionId;
use recording::{Head, Media};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc;

/// A closed segment's place in the chain, on its way to the audit log.
#[derive(Debug)]
pub struct ClosedSegment {
    pub session: SessionId,
    pub segment: u32,
    pub head: Head,
}

/// Heads that may wait for the audit log; more of them fail the recording that made one too many.
pub const MAX_WAITING_HEADS: usize = 1024;

/// The files of one recording.
pub struct Folder {
    session: SessionId,
    path: PathBuf,
    open: Option<(u32, File)>,
    heads: mpsc::Sender<ClosedSegment>,
}

impl Folder {
    /// Makes the folder of a new recording under `recordings`.
    pub fn create(
        recordings: &Path,
        session: SessionId,
        heads: mpsc::Sender<ClosedSegment>,
    ) -> io::Result<Self> {
        let path = recordings.join(session.as_str());
        DirBuilder::new().mode(0o700).create(&path)?;
        File::open(recordings)?.sync_all()?;

        Ok(Self {
            session,
            path,
            open: None,
            heads,
        })
    }

    /// The folder of a recording that was cut short; what is in it stays as it is.
    pub fn existing(recordings: &Path, session: SessionId, heads: mpsc::Sender<ClosedSegment>) -> Self {
        let path = recordings.join(session.as_str());

        Self {
            session,
            path,
            open: None,
            heads,
        }
    }
}

impl Media for Folder {
    fn append(&mut self, segment: u32, bytes: &[u8]) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|(number, _)| *number != segment) {
            let file = OpenOptions::new()
                .create_new(true)
                .append(true)
                .mode(0o600)
                .open(self.path.join(open_name(segment)))?;
            File::open(&self.path)?.sync_all()?;
            self.open = Some((segment, file));
        }
        let Some((_, file)) = &mut self.open else {
            return Err(io::Error::other("no open segment"));
        };

        file.write_all(bytes)
    }

    fn replace(&mut self, segment: u32, closed: &[u8], head: &Head) -> io::Result<()> {
        let temporary = self.path.join(format!("{segment:08}.part"));
        let open = self.path.join(open_name(segment));
        aside(|| {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&temporary)?;
            file.write_all(closed)?;
            file.sync_all()?;
            fs::rename(&temporary, self.path.join(closed_name(segment)))?;
            File::open(&self.path)?.sync_all()?;
            if open.exists() {
                fs::remove_file(&open)?;
            }

            Ok::<(), io::Error>(())
        })?;
        self.open = None;
        let closed = ClosedSegment {
            session: self.session.clone(),
            segment,
            head: *head,
        };

        self.heads
            .try_send(closed)
            .map_err(|_| io::Error::other("the audit log does not keep up"))
    }

    fn sync(&mut self) -> io::Result<()> {
        match &self.open {
            Some((_, file)) => aside(|| file.sync_data()),
            None => Ok(()),
        }
    }
}

/// Lets the other tasks of this thread go on elsewhere while the disk is waited for.
pub fn aside<T>(act: impl FnOnce() -> T) -> T {
    let shared =
        Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if shared {
        tokio::task::block_in_place(act)
    } else {
        act()
    }
}

fn open_name(segment: u32) -> String {
    format!("{segment:08}.open")
}

fn closed_name(segment: u32) -> String {
    format!("{segment:08}.closed")
}

/// One segment as it lies on disk.
#[derive(Debug)]
pub struct StoredSegment {
    pub number: u32,
    pub path: PathBuf,
    pub is_closed: bool,
}

/// The segments of a recording in order. Where a close was cut short after the rename, the closed one counts.
pub fn segments(recordings: &Path, session: &SessionId) -> io::Result<Vec<StoredSegment>> {
    let mut found: Vec<StoredSegment> = Vec::new();
    for entry in fs::read_dir(recordings.join(session.as_str()))? {
        let path = entry?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        let kind = path.extension().and_then(|kind| kind.to_str());
        let (Some(number), Some(is_closed)) = (number, kind.and_then(closed_kind)) else {
            continue;
        };
        found.push(StoredSegment {
            number,
            path,
            is_closed,
        });
    }
    // Closed before open where both exist, so that `dedup` keeps the closed one.
    found.sort_by_key(|segment| (segment.number, !segment.is_closed));
    found.dedup_by_key(|segment| segment.number);

    Ok(found)
}

fn closed_kind(extension: &str) -> Option<bool> {
    match extension {
        "closed" => Some(true),
        "open" => Some(false),
        _ => None,
    }
}

/// Deletes what a close that was cut short has left behind: temporary files, and open files already replaced.
pub fn tidy(recordings: &Path, session: &SessionId) -> io::Result<()> {
    let folder = recordings.join(session.as_str());
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let is_part = path.extension().is_some_and(|kind| kind == "part");
        let is_replaced =
            path.extension().is_some_and(|kind| kind == "open") && path.with_extension("closed").exists();
        if is_part || is_replaced {
            fs::remove_file(path)?;
        }
    }

    File::open(folder)?.sync_all()
}

/// Whether a file can be made where recordings go.
pub fn is_writable(recordings: &Path) -> io::Result<()> {
    let probe = recordings.join(".writable");
    File::create(&probe)?.write_all(b"ok")?;

    fs::remove_file(probe)
}
