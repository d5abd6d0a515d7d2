//! What is behind the tape's lock: the sequence, the open segment, the screen.

use bytes::Bytes;

use super::{
    BUSY_BYTES, BUSY_MICROS, FLOOD_BYTES, FLOOD_MICROS, Media, NOTE_MICROS, SEGMENT_BYTES, SEGMENT_MICROS,
    TapeError,
};
use crate::body::{Header, Switches};
use crate::frame::{Body, Packed, TERMINAL, TooLarge};
use crate::key::{SessionKey, Unsealable};
use crate::screen::{Screen, Snapshot};
use crate::segment::closed::ClosedWriter;
use crate::segment::open::OpenWriter;
use crate::segment::{Hash, Head, session_mark};
use crate::verify::Running;

/// Output and input longer than this become several frames, so that blocks stay near their size.
const MAX_CHUNK: usize = 32 * 1024;

/// What a record of an open segment has besides its body, at most: prefix, head, tag.
const OVERHEAD: usize = 64;

pub(super) struct Reel {
    media: Box<dyn Media + Send>,
    key: SessionKey,
    session: [u8; 16],
    switches: Switches,
    state: State,
    seq: u64,
    last_at: i64,
    screen: Option<Screen>,
    next_segment: u32,
    segment: Option<Segment>,
    head: Option<Head>,
    noted: Option<Running>,
    noted_at: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Poisoned,
    Ended,
}

/// The open segment and, growing beside it, the closed one that replaces it.
struct Segment {
    number: u32,
    since: i64,
    n_bytes: usize,
    open: OpenWriter,
    closed: ClosedWriter,
}

impl Reel {
    pub(super) fn start(
        media: Box<dyn Media + Send>,
        key: SessionKey,
        first_segment: u32,
        header: Header,
        at: i64,
    ) -> Result<Self, TapeError> {
        let switches = header.switches;
        let screen = Screen::new(header.cols, header.rows);
        let mut reel = Self {
            media,
            key,
            session: session_mark(&header.session),
            switches,
            state: State::Running,
            seq: 0,
            last_at: at,
            screen,
            next_segment: first_segment,
            segment: None,
            head: None,
            noted: None,
            noted_at: at,
        };
        reel.write(TERMINAL, at, Body::Header(Box::new(header)))?;
        Ok(reel)
    }

    #[cfg(test)]
    pub(super) fn head(&self) -> Option<Head> {
        self.head
    }

    pub(super) fn keeps_statements(&self) -> bool {
        self.switches.keep_statements()
    }

    /// Records a body, unless the switches leave its kind out, and gives its sequence number.
    pub(super) fn write(&mut self, lane: u8, at: i64, body: Body) -> Result<u64, TapeError> {
        self.check()?;
        if !self.keeps(&body) {
            // Who joins sees the screen whatever is kept of it.
            self.show(lane, &body);
            return Ok(self.seq);
        }
        // The one error that costs a single frame, so before anything changes.
        let pieces = pieces(lane, body).map_err(|error| TapeError::TooLarge(error.0))?;
        let result = self.write_all(at, pieces);
        self.poison_on_error(result)
    }

    pub(super) fn handle_time(&mut self, at: i64) -> Result<(), TapeError> {
        self.check()?;
        let result = self.close_if_due(at).and_then(|()| self.note_if_due(at));
        self.poison_on_error(result)
    }

    pub(super) fn snapshot(&mut self, lines: usize) -> Option<(u64, Snapshot)> {
        let snapshot = self.screen.as_mut()?.snapshot(lines);
        Some((self.seq, snapshot))
    }

    pub(super) fn sync(&mut self) -> Result<(), TapeError> {
        self.check()?;
        let result = self.media.sync().map_err(TapeError::Media);
        self.poison_on_error(result)
    }

