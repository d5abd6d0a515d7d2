//! The texts of a script: commands as they were given, files and standard input as they are read.

use std::collections::VecDeque;
use std::fs::File;
use std::io;

use protocol::terminal::script::{MAX_PIECE, Piece, Reading};
use tokio::sync::oneshot;

use super::files::reason;
use super::flags::Part;

/// Where the next piece of a source comes from.
enum From {
    /// What is left of a command.
    Text(VecDeque<u8>),
    /// A file that was not opened yet.
    Closed(String),
    Open(File),
    Input,
}

/// What was read, of which source, and what is left of that.
struct Read {
    idx: usize,
    from: Option<From>,
    piece: Piece,
}

/// The sources of one script.
pub struct Texts {
    sources: Vec<Option<From>>,
    /// A piece that is being read.
    reading: Option<oneshot::Receiver<Read>>,
}

impl Texts {
    pub fn of(parts: &[Part]) -> Self {
        let from = |part: &Part| match part {
            Part::Command(text) => From::Text(text.bytes().collect()),
            Part::File(name) => From::Closed(name.clone()),
            Part::Dash => From::Input,
        };
        let sources = parts.iter().map(|part| Some(from(part)));

        Self {
            // Standard input is the last.
            sources: sources.chain([Some(From::Input)]).collect(),
            reading: None,
        }
    }

    /// Begins to read on. A read that nobody waits for any longer ends with the process.
    pub fn read(&mut self, reading: Reading) {
        let last = self.sources.len().saturating_sub(1);
        let idx = match reading {
            Reading::Source(idx) => usize::try_from(idx).unwrap_or(last).min(last),
            Reading::Input => last,
        };
        let from = self.sources.get_mut(idx).and_then(Option::take);
        let (tell, reading) = oneshot::channel();
        self.reading = Some(reading);
        // A thread, which the process need not wait for when it ends.
        std::thread::spawn(move || {
            let (from, piece) = match from {
                Some(from) => next(from),
                None => (None, Piece::End),
            };
            // Who does not wait for it any longer has ended.
            let _told = tell.send(Read { idx, from, piece });
        });
    }

    /// What was read; waits for ever while nothing is.
    pub async fn piece(&mut self) -> Piece {
        let Some(reading) = &mut self.reading else {
            return std::future::pending().await;
        };
        let read = reading.await;
        self.reading = None;
        match read {
            Ok(Read { idx, from, piece }) => {
                if let Some(source) = self.sources.get_mut(idx) {
                    *source = from;
                }
                piece
            }
            Err(_) => Piece::Unread("the reading thread has failed".to_owned()),
        }
    }
}

fn next(from: From) -> (Option<From>, Piece) {
    match from {
        From::Text(mut text) => {
            let piece: Vec<u8> = text.drain(..text.len().min(MAX_PIECE)).collect();
            match piece.is_empty() {
                true => (None, Piece::End),
                false => (Some(From::Text(text)), Piece::Bytes(piece)),
            }
        }
        From::Closed(name) => match File::open(name) {
            Ok(file) => next(From::Open(file)),
            Err(error) => (None, Piece::Unread(reason(&error))),
        },
        From::Open(mut file) => match read(&mut file) {
            Ok(piece) if piece.is_empty() => (None, Piece::End),
            Ok(piece) => (Some(From::Open(file)), Piece::Bytes(piece)),
            Err(error) => (None, Piece::Unread(reason(&error))),
        },
        From::Input => match read(&mut io::stdin().lock()) {
            Ok(piece) if piece.is_empty() => (Some(From::Input), Piece::End),
            Ok(piece) => (Some(From::Input), Piece::Bytes(piece)),
            Err(error) => (None, Piece::Unread(reason(&error))),
        },
    }
}

fn read(from: &mut impl io::Read) -> io::Result<Vec<u8>> {
    let mut piece = vec![0; MAX_PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(n_read) => {
                piece.truncate(n_read);
                return Ok(piece);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
