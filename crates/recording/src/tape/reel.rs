//! What is behind the tape's lock: the sequence, the open segment, the screen.

use crate::body::{Header, Switches};
use crate::frame::Body;
use crate::key::SessionKey;
use crate::segment::Head;
use crate::tape::{Media, TapeError};

pub(super) struct Reel {
    media: Box<dyn Media + Send>,
    switches: Switches,
    segment: u32,
    seq: u64,
    state: State,
    head: Option<Head>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Poisoned,
    Ended,
}

impl Reel {
    pub(super) fn start(
        media: Box<dyn Media + Send>,
        _key: SessionKey,
        segment: u32,
        header: Header,
        at: i64,
    ) -> Result<Self, TapeError> {
        let switches = header.switches;
        let mut reel = Self {
            media,
            switches,
            segment,
            seq: 0,
            state: State::Running,
            head: None,
        };
        reel.write(0, at, Body::Header(Box::new(header)))?;
        Ok(reel)
    }

    pub(super) fn switches(&self) -> Switches {
        self.switches
    }

    pub(super) fn head(&self) -> Option<Head> {
        self.head
    }

    pub(super) fn write(&mut self, _lane: u8, _at: i64, body: Body) -> Result<u64, TapeError> {
        self.check()?;
        let seq = self.seq;
        if !self.keeps(&body) {
            return Ok(seq);
        }
        let written = self.media.append(self.segment, &[]);
        self.poison_on_error(written)?;
        self.seq += 1;
        Ok(seq)
    }

    pub(super) fn handle_time(&mut self, _at: i64) -> Result<(), TapeError> {
        self.check()
    }

    pub(super) fn sync(&mut self) -> Result<(), TapeError> {
        self.check()?;
        let synced = self.media.sync();
        self.poison_on_error(synced)
    }

    pub(super) fn end(&mut self, at: i64, reason: String) -> Result<Head, TapeError> {
        self.write(0, at, Body::End { reason })?;
        self.state = State::Ended;
        let head = Head {
            segment: self.segment,
            hash: [0; 32],
        };
        self.head = Some(head);
        Ok(head)
    }

    fn keeps(&self, body: &Body) -> bool {
        match body {
            Body::Output(_) => self.switches.keep_output(),
            Body::Input(_) => self.switches.keep_input(),
            Body::Resize { .. } | Body::Keyframe(_) => self.switches.keep_screen(),
            Body::StatementStart(_) | Body::StatementEnd(_) | Body::Transfer(_) => {
                self.switches.keep_statements()
            }
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

    fn poison_on_error(&mut self, result: std::io::Result<()>) -> Result<(), TapeError> {
        result.map_err(|error| {
            self.state = State::Poisoned;
            TapeError::Media(error)
        })
    }
}
