//! A recording in the formats of other programs, written while its frames are read.
//!
//! | Format | Times | Sizes | Markers, gaps, the end |
//! |---|---|---|---|
//! | asciicast v2 and v3 | seconds since the start, since the event before | `r` events | `m` events |
//! | typescript with its timing | delays in the timing file | the control sequence that sets a size | gaps as lines |
//! | plain text | none | lines wrap as they did | lines in brackets |
//! | statements as text | UTC | none | lines in brackets |
//! | JSON Lines | microseconds, as recorded | one object for each frame | one object for each frame |
//!
//! The first three show the terminal, lane 0. Statements as text are for sessions without one. Keyframes repeat what was
//! printed and are only in the last.

use crate::frame::{Body, Frame};
use crate::listing;
use crate::text::take_text;
use crate::transcript::Pages;

mod cast;
mod json;
mod script;

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// asciicast, version 2: <https://docs.asciinema.org/manual/asciicast/v2/>.
    CastV2,
    /// asciicast, version 3: <https://docs.asciinema.org/manual/asciicast/v3/>.
    CastV3,
    /// What was shown, as `script` writes it; `scriptreplay` plays it with [`Format::Timing`].
    Typescript,
    /// The timing of a typescript: lines of a delay in seconds and a number of bytes.
    Timing,
    /// Lines as they left the screen.
    Text,
    /// Connections, statements and how they ended, a paragraph each; for sessions without a screen.
    Statements,
    /// Every frame as one JSON object.
    JsonLines,
}

impl Format {
    /// Ending of a file's name, without its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::CastV2 | Format::CastV3 => "cast",
            Format::Typescript => "typescript",
            Format::Timing => "timing",
            Format::Text | Format::Statements => "txt",
            Format::JsonLines => "jsonl",
        }
    }

    /// Media type of the file.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::CastV2 | Format::CastV3 => "application/x-asciicast",
            Format::Typescript => "application/octet-stream",
            Format::Timing | Format::Text | Format::Statements => "text/plain; charset=utf-8",
            Format::JsonLines => "application/jsonl",
        }
    }
}

/// Whether what was typed is written; where the recording has it, secrets are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// As recorded.
    Kept,
    /// Left out.
    LeftOut,
}

/// An export in the making. Holds one frame, and for plain text a screen.
pub struct Export {
    keys: Keys,
    writer: Writer,
}

enum Writer {
    Cast(cast::Cast),
    Script(script::Script),
    Text(Box<Pages>),
    Statements,
    Json,
}

impl Export {
    /// Starts with nothing written.
    pub fn new(format: Format, keys: Keys) -> Self {
        let writer = match format {
            Format::CastV2 => Writer::Cast(cast::Cast::new(cast::Version::Two)),
            Format::CastV3 => Writer::Cast(cast::Cast::new(cast::Version::Three)),
            Format::Typescript => Writer::Script(script::Script::new(script::File::Typescript)),
            Format::Timing => Writer::Script(script::Script::new(script::File::Timing)),
            Format::Text => Writer::Text(Box::new(Pages::new())),
            Format::Statements => Writer::Statements,
            Format::JsonLines => Writer::Json,
        };
        Self { keys, writer }
    }

    /// Takes the next frame of the recording and gives what is to be written for it.
    #[must_use]
    pub fn push(&mut self, frame: &Frame) -> Vec<u8> {
        if self.keys == Keys::LeftOut && matches!(frame.body, Body::Input(_)) {
            return Vec::new();
        }
        match &mut self.writer {
            Writer::Cast(cast) => cast.push(frame).into_bytes(),
            Writer::Script(script) => script.push(frame),
            Writer::Text(pages) => {
                pages.push(frame);
                pages.take().into_bytes()
            }
            Writer::Statements => listing::paragraph(frame).into_bytes(),
            Writer::Json => json::line(frame).into_bytes(),
        }
    }

    /// What is left to be written after the last frame.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.writer {
            Writer::Cast(cast) => cast.finish().into_bytes(),
            Writer::Script(script) => script.finish(),
            Writer::Text(pages) => pages.finish().into_bytes(),
            Writer::Statements | Writer::Json => Vec::new(),
        }
    }
}

/// Text out of pieces that may be cut within a character.
#[derive(Default)]
struct Text(Vec<u8>);

impl Text {
    fn take(&mut self, piece: &[u8]) -> String {
        self.0.extend_from_slice(piece);
        take_text(&mut self.0)
    }

    /// The unfinished character at the end, which nothing will complete.
    fn rest(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.0)).into_owned()
    }
}

/// A sentence in one line that drives no terminal.
fn plain(sentence: &str) -> String {
    sentence
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
