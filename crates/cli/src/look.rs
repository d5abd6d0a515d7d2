//! What one looks at in one's own terminal: somebody's screen, as it is now or was.

mod sieve;

use std::collections::VecDeque;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};
use crate::own_terminal::{self, Keys, Raw};
use crate::printer::{Printer, Stream};

use sieve::Sieve;

/// Takes the screen apart from what was on it before, and gives that back.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[H\x1b[2J";
const LEAVE: &[u8] = b"\x1b[?1049l";

/// Everything somebody's screen may have set.
const RESET: &[u8] = b"\x1b[0m\x1b[?6l\x1b[?7h\x1b[?25h\x1b[4l\x1b[20l\x1b[r\x0f\x1b(B";
const CLEAR: &[u8] = b"\x1b[H\x1b[2J";

/// Bytes that may wait to be written.
const WAITING: usize = 256 * 1024;

/// Where it is shown: a terminal, or whatever standard output is.
pub struct Screen {
    printer: Printer,
    sieve: Sieve,
    /// Of what waits to be written, how much it was before the sieve, and what it is.
    waiting: VecDeque<(u64, usize)>,
    n_waiting: usize,
    /// Keys are read while somebody types.
    typing: Option<(Raw, Keys)>,
    interrupt: Signal,
    terminate: Signal,
    is_terminal: bool,
    /// What was on the screen before is kept behind it.
    is_apart: bool,
}

/// What comes from the person, or from what they look at it with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// They have had enough, or nobody reads on.
    Leave,
    Pause,
    /// So many bytes of what was to be shown are.
    Shown(u64),
}

impl Screen {
    /// # Errors
    /// The terminal cannot be used.
    pub fn open(is_apart: bool) -> Result<Self, Failure> {
        let unusable =
            |error: io::Error| Failure::new(Exit::Failed, format!("The terminal cannot be used: {error}."));
        let is_terminal = own_terminal::shows();
        let (interrupt, terminate) = (
            signal(SignalKind::interrupt()).map_err(unusable)?,
            signal(SignalKind::terminate()).map_err(unusable)?,
        );
        let typing = if own_terminal::is_there() {
            Some((Raw::enter().map_err(unusable)?, Keys::new()))
        } else {
            None
        };
        let mut screen = Self {
            printer: Printer::start(),
            sieve: Sieve::default(),
            waiting: VecDeque::new(),
            n_waiting: 0,
            typing,
            interrupt,
            terminate,
            is_terminal,
            is_apart: is_apart && is_terminal,
        };
        if screen.is_apart {
            screen.print(0, ENTER.to_vec());
        }

        Ok(screen)
    }

    /// Whether somebody looks at it as it happens.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether more should wait until this was written.
    pub fn is_behind(&self) -> bool {
        self.n_waiting > WAITING
    }

    /// Shows what was shown.
    pub fn show(&mut self, output: &[u8]) {
        let passed = self.sieve.pass(output);
        self.print(output.len() as u64, passed.into_bytes());
    }

    /// Shows this and nothing else.
    pub fn paint(&mut self, picture: &[u8]) {
        self.sieve = Sieve::default();
        if self.is_terminal {
            self.print(0, [RESET, CLEAR].concat());
        }
        self.show(picture);
    }

    fn print(&mut self, n_shown: u64, bytes: Vec<u8>) {
        self.waiting.push_back((n_shown, bytes.len()));
        self.n_waiting += bytes.len();
        self.printer.print(Stream::Out, bytes);
    }

    /// Waits for what happens next.
    pub async fn happened(&mut self) -> Happened {
        let Self {
            printer,
            waiting,
            n_waiting,
            typing,
            interrupt,
            terminate,
            ..
        } = self;
        let key = async {
            match typing {
                Some((_, keys)) => key(keys).await,
                None => std::future::pending().await,
            }
        };

        tokio::select! {
            _ = interrupt.recv() => Happened::Leave,
            _ = terminate.recv() => Happened::Leave,
            happened = key => happened,
            written = printer.written() => match (written, waiting.pop_front()) {
                (Ok(_), Some((n_shown, n_bytes))) => {
                    *n_waiting -= n_bytes;

                    Happened::Shown(n_shown)
                }
                (Ok(_), None) | (Err(_), _) => Happened::Leave,
            },
        }
    }

    /// Gives the terminal back.
    pub fn close(self) {
        let Self {
            printer,
            typing,
            is_terminal,
            is_apart,
            ..
        } = self;
        if is_terminal {
            let end: &[u8] = if is_apart { LEAVE } else { b"\r\n" };
            printer.print(Stream::Out, [RESET, end].concat());
        }
        printer.finish();
        drop(typing);
    }
}

/// The next key that means something: q, Ctrl-C and Ctrl-D leave, the space bar pauses.
async fn key(keys: &mut Keys) -> Happened {
    loop {
        match keys.read().await {
            None => return Happened::Leave,
            Some(pressed) if pressed.iter().any(|key| matches!(key, 0x03 | 0x04 | b'q')) => {
                return Happened::Leave;
            }
            Some(pressed) if pressed.contains(&b' ') => return Happened::Pause,
            Some(_) => {}
        }
    }
}

/// What is said where this window cannot show all of a screen.
pub fn too_small(cols: u16, rows: u16) -> Option<String> {
    let (own_cols, own_rows) = own_terminal::size();
    let is_small = own_cols > 0 && (own_cols < cols || own_rows < rows);

    is_small.then(|| {
        format!(
            "The screen that was shown has {cols} columns and {rows} lines, and this window {own_cols} and {own_rows}: \
             make it larger to see all as it is."
        )
    })
}
