//! A typescript and its timing, as util-linux's `script` writes and its `scriptreplay` reads them.
//!
//! The two files are written by one walk each: the timing counts the bytes that the typescript gets.

use super::plain;
use crate::frame::{Body, Frame, TERMINAL};

/// `scriptreplay` skips the first line, where `script` says when it started.
const FIRST_LINE: &[u8] = b"Script started on a recorded session\n";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    Typescript,
    Timing,
}

/// One of the two files in the making.
pub(super) struct Script {
    file: File,
    /// Time of the chunk before; `None` before the first frame.
    since: Option<i64>,
}

impl Script {
    pub(super) fn new(file: File) -> Self {
        Self { file, since: None }
    }

    pub(super) fn push(&mut self, frame: &Frame) -> Vec<u8> {
        let mut out = Vec::new();
        if self.since.is_none() {
            self.since = Some(frame.at);
            if self.file == File::Typescript {
                out.extend_from_slice(FIRST_LINE);
            }
        }
        match &frame.body {
            Body::Output(bytes) if frame.lane == TERMINAL => self.chunk(frame.at, bytes, &mut out),
            Body::Header(header) => self.size(frame.at, header.cols, header.rows, &mut out),
            Body::Resize { cols, rows } => self.size(frame.at, *cols, *rows, &mut out),
            Body::Gap(gap) => {
                let line = format!("\r\n[Nothing recorded: {}]\r\n", plain(&gap.reason));
                self.chunk(frame.at, line.as_bytes(), &mut out);
            }
            Body::Output(_)
            | Body::Input(_)
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Marker(_)
            | Body::Keyframe(_)
            | Body::End { .. }
            | Body::Connected(_)
            | Body::Disconnected { .. }
            | Body::Unknown { .. } => {}
        }
        out
    }

    /// A typescript ends with a line of its own, to which no timing belongs.
    pub(super) fn finish(self) -> Vec<u8> {
        match self.file {
            File::Typescript => b"\nScript done\n".to_vec(),
            File::Timing => Vec::new(),
        }
    }

    /// The one way a typescript has to say a size: `CSI 8 ; rows ; cols t`.
    fn size(&mut self, at: i64, cols: u16, rows: u16, out: &mut Vec<u8>) {
        if cols > 0 && rows > 0 {
            self.chunk(at, format!("\x1b[8;{rows};{cols}t").as_bytes(), out);
        }
    }

    fn chunk(&mut self, at: i64, bytes: &[u8], out: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self.file {
            File::Typescript => out.extend_from_slice(bytes),
            File::Timing => {
                let since = self.since.unwrap_or(at);
                let micros = at.saturating_sub(since).max(0);
                self.since = Some(since.max(at));
                let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
                out.extend_from_slice(format!("{seconds}.{rest:06} {}\n", bytes.len()).as_bytes());
            }
        }
    }
}