    pub(super) fn end(&mut self, at: i64, reason: String) -> Result<Head, TapeError> {
        self.write(TERMINAL, at, Body::End { reason })?;
        let result = self.close();
        self.poison_on_error(result)?;
        self.state = State::Ended;
        self.head.ok_or(TapeError::Ended)
    }

    fn write_all(&mut self, at: i64, mut pieces: Vec<Piece>) -> Result<u64, TapeError> {
        let at = self.last_at.max(at);
        self.last_at = at;
        self.close_if_due(at)?;

        let room = pieces
            .iter()
            .map(|piece| piece.packed.bytes().len() + OVERHEAD)
            .sum();
        let mut batch = Vec::with_capacity(room);
        let mut before = None;
        let mut segment = match self.segment.take() {
            Some(segment) => segment,
            None => {
                // A segment that starts with the screen can be played without the one before it.
                if self.seq > 0 {
                    before = self.keyframe();
                }
                self.start_segment(at, &mut batch)?
            }
        };
        let first = self.seq + u64::from(before.is_some());
        let mut keyframe_due = false;
        for piece in &pieces {
            keyframe_due |= self.show(piece.lane, &piece.body);
        }
        pieces.splice(..0, before);
        if keyframe_due {
            pieces.extend(self.keyframe());
        }

        for piece in &mut pieces {
            piece.seq = self.seq;
            let append = |out: &mut Vec<u8>| piece.packed.append(piece.lane, piece.seq, at, out);
            segment.open.push(append, &mut batch)?;
            self.seq += 1;
        }
        self.media
            .append(segment.number, &batch)
            .map_err(TapeError::Media)?;
        segment.n_bytes += batch.len();
        for piece in &pieces {
            segment
                .closed
                .push(piece.lane, piece.seq, at, &piece.body, &piece.packed)?;
        }
        self.segment = Some(segment);
        Ok(first)
    }

    /// Keeps the screen; says whether a keyframe is due after this.
    fn show(&mut self, lane: u8, body: &Body) -> bool {
        let Some(screen) = &mut self.screen else {
            return false;
        };
        match body {
            Body::Output(output) if lane == TERMINAL => {
                screen.print(output);
                screen.is_due()
            }
            Body::Resize { cols, rows } => {
                screen.resize(*cols, *rows);
                true
            }
            Body::Output(_)
            | Body::Header(_)
            | Body::Input(_)
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Marker(_)
            | Body::Gap(_)
            | Body::Keyframe(_)
            | Body::End { .. }
            | Body::Connected(_)
            | Body::Disconnected { .. }
            | Body::Unknown { .. } => false,
        }
    }

    /// `None` without a screen, where screens are not kept, and for one so ornate that it does not fit: the player then starts
    /// from the keyframe before.
    fn keyframe(&mut self) -> Option<Piece> {
        if !self.switches.keep_screen() {
            return None;
        }
        let keyframe = self.screen.as_mut()?.keyframe();
        Piece::new(TERMINAL, Body::Keyframe(keyframe)).ok()
    }

    fn start_segment(&mut self, at: i64, batch: &mut Vec<u8>) -> Result<Segment, TapeError> {
        let number = self.next_segment;
        self.next_segment = number.checked_add(1).ok_or(TapeError::Seal)?;
        let previous: Hash = self.head.map_or([0; 32], |head| head.hash);
        Ok(Segment {
            number,
            since: at,
            n_bytes: 0,
            open: OpenWriter::start(&self.key, number, self.session, previous, batch),
            closed: ClosedWriter::start(&self.key, number, self.session, previous),
        })
    }

    fn close_if_due(&mut self, at: i64) -> Result<(), TapeError> {
        let due = self.segment.as_ref().is_some_and(|segment| {
            let age = at.saturating_sub(segment.since);
            segment.n_bytes >= FLOOD_BYTES
                || (age >= FLOOD_MICROS && segment.n_bytes >= SEGMENT_BYTES)
                || age >= SEGMENT_MICROS
                || (age >= BUSY_MICROS && segment.n_bytes >= BUSY_BYTES)
        });
        if due {
            self.close()?;
        }
        Ok(())
    }

