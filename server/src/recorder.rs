//! Recordings on disk: a folder a session, an append-only file for the open segment, whole files for closed ones.
//!
//! What was appended has gone through `write(2)`, so that it survives `kill -9`; `sync` follows within a second. Each
//! recording waits for its disk [`aside`], so that nothing else waits with it.
//! A closed segment takes the open one's place by temporary file, fsync, rename, fsync of the folder, removal.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use protocol::ids::SessionId;
use recording::{Aside, Head, Media, Running};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc;

/// What a recording has for the store to remember apart from it.
#[derive(Debug)]
pub struct Note {
    pub session: SessionId,
    pub extent: Extent,
}

/// How far a recording is.
#[derive(Debug)]
pub enum Extent {
    /// A segment was closed: for the audit log and the session's row.
    Closed(Head),
    /// The open segment went on and is durable so far: for the session's row.
    Running(Running),
}

/// Notes that may wait; more closed segments than this fail the recording that made one too many.
pub const MAX_WAITING_NOTES: usize = 1024;

/// The files of one recording.
pub struct Folder {
    session: SessionId,
    path: PathBuf,
    open: Option<(u32, File)>,
    /// Locked, also until `kill -9`: so a verification knows that it goes on.
    held: File,
    notes: mpsc::Sender<Note>,
}

impl Folder {
    /// Makes the folder of a new recording under `recordings`.
    pub fn create(recordings: &Path, session: SessionId, notes: mpsc::Sender<Note>) -> io::Result<Self> {
        let path = recordings.join(session.as_str());
        DirBuilder::new().mode(0o700).create(&path)?;
        File::open(recordings)?.sync_all()?;
        let held = File::open(&path)?;
        // Nobody else keeps it longer than it takes to ask.
        held.lock()?;

        Ok(Self {
            session,
            path,
            open: None,
            held,
            notes,
        })
    }

    /// The file of an open segment, which is made where the segment is new.
    fn file(&mut self, segment: u32) -> io::Result<&mut File> {
        if self.open.as_ref().is_none_or(|(number, _)| *number != segment) {
            let file = OpenOptions::new()
                .create_new(true)
                .append(true)
                .mode(0o600)
                .open(self.path.join(open_name(segment)))?;
            self.held.sync_all()?;
            self.open = Some((segment, file));
        }

        self.open
            .as_mut()
            .map(|(_, file)| file)
            .ok_or_else(|| io::Error::other("no open segment"))
    }
}

impl Media for Folder {
    fn aside(&self) -> Aside {
        |act| aside(act)
    }

    fn append(&mut self, segment: u32, bytes: &[u8]) -> io::Result<()> {
        aside(|| self.file(segment)?.write_all(bytes))
    }

    fn replace(&mut self, segment: u32, closed: &[u8], head: &Head) -> io::Result<()> {
        aside(|| put_closed(&self.path, segment, closed))?;
        self.open = None;
        let note = Note {
            session: self.session.clone(),
            extent: Extent::Closed(*head),
        };

        self.notes
            .try_send(note)
            .map_err(|_| io::Error::other("the audit log does not keep up"))
    }

    fn sync(&mut self) -> io::Result<()> {
        match &self.open {
            Some((_, file)) => aside(|| file.sync_data()),
            None => Ok(()),
        }
    }

    fn note(&mut self, running: &Running) -> io::Result<bool> {
        // One that comes later says the same and more: those of closed segments have precedence.
        if self.notes.capacity() <= MAX_WAITING_NOTES / 2 {
            return Ok(false);
        }
        let note = Note {
            session: self.session.clone(),
            extent: Extent::Running(*running),
        };

        Ok(self.notes.try_send(note).is_ok())
    }
}

/// Puts a closed segment into a recording's folder, in place of the open one where there is one.
pub fn put_closed(folder: &Path, segment: u32, closed: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!("{segment:08}.part"));
    let open = folder.join(open_name(segment));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(closed)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(closed_name(segment)))?;
    File::open(folder)?.sync_all()?;
    if open.exists() {
        fs::remove_file(&open)?;
    }

    Ok(())
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

/// Most bytes of a segment's file that are read. One is closed at 4 MiB; what made it so large is at most one frame and
/// one screen of 16 MiB each on top. Nothing we wrote is longer.
const MAX_SEGMENT: u64 = 64 * 1024 * 1024;

/// Where a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    Closed,
    Open,
    /// Nowhere, and so are those after it up to this number.
    Nowhere {
        until: u32,
    },
}

/// One segment of a recording on disk.
#[derive(Debug)]
pub struct StoredSegment {
    pub number: u32,
    pub lies: Lies,
    folder: PathBuf,
}

impl StoredSegment {
    /// Where it is once it is closed.
    pub fn closed_path(&self) -> PathBuf {
        self.folder.join(closed_name(self.number))
    }

