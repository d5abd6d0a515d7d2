//! The tape: the one way into a recording. What it has accepted may be shown, and only that.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, TryLockError};

use bytes::Bytes;

#[cfg(test)]
use crate::body::Gap;
use crate::body::{Connection, Header, Statement, StatementEnd, Transfer};
use crate::frame::{Body, TERMINAL};
use crate::key::SessionKey;
use crate::screen::Snapshot;
use crate::segment::Head;
use crate::verify::Running;

mod reel;

use reel::Reel;

/// A segment is closed when it has so many bytes and is [`FLOOD_MICROS`] old.
pub(crate) const SEGMENT_BYTES: usize = 1024 * 1024;
/// See [`SEGMENT_BYTES`]. Closing costs files, two waits for the disk and an event of the audit log: in a flood of output
/// not for every mebibyte.
pub(crate) const FLOOD_MICROS: i64 = 1_000_000;
/// A segment is closed when it has so many bytes, however young it is. Its compressed form is in memory until then.
pub(crate) const FLOOD_BYTES: usize = 4 * 1024 * 1024;
/// A segment is closed when it is so many microseconds old, however little is in it: many small
/// segments would take twice the room of few.
pub const SEGMENT_MICROS: i64 = 1_800_000_000;
/// A segment of [`BUSY_BYTES`] is closed when it is so many microseconds old.
const BUSY_MICROS: i64 = 60_000_000;
/// See [`BUSY_MICROS`].
const BUSY_BYTES: usize = 512 * 1024;
/// How far the open segment is, is noted every so many microseconds.
pub const NOTE_MICROS: i64 = 60_000_000;

/// Runs what it is given, once, where nothing else waits with it: by who knows the threads.
pub type Aside = fn(&mut dyn FnMut());

/// Where segments are kept. Every call is synchronous and made under the tape's lock.
pub trait Media {
    /// How a tape waits for its lock while another call may be waiting for this media. Asked for once.
    fn aside(&self) -> Aside {
        |act| act()
    }

    /// Adds bytes to the end of the open segment. All or an error.
    ///
    /// The first call with a number makes the segment and must fail where one is: a number used twice
    /// would be a nonce used twice.
    fn append(&mut self, segment: u32, bytes: &[u8]) -> io::Result<()>;

    /// Puts the closed segment in place of the open one: temporary file, fsync, rename, fsync of the
    /// folder, then the open file is removed. `head` belongs into the audit log.
    fn replace(&mut self, segment: u32, closed: &[u8], head: &Head) -> io::Result<()>;

    /// Makes what was appended durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Takes note, apart from the segments, of how far the open one is. All of it was made durable before, so that what
    /// is missing of it later was removed. False where there is no room for it: it is offered again.
    fn note(&mut self, running: &Running) -> io::Result<bool>;
}

/// Why something was not recorded, and so must not be shown, sent or run.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// The media refused; the tape is stopped for good.
    #[error("the recording could not be written")]
    Media(#[source] io::Error),
    /// A call before this one failed.
    #[error("the recording stopped after an earlier failure")]
    Poisoned,
    /// [`Tape::end`] was called.
    #[error("the recording has ended")]
    Ended,
    /// Segment numbers or sizes beyond what the format has; the tape is stopped for good.
    #[error("the recording could not be sealed")]
    Seal,
    /// Only this one frame was refused; the tape goes on.
    #[error("{0} bytes are more than one frame of a recording can hold")]
    TooLarge(usize),
}

/// Something the tape has accepted. Holding one is the permission to show, send or run it.
#[derive(Debug)]
pub struct Recorded<T> {
    value: T,
    seq: u64,
}

impl<T> Recorded<T> {
    /// What was accepted.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// What was accepted, to be shown, sent or run.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Sequence number of its frame, by which a later frame refers to it. Where the switches keep
    /// nothing of this kind there is no frame, and none that could refer to it.
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

/// The recording of one session while it is being made. A clone is another handle of the same tape.
#[derive(Clone)]
pub struct Tape {
    reel: Arc<Mutex<Reel>>,
    aside: Aside,
}

impl Tape {
    /// Starts a recording with its header in segment `first_segment`.
    pub fn start(
        media: Box<dyn Media + Send>,
        key: SessionKey,
        first_segment: u32,
        header: Header,
        at: i64,
    ) -> Result<Tape, TapeError> {
        let aside = media.aside();
        let reel = Reel::start(media, key, first_segment, header, at)?;
        Ok(Tape {
            reel: Arc::new(Mutex::new(reel)),
            aside,
        })
    }

    /// A handle to write with: 0 for the terminal, then one for each connection.
    pub fn lane(&self, number: u8) -> Lane {
        Lane {
            tape: self.clone(),
            number,
        }
    }

    /// Records a sentence for who replays the session. Kept whatever the switches say.
    pub fn marker(&self, at: i64, text: impl Into<String>) -> Result<(), TapeError> {
        self.write(TERMINAL, at, Body::Marker(text.into()))?;
        Ok(())
    }

    /// Records that something is missing. Kept whatever the switches say.
    #[cfg(test)]
    pub(crate) fn gap(&self, at: i64, gap: Gap) -> Result<(), TapeError> {
        self.write(TERMINAL, at, Body::Gap(gap))?;
        Ok(())
    }

