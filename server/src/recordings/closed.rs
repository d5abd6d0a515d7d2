//! A closed segment by its footer: only what is asked for is read from its file.

use std::fs::File;
use std::os::unix::fs::FileExt;

use protocol::errors::Refusal;
use recording::footer::{Footer, SEGMENT_HEAD, SEGMENT_TAIL};
use recording::{Frame, Index, ReadError, SessionKey};

use super::{unlike, unreadable};
use crate::recorder::StoredSegment;

/// An open file of a closed segment.
pub(super) struct Closed {
    number: u32,
    file: File,
    footer: Footer,
}

impl Closed {
    /// Reads header and footer.
    pub(super) fn open(stored: &StoredSegment, key: &SessionKey) -> Result<Self, Refusal> {
        let file = File::open(stored.closed_path()).map_err(unreadable)?;
        let len = file.metadata().map_err(unreadable)?.len();
        let not_as_recorded = |error: ReadError| unlike(stored.number, &error);
        let tail_at = len
            .checked_sub(SEGMENT_TAIL as u64)
            .filter(|at| *at >= SEGMENT_HEAD as u64)
            .ok_or_else(|| not_as_recorded(ReadError::Altered))?;
        let mut head = [0; SEGMENT_HEAD];
        let mut tail = [0; SEGMENT_TAIL];
        file.read_exact_at(&mut head, 0).map_err(unreadable)?;
        file.read_exact_at(&mut tail, tail_at).map_err(unreadable)?;
        let place = Footer::place(&head, &tail, len, key)
            .map_err(not_as_recorded)?
            .ok_or_else(|| not_as_recorded(ReadError::Altered))?;
        let sealed = read_at(&file, &place)?;
        let footer = Footer::read(&head, &place, &sealed, key).map_err(not_as_recorded)?;

        Ok(Self {
            number: stored.number,
            file,
            footer,
        })
    }

    pub(super) fn index(&self) -> &Index {
        self.footer.index()
    }

    /// The frames of a block; none where there is no such block.
    pub(super) fn frames(&self, block: u32) -> Result<Vec<Frame>, Refusal> {
        let Some(place) = self.footer.block_place(block) else {
            return Ok(Vec::new());
        };
        let sealed = read_at(&self.file, &place)?;

        self.footer
            .frames(block, &sealed)
            .map_err(|error| unlike(self.number, &error))
    }
}

fn read_at(file: &File, place: &std::ops::Range<u64>) -> Result<Vec<u8>, Refusal> {
    let len = usize::try_from(place.end.saturating_sub(place.start)).unwrap_or_default();
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, place.start).map_err(unreadable)?;

    Ok(bytes)
}