    /// Nothing is noted twice: an idle session costs nothing. What was not taken is offered again at the next call.
    fn note_if_due(&mut self, at: i64) -> Result<(), TapeError> {
        // A clock that was set back starts the wait again.
        self.noted_at = self.noted_at.min(at);
        if at.saturating_sub(self.noted_at) < NOTE_MICROS {
            return Ok(());
        }
        let running = self.running();
        if let Some(running) = running.filter(|running| self.noted != Some(*running)) {
            self.media.sync().map_err(TapeError::Media)?;
            if !self.media.note(&running).map_err(TapeError::Media)? {
                return Ok(());
            }
            self.noted = Some(running);
        }
        self.noted_at = at;
        Ok(())
    }

    /// How far the open segment is; `None` when there is none.
    fn running(&self) -> Option<Running> {
        let segment = self.segment.as_ref()?;
        let (hash, n_frames) = segment.open.running();
        Some(Running {
            segment: segment.number,
            n_frames,
            hash,
        })
    }

    fn close(&mut self) -> Result<(), TapeError> {
        let Some(segment) = self.segment.take() else {
            return Ok(());
        };
        let closed = segment.closed.finish()?;
        self.media
            .replace(segment.number, &closed.bytes, &closed.head)
            .map_err(TapeError::Media)?;
        self.head = Some(closed.head);
        Ok(())
    }

    fn keeps(&self, body: &Body) -> bool {
        match body {
            Body::Output(_) => self.switches.keep_output(),
            Body::Input(_) => self.switches.keep_input(),
            Body::Resize { .. } | Body::Keyframe(_) => self.switches.keep_screen(),
            Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Connected(_)
            | Body::Disconnected { .. } => self.switches.keep_statements(),
            Body::Header(_) | Body::Marker(_) | Body::Gap(_) | Body::End { .. } | Body::Unknown { .. } => {
                true
            }
        }
    }

    fn check(&self) -> Result<(), TapeError> {
        match self.state {
            State::Running => Ok(()),
            State::Poisoned => Err(TapeError::Poisoned),
            State::Ended => Err(TapeError::Ended),
        }
    }

    fn poison_on_error<T>(&mut self, result: Result<T, TapeError>) -> Result<T, TapeError> {
        if result.is_err() {
            self.state = State::Poisoned;
            self.segment = None;
            self.screen = None;
        }
        result
    }
}

/// Long output and input in pieces of [`MAX_CHUNK`], everything else as it is.
fn pieces(lane: u8, body: Body) -> Result<Vec<Piece>, TooLarge> {
    let piece = |body| Piece::new(lane, body);
    if let Body::Output(bytes) = body {
        return chunks(&bytes).map(Body::Output).map(piece).collect();
    }
    if let Body::Input(bytes) = body {
        return chunks(&bytes).map(Body::Input).map(piece).collect();
    }

    Ok(vec![piece(body)?])
}

/// At least one, so that whatever is recorded has a frame.
fn chunks(bytes: &Bytes) -> impl Iterator<Item = Bytes> {
    let starts = (0..bytes.len().max(1)).step_by(MAX_CHUNK);
    starts.map(|start| bytes.slice(start..bytes.len().min(start + MAX_CHUNK)))
}

/// A body on its way to becoming a frame.
struct Piece {
    lane: u8,
    seq: u64,
    body: Body,
    packed: Packed,
}

impl Piece {
    fn new(lane: u8, body: Body) -> Result<Self, TooLarge> {
        let packed = body.pack()?;
        Ok(Self {
            lane,
            seq: 0,
            body,
            packed,
        })
    }
}

impl From<Unsealable> for TapeError {
    fn from(_: Unsealable) -> Self {
        TapeError::Seal
    }
}