    /// Closes the open segment if its time is over, and has noted how far it is every [`NOTE_MICROS`]. Every record
    /// call closes too; this is for idle sessions.
    pub fn handle_time(&self, at: i64) -> Result<(), TapeError> {
        self.reel(|reel| reel.handle_time(at))
    }

    /// The screen of lane 0 with at most `lines` lines above it, for who joins the session.
    ///
    /// Everything recorded before is in it and nothing after: joined under the lock under which output
    /// is published, there is no gap and nothing twice. The number is the sequence number of the next
    /// frame. `None` where the session has no screen, and after a failure.
    pub fn snapshot(&self, lines: usize) -> Option<(u64, Snapshot)> {
        self.locked(|reel| reel.snapshot(lines)).flatten()
    }

    /// Makes what was recorded durable. Holds the lock meanwhile.
    pub fn sync(&self) -> Result<(), TapeError> {
        self.reel(Reel::sync)
    }

    /// Hash of the last closed segment; `None` before the first is closed.
    #[cfg(test)]
    pub(crate) fn head(&self) -> Option<Head> {
        self.locked(|reel| reel.head()).flatten()
    }

    /// Records the end, closes the last segment and gives the head of the finished recording.
    /// Everything after it is refused.
    pub fn end(&self, at: i64, reason: impl Into<String>) -> Result<Head, TapeError> {
        let reason = reason.into();
        self.reel(|reel| reel.end(at, reason))
    }

    fn write(&self, lane: u8, at: i64, body: Body) -> Result<u64, TapeError> {
        self.reel(|reel| reel.write(lane, at, body))
    }

    fn reel<T>(&self, act: impl FnOnce(&mut Reel) -> Result<T, TapeError>) -> Result<T, TapeError> {
        self.locked(act).unwrap_or(Err(TapeError::Poisoned))
    }

    /// `None` after a panic under the lock, which leaves the reel in an unknown state: the same as a failed write.
    fn locked<T>(&self, act: impl FnOnce(&mut Reel) -> T) -> Option<T> {
        match self.reel.try_lock() {
            Ok(mut reel) => return Some(act(&mut reel)),
            Err(TryLockError::Poisoned(_)) => return None,
            Err(TryLockError::WouldBlock) => {}
        }
        // Who has the lock may be waiting for the media.
        let mut act = Some(act);
        let mut done = None;
        (self.aside)(&mut || {
            if let (Ok(mut reel), Some(act)) = (self.reel.lock(), act.take()) {
                done = Some(act(&mut reel));
            }
        });
        done
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tape(..)")
    }
}

/// Writes to a tape under one lane's number.
#[derive(Clone, Debug)]
pub struct Lane {
    tape: Tape,
    number: u8,
}

impl Lane {
    /// The number its frames carry.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Whether statements are kept.
    pub fn keeps_statements(&self) -> bool {
        // After a failure nothing is kept, and nothing is run without being kept either.
        self.tape.locked(|reel| reel.keeps_statements()).unwrap_or(true)
    }

    /// Runs `act`, which may wait for who waits for the media, so that other tasks of the thread go on.
    pub fn aside(&self, act: &mut dyn FnMut()) {
        (self.tape.aside)(act);
    }

    /// Records that a client's connection begins. A number is a later connection's once [`Lane::disconnected`] was called.
    pub fn connected(&self, at: i64, connection: Connection) -> Result<(), TapeError> {
        self.tape.write(self.number, at, Body::Connected(connection))?;
        Ok(())
    }

    /// Records that the lane's connection ends.
    pub fn disconnected(&self, at: i64, reason: impl Into<String>) -> Result<(), TapeError> {
        let reason = reason.into();
        self.tape.write(self.number, at, Body::Disconnected { reason })?;
        Ok(())
    }

    /// Records what the person is about to see.
    pub fn record_output(&self, at: i64, output: Bytes) -> Result<Recorded<Bytes>, TapeError> {
        let seq = self.tape.write(self.number, at, Body::Output(output.clone()))?;
        Ok(Recorded { value: output, seq })
    }

    /// Records a statement about to be run.
    pub fn record_statement(&self, at: i64, statement: Statement) -> Result<Recorded<Statement>, TapeError> {
        let seq = self
            .tape
            .write(self.number, at, Body::StatementStart(statement.clone()))?;
        Ok(Recorded {
            value: statement,
            seq,
        })
    }

    /// Records how a result of a statement ended.
    pub fn statement_end(&self, at: i64, end: StatementEnd) -> Result<(), TapeError> {
        self.tape.write(self.number, at, Body::StatementEnd(end))?;
        Ok(())
    }

    /// Records what became of a COPY.
    pub fn transfer(&self, at: i64, transfer: Transfer) -> Result<(), TapeError> {
        self.tape.write(self.number, at, Body::Transfer(transfer))?;
        Ok(())
    }

    /// Records what was typed.
    pub fn input(&self, at: i64, input: Bytes) -> Result<(), TapeError> {
        self.tape.write(self.number, at, Body::Input(input))?;
        Ok(())
    }

    /// Records the screen's new size.
    pub fn resize(&self, at: i64, cols: u16, rows: u16) -> Result<(), TapeError> {
        self.tape.write(self.number, at, Body::Resize { cols, rows })?;
        Ok(())
    }
}