    /// All its bytes, also if it is closed meanwhile.
    ///
    /// # Errors
    /// `NotFound` where it is nowhere.
    pub fn read(&self) -> io::Result<Bytes> {
        let open = self.folder.join(open_name(self.number));
        // Closed since it was looked for the first time: the closed file is there before the open one goes.
        for path in [self.closed_path(), open, self.closed_path()] {
            match File::open(path) {
                Ok(file) => {
                    let mut bytes = Vec::new();
                    file.take(MAX_SEGMENT).read_to_end(&mut bytes)?;

                    return Ok(Bytes::from(bytes));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }

        Err(io::ErrorKind::NotFound.into())
    }
}

/// Whether somebody has this recording under way.
pub fn is_held(recordings: &Path, session: &SessionId) -> io::Result<bool> {
    let folder = match File::open(recordings.join(session.as_str())) {
        Ok(folder) => folder,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };

    match folder.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The segments of a recording in order, with those that are nowhere although a later one is there, or `last` is known
/// to have been. Where a close was cut short after the rename, the closed one counts.
pub fn segments(recordings: &Path, session: &SessionId, last: Option<u32>) -> io::Result<Vec<StoredSegment>> {
    let folder = recordings.join(session.as_str());
    let found = match found(&folder) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error),
    };
    let mut segments = Listing {
        folder,
        segments: Vec::with_capacity(found.len()),
    };
    let mut next = Some(0);
    for (number, lies) in found {
        if let Some(first) = next.filter(|next| *next < number) {
            segments.push_gap(first, number - 1);
        }
        segments.push(number, lies);
        next = number.checked_add(1);
    }
    if let (Some(first), Some(last)) = (next, last)
        && first <= last
    {
        segments.push_gap(first, last);
    }

    Ok(segments.segments)
}

/// The segments of a recording in the making.
struct Listing {
    folder: PathBuf,
    segments: Vec<StoredSegment>,
}

impl Listing {
    fn push(&mut self, number: u32, lies: Lies) {
        self.segments.push(StoredSegment {
            number,
            lies,
            folder: self.folder.clone(),
        });
    }

    /// Segments the folder did not name. One that was closed while it was read may be in neither of its places: it is
    /// looked for by name.
    fn push_gap(&mut self, first: u32, until: u32) {
        for number in first..=until {
            if self.folder.join(closed_name(number)).exists() {
                self.push(number, Lies::Closed);
            } else if self.folder.join(open_name(number)).exists() {
                self.push(number, Lies::Open);
            } else {
                self.push(number, Lies::Nowhere { until });
                return;
            }
        }
    }
}

fn found(folder: &Path) -> io::Result<BTreeMap<u32, Lies>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        let kind = path.extension().and_then(|kind| kind.to_str());
        let (Some(number), Some(lies)) = (number, kind.and_then(lies_by)) else {
            continue;
        };
        if found.get(&number) != Some(&Lies::Closed) {
            found.insert(number, lies);
        }
    }

    Ok(found)
}

fn lies_by(extension: &str) -> Option<Lies> {
    match extension {
        "closed" => Some(Lies::Closed),
        "open" => Some(Lies::Open),
        _ => None,
    }
}

/// The sessions of which there is a folder, in order.
pub fn folders(recordings: &Path) -> io::Result<Vec<SessionId>> {
    let mut sessions = Vec::new();
    for entry in fs::read_dir(recordings)? {
        let entry = entry?;
        let session = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(session) = session.filter(|_| entry.path().is_dir()) {
            sessions.push(session);
        }
    }
    sessions.sort();

    Ok(sessions)
}

/// Deletes what a close that was cut short has left behind: temporary files, and open files already replaced.
pub fn tidy(recordings: &Path, session: &SessionId) -> io::Result<()> {
    let folder = recordings.join(session.as_str());
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        // Nothing of ours; a close that needs its place says so.
        if entry.file_type()?.is_dir() {
            continue;
        }
        let path = entry.path();
        let is_part = path.extension().is_some_and(|kind| kind == "part");
        let is_replaced =
            path.extension().is_some_and(|kind| kind == "open") && path.with_extension("closed").is_file();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_recording_is_waits_for_room_behind_closed_segments() {
        let recordings = tempfile::tempdir().unwrap();
        let session = SessionId::from_random([1; 16]);
        let (sender, mut notes) = mpsc::channel(MAX_WAITING_NOTES);
        let mut folder = Folder::create(recordings.path(), session.clone(), sender.clone()).unwrap();
        let hash = [0; 32];
        for segment in 0..512 {
            let extent = Extent::Closed(Head { segment, hash });
            let session = session.clone();
            sender.try_send(Note { session, extent }).unwrap();
        }
        let running = Running {
            segment: 512,
            n_frames: 1,
            hash,
        };

        assert!(!folder.note(&running).unwrap());
        notes.try_recv().unwrap();
        assert!(folder.note(&running).unwrap());
    }
}
